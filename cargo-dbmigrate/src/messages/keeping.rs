//! Messages of `kept`.

use serde::{Deserialize, Serialize};

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

/// What `migrate` has brought back of what was kept; with `--dry-run` what it would bring back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ValuesRestored {
    /// Where.
    #[serde(flatten)]
    pub(crate) on: On,
    /// The migration.
    pub(crate) migration: String,
    /// Whether nothing was changed.
    pub(crate) dry_run: bool,
    /// What came back.
    #[serde(flatten)]
    pub(crate) counts: RestoredCounts,
}

/// How many rows get what was kept of them, and how many do not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RestoredCounts {
    /// The table, or the column with its table.
    pub(crate) object: String,
    /// Whether it is a whole table.
    pub(crate) is_table: bool,
    /// The hidden table that it comes from.
    pub(crate) kept: String,
    /// How many rows get what was kept of them.
    pub(crate) restored: u64,
    /// How many rows were added since, so that nothing was kept of them.
    pub(crate) added: u64,
    /// What those rows get, and rows whose values were changed since, as SQL; `null` if they keep what they have.
    pub(crate) otherwise: Option<String>,
    /// How many rows of which something was kept are gone, and do not come back; of a table, rows whose parents are
    /// gone. `null` if the migration that kept the values did not count them.
    pub(crate) deleted: Option<u64>,
    /// How many rows have other values by now than the migration had made of them, so that the kept ones are not used.
    pub(crate) changed: u64,
}
