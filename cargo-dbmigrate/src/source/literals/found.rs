//! What the walk through files has found.

use std::collections::BTreeMap;
use std::path::PathBuf;

use dbmigrate_core::sql::Literal;

/// What the walk through a file has found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The files, by their numbers.
    pub(super) paths: Vec<PathBuf>,
    pub(super) texts: Vec<(usize, Literal)>,
    /// Files of SQL, from the directory of the package.
    pub(super) files: Vec<PathBuf>,
    /// Constants that SQL is handed over by: the file that does, and their names.
    pub(super) named: Vec<(usize, String)>,
    /// Constants by their names.
    pub(super) constants: BTreeMap<String, Vec<(usize, Constant)>>,
    pub(super) at_run_time: Vec<(usize, usize)>,
}

/// What a constant is.
#[derive(Debug, Clone)]
pub(super) enum Constant {
    Literal(Literal),
    /// A file of SQL, from the directory of the package.
    File(PathBuf),
}
