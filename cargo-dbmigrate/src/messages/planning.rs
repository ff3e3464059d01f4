//! Plans that somebody approves: the file that `plan` writes and `migrate --plan` applies, and its message.

use serde::{Deserialize, Serialize};

use super::{On, Rehearsal, RestoredCounts};

/// The format of plans that this version writes, and the only one that it reads.
pub(crate) const PLAN_FORMAT: u32 = 1;

/// What `migrate` would do to a database was written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Planned {
    /// Where.
    #[serde(flatten)]
    pub(crate) on: On,
    /// The file, if one was written.
    pub(crate) file: Option<String>,
    /// The plan, as it stands in the file.
    pub(crate) plan: ApprovedPlan,
}

/// What is to be done to a database, and what has to be so that it may be done. The fields are in this order in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ApprovedPlan {
    /// The version of the format.
    pub(crate) format: u32,
    /// The package.
    pub(crate) package: String,
    /// The name of the target; `null` for a database without a name.
    pub(crate) target: Option<String>,
    /// The database: a URL without credentials, or the path of a file, relative to the package if it is inside.
    pub(crate) database: String,
    /// The state that the database has to be in.
    pub(crate) state: PlannedState,
    /// The last migration to apply, if it is not the last one there is.
    pub(crate) to: Option<String>,
    /// Whether all migrations are applied in one transaction.
    pub(crate) atomic: bool,
    /// Whether schema changes made by hand are accepted.
    pub(crate) accept_drift: bool,
    /// What is applied, in order.
    pub(crate) migrations: Vec<PlannedMigration>,
    /// The hash of the lock up to the last of them: over them, and all migrations before.
    pub(crate) lock: Option<String>,
    /// What a rehearsal found, if there was one.
    pub(crate) rehearsal: Option<Rehearsal>,
    /// The hash of all of that. It shows that nobody has edited the file by mistake; it is no signature.
    pub(crate) seal: String,
}

/// The state of a database: its history and its schema. Rows are no part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct PlannedState {
    /// One hash over all of it.
    pub(crate) hash: String,
    /// How many migrations the database has.
    pub(crate) position: usize,
    /// The migrations that it has: names and checksums.
    pub(crate) history: Vec<(String, String)>,
    /// The hash of its schema.
    pub(crate) schema: String,
    /// The objects that cannot be represented.
    pub(crate) unreadable: Vec<String>,
    /// How it differs from its last migration, where that is accepted.
    pub(crate) drift: Vec<String>,
}

/// A migration that is to be applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct PlannedMigration {
    /// Its name.
    pub(crate) name: String,
    /// The checksum of its SQL.
    pub(crate) sql: String,
    /// The checksum of its snapshot.
    pub(crate) snapshot: String,
    /// How many statements it has.
    pub(crate) statements: usize,
    /// The highest cost of a change: `instant`, `scan` or `rewrite`.
    pub(crate) cost: String,
    /// What it does.
    pub(crate) changes: Vec<PlannedChange>,
    /// What may go wrong: names of lints, and `may_be_refused` where rows can contradict it.
    pub(crate) risks: Vec<String>,
    /// What it loses, with permission.
    pub(crate) losses: Vec<PlannedLoss>,
    /// What it would bring back of what is kept, by the rows as they were; without what an earlier migration is to keep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) restores: Vec<RestoredCounts>,
    /// What it refuses rows for before it changes anything.
    pub(crate) checks: Vec<String>,
    /// Whether its one statement runs outside a transaction.
    pub(crate) no_transaction: bool,
}

/// A change, and what it costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct PlannedChange {
    /// In words.
    #[allow(clippy::struct_field_names, reason = "it is the change in words")]
    pub(crate) change: String,
    /// What it costs.
    pub(crate) cost: String,
}

/// Something that is lost, or kept in a hidden table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct PlannedLoss {
    /// The lint that was accepted.
    pub(crate) lint: String,
    /// The table, or the column with its table.
    pub(crate) object: String,
    /// How many rows of the table, or values of the column, there were; `null` where an earlier migration makes them.
    pub(crate) count: Option<u64>,
    /// The hidden table in which they are kept.
    pub(crate) kept: Option<String>,
}
