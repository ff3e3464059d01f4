//! The columns of a row: those that it has are in the table, and those that it lacks can do without a value.

use dbmigrate_core::schema::Table;
use dbmigrate_core::sql::Name;

use super::Reader;
use crate::diagnostic::Diagnostic;
use crate::error::did_you_mean;
use crate::seeding::model::{Cell, Given, Place, SeedRow};
use crate::seeding::read::csv::{Csv, Field};
use crate::seeding::read::node::{Kind, Node};
use crate::seeding::rows::Value;

/// What names a row for others that refer to it.
const NAME: &str = "_name";

impl Reader<'_> {
    /// The column of that name, by its place in the table.
    pub(super) fn column(&mut self, table: usize, name: &str, place: Place) -> Option<usize> {
        let known = self.seed.tables[table].table.clone();
        let wanted = Name::from(name);
        let found = known.columns.iter().position(|column| column.name == wanted);
        let error = match found {
            Some(at) if known.columns[at].generated.is_some() => {
                Diagnostic::error(format!("`{}.{name}` is a generated column, which takes no value", known.name))
            }
            Some(at) => return Some(at),
            None => {
                let error = Diagnostic::error(format!("table `{}` has no column `{name}`", known.name));
                let columns = known.columns.iter().filter(|column| column.generated.is_none());
                let meant = did_you_mean(name, columns.clone().map(|column| column.name.as_str()));
                let names: Vec<&str> = columns.map(|column| column.name.as_str()).collect();
                let all = || format!("its columns: `{}`", names.join("`, `"));
                error.help(meant.map_or_else(all, |meant| format!("did you mean `{meant}`?")))
            }
        };
        self.error(error, place, "");
        None
    }

    /// A row of TOML or JSON.
    pub(super) fn row(&mut self, table: usize, file: usize, node: &Node, name: Option<(String, Place)>) {
        let place = Place::new(file, &node.span);
        if !matches!(node.kind, Kind::Table(_)) {
            let error = Diagnostic::error(format!("expected a row of `{}`, found {}", self.name(table), node.noun()));
            self.error(error, place, "");
            return;
        }
        let mut name = name;
        let mut cells: Vec<Cell> = Vec::with_capacity(node.entries().len());
        let mut is_good = true;
        for entry in node.entries() {
            let at = Place::new(file, &entry.key_span);
            let value_at = Place::new(file, &entry.value.span);
            if entry.key == NAME && self.seed.tables[table].table.column(&Name::from(NAME)).is_none() {
                if let Some(text) = entry.value.text() {
                    name = Some((text.to_owned(), value_at));
                } else {
                    let error = Diagnostic::error(format!("the name of a row is text, not {}", entry.value.noun()));
                    self.error(error, value_at, "");
                }
                continue;
            }
            let Some(column) = self.column(table, &entry.key, at) else {
                is_good = false;
                continue;
            };
            if cells.iter().any(|cell| cell.column == column) {
                let error = Diagnostic::error(format!("`{}.{}` is given twice", self.name(table), entry.key));
                self.error(error, at, "");
                is_good = false;
                continue;
            }
            match self.given(table, column, file, &entry.value) {
                Some(given) => cells.push(Cell { column, given, place: value_at }),
                None => is_good = false,
            }
        }
        self.finish(table, place, cells, name, is_good);
    }

    /// A file of CSV.
    pub(super) fn csv(&mut self, file: usize, order: Option<u64>, stem: &str, csv: &Csv) {
        let Some(table) = self.table(stem, Place::new(file, &(0..0)), order) else { return };
        let known = self.seed.tables[table].table.clone();
        let mut columns: Vec<Option<usize>> = Vec::with_capacity(csv.header.len());
        let mut name_at = None;
        let mut is_good = true;
        for (at, field) in csv.header.iter().enumerate() {
            let place = Place::new(file, &field.span);
            if field.text == NAME && known.column(&Name::from(NAME)).is_none() {
                name_at = Some(at);
                columns.push(None);
                continue;
            }
            let column = self.column(table, field.text.trim(), place);
            if column.is_some() && columns.contains(&column) {
                let error = Diagnostic::error(format!("the column `{}` is there twice", field.text));
                self.error(error, place, "");
                is_good = false;
            }
            is_good &= column.is_some();
            columns.push(column);
        }
        if let (Some(first), Some(last)) = (csv.header.first(), csv.header.last()) {
            let header = Place::new(file, &(first.span.start..last.span.end));
            for column in required(&known).filter(|at| !columns.contains(&Some(*at))) {
                is_good = false;
                self.missing(table, column, header, "the header");
            }
        }
        // every row would be wrong in the same way
        if !is_good {
            self.seed.unread.push(table);
            return;
        }
        self.seed.rows.reserve(csv.rows.len());
        for fields in &csv.rows {
            let span =
                fields.first().map_or(0, |field| field.span.start)..fields.last().map_or(0, |field| field.span.end);
            let named = name_at.and_then(|at| fields.get(at)).filter(|field| !field.text.is_empty());
            let name = named.map(|field| (field.text.clone(), Place::new(file, &field.span)));
            let mut cells = Vec::with_capacity(fields.len());
            let mut is_good = true;
            for (column, field) in columns.iter().zip(fields) {
                let Some(column) = *column else { continue };
                let place = Place::new(file, &field.span);
                match self.field(table, column, field, place) {
                    Ok(Some(given)) => cells.push(Cell { column, given, place }),
                    Ok(None) => {}
                    Err(()) => is_good = false,
                }
            }
            self.finish(table, Place::new(file, &span), cells, name, is_good);
        }
    }

    /// What a field of CSV says of its column; nothing, if the default is meant.
    fn field(&mut self, table: usize, column: usize, field: &Field, place: Place) -> Result<Option<Given>, ()> {
        let known = self.seed.tables[table].table.clone();
        let wanted = &known.columns[column];
        if !field.is_quoted && field.text == "\\N" {
            return Ok(Some(Given::Value(Value::Null)));
        }
        if !field.is_quoted && field.text.is_empty() {
            let is_alias = known.rowid_alias().is_some_and(|alias| alias.name == wanted.name);
            if !known.rejects_null(wanted) || is_alias {
                return Ok(Some(Given::Value(Value::Null)));
            }
            let is_text = self.text_value("", table, column).is_ok();
            if !is_text && wanted.effective_default().is_some() {
                return Ok(None);
            }
        }
        match self.text_value(&field.text, table, column) {
            Ok(value) => Ok(Some(Given::Value(value))),
            Err(misfit) => {
                let found =
                    if field.text.is_empty() { "nothing".to_owned() } else { format!("`{}`", shortened(&field.text)) };
                self.misfit(table, column, &misfit, &found, place);
                Err(())
            }
        }
    }

    /// Takes a row in whose columns are right.
    fn finish(
        &mut self,
        table: usize,
        place: Place,
        mut cells: Vec<Cell>,
        name: Option<(String, Place)>,
        is_good: bool,
    ) {
        cells.sort_by_key(|cell| cell.column);
        let known = self.seed.tables[table].table.clone();
        // NULL for the rowid means the next one when a row is inserted (sqlite.org/lang_createtable.html#rowid), and
        // nothing else that could be compared: it is not given
        let alias = known.rowid_alias().map(|alias| alias.name.clone());
        let is_next = |cell: &Cell| {
            matches!(cell.given, Given::Value(Value::Null)) && alias.as_ref() == Some(&known.columns[cell.column].name)
        };
        cells.retain(|cell| !is_next(cell));
        let name_of = name.as_ref().map(|(name, _)| name.as_str().into());
        let mut row = SeedRow { table, name: name_of, place, cells, is_wrong: false };
        let before = self.errors.len();
        for column in required(&known) {
            match row.cell(column) {
                // a column that is misspelled is missing too, which would be said twice
                None if is_good => self.missing(table, column, row.place, "the row"),
                Some(Cell { given: Given::Value(Value::Null), place, .. }) => {
                    self.not_null(table, column, *place);
                }
                _ => {}
            }
        }
        // a column that has a default and is NOT NULL all the same takes no NULL
        for cell in &row.cells {
            let column = &known.columns[cell.column];
            let is_null = matches!(cell.given, Given::Value(Value::Null));
            if is_null && known.rejects_null(column) && column.effective_default().is_some() {
                self.not_null(table, cell.column, cell.place);
            }
        }
        let number = self.seed.rows.len();
        row.is_wrong = !is_good || self.errors.len() > before;
        self.seed.rows.push(row);
        if let Some((name, place)) = name {
            self.name_row(table, number, &name, place);
        }
    }

    fn missing(&mut self, table: usize, column: usize, place: Place, what: &str) {
        let known = self.seed.tables[table].table.clone();
        let name = &known.columns[column].name;
        let error = Diagnostic::error(format!("`{}.{name}` is missing: it is NOT NULL and has no default", known.name));
        self.error(error, place, format!("{what} has no `{name}`"));
    }

    fn not_null(&mut self, table: usize, column: usize, place: Place) {
        let known = self.seed.tables[table].table.clone();
        let name = &known.columns[column].name;
        self.error(Diagnostic::error(format!("`{}.{name}` is NOT NULL", known.name)), place, "");
    }

    pub(super) fn name(&self, table: usize) -> &Name {
        &self.seed.tables[table].table.name
    }
}

/// The columns that a row has to have.
fn required(table: &Table) -> impl Iterator<Item = usize> + '_ {
    let alias = table.rowid_alias().map(|alias| &alias.name);
    table.columns.iter().enumerate().filter_map(move |(at, column)| {
        let is_filled =
            column.generated.is_some() || column.effective_default().is_some() || alias == Some(&column.name);
        (table.rejects_null(column) && !is_filled).then_some(at)
    })
}

/// A value as a message shows it.
pub(super) fn shortened(text: &str) -> String {
    const LONGEST: usize = 40;
    let line = text.replace(['\n', '\r'], " ");
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
