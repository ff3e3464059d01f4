//! Messages of the commands that compare: `diff` and `status`.

use serde::Serialize;

use super::On;

/// Something that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Difference {
    /// The target that it is about, if one was named.
    pub(crate) target: Option<String>,
    /// `add`, `drop`, `alter` or `rename`.
    pub(crate) action: String,
    /// `table`, `column`, `index`, `view`, …
    pub(crate) kind: String,
    /// The table.
    pub(crate) table: String,
    /// What differs.
    pub(crate) object: String,
    /// As it is on the first side.
    pub(crate) from: Option<String>,
    /// As it is on the second side.
    pub(crate) to: Option<String>,
    /// The change in words.
    pub(crate) change: String,
    /// The lint that making it would have to be accepted for.
    pub(crate) lint: Option<String>,
    /// Whether making it would lose rows or values.
    pub(crate) loses: bool,
}

/// An object of a database that cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Unreadable {
    /// The target that it is about, if one was named.
    pub(crate) target: Option<String>,
    /// The side that has it.
    pub(crate) database: String,
    /// `table`, `index`, `view`, …
    pub(crate) kind: String,
    /// Its name.
    pub(crate) object: String,
    /// Why it cannot be read.
    pub(crate) message: String,
}

/// The statements that lead from one side to the other, with `diff --sql`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Sql {
    /// The statements.
    pub(crate) sql: String,
}

/// The result of `diff`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Diff {
    /// The first side.
    pub(crate) from: String,
    /// The second side.
    pub(crate) to: String,
    /// Whether nothing differs.
    pub(crate) equal: bool,
    /// How much differs.
    pub(crate) differences: usize,
    /// How many of the differences would lose rows or values.
    pub(crate) losses: usize,
}

/// A migration in the list of `status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Migration {
    /// Where.
    #[serde(flatten)]
    pub(crate) on: On,
    /// Its name.
    pub(crate) name: String,
    /// Since when the database has it.
    pub(crate) applied_at: Option<String>,
    /// How the database came to it: `migration`, `baseline`, `capture`, `repair`, or the name of a tool, `drizzle`.
    pub(crate) kind: Option<String>,
    /// In words: `pending`, `applied …`.
    pub(crate) state: String,
}

/// The result of `status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Status {
    /// Where.
    #[serde(flatten)]
    pub(crate) on: On,
    /// How many migrations the database has.
    pub(crate) applied: usize,
    /// How many it lacks.
    pub(crate) pending: usize,
    /// How many of these wait until their release runs everywhere: `migrate --phase after`.
    pub(crate) waiting: usize,
    /// How much was changed by hand.
    pub(crate) differences: usize,
}
