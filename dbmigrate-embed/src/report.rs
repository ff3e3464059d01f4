//! What a run did, the status of a database, and what a run would do.

use std::fmt;

use dbmigrate_core::engine::apply::{Applied, Loss};

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// What was applied, in order.
    pub applied: Vec<Applied>,
    /// How many migrations were applied before, or meanwhile by other clients. `None` if the run failed before it began
    /// with one.
    pub before: Option<usize>,
    /// The accepted losses of the migrations, with how much there was to lose when they began.
    pub losses: Vec<Loss>,
    /// What was changed by hand, if that was accepted.
    pub drift: Vec<String>,
}

/// One line for a log: `2 migrations applied in 12 ms: 0003_posts, 0004_tags`.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.applied.iter().map(|applied| applied.name.as_str()).collect();
        let total: u64 = self.applied.iter().map(|applied| applied.milliseconds).sum();
        match (names.len(), self.before) {
            (0, Some(before)) => write!(f, "nothing to apply, {before} already applied"),
            (0, None) => f.write_str("nothing was applied"),
            (1, _) => write!(f, "1 migration applied in {total} ms: {}", names[0]),
            (count, _) => write!(f, "{count} migrations applied in {total} ms: {}", names.join(", ")),
        }
    }
}

/// The status of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// The migrations that it has, in order.
    pub applied: Vec<AppliedBefore>,
    /// The names of the pending ones, in order.
    pub pending: Vec<String>,
    /// Whether it matches its last migration.
    pub standing: Standing,
}

impl Status {
    /// Whether nothing is pending and nothing has drifted.
    pub fn is_current(&self) -> bool {
        self.pending.is_empty() && self.standing == Standing::AsRecorded
    }
}

/// A migration that a database has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppliedBefore {
    /// Its name.
    pub name: String,
    /// When it was applied, in UTC: `2026-11-23T02:38:11.042Z`.
    pub at: String,
}

/// Whether a database matches its last migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It matches.
    AsRecorded,
    /// These objects were changed by hand.
    Drifted(Vec<String>),
    /// It was never migrated, but has these tables and views.
    NotEmpty(Vec<String>),
}

/// What a run would do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plan {
    /// How many migrations are already applied.
    pub before: usize,
    /// What would be applied, in order.
    pub pending: Vec<Planned>,
    /// What was changed by hand, if that is accepted.
    pub drift: Vec<String>,
}

/// A migration that would be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Planned {
    /// Its name.
    pub name: String,
    /// Its SQL.
    pub sql: String,
    /// Its accepted losses, as far as they can be counted before the migrations before it are applied.
    pub losses: Vec<Loss>,
    /// Whether it has a step in Rust, which its SQL does not show.
    pub has_step: bool,
}
