//! A new database file, made of what is read of another one: its tables, then the rows exactly as they were, then
//! indexes, views and triggers.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::bytes;
use super::bytes::write::{Tree, Writer};
use super::error::of_io;
use super::fingerprint::{Cell, Rows, TableContent};
use super::inventory::{Inventory, Settings, Table, is_vector_index};
use super::local::{CACHE, Local, now};
use crate::engine::connection::{Prepared, Value, text};
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::introspect::is_virtual;
use crate::engine::remote::{Flat, FlatRows};
use crate::engine::stored::StoredObject;
use crate::sql::Name;
use crate::sql::TokenKind;
use crate::sql::name::quote_string;
use crate::sql::token::significant;

/// Rows that were read together: of each its rowid, if no column is it, and its values.
pub(super) struct Page {
    pub(super) rows: FlatRows,
}

impl Page {
    /// Adds its rows to those that were hashed.
    pub(super) fn hash(&self, rows: &mut Rows) {
        let Ok(()) = self.each(|cells| {
            rows.add(cells.iter().copied());
            Ok::<_, Infallible>(())
        });
    }

    /// Hands its rows over one by one.
    fn each<E>(&self, mut take: impl FnMut(&[Cell<'_>]) -> Result<(), E>) -> Result<(), E> {
        let mut cells = Vec::new();
        for row in self.rows.rows() {
            cells.clear();
            cells.extend(row.iter().map(|value| match *value {
                Flat::Null => Cell::Null,
                Flat::Integer(integer) => Cell::Integer(integer),
                Flat::Real(real) => Cell::Real(real),
                Flat::Text(span) => Cell::Text(self.rows.bytes(span)),
                Flat::Blob(span) => Cell::Blob(self.rows.bytes(span)),
            }));
            take(&cells)?;
        }
        Ok(())
    }

    /// A value by itself; text as bytes where it is not UTF-8.
    pub(super) fn value(&self, value: Flat) -> Value {
        let bytes = |span| self.rows.bytes(span).to_vec();
        match value {
            Flat::Null => Value::Null,
            Flat::Integer(integer) => Value::Integer(integer),
            Flat::Real(real) => Value::Real(real),
            Flat::Text(span) => match String::from_utf8(bytes(span)) {
                Ok(text) => Value::Text(text),
                Err(error) => Value::Blob(error.into_bytes()),
            },
            Flat::Blob(span) => Value::Blob(bytes(span)),
        }
    }
}

/// A database in the making.
pub(super) struct Build {
    path: PathBuf,
    /// The engine, while nobody else writes to the file.
    local: Option<Local>,
    /// Who writes to it otherwise.
    writer: Option<Writer>,
    is_utf8: bool,
    tables: Vec<Loading>,
}

struct Loading {
    hash: Rows,
    plain: Option<Prepared>,
    way: Way,
}

/// How rows of a table get into the file.
enum Way {
    /// As pages of the file.
    Pages(Box<Tree>),
    /// Through the engine.
    Engine,
    /// At the end: the engine changes this table of its own while others are filled.
    Kept(Vec<Page>),
}

/// Folded name of the table with the marks of `AUTOINCREMENT`.
const SEQUENCE: &str = "sqlite_sequence";

/// A file of which nobody reads what is half finished, and what is finished is written to the disk before it gets its name.
fn open(path: &Path, create: bool) -> Result<Local, EngineError> {
    let local = Local::open(path, create, Duration::ZERO)?;
    for pragma in ["synchronous = OFF", "journal_mode = OFF", "locking_mode = EXCLUSIVE", "foreign_keys = OFF"] {
        local.rows(&format!("PRAGMA {pragma}"))?;
    }
    // rows are what they are
    local.run("PRAGMA ignore_check_constraints = ON")?;
    Ok(local)
}

impl Build {
    /// Makes the file, with all tables.
    pub(super) fn begin(path: &Path, inventory: &Inventory) -> Result<Self, EngineError> {
        let first = open(path, true)?;
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
        let local = open(path, false)?;
        local.run("BEGIN")?;
        for table in &inventory.tables {
            local.run(&format!("DELETE FROM {}", table.name.sql()))?;
        }
        local.run("COMMIT")?;
        let trees = bytes::trees(&local, inventory, path)?.unwrap_or_default();
        let trees = trees.into_iter().chain(std::iter::repeat_with(|| None));
        let loading = |(table, tree): (&Table, Option<Tree>)| {
            let way = match tree {
                _ if table.name.folded() == SEQUENCE => Way::Kept(Vec::new()),
                Some(tree) => Way::Pages(Box::new(tree)),
                None => Way::Engine,
            };
            Loading { hash: Rows::default(), plain: None, way }
        };
        let tables = inventory.tables.iter().zip(trees).map(loading).collect();
        local.run("BEGIN")?;
        let is_utf8 = encoding.eq_ignore_ascii_case("utf-8");
        Ok(Self { path: path.to_owned(), local: Some(local), writer: None, is_utf8, tables })
    }

    /// The numbers of the tables in the order in which their rows have to come: those that the engine writes first.
    pub(super) fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.tables.len()).collect();
        order.sort_by_key(|number| matches!(self.tables[*number].way, Way::Pages(_)));
        order
    }

