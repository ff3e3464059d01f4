//! Messages of the commands that change a database.

use std::time::Duration;

use dbmigrate_core::engine::apply;
use dbmigrate_core::engine::progress::Progress;
use serde::Serialize;

use super::{Change, On};

/// A migration was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Applied {
    /// Where.
    #[serde(flatten)]
    pub(crate) on: On,
    /// Its name.
    pub(crate) name: String,
    /// How long it took.
    pub(crate) milliseconds: u64,
    /// Whether it has rebuilds, and all of them were made in place: rows were read, and none was written.
    pub(crate) in_place: bool,
}

/// `migrate` has applied what there was to apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Migrated {
    /// Where.
    #[serde(flatten)]
    pub(crate) on: On,
    /// How many migrations were applied.
    pub(crate) applied: usize,
    /// How many the database had before.
    pub(crate) before: usize,
    /// The migrations that were left for a later run.
    pub(crate) pending: Vec<String>,
}

/// A migration that `migrate --dry-run` has tried, and would apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Pending {
    /// Where.
    #[serde(flatten)]
    pub(crate) on: On,
    /// Its name.
    pub(crate) name: String,
    /// How many statements it has.
    pub(crate) statements: usize,
    /// Its SQL.
    pub(crate) sql: String,
}

/// What is lost, as was accepted; with `--dry-run` what would be lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Loss {
    /// The target that it is about, if one was named.
    pub(crate) target: Option<String>,
    /// The lint that was accepted.
    pub(crate) lint: String,
    /// The table, or the column with its table.
    pub(crate) object: String,
    /// How many rows or values.
    pub(crate) count: u64,
    /// The hidden table in which they are kept, so that they are not lost.
    pub(crate) kept: Option<String>,
    /// The columns that have the values as well: two releases have shared the schema before, and triggers have carried them
    /// over.
    pub(crate) carried_to: Vec<String>,
}

/// A database was changed by hand since its last migration, which `--accept drift` accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Drift {
    /// Where.
    #[serde(flatten)]
    pub(crate) on: On,
    /// The last migration.
    pub(crate) migration: String,
    /// What differs, a line each.
    pub(crate) differences: Vec<String>,
}

/// Something worth knowing before a migration begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Announcement {
    /// The target that it is about, if one was named.
    pub(crate) target: Option<String>,
    /// The migration.
    pub(crate) migration: String,
    /// What it is.
    #[serde(flatten)]
    pub(crate) what: Announced,
}

/// What is announced, with its details.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "what", content = "details", rename_all = "snake_case")]
pub(crate) enum Announced {
    /// All rows of a table are copied.
    LongRebuild {
        /// The table.
        table: String,
        /// How many rows it has.
        rows: u64,
    },
    /// The statements are sent in several requests.
    Large {
        /// How large they are.
        bytes: u64,
    },
}

/// Another client of a server took the lock, so that it is tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Retry {
    /// Where.
    #[serde(flatten)]
    pub(crate) on: On,
    /// The number of this retry, from 1.
    pub(crate) number: u32,
    /// How many there are at most.
    pub(crate) of: u32,
}

/// A server works on a long statement; it has been asked, and it is up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Waiting {
    /// Where.
    #[serde(flatten)]
    pub(crate) on: On,
    /// For how long it has not answered.
    pub(crate) seconds: u64,
}

/// A migration that is several transactions is in the middle: a part of it is done, and the rest is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct UnderWay {
    /// Where.
    #[serde(flatten)]
    pub(crate) on: On,
    /// The migration.
    pub(crate) name: String,
    /// How many rows were gone through by the part that it is at.
    pub(crate) rows: u64,
    /// How many there are, about.
    pub(crate) of: Option<u64>,
    /// How many transactions are done.
    pub(crate) transactions: u64,
    /// When it began, in UTC.
    pub(crate) started_at: String,
    /// When it was last gone on with, in UTC.
    pub(crate) moved_at: String,
    /// Why `migrate` cannot go on with it, if it cannot.
    pub(crate) obstacle: Option<String>,
}

