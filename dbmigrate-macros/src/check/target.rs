//! Which crates are compared with the migrations: those that the subcommand reads, which are the package's library and
//! its binaries, or the one that `root` in `dbmigrate.toml` names. Tests, benches, examples, build scripts and doctests
//! are not compared, because they may have structs of their own. Packages from a registry or a git repository are not
//! compared either: their users cannot add a migration, and may use other features than the migrations were made for.
//!
//! Cargo tells a macro the package, but not the kind of target, so the root file of the crate is looked up in the
//! arguments of the compiler, and then in the manifest if it is not in one of the usual places. Unit tests are left out
//! by `#[cfg(not(test))]` in the expansion: the library and the binaries are compiled without their tests as well.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use proc_macro2::Span;

use super::head::Head;
use super::manifest::Manifest;

/// Directories of a package whose crates are not part of it.
const BESIDE: [&str; 3] = ["tests", "benches", "examples"];

/// The crate that this process compiles, as far as the compiler's arguments tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Crate {
    /// Its root file.
    pub(super) root: Root,
    /// The features that it is compiled with.
    pub(super) features: BTreeSet<String>,
    /// Whether it comes from a registry or a git repository.
    pub(super) is_foreign: bool,
}

/// The file that a compiler was started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Root {
    /// The root file of the crate, as it was given.
    File(PathBuf),
    /// No file: rustdoc hands doctests over like that.
    Elsewhere,
    /// The process is no compiler (an editor's server), or keeps it to itself.
    Unknown,
}

impl Crate {
    /// The crate that this process compiles.
    pub(super) fn of_this_process() -> Self {
        let arguments = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned());
        Self::from_arguments(arguments, |file| std::fs::read_to_string(file).ok())
    }

    /// Finds the crate among the arguments of a compiler. `read` reads a file of arguments, one a line
    /// (doc.rust-lang.org/rustc/command-line-arguments.html#path).
    fn from_arguments(arguments: impl Iterator<Item = String>, read: impl Fn(&str) -> Option<String>) -> Self {
        let mut all: Vec<String> = Vec::new();
        for argument in arguments {
            match argument.strip_prefix('@').and_then(&read) {
                Some(text) => all.extend(text.lines().map(str::to_owned)),
                None => all.push(argument),
            }
        }
        let is_root = |argument: &&String| {
            Path::new(argument).extension().is_some_and(|extension| extension == "rs") && !argument.starts_with('-')
        };
        let root = match all.iter().find(is_root) {
            Some(file) => Root::File(PathBuf::from(file)),
            None if all.iter().any(|argument| argument == "-") => Root::Elsewhere,
            None => Root::Unknown,
        };
        let feature = |argument: &String| Some(argument.strip_prefix("feature=\"")?.strip_suffix('"')?.to_owned());
        // cargo mutes the lints of these, and of nothing else
        let is_muted = all.windows(2).any(|pair| pair[0] == "--cap-lints" && pair[1] == "allow");
        let is_chosen = std::env::var_os("CARGO_PRIMARY_PACKAGE").is_some();
        let features = all.iter().filter_map(feature).collect();
        Self { root, features, is_foreign: is_muted && !is_chosen }
    }
}

impl Root {
    /// Whether the structs of this crate are compared. `None`: it depends on the file that the struct is in.
    pub(super) fn is_compared(
        &self,
        package: &Path,
        configured: Option<&Path>,
        manifest: impl FnOnce() -> Manifest,
    ) -> Option<bool> {
        let file = match (self, configured) {
            (Self::Unknown, _) => return None,
            (Self::Elsewhere, _) => return Some(false),
            (Self::File(file), Some(configured)) => return Some(is_same(file, &package.join(configured))),
            (Self::File(file), None) => file,
        };
        if is_usual_root(package, file) {
            return Some(true);
        }
        let manifest = manifest();
        let is_file = |path: PathBuf| is_same(file, &package.join(path));
        if manifest.read().any(is_file) {
            return Some(true);
        }
        Some(!manifest.beside().any(is_file) && is_part_of(package, file))
    }
}

/// Whether this process compiles one crate, and ends.
pub(crate) fn is_compiler() -> bool {
    static IS: OnceLock<bool> = OnceLock::new();
    *IS.get_or_init(|| Crate::of_this_process().root != Root::Unknown)
}

/// Whether the crate comes from a registry or a git repository.
pub(crate) fn is_foreign() -> bool {
    static IS: OnceLock<bool> = OnceLock::new();
    *IS.get_or_init(|| Crate::of_this_process().is_foreign)
}

