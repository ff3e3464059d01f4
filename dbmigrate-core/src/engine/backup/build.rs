//! A new database file, made of what is read of another one: its tables, then the rows exactly as they were, then
//! indexes, views and triggers.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::absent::Absent;
use super::bytes;
use super::bytes::follow::{Followed, Follower, Layouts};
use super::bytes::write::{Tree, Writer};
use super::error::of_io;
use super::fingerprint::{Rows, TableContent};
use super::inventory::{Inventory, Settings, Table};
use super::local::{CACHE, Local, now};
use super::page::Page;
use super::schema::{as_stored, create_tables, indexes};
use crate::engine::connection::{Prepared, Value, text};
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::remote::Flat;
use crate::sql::Name;
use crate::sql::name::quote_string;

/// A database in the making.
pub(super) struct Build {
    path: PathBuf,
    /// Functions that the schema calls and the engine does not have.
    absent: Absent,
    /// The engine, while nobody else writes to the file.
    local: Option<Local>,
    /// Who writes to it otherwise.
    writer: Option<Writer>,
    /// How the tables are written.
    layouts: Option<Layouts>,
    /// Who reads what was written.
    follower: Option<Follower>,
    followed: Option<Followed>,
    is_utf8: bool,
    tables: Vec<Loading>,
    /// The table whose pages are being written.
    current: Option<usize>,
    /// Folded names of the indexes that are there already.
    indexes: BTreeSet<String>,
    /// Tables with indexes that do not know of their rows.
    unindexed: Vec<usize>,
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

/// The indexes that there are, but for those that the engine makes by itself.
const INDEXES: &str = "SELECT lower(name) FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";

/// Folded name of the table with the marks of `AUTOINCREMENT`.
const SEQUENCE: &str = "sqlite_sequence";

/// A file of which nobody reads what is half finished, and what is finished is written to the disk before it gets its name.
fn open(path: &Path, create: bool, absent: &Absent) -> Result<Local, EngineError> {
    set_up(absent.open(path, create, Duration::ZERO)?)
}

/// The same for rows: SQLite computes virtual columns of those that it inserts, and stores nothing of them.
fn open_for_rows(path: &Path, absent: &Absent) -> Result<Local, EngineError> {
    set_up(absent.open_looking_away(path, Duration::ZERO)?)
}

fn set_up(local: Local) -> Result<Local, EngineError> {
    for pragma in ["synchronous = OFF", "journal_mode = OFF", "locking_mode = EXCLUSIVE", "foreign_keys = OFF"] {
        local.rows(&format!("PRAGMA {pragma}"))?;
    }
    // rows are what they are
    local.run("PRAGMA ignore_check_constraints = ON")?;
    Ok(local)
}

impl Build {
    /// Makes the file, with all tables. Functions that the schema calls and the engine does not have are learned one by
    /// one, before a row is read.
    pub(super) fn begin(path: &Path, inventory: &Inventory) -> Result<Self, EngineError> {
        let mut absent = Absent::default();
        loop {
            match Self::begin_with(path, inventory, absent.clone()) {
                Err(error) if absent.learns(&error) => std::fs::remove_file(path).map_err(|error| of_io(&error))?,
                done => return done,
            }
        }
    }

