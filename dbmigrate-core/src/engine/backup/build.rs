//! A new database file, made of what is read of another one: its tables, then the rows exactly as they were, then
//! indexes, views and triggers.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::fingerprint::{Cell, Rows, TableContent};
use super::inventory::{Inventory, Settings, Table, is_vector_index};
use super::local::{Local, now};
use crate::engine::connection::{Prepared, Row, Value, text};
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::introspect::is_virtual;
use crate::engine::stored::StoredObject;
use crate::sql::Name;
use crate::sql::name::quote_string;

/// Rows that were read together.
pub(super) struct Page {
    /// Each: its rowid if no column is it, and its values.
    pub(super) rows: Vec<Row>,
    /// Of each row, which of its values are text although they came as bytes. Empty if text came as text.
    pub(super) masks: Vec<Row>,
}

impl Page {
    /// Adds its rows to those that were hashed.
    pub(super) fn hash(&self, table: &Table, rows: &mut Rows) {
        let offset = usize::from(table.rowid.is_some());
        for (at, row) in self.rows.iter().enumerate() {
            let mask = self.masks.get(at).map_or(&[][..], Vec::as_slice);
            let cell = |(at, value)| Cell::of(value, at >= offset && super::local::is_text(mask, at - offset));
            rows.add(row.iter().enumerate().map(cell));
        }
    }
}

/// A database in the making.
pub(super) struct Build {
    local: Local,
    is_utf8: bool,
    tables: Vec<Loading>,
}

struct Loading {
    hash: Rows,
    plain: Option<Prepared>,
    /// Rows of the engine's own table, which it changes itself while others are filled.
    kept: Vec<Page>,
}

/// Folded name of the table with the marks of `AUTOINCREMENT`.
const SEQUENCE: &str = "sqlite_sequence";

impl Build {
    /// Makes the file, with all tables.
    pub(super) fn begin(path: &Path, inventory: &Inventory) -> Result<Self, EngineError> {
        let open = |create| {
            let local = Local::open(path, create, Duration::ZERO)?;
            // nobody reads what is half finished, and what is finished is written to the disk before it gets its name
            for pragma in ["synchronous = OFF", "journal_mode = OFF", "locking_mode = EXCLUSIVE", "foreign_keys = OFF"]
            {
                local.rows(&format!("PRAGMA {pragma}"))?;
            }
            // rows are what they are
            local.run("PRAGMA ignore_check_constraints = ON")?;
            Ok::<_, EngineError>(local)
        };
        let first = open(true)?;
        let Settings { page_size, encoding, auto_vacuum, .. } = &inventory.settings;
        for pragma in [
            format!("page_size = {page_size}"),
            format!("auto_vacuum = {auto_vacuum}"),
            format!("encoding = {}", quote_string(encoding)),
        ] {
            first.rows(&format!("PRAGMA {pragma}"))?;
        }
        create_tables(&first, inventory)?;
        // a module that has made its tables may keep what is in them
        drop(first);
        let local = open(false)?;
        local.run("BEGIN")?;
        let mut tables = Vec::new();
        for table in &inventory.tables {
            local.run(&format!("DELETE FROM {}", table.name.sql()))?;
            tables.push(Loading { hash: Rows::default(), plain: None, kept: Vec::new() });
        }
        Ok(Self { local, is_utf8: encoding.eq_ignore_ascii_case("utf-8"), tables })
    }

    /// Writes rows of a table, and returns how many it has now.
    pub(super) fn write(&mut self, number: usize, table: &Table, page: Page) -> Result<u64, EngineError> {
        let loading = &mut self.tables[number];
        page.hash(table, &mut loading.hash);
        let done = loading.hash.count();
        if table.name.folded() == SEQUENCE {
            loading.kept.push(page);
        } else {
            self.insert(number, table, page)?;
        }
        Ok(done)
    }

    fn insert(&mut self, number: usize, table: &Table, page: Page) -> Result<(), EngineError> {
        let offset = usize::from(table.rowid.is_some());
        if self.tables[number].plain.is_none() {
            self.tables[number].plain = now(self.local.connection.prepare(&insert(table, |_| false)))?;
        }
        let Some(plain) = &self.tables[number].plain else { return Ok(()) };
        let mut masks = page.masks.into_iter();
        for mut row in page.rows {
            let mask = masks.next().unwrap_or_default();
            let is_text = |at: usize| at >= offset && super::local::is_text(&mask, at - offset);
            let mut is_other = vec![];
            for (at, value) in row.iter_mut().enumerate().filter(|(at, _)| is_text(*at)) {
                let Value::Blob(bytes) = value else { continue };
                match String::from_utf8(std::mem::take(bytes)) {
                    Ok(text) if self.is_utf8 => *value = Value::Text(text),
                    Ok(text) => {
                        *value = Value::Blob(text.into_bytes());
                        is_other.push(at);
                    }
                    Err(error) => {
                        *value = Value::Blob(error.into_bytes());
                        is_other.push(at);
                    }
                }
            }
            match is_other.is_empty() {
                true => now(plain.run(row))?,
                false => self.local.run_with(&insert(table, |at| is_other.contains(&at)), row)?,
            }
        }
        Ok(())
    }