/// Whether the struct at `span` is compared.
pub(super) fn is_compared(head: &Head, span: Span) -> bool {
    head.is_compared.unwrap_or_else(|| span.local_file().is_none_or(|file| is_part_of(&head.root, &file)))
}

/// Whether a file is the library or the main program, where cargo looks for them.
fn is_usual_root(package: &Path, file: &Path) -> bool {
    ["src/lib.rs", "src/main.rs"].iter().any(|usual| is_same(file, &package.join(usual)))
}

/// Whether a file is one of the package's library and binaries, as cargo lays packages out.
fn is_part_of(package: &Path, file: &Path) -> bool {
    // a folder in the package may be a link that leads out of it
    let spelled = std::path::absolute(file).ok().zip(std::path::absolute(package).ok());
    let inside = spelled.and_then(|(file, package)| file.strip_prefix(package).ok().map(Path::to_owned));
    let real = || resolved(file).strip_prefix(resolved(package)).ok().map(Path::to_owned);
    let Some(inside) = inside.or_else(real) else { return false };
    let first = inside.components().next().map(std::path::Component::as_os_str);
    !BESIDE.iter().any(|beside| first == Some(beside.as_ref())) && inside != Path::new("build.rs")
}

pub(super) fn is_same(left: &Path, right: &Path) -> bool {
    left == right || resolved(left) == resolved(right)
}

fn resolved(path: &Path) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod unit {
    use super::*;

    fn root(arguments: &[&str]) -> Root {
        let read = |file: &str| (file == "long").then(|| "--crate-name\na\nsrc/main.rs\n".to_owned());
        Crate::from_arguments(arguments.iter().map(ToString::to_string), read).root
    }

    #[test]
    fn the_features_are_those_of_the_arguments() {
        let arguments = ["rustc", "src/lib.rs", "--cfg", "feature=\"a\"", "--check-cfg", "cfg(feature, values(\"b\"))"];
        let found = Crate::from_arguments(arguments.iter().map(ToString::to_string), |_| None);
        assert_eq!(found.features.iter().collect::<Vec<_>>(), ["a"]);
        assert!(!found.is_foreign);
    }

    #[test]
    fn the_root_is_the_source_file_among_the_arguments() {
        let file = |path: &str| Root::File(PathBuf::from(path));
        assert_eq!(root(&["rustc", "--crate-name", "a", "src/lib.rs", "--test"]), file("src/lib.rs"));
        assert_eq!(root(&["clippy-driver", "rustc", "--crate-name", "a", "a/src/lib.rs"]), file("a/src/lib.rs"));
        assert_eq!(root(&["rustc", "@long"]), file("src/main.rs"));
        assert_eq!(root(&["rustc", "--crate-name", "a", "-"]), Root::Elsewhere);
        assert_eq!(root(&["rust-analyzer-proc-macro-srv"]), Root::Unknown);
    }

    #[test]
    fn a_crate_whose_lints_cargo_mutes_is_somebody_elses() {
        let is_foreign =
            |arguments: &[&str]| Crate::from_arguments(arguments.iter().map(ToString::to_string), |_| None).is_foreign;
        assert!(is_foreign(&["rustc", "/registry/a/src/lib.rs", "--cap-lints", "allow"]));
        assert!(!is_foreign(&["rustc", "src/lib.rs", "--cap-lints", "warn"]));
        assert!(!is_foreign(&["rustc", "src/lib.rs"]));
    }

    #[test]
    fn libraries_and_binaries_are_compared_and_what_stands_beside_them_is_not() {
        let package = tempfile::tempdir().expect("a folder can be made");
        let package = package.path();
        let is_compared = |file: &str, configured: Option<&str>| {
            Root::File(package.join(file)).is_compared(package, configured.map(Path::new), Manifest::default)
        };
        for file in ["src/lib.rs", "src/main.rs", "src/bin/b.rs", "cli/main.rs"] {
            assert_eq!(is_compared(file, None), Some(true), "{file}");
        }
        for file in ["tests/a.rs", "examples/a/main.rs", "benches/a.rs", "build.rs"] {
            assert_eq!(is_compared(file, None), Some(false), "{file}");
        }
        let elsewhere = Root::File("/elsewhere/doctest.rs".into()).is_compared(package, None, Manifest::default);
        assert_eq!(elsewhere, Some(false));
        assert_eq!(is_compared("examples/a/main.rs", Some("examples/a/main.rs")), Some(true));
        assert_eq!(is_compared("src/lib.rs", Some("examples/a/main.rs")), Some(false));
        assert_eq!(Root::Unknown.is_compared(package, None, Manifest::default), None);
        assert!(is_part_of(package, &package.join("src/users.rs")));
    }
}