    fn begin_with(path: &Path, inventory: &Inventory, absent: Absent) -> Result<Self, EngineError> {
        absent.refuse_stored(inventory.own_objects())?;
        let first = open(path, true, &absent)?;
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
        let local = open(path, false, &absent)?;
        local.run("BEGIN")?;
        for table in &inventory.tables {
            local.run(&format!("DELETE FROM {}", table.name.sql()))?;
        }
        local.run("COMMIT")?;
        let mut trees = bytes::trees(&local, inventory, path)?;
        // what is written without the engine gets its indexes with its rows; a module has made those of its own
        let mut made: BTreeSet<String> = local.rows(INDEXES)?.iter().map(|row| text(&row[0]).to_owned()).collect();
        local.run("BEGIN")?;
        for index in
            indexes(inventory).0.into_iter().filter(|index| !made.contains(&index.name.folded())).collect::<Vec<_>>()
        {
            let table = inventory.tables.iter().position(|table| table.name == index.table);
            if table.zip(trees.as_ref()).and_then(|(table, trees)| trees.trees.get(table)?.as_ref()).is_some() {
                local.run(&index.sql)?;
                made.insert(index.name.folded());
            }
        }
        local.run("COMMIT")?;
        if !made.is_empty() {
            trees = bytes::trees(&local, inventory, path)?;
        }
        // indexes that come behind the rows are compiled before
        for index in indexes(inventory).0.into_iter().filter(|index| !made.contains(&index.name.folded())) {
            local.rows(&format!("EXPLAIN {}", index.sql))?;
        }
        let (trees, layouts) = trees.map(|trees| (trees.trees, trees.layouts)).unzip();
        let trees = trees.into_iter().flatten().chain(std::iter::repeat_with(|| None));
        let loading = |(table, tree): (&Table, Option<Tree>)| {
            let way = match tree {
                _ if table.name.folded() == SEQUENCE => Way::Kept(Vec::new()),
                Some(tree) => Way::Pages(Box::new(tree)),
                None => Way::Engine,
            };
            Loading { hash: Rows::default(), plain: None, way }
        };
        let tables = inventory.tables.iter().zip(trees).map(loading).collect();
        let local = if absent.is_empty() {
            local
        } else {
            drop(local);
            open_for_rows(path, &absent)?
        };
        local.run("BEGIN")?;
        let is_utf8 = encoding.eq_ignore_ascii_case("utf-8");
        Ok(Self {
            path: path.to_owned(),
            absent,
            local: Some(local),
            writer: None,
            layouts,
            follower: None,
            followed: None,
            is_utf8,
            tables,
            current: None,
            indexes: made,
            unindexed: Vec::new(),
        })
    }

    /// The numbers of the tables in the order in which their rows have to come: those that the engine writes first. Of the
    /// others, the largest first: its indexes are completed while the next ones are read.
    pub(super) fn order(&self, counts: &[u64]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.tables.len()).collect();
        let count = |number: usize| counts.get(number).copied().unwrap_or_default();
        order.sort_by_key(|number| match self.tables[*number].way {
            Way::Pages(_) => (true, Reverse(count(*number))),
            _ => (false, Reverse(0)),
        });
        order
    }

