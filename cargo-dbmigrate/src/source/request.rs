//! Which structs to read.

use std::path::PathBuf;

use super::wanted::Wanted;

/// What to read: the selection as cargo's own flags make it.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The current directory; other paths are relative to it.
    pub current_dir: PathBuf,
    /// `--manifest-path`.
    pub manifest_path: Option<PathBuf>,
    /// `-p`.
    pub package: Option<String>,
    /// `--features`, each as given: a name or a list.
    pub features: Vec<String>,
    /// `--all-features`.
    pub all_features: bool,
    /// `--no-default-features`.
    pub no_default_features: bool,
    /// The crate root to read instead of the package's library and binaries.
    pub root: Option<PathBuf>,
    /// The database whose structs are read; `None` reads all structs as one.
    pub database: Option<Wanted>,
}
