//! Fills an empty database on a server with a backup, in requests of which each is a transaction and notes how far it is:
//! what was interrupted goes on there.
//!
//! The history comes last, together with the end of the notes. Until then the database has no history, and no command
//! takes it for one that has what the backup has.

mod nulls;
mod statements;

use std::path::Path;
use std::time::Duration;

use thiserror::Error;

use super::error::BackupError;
use super::fingerprint::{Contents, TableContent, of_schema};
use super::inventory::{Inventory, Table, is_vector_index};
use super::local::{Local, now};
use super::server::read_contents;
use super::{At, Progress};
use crate::engine::connection::server::REQUEST_BYTES;
use crate::engine::connection::{Connection, Row, Value, integer, text};
use crate::engine::engines::{TURSO_PREFIX, is_tursos};
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::introspect::{HISTORY_TABLE, is_virtual};
use crate::engine::remote::Client;
use statements::{Insert, Sent};

/// The table with the notes.
const NOTES: &str = "_dbmigrate_restoring";

/// The table with the marks of `AUTOINCREMENT`.
const SEQUENCE: &str = "sqlite_sequence";

/// How many values one statement has at most.
const MOST_VALUES: usize = 2000;

/// A request is committed after so many bytes: a server lets a transaction run for 5 s if another client waits.
const CHUNK_BYTES: usize = REQUEST_BYTES / 2;

/// Why a database was not filled.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FillError {
    /// It has objects that are not of an interrupted run with the same backup.
    #[error("the database is not empty")]
    NotEmpty {
        /// Some of them.
        objects: Vec<String>,
    },
    /// It is being filled with another backup.
    #[error("the database is half filled with another backup")]
    Other,
    /// The text of the backup is in an encoding that a server has not.
    #[error("the text of the backup is {encoding}, and that of servers is UTF-8")]
    Encoding {
        /// Which one.
        encoding: String,
    },
    /// The backup has rows without a value in columns that are NOT NULL, which a server refuses.
    #[error("no server takes all rows of the backup: {}", columns.join(", "))]
    Nulls {
        /// The columns, each with how many there are.
        columns: Vec<String>,
    },
    /// The server, or the backup, failed. What was written stays, and is gone on with.
    #[error("{0}")]
    Engine(EngineError),
    /// The backup cannot be read.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// What the server has now is not what the backup has.
    #[error("the database differs from the backup: {}", differences.join(", "))]
    Differs {
        /// In what.
        differences: Vec<String>,
    },
}

impl From<EngineError> for FillError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// How many rows were there already, from a run that was interrupted.
    pub resumed: u64,
    /// What a server does not allow to be written, in words.
    pub left_out: Vec<String>,
}

/// Fills the database of a server with what a file has, which is a backup with these contents.
///
/// # Errors
/// If the database is not empty, or the server fails, or what it has in the end is not what the backup has.
pub fn fill(client: &Client, backup: &Path, contents: &Contents, progress: &dyn Progress) -> Result<Filled, FillError> {
    let local = Local::open(backup, false, Duration::ZERO).map_err(BackupError::of_source)?;
    local.begin_reading().map_err(BackupError::of_source)?;
    let inventory = local.inventory().map_err(BackupError::of_source)?;
    let mut left_out = Vec::new();
    if !inventory.settings.encoding.eq_ignore_ascii_case("utf-8") {
        return Err(FillError::Encoding { encoding: inventory.settings.encoding });
    }
    let columns = nulls::unmet(&local, &inventory).map_err(BackupError::of_source)?;
    if !columns.is_empty() {
        return Err(FillError::Nulls { columns });
    }
    let is_meant = |table: &Table| !is_statistics(table) && !is_tursos(&table.name);
    let mut tables: Vec<&Table> = inventory.tables.iter().filter(|table| is_meant(table)).collect();
    // the rows of others change it
    tables.sort_by_key(|table| is_sequence(table));
    if inventory.tables.iter().any(is_statistics) {
        left_out.push("the statistics of `ANALYZE`".to_owned());
    }
    if inventory.settings.application_id != 0 {
        left_out.push("`application_id`".to_owned());
    }
    let fill = Fill { connection: Connection::to_server(client.clone()), local, inventory: &inventory, progress };
    let (mut table, mut done) = fill.begin(&id(contents))?;
    let resumed = done + counts(contents, tables.iter().take(table).copied());
    while let Some(next) = tables.get(table) {
        if next.name != *HISTORY_TABLE {
            fill.rows(table, next, done)?;
        }
        table += 1;
        done = 0;
    }
    fill.rest()?;
    progress.at(At::Verifying);
    let has_history = |table: &Table| table.name == *HISTORY_TABLE;
    fill.verify(client, contents, |table| is_meant(table) && !has_history(table))?;
    fill.finish(tables.iter().copied().find(|table| has_history(table)))?;
    Ok(Filled { resumed, left_out })
}