    /// Writes rows of a table, and returns how many it has now. All rows of a table come one behind the other.
    pub(super) fn write(&mut self, number: usize, table: &Table, page: Page) -> Result<u64, EngineError> {
        if matches!(self.tables[number].way, Way::Pages(_)) && self.writer.is_none() {
            self.take_over()?;
        }
        if let Some(last) = self.current.replace(number).filter(|last| *last != number) {
            self.complete(last)?;
        }
        let loading = &mut self.tables[number];
        match (&mut loading.way, &mut self.writer) {
            (Way::Pages(tree), Some(writer)) => {
                page.each(|cells| {
                    loading.hash.add(cells.iter().copied());
                    writer.add(tree, cells)
                })
                .map_err(|error| of_io(&error))?;
                if let Some(follower) = &self.follower {
                    let (pages, count) = writer.take_written(tree);
                    follower.follow(number, pages, count);
                }
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
        let file = self.writer.as_ref().and_then(Writer::handle);
        self.follower = file.zip(self.layouts.take()).and_then(|(file, layouts)| Follower::start(file, layouts));
        if self.writer.is_none() {
            for loading in self.tables.iter_mut().filter(|loading| matches!(loading.way, Way::Pages(_))) {
                loading.way = Way::Engine;
            }
            let local = open_for_rows(&self.path, &self.absent)?;
            local.run("BEGIN")?;
            self.local = Some(local);
        }
        Ok(())
    }

    /// Completes the pages of a table, and of its indexes, if it was not before.
    pub(super) fn complete(&mut self, number: usize) -> Result<(), EngineError> {
        let (Some(writer), Some(loading)) = (&mut self.writer, self.tables.get_mut(number)) else { return Ok(()) };
        if !matches!(loading.way, Way::Pages(_)) {
            return Ok(());
        }
        if let Way::Pages(mut tree) = std::mem::replace(&mut loading.way, Way::Engine) {
            if tree.has_others {
                self.unindexed.push(number);
            }
            let indexes = writer.finish_rows(&mut tree).map_err(|error| of_io(&error))?;
            if let Some(follower) = &self.follower {
                let (pages, count) = writer.take_written(&mut tree);
                follower.follow(number, pages, count);
                follower.whole(number, &tree, loading.hash.clone());
            }
            writer.write_indexes(indexes).map_err(|error| of_io(&error))?;
        }
        Ok(())
    }

    /// The engine, which gets the file back if it has not got it.
    fn give_back(&mut self) -> Result<Local, EngineError> {
        for number in 0..self.tables.len() {
            self.complete(number)?;
        }
        self.followed = self.follower.take().map(Follower::finish);
        match (self.writer.take(), self.local.take()) {
            (Some(writer), _) => writer.finish().map_err(|error| of_io(&error))?,
            (None, Some(local)) if self.absent.is_empty() => return Ok(local),
            (None, Some(local)) => {
                self.tables.iter_mut().for_each(|loading| loading.plain = None);
                local.run("COMMIT")?;
            }
            (None, None) => return open(&self.path, false, &self.absent),
        }
        let local = open(&self.path, false, &self.absent)?;
        local.run("BEGIN")?;
        Ok(local)
    }

    fn insert(&mut self, number: usize, table: &Table, page: &Page) -> Result<(), EngineError> {
        let Some(local) = &self.local else { return Err(lost()) };
        if self.tables[number].plain.is_none() {
            self.tables[number].plain = now(local.connection.prepare(&insert(table, |_| false)))?;
        }
        // only the crate has statements that stay prepared
        let plain = self.tables[number].plain.as_ref();
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
            match plain.filter(|_| is_other.is_empty()) {
                Some(plain) => now(plain.run(values))?,
                None => local.run_with(&insert(table, |at| is_other.contains(&at)), values)?,
            }
        }
        Ok(())
    }

    /// Makes what else there is, and closes the file. Returns the hashes of what was written, and what was read of it since.
    pub(super) fn finish(
        mut self,
        inventory: &Inventory,
    ) -> Result<(Vec<TableContent>, Option<Followed>), EngineError> {
        let numbered = inventory.tables.iter().enumerate();
        let local = self.give_back()?;
        // sorting takes memory and a thread where it is a matter of many rows
        local.rows(CACHE)?;
        local.rows("PRAGMA threads = 2")?;
        for number in std::mem::take(&mut self.unindexed) {
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
        let Self { local, tables: loading, indexes: made, followed, .. } = self;
        drop(loading);
        let Some(local) = local else { return Err(lost()) };
        let of_kind = |kind: &'static str| inventory.own_objects().filter(move |object| object.kind == kind);
        let (plain, derived) = indexes(inventory);
        let plain = plain.into_iter().filter(|index| !made.contains(&index.name.folded()));
        for object in plain.chain(derived).chain(of_kind("view")).chain(of_kind("trigger")) {
            local.run(&object.sql)?;
        }
        let Settings { user_version, application_id, .. } = &inventory.settings;
        local.rows(&format!("PRAGMA user_version = {user_version}"))?;
        local.rows(&format!("PRAGMA application_id = {application_id}"))?;
        as_stored(&local, inventory)?;
        local.run("COMMIT")?;
        Ok((tables, followed))
    }
}

fn lost() -> EngineError {
    EngineError { kind: ErrorKind::Io, message: "the file is being written by another program".to_owned() }
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
