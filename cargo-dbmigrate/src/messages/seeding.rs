//! Messages of `seed`.

use serde::Serialize;

use super::On;

/// The result of `seed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Seeded {
    /// Where.
    #[serde(flatten)]
    pub(crate) on: On,
    /// The set.
    pub(crate) set: String,
    /// The tables, in the order in which they were written.
    pub(crate) tables: Vec<SeededTable>,
    /// The files of statements.
    pub(crate) scripts: Vec<SeededScript>,
}

/// What became of the rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SeededTable {
    /// Its name.
    pub(crate) table: String,
    /// Rows that are new.
    pub(crate) inserted: u64,
    /// Rows that were changed.
    pub(crate) updated: u64,
    /// Rows that were deleted, as was accepted.
    pub(crate) deleted: u64,
    /// Rows that were so before.
    pub(crate) unchanged: u64,
}

/// What the statements of a file did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SeededScript {
    /// The file.
    pub(crate) file: String,
    /// How many rows they changed.
    pub(crate) changes: u64,
}

/// Rows that `seed` would delete, which somebody must accept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Deletion {
    /// Where.
    #[serde(flatten)]
    pub(crate) on: On,
    /// The table.
    pub(crate) table: String,
    /// How many rows.
    pub(crate) rows: u64,
    /// What happens to rows of other tables that refer to them.
    pub(crate) others: Vec<Affected>,
}

/// Rows that refer to rows which would be deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Affected {
    /// Their table.
    pub(crate) table: String,
    /// How many.
    pub(crate) rows: u64,
    /// What the foreign key does: `CASCADE`, `SET NULL`, …
    pub(crate) action: String,
}