/// `migrate` goes on with a migration that was under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Resumed(pub(crate) UnderWay);

/// How far a migration is that is several transactions: about once in a second, while it is applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Advanced {
    /// Where.
    #[serde(flatten)]
    pub(crate) on: On,
    /// The migration.
    pub(crate) name: String,
    /// The line of the statement.
    pub(crate) line: usize,
    /// The table that is gone through.
    pub(crate) table: String,
    /// How many rows of it are done.
    pub(crate) rows: u64,
    /// How much of it is done, of a hundred, where that is known.
    pub(crate) percent: Option<u8>,
    /// How long the last transaction had the lock.
    pub(crate) held_milliseconds: u64,
    /// How long it waited for it.
    pub(crate) waited_milliseconds: u64,
}

/// `migrate --abort` has given up what was under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Aborted {
    /// Where.
    #[serde(flatten)]
    pub(crate) on: On,
    /// The migration, which is pending again; nothing, if none was under way.
    pub(crate) name: Option<String>,
    /// How many of its transactions stay done: none of a rebuild online, those of statements in batches.
    pub(crate) batches: u64,
}

impl UnderWay {
    /// That of a database.
    pub(crate) fn of(on: On, progress: &Progress, obstacle: Option<&str>) -> Self {
        Self {
            on,
            name: progress.name.clone(),
            rows: progress.visited,
            of: progress.of,
            transactions: progress.pieces.max(1),
            started_at: progress.started_at.clone(),
            moved_at: progress.moved_at.clone(),
            obstacle: obstacle.map(str::to_owned),
        }
    }
}

impl Advanced {
    /// That of a database.
    pub(crate) fn of(on: On, advanced: &apply::Advanced) -> Self {
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            on,
            name: advanced.migration.clone(),
            line: advanced.line,
            table: advanced.table.to_string(),
            rows: advanced.visited,
            percent: advanced.percent(),
            held_milliseconds: milliseconds(advanced.held),
            waited_milliseconds: milliseconds(advanced.waited),
        }
    }
}

/// A database was adopted: migrations were recorded as applied, and none was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Adopted {
    /// Where.
    #[serde(flatten)]
    pub(crate) on: On,
    /// How many migrations it has now.
    pub(crate) migrations: usize,
    /// The last of them.
    pub(crate) last: String,
    /// `recorded`, or `unchanged` if it had them before.
    pub(crate) state: AdoptedState,
}

/// What adopting has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum AdoptedState {
    /// Migrations were recorded.
    Recorded,
    /// The database had them before.
    Unchanged,
}

/// `push` has changed a database, or with `dry_run` would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Push {
    /// Where.
    #[serde(flatten)]
    pub(crate) on: On,
    /// Whether nothing was changed.
    pub(crate) dry_run: bool,
    /// What changed.
    pub(crate) changes: Vec<Change>,
    /// What was lost, as was accepted.
    pub(crate) losses: Vec<Loss>,
    /// What no struct declares, and was left alone.
    pub(crate) left_alone: LeftAlone,
    /// The SQL, with `--dry-run`.
    pub(crate) sql: Option<String>,
}

/// What no struct declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct LeftAlone {
    /// Names of tables.
    pub(crate) tables: Vec<String>,
    /// Names of views.
    pub(crate) views: Vec<String>,
}

/// `reset` has recreated a database, or with `--keep-data` recorded the migrations in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Reset {
    /// Where.
    #[serde(flatten)]
    pub(crate) on: On,
    /// How many migrations it has now.
    pub(crate) migrations: usize,
    /// How many of them were recorded and not run.
    pub(crate) recorded: usize,
    /// How many rows were lost, as was accepted.
    pub(crate) rows_lost: u64,
}
