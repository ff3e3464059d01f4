//! Reads the annotated structs of a package from its source, without compiling it.
//!
//! [`package`] asks cargo which package, roots and features are meant; `modules` and `items` follow the module tree and
//! take it apart into a `tree`, honouring `cfg`; `scope` looks names up in it; `resolve` answers what the shared
//! lowering of `dbmigrate_core::declare` asks about types, references and consts; this module merges what comes out
//! into one schema. What the reader cannot see (tables made by macros) is warned of, and found by the compiler.

mod cfg;
mod databases;
mod declared;
mod directory;
mod globs;
mod ids;
mod items;
mod literals;
mod modules;
mod nesting;
pub mod package;
mod places;
mod plain;
mod queries;
mod request;
mod resolve;
mod scope;
mod tree;
mod unread;
mod wanted;

pub use declared::Declared;
pub use literals::{Files, Literals, OnDisk, Written, literals};
pub use nesting::STACK;
pub use package::Package;
pub use queries::{is_of_application, queries};
pub use request::Request;
pub use wanted::Wanted;

use crate::diagnostic::Diagnostic;

/// Reads the structs that a package declares.
///
/// # Errors
/// Everything that is wrong, warnings among it.
pub fn read(request: &Request) -> Result<Declared, Vec<Diagnostic>> {
    read_package(Package::find(request).map_err(|error| vec![*error])?)
}

/// Reads the structs of a package that has been found.
///
/// # Errors
/// As for [`read`].
pub fn read_package(package: Package) -> Result<Declared, Vec<Diagnostic>> {
    let cfg = cfg::Cfg::new(package.features.clone());
    declared::merge(followed(tree::Tree::new(package, cfg)))
}

/// Reads the structs without asking cargo or rustc anything, if that is a matter of milliseconds. `None` if it is not,
/// and wherever there is any doubt about what they would have said: it is good for a hint.
pub fn glance(request: &Request) -> Option<Declared> {
    let package = plain::package(request)?;
    let cfg = cfg::Cfg::alone(package.features.clone());
    let tree = followed(tree::Tree::new(package, cfg));
    if tree.cfg.is_doubtful() {
        return None;
    }
    let declared = declared::merge(tree).ok()?;
    (declared.warnings.is_empty() && declared.unread.is_empty()).then_some(declared)
}

fn followed(tree: tree::Tree) -> tree::Tree {
    for (at, root) in tree.package.roots.clone().iter().enumerate() {
        let id = tree.read_root(root);
        // the library comes first
        if at == 0 && tree.package.library.is_some() {
            *tree.library.borrow_mut() = id;
        }
    }
    tree.read_renamed();
    tree
}
