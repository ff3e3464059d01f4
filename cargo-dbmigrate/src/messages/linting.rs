//! Messages of lints.

use serde::Serialize;

/// A lint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Lint {
    /// Its name.
    pub(crate) name: String,
    /// Its group.
    pub(crate) group: String,
    /// Its level as configured: `allow`, `warn` or `deny`.
    pub(crate) level: String,
    /// Its level unless somebody sets another one.
    pub(crate) default_level: String,
    /// What it finds, in one sentence.
    pub(crate) summary: String,
    /// Its documentation in Markdown; `null` where lints are listed.
    pub(crate) explanation: Option<String>,
}

/// What was looked at by lints, and how much they found. The findings are diagnostics before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Linted {
    /// The target whose rows were asked, if one was named.
    pub(crate) target: Option<String>,
    /// The migrations that were looked at.
    pub(crate) migrations: Vec<String>,
    /// What they are new to: a branch, a commit or a lock; `null` where all are looked at, or those that are pending.
    pub(crate) since: Option<String>,
    /// How many findings are denied.
    pub(crate) denied: usize,
    /// How many warnings there are.
    pub(crate) warnings: usize,
}

/// What the rows of a database are asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Asked {
    /// What it means if there are such rows.
    pub(crate) meaning: AskedMeaning,
    /// The query that counts them.
    pub(crate) query: String,
    /// How many there are; `null` where no database was asked.
    pub(crate) rows: Option<u64>,
    /// The keys of some of them, at most five.
    pub(crate) keys: Vec<String>,
}

/// What it means if there are such rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum AskedMeaning {
    /// The migration fails on each of them.
    Fails,
    /// They, or values of them, are lost.
    Loses,
    /// They are written anew, read, or locked.
    Concerns,
}
