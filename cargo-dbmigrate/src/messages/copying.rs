//! Messages of the commands that copy databases: `backup`, `restore`, `template`.

use serde::Serialize;

use super::{FileAction, On};

/// A backup was made and verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Backup {
    /// Of which database.
    #[serde(flatten)]
    pub(crate) on: On,
    /// The file.
    pub(crate) path: String,
    /// Its size.
    pub(crate) bytes: u64,
    /// How many tables it has, those of the engine and of tools included.
    pub(crate) tables: usize,
    /// How many rows they have.
    pub(crate) rows: u64,
    /// How many migrations the database had.
    pub(crate) position: u64,
    /// The indexes that were not compared with the rows, because only the application has the functions that they call.
    pub(crate) not_compared: Vec<String>,
    /// How long it took.
    pub(crate) milliseconds: u64,
}

/// A database was restored from a backup and verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Restored {
    /// Which database.
    #[serde(flatten)]
    pub(crate) on: On,
    /// The backup.
    pub(crate) path: String,
    /// How many rows it has.
    pub(crate) rows: u64,
    /// How many migrations it has.
    pub(crate) position: u64,
    /// Where the database is that was replaced; `null` if there was none.
    pub(crate) kept: Option<String>,
    /// What a server does not let be written, in words.
    pub(crate) left_out: Vec<String>,
    /// The indexes that were not compared with the rows, because only the application has the functions that they call.
    pub(crate) not_compared: Vec<String>,
    /// How long it took.
    pub(crate) milliseconds: u64,
}

/// The database that those of new tenants are copied from was made and verified, or is up to date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Template {
    /// The file.
    pub(crate) path: String,
    /// What was done with it.
    pub(crate) done: FileAction,
    /// How many migrations it has.
    pub(crate) migrations: usize,
    /// The sets of rows that it has.
    pub(crate) seeds: Vec<String>,
}
