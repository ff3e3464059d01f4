//! Which tables a file has rows for.

use dbmigrate_core::engine::introspect::is_infrastructure;
use dbmigrate_core::schema::Table;
use dbmigrate_core::sql::Name;

use super::Reader;
use super::settings::SETTINGS;
use crate::diagnostic::Diagnostic;
use crate::error::did_you_mean;
use crate::seeding::model::{Made, Place};
use crate::seeding::read::node::{Entry, Kind, Node};

/// What a list of rows may be called in the file of a table, besides the table's name.
const ROWS: [&str; 2] = ["row", "rows"];

/// What makes a table of a file one of rows that are made.
const MADE: [&str; 2] = ["rows", "per"];

/// What stands in front of the names of this tool's own tables.
const OWN: &str = "_dbmigrate";

impl<'a> Reader<'a> {
    /// The table of the database that is called so.
    pub(super) fn known_table(&self, name: &str, place: Place) -> Result<&'a Table, Box<Diagnostic>> {
        let schema = self.around.schema;
        let known = Name::from(name);
        if let Some(table) = schema.table(&known) {
            return Ok(table);
        }
        let error = |message: String| Diagnostic::error(message);
        let error = if known.folded().starts_with(OWN) || is_infrastructure(&known) {
            error(format!("`{name}` is not a table of the application, and is never seeded"))
        } else if self.around.ignore.hides(&known) {
            error(format!("`{name}` is ignored in `dbmigrate.toml`, and is never seeded"))
        } else if schema.views.iter().any(|view| view.name == known) {
            error(format!("`{name}` is a view, and only tables have rows"))
        } else if schema.virtual_tables.iter().any(|table| table.name == known) {
            error(format!("`{name}` is a virtual table, whose rows cannot be told apart"))
                .help("insert into it from a `.sql` file of the set, or by a trigger")
        } else {
            let error = error(format!("no table named `{name}`"));
            match did_you_mean(name, schema.tables.iter().map(|table| table.name.as_str())) {
                Some(meant) => error.help(format!("did you mean `{meant}`?")),
                None => error,
            }
        };
        Err(Box::new(self.seed.at(error, place, "")))
    }

    /// A file of TOML or JSON.
    pub(super) fn tree(&mut self, file: usize, order: Option<u64>, stem: &str, node: &Node) {
        let top = Place::new(file, &(0..0));
        match &node.kind {
            Kind::List(rows) => {
                if let Some(table) = self.table(stem, top, order) {
                    self.rows(table, file, rows);
                }
            }
            Kind::Table(entries) => {
                for entry in entries {
                    self.top_level(file, order, stem, entry);
                }
            }
            _ => {
                let error = Diagnostic::error(format!("expected a list of rows, found {}", node.noun()));
                self.error(error, Place::new(file, &node.span), "");
            }
        }
    }

    fn top_level(&mut self, file: usize, order: Option<u64>, stem: &str, entry: &Entry) {
        let schema = self.around.schema;
        let place = Place::new(file, &entry.key_span);
        let is_table = schema.table(&Name::from(entry.key.as_str())).is_some();
        let own = schema.table(&Name::from(stem)).is_some();
        match &entry.value.kind {
            Kind::List(_) if own && !is_table && SETTINGS.contains(&entry.key.as_str()) => {
                let Some(table) = self.table(stem, place, order) else { return };
                self.setting(table, file, entry);
            }
            Kind::List(rows) => {
                let is_rows = own && !is_table && ROWS.contains(&entry.key.as_str());
                if let Some(table) = self.table(if is_rows { stem } else { &entry.key }, place, order) {
                    self.rows(table, file, rows);
                }
            }
            Kind::Table(_) => {
                let Some(table) = self.table(&entry.key, place, order) else { return };
                if MADE
                    .iter()
                    .any(|key| entry.value.get(key).is_some_and(|value| !matches!(value.kind, Kind::Table(_))))
                {
                    self.settings_of_made(table, file, &entry.value);
                    self.seed.made.push(Made { table, file, settings: entry.value.clone() });
                } else {
                    self.named_rows(table, file, &entry.value);
                }
            }
            _ if own && !is_table && !self.is_column(stem, &entry.key) => {
                let Some(table) = self.table(stem, place, order) else { return };
                self.setting(table, file, entry);
            }
            _ => {
                let noun = entry.value.noun();
                let error = Diagnostic::error(format!("expected the rows of a table at `{}`, found {noun}", entry.key));
                let error = match own {
                    true => error.help("a file of rows has a list: `[{ … }, { … }]`, in TOML `[[table]]`"),
                    false => error.help(format!("to seed a table, name it: `[[{}]]`", schema_hint(self))),
                };
                self.error(error, Place::new(file, &entry.value.span), "");
            }
        }
    }

    /// `[users.admin]`: rows with names, between settings of the table.
    fn named_rows(&mut self, table: usize, file: usize, node: &Node) {
        let entries = node.entries();
        let has_columns = entries.iter().filter(|entry| !matches!(entry.value.kind, Kind::Table(_))).any(|entry| {
            let name = Name::from(entry.key.as_str());
            self.seed.tables[table].table.column(&name).is_some()
        });
        if has_columns {
            let name = self.seed.tables[table].table.name.clone();
            let error = Diagnostic::error(format!("a row of `{name}` without a name and outside a list"))
                .help(format!("write it as one of a list: `[[{name}]]`"))
                .help(format!("or give it a name: `[{name}.NAME]`"));
            self.error(error, Place::new(file, &node.span), "");
            return;
        }
        for entry in entries {
            if matches!(entry.value.kind, Kind::Table(_)) {
                let name = (entry.key.clone(), Place::new(file, &entry.key_span));
                self.row(table, file, &entry.value, Some(name));
            } else {
                self.setting(table, file, entry);
            }
        }
    }

    /// Whether a key at the top of a file is a column, so that what was meant is a row.
    fn is_column(&self, table: &str, key: &str) -> bool {
        let table = self.around.schema.table(&Name::from(table));
        !SETTINGS.contains(&key) && table.is_some_and(|table| table.column(&Name::from(key)).is_some())
    }

    fn rows(&mut self, table: usize, file: usize, rows: &[Node]) {
        self.seed.rows.reserve(rows.len());
        for row in rows {
            self.row(table, file, row, None);
        }
    }
}

/// A table that a message can name.
fn schema_hint(reader: &Reader<'_>) -> String {
    reader.around.schema.tables.iter().next().map_or_else(|| "users".to_owned(), |table| table.name.to_string())
}
