//! What a set says of its tables: `mode` and `key`.

use super::Reader;
use crate::diagnostic::Diagnostic;
use crate::error::did_you_mean;
use crate::seeding::generated::{seed, seed_error};
use crate::seeding::keys::{is_of, unique_keys};
use crate::seeding::model::{Mode, Place};
use crate::seeding::read::node::{Entry, Kind, Node};

/// The settings of a table.
pub(super) const SETTINGS: [&str; 2] = ["mode", "key"];

impl Reader<'_> {
    /// `_set.toml`: a table for each table, and the `seed` of rows that are made.
    pub(super) fn settings_of_set(&mut self, file: usize, node: &Node) {
        for entry in node.entries() {
            let place = Place::new(file, &entry.key_span);
            if entry.key == "seed" && !matches!(entry.value.kind, Kind::Table(_)) {
                match seed(&entry.value) {
                    Some(start) => self.seed.start = start,
                    None => self.error(seed_error(), Place::new(file, &entry.value.span), ""),
                }
                continue;
            }
            if !matches!(entry.value.kind, Kind::Table(_)) {
                let error = Diagnostic::error(format!("`{}` is not the settings of a table", entry.key))
                    .help("write them below the table: `[users]`, `mode = \"sync\"`");
                self.error(error, place, "");
                continue;
            }
            let Some(table) = self.table(&entry.key, place, None) else { continue };
            for setting in entry.value.entries() {
                self.setting(table, file, setting);
            }
        }
    }

    /// Those among the settings of rows that are made.
    pub(super) fn settings_of_made(&mut self, table: usize, file: usize, node: &Node) {
        for entry in node.entries().iter().filter(|entry| SETTINGS.contains(&entry.key.as_str())) {
            self.setting(table, file, entry);
        }
    }

    /// One of them.
    pub(super) fn setting(&mut self, table: usize, file: usize, entry: &Entry) {
        let place = Place::new(file, &entry.value.span);
        match entry.key.as_str() {
            "mode" => match mode(&entry.value) {
                Ok(mode) => self.seed.tables[table].mode = mode,
                Err(error) => self.error(*error, place, ""),
            },
            "key" => self.key(table, file, &entry.value),
            other => {
                let error = Diagnostic::error(format!("unknown setting `{other}`"));
                let error = match did_you_mean(other, SETTINGS) {
                    Some(meant) => error.help(format!("did you mean `{meant}`?")),
                    None => error.help("a table has `mode` and `key`, and rows in a list: `[[users]]`"),
                };
                self.error(error, Place::new(file, &entry.key_span), "");
            }
        }
    }

    fn key(&mut self, table: usize, file: usize, value: &Node) {
        let names: Vec<&Node> = match &value.kind {
            Kind::Text(_) => vec![value],
            Kind::List(names) if !names.is_empty() => names.iter().collect(),
            _ => Vec::new(),
        };
        if names.is_empty() || names.iter().any(|name| name.text().is_none()) {
            let error = Diagnostic::error(format!("expected the names of columns, found {}", value.noun()));
            self.error(error, Place::new(file, &value.span), "");
            return;
        }
        let mut key = Vec::with_capacity(names.len());
        for name in names {
            let Some(column) = self.column(table, name.text().unwrap_or_default(), Place::new(file, &name.span)) else {
                return;
            };
            key.push(column);
        }
        let keys = unique_keys(&self.seed.tables[table].table);
        if keys.iter().any(|unique| is_of(unique, &key)) {
            self.seed.tables[table].key = Some(key);
            return;
        }
        let known = self.seed.tables[table].table.clone();
        let names = |columns: &[usize]| {
            columns.iter().map(|column| known.columns[*column].name.as_str()).collect::<Vec<_>>().join(", ")
        };
        let message = format!("`{}` has no unique key of ({})", known.name, names(&key));
        let error = Diagnostic::error(message);
        let all: Vec<String> = keys
            .iter()
            .map(|unique| format!("({})", names(&unique.iter().map(|(column, _)| *column).collect::<Vec<_>>())))
            .collect();
        let error = if all.is_empty() { error } else { error.help(format!("its unique keys: {}", all.join(", "))) };
        self.error(error, Place::new(file, &value.span), "");
    }
}

fn mode(value: &Node) -> Result<Mode, Box<Diagnostic>> {
    let word = value.text().unwrap_or_default();
    let known = Mode::ALL.iter().find(|(name, _)| *name == word);
    known.map(|(_, mode)| *mode).ok_or_else(|| {
        let error = match value.text() {
            Some(text) => Diagnostic::error(format!("unknown mode `{text}`")),
            None => Diagnostic::error(format!("expected a mode, found {}", value.noun())),
        };
        let names = Mode::ALL.map(|(name, _)| name);
        Box::new(match did_you_mean(word, names) {
            Some(meant) => error.help(format!("did you mean `{meant}`?")),
            None => error.help(format!("expected one of `{}`", names.join("`, `"))),
        })
    })
}
