//! The database of the package whose structs are read.

use std::path::PathBuf;

use dbmigrate_core::config::Config;

/// The database whose structs are read.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What `dbmigrate.toml` says of databases.
    pub config: Config,
    /// The directory of the package, which paths in it are relative to.
    pub root: PathBuf,
}

impl Wanted {
    /// Its name; `None` for the default one.
    pub fn name(&self) -> Option<&str> {
        self.config.database_name()
    }
}
