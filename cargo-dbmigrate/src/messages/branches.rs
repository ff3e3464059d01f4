//! Messages of copies on Turso Cloud.

use serde::Serialize;

use super::On;

/// A verified branch was made before a migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Branched {
    /// What was copied.
    #[serde(flatten)]
    pub(crate) on: On,
    /// The name of the branch.
    pub(crate) name: String,
    /// Its URL.
    pub(crate) branch: String,
    /// When (RFC 3339).
    pub(crate) at: String,
    /// How many tables it has.
    pub(crate) tables: usize,
    /// How many rows these have in all.
    pub(crate) rows: usize,
    /// A hash of its schema as it is stored.
    pub(crate) schema_hash: String,
    /// How to go back, a line each.
    pub(crate) ways_back: Vec<String>,
}

/// A branch that was made by this tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Branch {
    /// Its name.
    pub(crate) name: String,
    /// The name of the database that it is a copy of.
    pub(crate) parent: String,
    /// Its host.
    pub(crate) host: String,
    /// When it was made, if Turso Cloud says so.
    pub(crate) branched_at: Option<String>,
    /// Whether it cannot be dropped.
    pub(crate) delete_protection: bool,
}

/// A branch was dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Dropped {
    /// Its name.
    pub(crate) name: String,
    /// Where it was.
    pub(crate) organization: String,
}

/// A database was made that has what another one had at a point in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RestoredAt {
    /// The original, which was not changed.
    #[serde(flatten)]
    pub(crate) on: On,
    /// The name of the new database.
    pub(crate) name: String,
    /// Its URL.
    pub(crate) restored: String,
    /// The point in time (RFC 3339).
    pub(crate) at: String,
    /// How many tables it has.
    pub(crate) tables: usize,
    /// How many rows these have in all.
    pub(crate) rows: usize,
    /// The last migration that it has.
    pub(crate) last: Option<String>,
}