/// Whether a table is one of `ANALYZE`, which servers refuse.
fn is_statistics(table: &Table) -> bool {
    table.name.folded().starts_with("sqlite_stat")
}

fn is_sequence(table: &Table) -> bool {
    table.name == *SEQUENCE
}

fn counts<'t>(contents: &Contents, tables: impl Iterator<Item = &'t Table>) -> u64 {
    let count = |table: &Table| contents.tables.iter().find(|one| one.name == table.name).map_or(0, |one| one.rows);
    tables.map(count).sum()
}

/// What tells a backup from others.
fn id(contents: &Contents) -> String {
    let mut hash = crate::sha256::Sha256::new();
    hash.update(contents.schema.as_bytes());
    for TableContent { name, hash: rows, .. } in &contents.tables {
        hash.update(name.as_str().as_bytes());
        hash.update(rows.as_bytes());
    }
    super::fingerprint::hex(&hash.finish())
}

struct Fill<'f> {
    connection: Connection,
    local: Local,
    inventory: &'f Inventory,
    progress: &'f dyn Progress,
}

type Statements = Vec<(String, Vec<Value>)>;

impl Fill<'_> {
    /// Sends statements as one transaction, without foreign keys.
    fn send(&self, statements: Statements) -> Result<(), EngineError> {
        let (sql, values): (Vec<String>, Vec<Vec<Value>>) = statements.into_iter().unzip();
        now(async {
            self.connection.turn_foreign_keys_off().await?;
            self.connection.begin().await?;
            let run = self.connection.run_each_with(sql.iter().map(String::as_str).zip(values));
            if let Err((_, error)) = run.await {
                self.connection.roll_back().await;
                return Err(error);
            }
            self.connection.commit().await
        })
    }

    fn ask(&self, sql: &str) -> Result<Vec<Row>, EngineError> {
        now(self.connection.rows(sql))
    }

    /// The names of what the server has.
    fn names(&self) -> Result<Vec<String>, EngineError> {
        let names = self.ask("SELECT name FROM sqlite_schema ORDER BY rowid")?;
        Ok(names.iter().map(|row| text(&row[0]).to_owned()).collect())
    }

    /// Makes the tables, unless that was done before. Returns the number of the table that comes next, and how many rows
    /// it has.
    fn begin(&self, id: &str) -> Result<(usize, u64), FillError> {
        let names = self.names()?;
        if names.iter().any(|name| name == NOTES) {
            let notes = self.ask(&format!("SELECT backup, part, done FROM {NOTES}"))?;
            let Some(note) = notes.first().filter(|note| text(&note[0]) == id) else { return Err(FillError::Other) };
            return Ok((usize::try_from(integer(&note[1])).unwrap_or_default(), integer(&note[2]).unsigned_abs()));
        }
        let objects: Vec<String> =
            names.into_iter().filter(|name| !name.starts_with("sqlite_") && !name.starts_with(TURSO_PREFIX)).collect();
        if !objects.is_empty() {
            return Err(FillError::NotEmpty { objects });
        }
        self.send(self.tables(id))?;
        Ok((0, 0))
    }

    /// What makes all tables but the history, and the notes.
    fn tables(&self, id: &str) -> Statements {
        let plain = |sql: &str| (sql.to_owned(), Vec::new());
        // nobody else has put something there
        let mut all = vec![plain(
            "SELECT json_extract('{}', iif((SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'sqlite~_%' ESCAPE '~' AND name NOT LIKE '~_~_turso~_internal~_%' ESCAPE '~') = 0, '$', 'not empty'))",
        )];
        // the table that the engine makes for AUTOINCREMENT stays when those that have it are gone
        let counts =
            if self.inventory.tables.iter().any(is_sequence) { "PRIMARY KEY AUTOINCREMENT" } else { "NOT NULL" };
        all.push((
            format!("CREATE TABLE {NOTES} (id INTEGER {counts}, backup TEXT NOT NULL, part INTEGER NOT NULL, done INTEGER NOT NULL)"),
            Vec::new(),
        ));
        all.push((format!("INSERT INTO {NOTES} VALUES (1, ?1, 0, 0)"), vec![Value::Text(id.to_owned())]));
        let objects = || self.inventory.own_objects().filter(|object| object.kind == "table");
        let is_ours = |name: &crate::sql::Name| {
            name.folded().starts_with("sqlite_") || is_tursos(name) || *name == *HISTORY_TABLE
        };
        let virtual_tables: Vec<_> = objects().filter(|object| is_virtual(&object.sql)).collect();
        let shadow = |name: &crate::sql::Name| {
            let name = name.folded();
            virtual_tables
                .iter()
                .any(|table| name.strip_prefix(&table.name.folded()).is_some_and(|rest| rest.starts_with('_')))
        };
        all.extend(virtual_tables.iter().map(|object| plain(&object.sql)));
        for object in objects().filter(|object| !is_virtual(&object.sql) && !is_ours(&object.name)) {
            if shadow(&object.name) {
                // made by the virtual table, with rows in it
                all.push(plain(&if_not_exists(&object.sql)));
                all.push((format!("DELETE FROM {}", object.name.sql()), Vec::new()));
            } else {
                all.push(plain(&object.sql));
            }
        }
        all
    }

    /// Writes the rows of a table behind the first `done`.
    fn rows(&self, number: usize, table: &Table, mut done: u64) -> Result<(), FillError> {
        let read = |error| FillError::Backup(BackupError::of_source(error));
        let noted = |part: usize, done: u64| {
            let part = u64::try_from(part).unwrap_or(u64::MAX);
            let values = [part, done].map(|count| Value::Integer(i64::try_from(count).unwrap_or(i64::MAX)));
            (format!("UPDATE {NOTES} SET part = ?1, done = ?2"), values.into())
        };
        let is_sequence = is_sequence(table);
        let insert = Insert::of(table);
        let (mut statements, mut bytes): (Statements, usize) = (Vec::new(), 0);
        if is_sequence {
            // the rows of other tables have made some of them
            done = 0;
            statements.push((format!("DELETE FROM {SEQUENCE}"), Vec::new()));
        }
        let mut waiting: Vec<Sent> = Vec::new();
        let most = (MOST_VALUES / insert.width().max(1)).max(1);
        let mut failed = None;
        self.local
            .each_row(table, done, |row, masks| {
                done += 1;
                let row = Sent::of(table, std::mem::take(row), masks);
                bytes += row.bytes();
                waiting.push(row);
                if waiting.len() >= most || bytes >= CHUNK_BYTES {
                    statements.extend(insert.statement(std::mem::take(&mut waiting)));
                }
                if bytes >= CHUNK_BYTES && !is_sequence {
                    let mut chunk = std::mem::take(&mut statements);
                    chunk.push(noted(number, done));
                    bytes = 0;
                    if let Err(error) = self.send(chunk) {
                        failed = Some(error);
                        return false;
                    }
                    self.progress.at(At::Rows { table: &table.name, done, of: 0 });
                }
                true
            })
            .map_err(read)?;
        if let Some(error) = failed {
            return Err(error.into());
        }
        statements.extend(insert.statement(waiting));
        statements.push(noted(number + 1, 0));
        self.send(statements)?;
        self.progress.at(At::Rows { table: &table.name, done, of: 0 });
        Ok(())
    }

    /// Makes indexes, views and triggers, as far as they are not there.
    fn rest(&self) -> Result<(), FillError> {
        let names = self.names()?;
        let is_there = |name: &crate::sql::Name| names.iter().any(|one| *name == **one);
        let of_kind = |kind: &'static str| self.inventory.own_objects().filter(move |object| object.kind == kind);
        let (derived, indexes): (Vec<_>, Vec<_>) = of_kind("index").partition(|object| is_vector_index(object));
        let all = indexes.into_iter().chain(derived).chain(of_kind("view")).chain(of_kind("trigger"));
        // each by itself: an index of a large table takes its time
        for object in all.filter(|object| !is_there(&object.name) && object.table != *HISTORY_TABLE) {
            now(self.connection.run(&object.sql))?;
        }
        Ok(())
    }

    /// Whether the server has what the backup has.
    fn verify(&self, client: &Client, contents: &Contents, is_meant: impl Fn(&Table) -> bool) -> Result<(), FillError> {
        let tables = self.inventory.tables.iter().filter(|table| is_meant(table));
        let tables: Vec<TableContent> =
            tables.filter_map(|table| contents.tables.iter().find(|one| one.name == table.name).cloned()).collect();
        let mut wanted = contents.clone();
        wanted.tables = tables;
        let hidden = |name: &crate::sql::Name| *name == *NOTES || *name == *HISTORY_TABLE || is_tursos(name);
        let meant = |name: &crate::sql::Name| !hidden(name) && !name.folded().starts_with("sqlite_stat");
        let mut found = read_contents(client, |name| !hidden(name))?;
        wanted.schema = of_schema(self.inventory.own_objects().filter(|object| meant(&object.table)));
        // what a server does not let set, and decides itself
        found.settings = wanted.settings.clone();
        match wanted.differences(&found) {
            same if same.is_empty() => Ok(()),
            differences => Err(FillError::Differs { differences }),
        }
    }

    /// Writes the history and what else makes the database whole, and takes the notes away.
    fn finish(&self, history: Option<&Table>) -> Result<(), FillError> {
        let mut statements: Statements = Vec::new();
        let of_history = self.inventory.own_objects().filter(|object| object.table == *HISTORY_TABLE);
        let mut objects: Vec<_> = of_history.collect();
        objects.sort_by_key(|object| object.kind != "table");
        let (table, others) = objects.split_at(objects.len().min(1));
        statements.extend(table.iter().map(|object| (object.sql.clone(), Vec::new())));
        if let Some(table) = history {
            let insert = Insert::of(table);
            self.local
                .each_row(table, 0, |row, masks| {
                    statements.extend(insert.statement(vec![Sent::of(table, std::mem::take(row), masks)]));
                    true
                })
                .map_err(|error| FillError::Backup(BackupError::of_source(error)))?;
        }
        statements.extend(others.iter().map(|object| (object.sql.clone(), Vec::new())));
        statements.push((format!("PRAGMA user_version = {}", self.inventory.settings.user_version), Vec::new()));
        statements.push((format!("DROP TABLE {NOTES}"), Vec::new()));
        match self.send(statements) {
            // whether it was the last step shows in what is there
            Err(error) if error.kind == ErrorKind::Lost && !self.names()?.iter().any(|name| name == NOTES) => Ok(()),
            result => Ok(result?),
        }
    }
}

/// The statement of a table for where it may be already.
fn if_not_exists(sql: &str) -> String {
    let mut words = sql.splitn(3, char::is_whitespace);
    match (words.next(), words.next(), words.next()) {
        (Some(create), Some(table), Some(rest)) => format!("{create} {table} IF NOT EXISTS {rest}"),
        _ => sql.to_owned(),
    }
}
