//! Messages of rehearsals, which plans keep as well.

use serde::{Deserialize, Serialize};

use super::{On, RestoredCounts};

/// Pending migrations were run on a copy of a database, with its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Rehearsed {
    /// Where.
    #[serde(flatten)]
    pub(crate) on: On,
    /// What came of it.
    #[serde(flatten)]
    pub(crate) rehearsal: Rehearsal,
}

/// What came of a rehearsal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Rehearsal {
    /// Whether all migrations ran, and within all limits.
    pub(crate) passed: bool,
    /// How the copy was made.
    pub(crate) copied: HowCopied,
    /// How large it was, in bytes, before the first migration.
    pub(crate) bytes: u64,
    /// The migrations that ran, in their order.
    pub(crate) migrations: Vec<RehearsedMigration>,
    /// The migration that failed.
    pub(crate) failed: Option<String>,
    /// Rows that contradict it.
    pub(crate) violations: Vec<Violation>,
    /// The limits that do not hold.
    pub(crate) exceeded: Vec<Exceeded>,
    /// How long all migrations are expected to take in the database itself.
    pub(crate) estimate_milliseconds: u64,
    /// How long they are expected to keep others from writing at a stretch.
    pub(crate) write_lock_milliseconds: u64,
}

/// How a copy was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum HowCopied {
    /// There was nothing to copy: the database is new.
    Empty,
    /// The file system shares what is not changed.
    Clone,
    /// Byte by byte.
    Copy,
    /// Row by row, from a server.
    Read,
}

/// A migration that ran on the copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RehearsedMigration {
    /// Its name.
    pub(crate) name: String,
    /// How long it took on the copy.
    pub(crate) milliseconds: u64,
    /// How long it is expected to take in the database itself.
    pub(crate) estimate_milliseconds: u64,
    /// For how long of that nobody else can write.
    #[serde(default)]
    pub(crate) write_lock_milliseconds: u64,
    /// Whether it has rebuilds, and all of them were made in place: rows were read, and none was written.
    #[serde(default)]
    pub(crate) in_place: bool,
    /// How many rows that were there before were written again.
    pub(crate) rows_rewritten: u64,
    /// How many bytes were written; `null` where that could not be measured.
    pub(crate) bytes_written: Option<u64>,
    /// How large the database was before it.
    pub(crate) bytes_before: u64,
    /// How large it was afterwards.
    pub(crate) bytes_after: u64,
    /// The tables that it rewrites, renames, creates or drops, or whose number of rows it changes.
    pub(crate) tables: Vec<RehearsedTable>,
    /// How many other tables have as many rows as before.
    pub(crate) tables_unchanged: usize,
    /// What it brought back of what was kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) restored: Vec<RestoredCounts>,
}

/// A table before and after a migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RehearsedTable {
    /// Its name; that of before if it was dropped.
    pub(crate) table: String,
    /// Its name before, if it was renamed.
    pub(crate) renamed_from: Option<String>,
    /// How many rows it had; `null` if it is new.
    pub(crate) rows_before: Option<u64>,
    /// How many rows it has; `null` if it was dropped.
    pub(crate) rows_after: Option<u64>,
    /// How many of its rows were written again.
    pub(crate) rows_rewritten: u64,
}

/// Rows that contradict a migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Violation {
    /// The line of the check in the migration, if it is one.
    pub(crate) line: Option<usize>,
    /// What is wrong.
    pub(crate) message: String,
    /// The keys of the first rows; where the check names no key, the values that it returns.
    pub(crate) keys: Vec<Vec<String>>,
    /// Whether there are more.
    pub(crate) more: bool,
}

/// A limit that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Exceeded {
    /// `expect-time`, `expect-rewrites` or `max_write_lock`.
    pub(crate) limit: LimitName,
    /// The migration.
    pub(crate) migration: String,
    /// The line of the directive; `null` if it is configured.
    pub(crate) line: Option<usize>,
    /// What is allowed: milliseconds, or rows.
    pub(crate) allowed: u64,
    /// What was found.
    pub(crate) found: u64,
}

/// The name of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum LimitName {
    /// The time of a migration.
    #[serde(rename = "expect-time")]
    Time,
    /// The rows that it writes again.
    #[serde(rename = "expect-rewrites")]
    Rewrites,
    /// The time for which nobody else can write.
    #[serde(rename = "max_write_lock")]
    WriteLock,
}
