//! A migrations folder of another tool: its migrations in the order in which the tool applies them.

use std::path::PathBuf;

use super::drizzle::outline::Outline;
use super::warning::Warning;

/// A migrations folder.
#[derive(Debug)]
pub(crate) struct ToolFolder {
    /// Where it is, as it can be shown.
    pub path: PathBuf,
    /// The migrations, in the order in which the tool applies them.
    pub entries: Vec<Entry>,
    /// What is odd about it.
    pub warnings: Vec<Warning>,
}

/// A migration of another tool.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// What it is called: `0000_opening`, `20260101120000_opening`.
    pub tag: String,
    /// The same without its number or date, and without a suffix.
    pub title: String,
    /// What identifies it in databases.
    pub key: String,
    /// The file with its SQL, as it can be shown.
    pub file: PathBuf,
    /// The SQL, its line ends `\n`.
    pub sql: String,
    /// What undoes it.
    pub down: Option<Down>,
    /// What a database may have recorded as the checksum of this very text; none if the tool records none.
    pub checksums: Vec<String>,
    /// What the tool thinks it leads to, if it has written that down.
    pub outline: Option<Outline>,
}

impl Entry {
    /// Whether the database recorded this very text.
    pub(crate) fn has_checksum(&self, checksum: &str) -> bool {
        self.checksums.iter().any(|own| own == checksum)
    }
}

/// The way back that a migration has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Down {
    /// Where it is, as it can be shown.
    pub file: PathBuf,
    /// The SQL, its line ends `\n`.
    pub sql: String,
}