    /// Makes what else there is, and closes the file. Returns the hashes of what was written.
    pub(super) fn finish(mut self, inventory: &Inventory) -> Result<Vec<TableContent>, EngineError> {
        let numbered = inventory.tables.iter().enumerate();
        if let Some((number, table)) = numbered.clone().find(|(_, table)| table.name.folded() == SEQUENCE) {
            self.local.run("DELETE FROM sqlite_sequence")?;
            for page in std::mem::take(&mut self.tables[number].kept) {
                self.insert(number, table, page)?;
            }
        }
        let tables = numbered.map(|(number, table)| self.tables[number].hash.finish(table)).collect();
        let Self { local, tables: loading, .. } = self;
        drop(loading);
        let of_kind = |kind: &'static str| inventory.own_objects().filter(move |object| object.kind == kind);
        let (derived, indexes): (Vec<_>, Vec<_>) = of_kind("index").partition(|object| is_vector_index(object));
        for object in indexes.into_iter().chain(derived).chain(of_kind("view")).chain(of_kind("trigger")) {
            local.run(&object.sql)?;
        }
        let Settings { user_version, application_id, .. } = &inventory.settings;
        local.rows(&format!("PRAGMA user_version = {user_version}"))?;
        local.rows(&format!("PRAGMA application_id = {application_id}"))?;
        as_stored(&local, inventory)?;
        local.run("COMMIT")?;
        Ok(tables)
    }
}

fn create_tables(local: &Local, inventory: &Inventory) -> Result<(), EngineError> {
    if let Some(object) = inventory.own_objects().find(|object| object.is_garbled) {
        let message = format!("the statement of {} `{}` is not UTF-8", object.kind, object.name);
        return Err(EngineError { kind: ErrorKind::Statement, message });
    }
    local.run("BEGIN")?;
    // before the tables behind them, which they make themselves
    for object in inventory.own_objects().filter(|object| object.kind == "table" && is_virtual(&object.sql)) {
        local.run(&object.sql)?;
    }
    for table in &inventory.tables {
        if table_names(local)?.contains(&table.name.folded()) {
            continue;
        }
        let Some(object) = inventory.objects.iter().find(|object| object.kind == "table" && object.name == table.name)
        else {
            continue;
        };
        // names that begin with `sqlite_` are otherwise refused
        let is_reserved = table.is_reserved();
        if is_reserved {
            local.rows("PRAGMA writable_schema = ON")?;
        }
        local.run(&object.sql)?;
        if is_reserved {
            local.rows("PRAGMA writable_schema = OFF")?;
        }
    }
    local.run("COMMIT")
}

fn table_names(local: &Local) -> Result<BTreeSet<String>, EngineError> {
    let rows = local.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    Ok(rows.iter().filter_map(|row| row.first()).map(|name| text(name).to_ascii_lowercase()).collect())
}

/// Stores the statements as they were stored: what a statement is stored as may have changed since, by a rename or
/// another version of the engine.
fn as_stored(local: &Local, inventory: &Inventory) -> Result<(), EngineError> {
    let made = local.inventory()?;
    let key = |object: &StoredObject| (object.kind.clone(), object.name.folded());
    let differs = |object: &&StoredObject| {
        made.objects
            .iter()
            .any(|one| key(one) == key(object) && (one.sql != object.sql || !one.name.same_spelling(&object.name)))
    };
    let differing: Vec<&StoredObject> = inventory.own_objects().filter(differs).collect();
    if differing.is_empty() {
        return Ok(());
    }
    local.rows("PRAGMA writable_schema = ON")?;
    for object in differing {
        let StoredObject { kind, name, sql, .. } = object;
        let values = [sql.as_str(), kind, name.as_str()].map(|text| Value::Text(text.to_owned()));
        local.run_with(
            "UPDATE sqlite_schema SET sql = ?1 WHERE type = ?2 AND name = ?3 COLLATE NOCASE",
            values.into(),
        )?;
    }
    local.rows("PRAGMA writable_schema = OFF").map(drop)
}

/// The statement that inserts a row. `is_bytes`: which of the values, the rowid included, are text that is given as bytes.
fn insert(table: &Table, is_bytes: impl Fn(usize) -> bool) -> String {
    let names: Vec<String> = table
        .rowid
        .map(str::to_owned)
        .into_iter()
        .chain(table.columns.iter().map(|name| name.sql().into_owned()))
        .collect();
    let values = (0..names.len()).map(|at| match is_bytes(at) {
        true => format!("CAST(?{} AS TEXT)", at + 1),
        false => format!("?{}", at + 1),
    });
    let values = values.collect::<Vec<_>>().join(", ");
    format!("INSERT INTO {} ({}) VALUES ({values})", Name::sql(&table.name), names.join(", "))
}
