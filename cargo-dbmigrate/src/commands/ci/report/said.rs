//! What the report says, before it is Markdown or JSON.

use serde::Serialize;

use super::databases::State;

/// What is said of a branch.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Said {
    /// The package.
    pub package: String,
    /// The commit from where it has parted from the other branch.
    pub base: String,
    /// The migrations that the other branch does not have.
    pub new: Vec<New>,
    /// The names of migrations that both have, with other SQL.
    pub edited: Vec<String>,
    /// The names of migrations that only the other branch has.
    pub removed: Vec<String>,
    /// The databases that were named.
    pub databases: Vec<State>,
}

/// A migration that is new.
#[derive(Debug, Clone, Serialize)]
pub(super) struct New {
    pub name: String,
    /// Its `migration.sql`.
    pub file: String,
    pub operations: Vec<Operation>,
    /// The highest cost of an operation.
    pub cost: &'static str,
    /// What it loses, with permission.
    pub losses: Vec<Loss>,
    /// What it refuses rows for before it changes anything.
    pub checks: Vec<String>,
    /// Whether its one statement runs outside a transaction.
    pub no_transaction: bool,
    pub sql: String,
}

/// Something that a migration does.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Operation {
    pub title: String,
    pub cost: &'static str,
}

/// A loss that was accepted.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Loss {
    pub lint: String,
    pub object: String,
}
