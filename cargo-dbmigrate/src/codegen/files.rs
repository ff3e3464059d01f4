//! Structs in files: all in one, or one for each with a `mod.rs` that has them all.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use dbmigrate_core::declare::naming::snake_case;
use dbmigrate_core::declare::rust_keyword::{can_be_raw, identifier};

use super::idents::unused;
use super::imports::use_names;
use super::order::version_order;
use super::rendered::{Rendered, RenderedStruct};

/// The longest name of a module: file systems take 255 bytes, `.rs` and the name while it is written included.
const LONGEST_MODULE: usize = 200;

/// A source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Its name in the folder.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Rendered {
    /// All structs in one file.
    pub fn file(&self) -> String {
        let imports = self.structs.iter().flat_map(|one| one.imports.iter().copied()).collect();
        let mut text = use_facade(&imports);
        for one in &self.structs {
            text.push('\n');
            text.push_str(&one.text);
        }
        text + &self.unreadable()
    }

    fn unreadable(&self) -> String {
        self.unreadable.iter().flat_map(|comment| ["\n", comment]).collect()
    }

    /// A file for each struct, and `mod.rs`, the last one.
    pub fn files(&self) -> Vec<SourceFile> {
        // `mod.rs` is the folder's own
        let mut taken = BTreeSet::from(["mod".to_owned()]);
        let mut files = Vec::new();
        let mut modules = Vec::new();
        for one in &self.structs {
            let module = unused(&module_name(one.ident()), "_", &mut taken);
            files.push(SourceFile { name: format!("{module}.rs"), text: one.file() });
            let written = identifier(&module).unwrap_or_else(|| module.clone());
            modules.push((module, written, &one.idents));
        }
        modules.sort();
        let mut text = String::new();
        for (_, module, _) in &modules {
            let _ = writeln!(text, "mod {module};");
        }
        text.push('\n');
        modules.sort_by(|(one, ..), (two, ..)| version_order(one, two));
        for (_, module, idents) in &modules {
            // `self`: there may be a crate of that name
            let path = format!("self::{module}");
            text.push_str(&use_names("pub ", &path, idents.iter().map(String::as_str)));
        }
        text.push_str(&self.unreadable());
        files.push(SourceFile { name: "mod.rs".to_owned(), text });
        files
    }
}

impl RenderedStruct {
    /// The struct in a file of its own, beside those of the others.
    fn file(&self) -> String {
        let mut text = use_facade(&self.imports);
        if !self.refers_to.is_empty() {
            text.push('\n');
            text.push_str(&use_names("", "super", self.refers_to.iter().map(String::as_str)));
        }
        text.push('\n');
        text.push_str(&self.text);
        text
    }
}

fn use_facade(imports: &BTreeSet<&str>) -> String {
    use_names("", "dbmigrate", imports.iter().copied())
}

/// The module of a struct. Only ASCII: rustc refuses other names for modules in files (E0754).
fn module_name(ident: &str) -> String {
    let name: String = snake_case(ident).chars().filter(char::is_ascii).take(LONGEST_MODULE).collect();
    let name = name.trim_matches('_');
    // no module can be called `crate`, and no file `aux` on Windows
    if !can_be_raw(name) || ["aux", "con", "nul", "prn"].contains(&name) {
        format!("{name}_table")
    } else if name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        name.to_owned()
    } else {
        format!("table{name}")
    }
}