    /// Writes rows of a table, and returns how many it has now.
    pub(super) fn write(&mut self, number: usize, table: &Table, page: Page) -> Result<u64, EngineError> {
        if matches!(self.tables[number].way, Way::Pages(_)) && self.writer.is_none() {
            self.take_over()?;
        }
        let loading = &mut self.tables[number];
        match (&mut loading.way, &mut self.writer) {
            (Way::Pages(tree), Some(writer)) => {
                page.each(|cells| {
                    loading.hash.add(cells.iter().copied());
                    writer.add(tree, cells)
                })
                .map_err(|error| of_io(&error))?;
            }
            (Way::Kept(pages), _) => {
                page.hash(&mut loading.hash);
                pages.push(page);
            }
            _ => {
                page.hash(&mut loading.hash);
                self.insert(number, table, &page)?;
            }
        }
        Ok(self.tables[number].hash.count())
    }

    /// Takes the file over from the engine, if that is possible.
    fn take_over(&mut self) -> Result<(), EngineError> {
        self.tables.iter_mut().for_each(|loading| loading.plain = None);
        if let Some(local) = self.local.take() {
            local.run("COMMIT")?;
        }
        self.writer = bytes::writer(&self.path);
        if self.writer.is_none() {
            for loading in self.tables.iter_mut().filter(|loading| matches!(loading.way, Way::Pages(_))) {
                loading.way = Way::Engine;
            }
            let local = open(&self.path, false)?;
            local.run("BEGIN")?;
            self.local = Some(local);
        }
        Ok(())
    }

    /// The engine, which gets the file back if it has not got it. And the numbers of the tables whose indexes do not know
    /// of their rows.
    fn give_back(&mut self) -> Result<(Local, Vec<usize>), EngineError> {
        let Some(mut writer) = self.writer.take() else {
            let local = self.local.take().map_or_else(|| open(&self.path, false), Ok)?;
            return Ok((local, Vec::new()));
        };
        let mut unindexed = Vec::new();
        for (number, loading) in self.tables.iter_mut().enumerate() {
            if !matches!(loading.way, Way::Pages(_)) {
                continue;
            }
            if let Way::Pages(tree) = std::mem::replace(&mut loading.way, Way::Engine) {
                if tree.has_indexes {
                    unindexed.push(number);
                }
                writer.finish_tree(*tree).map_err(|error| of_io(&error))?;
            }
        }
        writer.finish().map_err(|error| of_io(&error))?;
        let local = open(&self.path, false)?;
        local.run("BEGIN")?;
        Ok((local, unindexed))
    }

