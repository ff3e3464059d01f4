//! Rows with names, and the rows that refer to them.

use dbmigrate_core::sql::Name;

use super::Reader;
use super::named::Pending;
use crate::diagnostic::Diagnostic;
use crate::error::did_you_mean;
use crate::seeding::model::{Given, Place};
use crate::seeding::rows::Value;

impl Reader<'_> {
    /// Notes the name of a row.
    pub(super) fn name_row(&mut self, table: usize, row: usize, name: &str, place: Place) {
        let key = (self.name(table).clone(), name.to_owned());
        if let Some((_, first)) = self.names.rows.get(&key).copied() {
            let error = Diagnostic::error(format!("two rows of `{}` are called `{name}`", key.0));
            let error = self.seed.at(error, place, "");
            let error = self.seed.at(error, first, "the first one");
            self.errors.push(error);
            return;
        }
        self.names.rows.insert(key, (row, place));
    }

    /// `{ ref = "users.admin" }`: the row is looked for when all of them are known.
    pub(super) fn reference(&mut self, table: usize, column: usize, text: &str, place: Place) -> Option<Given> {
        let (to, name) = match text.split_once('.') {
            Some((to, name)) if !to.is_empty() && !name.is_empty() => (Name::from(to), name.to_owned()),
            _ => {
                let known = self.seed.tables[table].table.clone();
                let own = &known.columns[column].name;
                let parent =
                    known.foreign_keys.iter().find(|key| key.columns.contains(own)).map(|key| key.parent.clone());
                let Some(parent) = parent else {
                    let error = Diagnostic::error(format!("`{text}` does not name a table and a row of it"))
                        .help("write both: `{ ref = \"users.admin\" }`");
                    self.error(error, place, "");
                    return None;
                };
                (parent, text.to_owned())
            }
        };
        self.names.pending.push(Pending { row: self.seed.rows.len(), column, table: to, name, place });
        // replaced as soon as all rows are known
        Some(Given::Lookup { row: usize::MAX, column })
    }

    /// Replaces references by the values or places of the rows that they name.
    pub(super) fn resolve_names(&mut self) {
        for pending in std::mem::take(&mut self.names.pending) {
            let found = self.target(&pending);
            let found = found.and_then(|target| Some((target, self.referenced_column(&pending, target)?)));
            let Some((target, column)) = found else {
                self.seed.rows[pending.row].is_wrong = true;
                continue;
            };
            let given = self.known_value(target, column);
            let row = &mut self.seed.rows[pending.row];
            if let Some(cell) = row.cells.iter_mut().find(|cell| cell.column == pending.column) {
                cell.given = given.unwrap_or(Given::Lookup { row: target, column });
            }
        }
    }

    fn target(&mut self, pending: &Pending) -> Option<usize> {
        if let Some((row, _)) = self.names.rows.get(&(pending.table.clone(), pending.name.clone())) {
            return Some(*row);
        }
        let error = Diagnostic::error(format!("no row called `{}` in `{}`", pending.name, pending.table));
        let of_table =
            self.names.rows.keys().filter(|(table, _)| *table == pending.table).map(|(_, name)| name.as_str());
        let error = match (did_you_mean(&pending.name, of_table.clone()), of_table.clone().count()) {
            (Some(meant), _) => error.help(format!("did you mean `{}.{meant}`?", pending.table)),
            (None, 0) => error.help(format!(
                "name a row: `[{}.{}]`, or `_name = \"{}\"` in it",
                pending.table, pending.name, pending.name
            )),
            (None, _) => {
                let mut names: Vec<&str> = of_table.collect();
                names.sort_unstable();
                names.truncate(10);
                error.help(format!("rows with names: `{}`", names.join("`, `")))
            }
        };
        self.error(error, pending.place, "");
        None
    }

    /// The column that a reference takes its value from: that of the foreign key, else the primary key.
    fn referenced_column(&mut self, pending: &Pending, target: usize) -> Option<usize> {
        let from = self.seed.tables[self.seed.rows[pending.row].table].table.clone();
        let to = self.seed.tables[self.seed.rows[target].table].table.clone();
        let own = &from.columns[pending.column].name;
        let of_key = from.foreign_keys.iter().filter(|key| key.parent == to.name).find_map(|key| {
            let at = key.columns.iter().position(|column| column == own)?;
            self.around.schema.referenced_columns(key)?.get(at).cloned()
        });
        let primary = || match to.primary_key.as_ref().map(|key| &key.parts[..]) {
            Some([only]) => Some(only.column.clone()),
            _ => None,
        };
        let name = of_key.or_else(primary);
        let found = name.and_then(|name| to.columns.iter().position(|column| column.name == name));
        if found.is_none() {
            let message = format!("`{}` refers to a row of `{}`, which has no single primary key", own, to.name);
            let error = Diagnostic::error(message).help(format!("declare a foreign key from `{}.{own}`", from.name));
            self.error(error, pending.place, "");
        }
        found
    }

    /// The value of a column, if the row says it.
    fn known_value(&self, row: usize, column: usize) -> Option<Given> {
        match &self.seed.rows[row].cell(column)?.given {
            // the database chooses it
            Given::Value(Value::Null) | Given::Sql(_) | Given::Lookup { .. } => None,
            given => Some(given.clone()),
        }
    }
}
