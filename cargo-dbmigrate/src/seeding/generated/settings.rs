//! What a set says of generated rows: `[users]` with `rows = 1000` and settings of columns.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use dbmigrate_core::schema::Table;
use dbmigrate_core::sql::Name;

use super::column_settings::{self, ColumnSettings};
use super::draw::Share;
use super::setting_reader::{Reader, range};
use crate::diagnostic::Diagnostic;
use crate::error::did_you_mean;
use crate::seeding::read::node::{Kind, Node};

/// What is said of the table itself. What else there is are its columns.
const KEYS: [&str; 5] = ["rows", "per", "seed", "null", "columns"];
/// What is said to the writer, and read elsewhere.
const OF_OTHERS: [&str; 2] = ["mode", "key"];
/// No table gets more rows.
const MOST_ROWS: u64 = 1_000_000_000;

/// What is said of a table's generated rows.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The least and the greatest number of rows: of all, or of those of a parent.
    pub(super) rows: (u64, u64),
    /// Where that is said.
    pub(super) rows_span: Range<usize>,
    /// What the rows are counted by: a table that this one refers to, or the column that does so.
    pub(super) per: Option<(Name, Range<usize>)>,
    /// What random numbers begin with; `None`: as the set says.
    pub(super) seed: Option<u64>,
    /// How many values of columns that may be NULL are NULL.
    pub(super) null: Option<Share>,
    /// By the column's place in the table.
    pub(super) columns: BTreeMap<usize, ColumnSettings>,
}

impl Settings {
    /// Reads them; what is wrong is added to `errors`.
    pub(crate) fn read(node: &Node, table: &Table, file: &Path, errors: &mut Vec<Diagnostic>) -> Option<Self> {
        let before = errors.len();
        let mut reader = Reader { table, file, errors };
        let settings = reader.settings(node);
        settings.filter(|_| errors.len() == before)
    }
}

impl Reader<'_> {
    fn settings(&mut self, node: &Node) -> Option<Settings> {
        let rows = node.entry("rows")?;
        let per = node.entry("per").and_then(|entry| self.per(&entry.value));
        let mut settings = Settings {
            rows: self.rows(&rows.value, node.get("per").is_some())?,
            rows_span: rows.value.span.clone(),
            per,
            seed: node.get("seed").and_then(|node| {
                let found = seed(node);
                if found.is_none() {
                    self.errors.push(seed_error().at(self.file, node.span.clone(), ""));
                }
                found
            }),
            null: node.get("null").and_then(|node| self.share(node)),
            columns: BTreeMap::new(),
        };
        for entry in node.entries() {
            let key = entry.key.as_str();
            if key == "columns" {
                for entry in entry.value.entries() {
                    self.column(&entry.key, &entry.key_span, &entry.value, &mut settings);
                }
            } else if !KEYS.contains(&key) && !OF_OTHERS.contains(&key) {
                self.column(key, &entry.key_span, &entry.value, &mut settings);
            }
        }
        Some(settings)
    }

    fn column(&mut self, name: &str, key: &Range<usize>, node: &Node, settings: &mut Settings) {
        let Some(at) = self.table.columns.iter().position(|column| column.name == *name) else {
            let message =
                format!("table `{}` has no column `{name}`, and generated rows no such setting", self.table.name);
            let names = self.table.columns.iter().map(|column| column.name.as_str()).chain(KEYS);
            let mut error = self.error(message, key.clone(), "");
            error = match did_you_mean(name, names.clone()) {
                Some(meant) => error.help(format!("did you mean `{meant}`?")),
                None => error.help(format!("known: `{}`", names.collect::<Vec<_>>().join("`, `"))),
            };
            self.errors.push(error);
            return;
        };
        if self.table.columns[at].generated.is_some() {
            let message = format!("`{}.{}` is a generated column", self.table.name, self.table.columns[at].name);
            self.errors.push(self.error(message, key.clone(), "it has the value of its expression"));
            return;
        }
        if let Some(column) = column_settings::read(self, at, node) {
            settings.columns.insert(at, column);
        }
    }

    /// `1000`, `"1..5"`
    fn rows(&mut self, node: &Node, has_per: bool) -> Option<(u64, u64)> {
        let (range, is_range) = match &node.kind {
            Kind::Integer(count) => (u64::try_from(*count).ok().map(|count| (count, count)), false),
            Kind::Text(text) => (range::<u64>(text), true),
            _ => (None, false),
        };
        let Some((least, most)) = range.filter(|(least, most)| least <= most && *most <= MOST_ROWS) else {
            let error = self.error("`rows` is a count, or a range of counts", node.span.clone(), "");
            let help = if has_per { "`rows = 3`, or `rows = \"1..5\"` for one to five" } else { "`rows = 1000`" };
            self.errors.push(error.help(help));
            return None;
        };
        if is_range && !has_per && least != most {
            let message = "a range of rows is one for each row of another table";
            let error = self.error(message, node.span.clone(), "");
            self.errors.push(error.help("say whose with `per = \"TABLE\"`, or a number: `rows = 1000`"));
            return None;
        }
        Some((least, most))
    }

    fn per(&mut self, node: &Node) -> Option<(Name, Range<usize>)> {
        let per = node.text().map(|text| (Name::from(text), node.span.clone()));
        if per.is_none() {
            let error = self.error("`per` is the name of a table", node.span.clone(), "");
            self.errors.push(error.help("`per = \"users\"` with `rows = \"1..5\"`"));
        }
        per
    }
}

/// The number that random numbers begin with, if it is one.
pub(crate) fn seed(node: &Node) -> Option<u64> {
    match node.kind {
        Kind::Integer(seed) => u64::try_from(seed).ok(),
        _ => None,
    }
}

/// What is said if it is none.
pub(crate) fn seed_error() -> Diagnostic {
    Diagnostic::error("`seed` is a number from 0 on").help("`seed = 42`: another number, other rows")
}
