//! Messages of the SQL that the source has.

use serde::Serialize;

/// The SQL in string literals of the package, with what each uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Queries {
    /// What was found, in the order of files and lines.
    pub(crate) queries: Vec<FoundQuery>,
    /// Where texts are put together while the program runs, which are not judged: `src/users.rs:12`.
    pub(crate) at_run_time: Vec<String>,
}

/// The SQL of a string literal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct FoundQuery {
    /// The file, from the directory of the package.
    pub(crate) file: String,
    /// The line of its first word, from 1.
    pub(crate) line: usize,
    /// Its text.
    pub(crate) sql: String,
    /// The database of the package that it is for; `null` for the default one.
    pub(crate) database: Option<String>,
    /// Whether it fits the schema; `null` where that cannot be said here.
    pub(crate) fits: Option<bool>,
    /// Why not.
    pub(crate) problem: Option<String>,
    /// The tables and columns that it reads.
    pub(crate) reads: Vec<UsedTable>,
    /// The tables and columns that it writes.
    pub(crate) writes: Vec<UsedTable>,
}

/// A table that a statement uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct UsedTable {
    /// Its name.
    pub(crate) table: String,
    /// The columns.
    pub(crate) columns: Vec<String>,
}

/// The queries of another version, on the schema of this one, and the other way round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Against {
    /// The other version, as it was named.
    pub(crate) reference: String,
    /// How many queries it has that fit its own schema.
    pub(crate) queries: usize,
    /// Those of its queries that fail on the new schema.
    pub(crate) breaks: Vec<BrokenQuery>,
    /// The queries of this version that fail on the schema of the other one: the migrations come first.
    pub(crate) needs: Vec<BrokenQuery>,
}

/// A query that fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct BrokenQuery {
    /// The file, from the directory of the package.
    pub(crate) file: String,
    /// The line, from 1.
    pub(crate) line: usize,
    /// Its text.
    pub(crate) sql: String,
    /// What the engine says.
    pub(crate) message: String,
}
