//! Messages of the commands that write migrations, or check them.

use dbmigrate_core::plan::Assessed;
use serde::Serialize;

use super::On;

/// A change of the schema, and what it costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Change {
    /// In words: `add column users.bio`.
    #[allow(clippy::struct_field_names, reason = "it is the change in words")]
    pub(crate) change: String,
    /// What it costs, in a word such as `instant` or `rewrite`; `null` where that was not found out.
    pub(crate) cost: Option<String>,
    /// The lints that it is accepted for.
    pub(crate) risks: Vec<String>,
}

impl From<&Assessed> for Change {
    fn from(Assessed { change, cost, risks }: &Assessed) -> Self {
        let risks = risks.iter().map(|risk| risk.word().to_owned()).collect();
        Self { change: change.to_string(), cost: Some(cost.word().to_owned()), risks }
    }
}

/// A migration was written; or none, if there is nothing to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Generated {
    /// Its name; `null` if the structs match the migrations.
    pub(crate) name: Option<String>,
    /// Its SQL.
    pub(crate) file: Option<String>,
    /// What it changes.
    pub(crate) changes: Vec<Change>,
    /// What it costs in all.
    pub(crate) cost: Option<String>,
    /// The database or folder that it was made of, by `pull`.
    pub(crate) from: Option<String>,
}

/// A migration that was not written, because of `--dry-run`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Plan {
    /// The name that it would have.
    pub(crate) name: String,
    /// Its SQL.
    pub(crate) sql: String,
    /// What it would change.
    pub(crate) changes: Vec<Change>,
}

/// `generate --check` has found changes that no migration makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Changes {
    /// The changes, in words.
    pub(crate) changes: Vec<String>,
}

/// The last migration was removed; with `dry_run` it would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Undone {
    /// Its name.
    pub(crate) name: String,
    /// Whether nothing was changed.
    pub(crate) dry_run: bool,
    /// Whether git still has it.
    pub(crate) in_git: bool,
}

/// A migration that was edited by hand was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Recorded {
    /// Its name.
    pub(crate) name: String,
    /// Its SQL.
    pub(crate) file: String,
}

/// Stand-ins have answered for functions that only the application has: what depends on their values is not proven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Assumed {
    /// The functions.
    pub(crate) functions: Vec<String>,
}

/// `check` has found structs, snapshots and migrations to agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Checked {
    /// How many migrations.
    pub(crate) migrations: usize,
    /// How many tables.
    pub(crate) tables: usize,
    /// The migrations whose steps in Rust were not run.
    pub(crate) steps_left_out: Vec<String>,
}

/// A migration was written that takes others back; with `--dry-run` it would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Reverted {
    /// Its name.
    pub(crate) name: String,
    /// Its SQL; `null` if nothing was written.
    pub(crate) file: Option<String>,
    /// The migrations that it takes back, the last first.
    pub(crate) reverts: Vec<String>,
    /// What comes back, and what does not.
    pub(crate) returned: Vec<Returned>,
    /// What they did that it does not take back.
    pub(crate) left: Vec<LeftBehind>,
}

/// A table or column that a revert is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Returned {
    /// Its path, by the name that it has afterwards: `users.legacy`.
    pub(crate) object: String,
    /// What happens to its rows or values.
    pub(crate) returns: Returns,
    /// The migration that has added or dropped it.
    pub(crate) migration: Option<String>,
    /// The same in words.
    pub(crate) text: String,
}

/// What happens to rows or values when a migration is reverted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Returns {
    /// They come back, from where the migration has kept them.
    Restored,
    /// All of them stay, under the old name.
    Renamed,
    /// They are converted back.
    Converted,
    /// The table comes back, its rows do not.
    WithoutRows,
    /// The column comes back, its values do not.
    WithoutValues,
    /// What was added is dropped, with all that is in it.
    Dropped,
}

/// What a migration did that its revert does not take back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct LeftBehind {
    /// The migration.
    pub(crate) migration: String,
    /// Its SQL.
    pub(crate) file: String,
    /// The line of the statement.
    pub(crate) line: usize,
    /// What it did, in words.
    pub(crate) text: String,
}

/// What was changed by hand in a database was captured; or nothing, if it is what its last migration left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Captured {
    /// Where.
    #[serde(flatten)]
    pub(crate) on: On,
    /// The migration that was written, if one was.
    pub(crate) name: Option<String>,
    /// Its SQL.
    pub(crate) file: Option<String>,
    /// The migrations that were recorded as applied there, without being run.
    pub(crate) recorded: Vec<String>,
    /// What the migration changes.
    pub(crate) changes: Vec<Change>,
}

/// Something was repaired, in a file or in the history of a database; with `dry_run` it would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Repaired {
    /// The database whose history it is, if it is one.
    pub(crate) database: Option<String>,
    /// The name of its target, if one was meant.
    pub(crate) target: Option<String>,
    /// What was repaired.
    pub(crate) what: String,
    /// What was there.
    pub(crate) before: String,
    /// What is there now.
    pub(crate) after: String,
    /// Whether nothing was changed.
    pub(crate) dry_run: bool,
}

/// A repair that is written down in the history of a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Repair {
    /// Where.
    #[serde(flatten)]
    pub(crate) on: On,
    /// What was repaired.
    pub(crate) what: String,
    /// When.
    pub(crate) at: String,
    /// The version of the tool that did it.
    pub(crate) tool_version: String,
}
