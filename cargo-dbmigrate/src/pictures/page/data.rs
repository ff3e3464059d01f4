//! What is written into the page, as its script reads it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::lines::{Lines, Text};

/// All of it.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Page {
    /// What the page is about.
    pub title: String,
    /// What the page is served as: another one once something has changed. `None` for a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<String>,
    /// What is to be known of it all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// The lines of all texts.
    pub lines: Lines,
    /// The columns of all cards.
    pub columns: Vec<Value>,
    /// The cards, in every form that they had, each with the links that lead from it.
    pub pool: Vec<Value>,
    /// The migrations, and at last the structs if they are ahead.
    pub moments: Vec<Moment>,
    /// What was asked of databases.
    pub targets: Vec<Target>,
    /// Where the cards of the last moment stand.
    pub layout: Option<Layout>,
    /// Whether there are structs to be copied.
    pub rust: bool,
}

/// A migration, or the structs.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Moment {
    /// Its name.
    pub name: String,
    /// How it came to be: that of the `log`, or `pending`.
    pub kind: &'static str,
    /// What it does, in words.
    pub changes: Vec<String>,
    /// What it costs in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<&'static str>,
    /// What lints find in it, and what is to be decided.
    pub lints: Vec<Risk>,
    /// Where it was applied.
    pub applied: Vec<Applied>,
    /// The migrations that it replaces.
    pub replaces: Vec<String>,
    /// Its SQL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql: Option<Text>,
    /// The cards that are others after it.
    pub cards: Vec<usize>,
    /// The cards that are new.
    pub added: Vec<usize>,
    /// The names of those that are gone.
    pub gone: Vec<String>,
    /// The cards that it changed, with what is other in them marked.
    pub marked: Vec<usize>,
}

/// What is risky about a migration.
#[derive(Debug, Serialize)]
pub(crate) struct Risk {
    /// `warn`, `deny`, or `decide`.
    pub level: String,
    /// The lint.
    pub name: String,
    /// What was found.
    pub message: String,
}

/// Where a migration was applied.
#[derive(Debug, Serialize)]
pub(crate) struct Applied {
    /// The database.
    pub target: String,
    /// When, in UTC; `None` where it is pending.
    pub at: Option<String>,
    /// How long it took.
    pub took: Option<String>,
}

/// What a database says of its tables.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Target {
    /// The name of the target, else the address.
    pub name: String,
    /// Its tables.
    pub tables: Vec<Size>,
}

/// The rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Size {
    /// The table.
    pub name: String,
    /// How many rows.
    pub rows: i64,
    /// What it takes in the file with its indexes, where the database can say it.
    pub bytes: Option<i64>,
}

/// Where cards stand. The routes of links are in the links.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Layout {
    /// The width of the whole, with lines that lead around it.
    pub width: i32,
    /// The height of it.
    pub height: i32,
    /// Left, top, width and height, by name.
    pub cards: BTreeMap<String, [i32; 4]>,
    /// Tables that belong together; none where all do.
    pub communities: Vec<Community>,
}

/// Tables that belong together.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Community {
    /// How it is called.
    pub name: String,
    /// Their names.
    pub cards: Vec<String>,
}
