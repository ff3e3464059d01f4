//! Messages about the chain of migrations and the schema: what each did, what became one, and what was drawn.

use serde::Serialize;

/// How a migration came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogKind {
    /// `generate` has written it, and nobody has edited it.
    Generated,
    /// A person has written or edited it.
    Custom,
    /// `revert` has written it.
    Revert,
    /// `capture` has written it.
    Capture,
    /// It replaces others.
    Squash,
}

/// A migration in the `log`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct LogEntry {
    /// Its name.
    pub(crate) name: String,
    /// How it came to be.
    pub(crate) kind: LogKind,
    /// What it does, in words.
    pub(crate) changes: Vec<String>,
    /// What it costs in all; `null` if it has no statements.
    pub(crate) cost: Option<String>,
    /// The migrations that it replaces, each followed by those that it replaces itself.
    pub(crate) replaces: Vec<String>,
    /// The databases that were named and have it as their last one: the name of the target, else the address.
    pub(crate) databases: Vec<String>,
}

/// How two schemas differ, as a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Page {
    /// The page, which needs nothing else.
    pub(crate) html: String,
}

/// Several migrations became one; with `--dry-run` they would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Squashed {
    /// The name of the one.
    pub(crate) name: String,
    /// Its SQL file; `null` with `--dry-run`.
    pub(crate) file: Option<String>,
    /// The migrations that it replaces.
    pub(crate) replaces: Vec<String>,
    /// How it does what they do: `created`, `planned` or `joined`.
    pub(crate) how: String,
    /// How many statements it has.
    pub(crate) statements: usize,
    /// How many statements they had.
    pub(crate) statements_before: usize,
    /// How many generated rows both ways were run on, besides an empty database.
    pub(crate) rows: usize,
    /// Its SQL.
    pub(crate) sql: String,
}

/// A picture of a schema, or of how two differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Diagram {
    /// What is drawn: `history` in a page, else `structs`, `empty`, a migration's name, or a database.
    pub(crate) of: String,
    /// What it is compared with; `null` if it is compared with nothing.
    pub(crate) from: Option<String>,
    /// `svg`, `mermaid`, `dot`, `markdown` or `html`.
    pub(crate) format: String,
    /// How many tables and views it shows.
    pub(crate) tables: usize,
    /// How many foreign keys and other links it shows.
    pub(crate) links: usize,
    /// The files with it; none if it is in `text`.
    pub(crate) files: Vec<String>,
    /// With `--check`: those of them that are missing, or are not as they would be written, or no longer belong there.
    pub(crate) stale: Vec<String>,
    /// The picture, if no file was to be written.
    pub(crate) text: Option<String>,
}
