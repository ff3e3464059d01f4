//! Messages of `ci`.

use super::queries::BrokenQuery;
use serde::Serialize;

use super::{MembersIn, Rehearsal};

/// The text that a file would have, with `--dry-run`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct WouldWrite {
    /// Its path.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
}

/// A file and what would be written, with `--check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Compared {
    /// Its path.
    pub(crate) path: String,
    /// `same`, `missing`, `older` or `edited`.
    pub(crate) state: String,
    /// What differs.
    pub(crate) diff: String,
}

/// What `ci report` says of a branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Report {
    /// The package.
    pub(crate) package: String,
    /// The commit from where it has parted from the other branch.
    pub(crate) base: String,
    /// The migrations that the other branch does not have.
    pub(crate) new: Vec<NewMigration>,
    /// The names of migrations that both have, with other SQL.
    pub(crate) edited: Vec<String>,
    /// The names of migrations that only the other branch has.
    pub(crate) removed: Vec<String>,
    /// The queries in the source of that commit that fail once the new migrations have run.
    pub(crate) breaks: Vec<BrokenQuery>,
    /// What the new migrations change in the schema, with what is next to it, as a fenced Mermaid diagram; `null` if they
    /// change nothing, or too much to be read.
    pub(crate) diagram: Option<String>,
    /// The databases that were named.
    pub(crate) databases: Vec<DatabaseState>,
}

/// A migration that is new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct NewMigration {
    /// Its name.
    pub(crate) name: String,
    /// Its `migration.sql`.
    pub(crate) file: String,
    /// What it does.
    pub(crate) operations: Vec<Operation>,
    /// The highest cost of an operation.
    pub(crate) cost: &'static str,
    /// What it loses, with permission.
    pub(crate) losses: Vec<AcceptedLoss>,
    /// What it refuses rows for before it changes anything.
    pub(crate) checks: Vec<String>,
    /// Whether its one statement runs outside a transaction.
    pub(crate) no_transaction: bool,
    /// Its SQL.
    pub(crate) sql: String,
}

/// Something that a migration does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Operation {
    /// In words.
    pub(crate) title: String,
    /// What it costs.
    pub(crate) cost: &'static str,
}

/// A loss that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct AcceptedLoss {
    /// The lint.
    pub(crate) lint: String,
    /// The table, or the column with its table.
    pub(crate) object: String,
}

/// Where a database stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DatabaseState {
    /// How it is called.
    pub(crate) name: String,
    /// Whether that is the name of a target: where it is may be a secret, which a comment must not tell.
    #[serde(skip)]
    pub(crate) is_target: bool,
    /// The names of the migrations that it does not have.
    pub(crate) pending: Vec<String>,
    /// What they would lose there, with permission.
    pub(crate) losses: Vec<LostThere>,
    /// How many differences there are between it and its last migration.
    pub(crate) differences: usize,
    /// Whether it has tables, but no history.
    pub(crate) is_foreign: bool,
    /// How many members are in each state, if it is a fleet; pending is then what the one that is farthest behind lacks.
    pub(crate) members: Vec<MembersIn>,
    /// What a rehearsal of them found, if there was one.
    pub(crate) rehearsal: Option<Rehearsal>,
    /// Why it could not be read.
    pub(crate) error: Option<String>,
}

/// What a database would lose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct LostThere {
    /// The lint that was accepted.
    pub(crate) lint: String,
    /// The table, or the column with its table.
    pub(crate) object: String,
    /// How many rows of the table, or values of the column, there are.
    pub(crate) count: u64,
}
