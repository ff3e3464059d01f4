//! Messages of `kept`.

use serde::Serialize;

use super::On;

/// Something that a database keeps of what a migration dropped or converted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Kept {
    /// Where.
    #[serde(flatten)]
    pub(crate) on: On,
    /// The hidden table.
    pub(crate) table: String,
    /// What was dropped or converted: columns with their table, or the table.
    pub(crate) objects: Vec<String>,
    /// The table whose rows it follows, as it is called now; `null` for a table that is kept as a whole.
    pub(crate) of: Option<String>,
    /// The migration that keeps it, if the history has it.
    pub(crate) migration: Option<String>,
    /// Since when, in UTC.
    pub(crate) since: Option<String>,
    /// For how many days it has been kept.
    pub(crate) days: Option<u64>,
    /// For how many days it is wanted, if that is configured.
    pub(crate) keep_days: Option<u32>,
    /// Whether it was kept for longer. Nothing drops it by itself.
    pub(crate) is_expired: bool,
    /// How many rows it has.
    pub(crate) rows: u64,
    /// How many of them belong to no row any more.
    pub(crate) left_over: u64,
    /// How many bytes the values have.
    pub(crate) bytes: u64,
}

/// Something is no longer kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct KeptDropped {
    /// Where.
    #[serde(flatten)]
    pub(crate) on: On,
    /// The hidden table.
    pub(crate) table: String,
    /// What it was.
    pub(crate) objects: Vec<String>,
    /// How many rows it had.
    pub(crate) rows: u64,
}