    fn insert(&mut self, number: usize, table: &Table, page: &Page) -> Result<(), EngineError> {
        let Some(local) = &self.local else { return Err(lost()) };
        if self.tables[number].plain.is_none() {
            self.tables[number].plain = now(local.connection.prepare(&insert(table, |_| false)))?;
        }
        let Some(plain) = &self.tables[number].plain else { return Ok(()) };
        for row in page.rows.rows() {
            let mut is_other = Vec::new();
            let value = |(at, value): (usize, &Flat)| match (value, page.value(*value)) {
                (Flat::Text(_), Value::Text(text)) if self.is_utf8 => Value::Text(text),
                (Flat::Text(_), Value::Text(text)) => {
                    is_other.push(at);
                    Value::Blob(text.into_bytes())
                }
                (Flat::Text(_), value) => {
                    is_other.push(at);
                    value
                }
                (_, value) => value,
            };
            let values = row.iter().enumerate().map(value).collect();
            match is_other.is_empty() {
                true => now(plain.run(values))?,
                false => local.run_with(&insert(table, |at| is_other.contains(&at)), values)?,
            }
        }
        Ok(())
    }

    /// Makes what else there is, and closes the file. Returns the hashes of what was written.
    pub(super) fn finish(mut self, inventory: &Inventory) -> Result<Vec<TableContent>, EngineError> {
        let numbered = inventory.tables.iter().enumerate();
        let (local, unindexed) = self.give_back()?;
        // sorting takes memory and a thread where it is a matter of many rows
        local.rows(CACHE)?;
        local.rows("PRAGMA threads = 2")?;
        for number in unindexed {
            local.run(&format!("REINDEX {}", inventory.tables[number].name.sql()))?;
        }
        self.local = Some(local);
        for (number, table) in numbered.clone() {
            if let Way::Kept(pages) = std::mem::replace(&mut self.tables[number].way, Way::Engine) {
                if let Some(local) = &self.local {
                    local.run(&format!("DELETE FROM {}", table.name.sql()))?;
                }
                for page in pages {
                    self.insert(number, table, &page)?;
                }
            }
        }
        let tables = numbered.map(|(number, table)| self.tables[number].hash.finish(table)).collect();
        let Self { local, tables: loading, .. } = self;
        drop(loading);
        let Some(local) = local else { return Err(lost()) };
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

fn lost() -> EngineError {
    EngineError { kind: ErrorKind::Io, message: "the file is being written by another program".to_owned() }
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
        local.run(&without_not_null(&object.sql))?;
        if is_reserved {
            local.rows("PRAGMA writable_schema = OFF")?;
        }
    }
    local.run("COMMIT")
}

/// The statement of a table without `NOT NULL`: `ALTER COLUMN` leaves rows behind that do not meet it. The statement is
/// stored as it was in the end.
fn without_not_null(sql: &str) -> String {
    let tokens = significant(sql);
    let (mut result, mut end, mut depth) = (String::with_capacity(sql.len()), 0, 0_usize);
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            // in a constraint of a column, and not in an expression
            _ if depth == 1 && token.is_word("not") && tokens.get(at + 1).is_some_and(|next| next.is_word("null")) => {
                result.push_str(&sql[end..token.start]);
                end = token.end();
            }
            _ => {}
        }
    }
    result.push_str(&sql[end..]);
    result
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_columns_lose_not_null() {
        for (sql, wanted) in [
            (
                "CREATE TABLE t (a TEXT NOT NULL, b INT not /* x */ null ON CONFLICT FAIL CHECK (b IS NOT NULL), c \"NOT\" NULL)",
                "CREATE TABLE t (a TEXT  NULL, b INT  /* x */ null ON CONFLICT FAIL CHECK (b IS NOT NULL), c \"NOT\" NULL)",
            ),
            ("CREATE TABLE t (a DEFAULT (1 NOT NULL))", "CREATE TABLE t (a DEFAULT (1 NOT NULL))"),
        ] {
            assert_eq!(without_not_null(sql), wanted);
        }
    }
}
