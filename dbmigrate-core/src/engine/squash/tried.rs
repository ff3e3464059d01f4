//! Migrations executed in memory, and everything that is there afterwards, to be compared.

use std::collections::BTreeMap;
use std::path::Path;

use super::Part;
use crate::engine::connection::{Connection, integer, text};
use crate::engine::content::exact;
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::introspect::introspect;
use crate::engine::populate::{clear, populate};
use crate::engine::prove::differences;
use crate::folder::Script;
use crate::kept::is_kept;
use crate::plan::create_all;
use crate::schema::Schema;
use crate::schema::canonical::SchemaHash;
use crate::sql::name::quote_string;
use crate::sql::{Name, StatementKind, split, tokenize};

/// What libSQL itself has.
const OF_ENGINE: [&str; 5] = ["sqlite_schema", "sqlite_temp_schema", "sqlite_master", "sqlite_stat1", "sqlite_stat4"];

/// A database before the migrations, to which it goes back after each attempt.
pub(super) struct Start {
    connection: Connection,
    schema: Schema,
    /// How many rows were made up.
    pub(super) rows: usize,
    /// Tables for which none could be.
    pub(super) empty: Vec<Name>,
}

/// Where the migrations stopped.
pub(super) struct Stopped {
    pub(super) part: usize,
    /// The statement, counted from 0; none for a check.
    pub(super) statement: usize,
    sql: String,
    pub(super) error: EngineError,
}

/// A database with rows, and what the migrations make of it.
pub(super) struct Populated {
    pub(super) start: Start,
    pub(super) wanted: Dump,
}

/// Everything that a database has.
pub(super) struct Dump {
    pub(super) schema: Schema,
    /// The names of the columns of each table, in their order, and its rows.
    tables: BTreeMap<String, (Vec<String>, Vec<Vec<String>>)>,
    /// The numbers that the header has for applications.
    numbers: Vec<i64>,
}

impl Start {
    /// A new database with these statements behind it.
    pub(super) async fn empty(earlier: &[&str]) -> Result<Self, EngineError> {
        let connection = Connection::in_memory().await?;
        connection.run("PRAGMA foreign_keys = OFF").await?;
        // some of them may not run in a transaction
        connection.run_each(earlier.iter().copied()).await.map_err(|(_, error)| error)?;
        let schema = introspect(&connection).await?.schema;
        Ok(Self { connection, schema, rows: 0, empty: Vec::new() })
    }

    /// The schema, with the columns in the order that the database has them in.
    pub(super) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The same schema with made-up rows, but for the tables that are to be empty.
    async fn populated(&self, cleared: &[Name]) -> Result<Self, EngineError> {
        let connection = Connection::in_memory().await?;
        connection.run("PRAGMA foreign_keys = OFF").await?;
        connection.run("BEGIN").await?;
        let is_trigger = |sql: &String| split(sql).iter().any(|one| one.kind == StatementKind::CreateTrigger);
        let (triggers, tables): (Vec<String>, Vec<String>) = create_all(&self.schema).into_iter().partition(is_trigger);
        connection.run_all(&tables).await?;
        let filled = populate(&connection, &self.schema).await?;
        for table in cleared {
            clear(&connection, table).await?;
        }
        // no trigger fires for what fills the tables
        connection.run_all(&triggers).await?;
        let hidden = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type <> 'table', rowid";
        for row in self.connection.rows(hidden).await? {
            if is_kept(&Name::from(text(&row[0]))) {
                connection.run(text(&row[1])).await?;
            }
        }
        connection.run("COMMIT").await?;
        let mut empty = filled.empty;
        empty.extend(cleared.iter().cloned());
        Ok(Self { connection, schema: self.schema.clone(), rows: filled.rows, empty })
    }

    /// What there is behind the migrations.
    pub(super) async fn run_parts(&self, parts: &[Part<'_>]) -> Result<Dump, Stopped> {
        let mut result = self.connection.run("BEGIN").await.map_err(|error| (0, 0, String::new(), error));
        for (at, part) in parts.iter().enumerate() {
            if result.is_ok() {
                result = run(&self.connection, part.script).await.map_err(|(one, sql, error)| (at, one, sql, error));
            }
        }
        let stopped = |(part, statement, sql, error)| Stopped { part, statement, sql, error };
        let dump = match result {
            Ok(()) => Dump::of(&self.connection).await.map_err(|error| (parts.len(), 0, String::new(), error)),
            Err(stopped) => Err(stopped),
        };
        self.connection.roll_back().await;
        dump.map_err(stopped)
    }

    /// What there is behind a script.
    pub(super) async fn run_script(&self, sql: &str) -> Result<Dump, EngineError> {
        let script = Script::parse(sql, Path::new("")).map_err(|error| failed(error.message))?;
        self.connection.run("BEGIN").await?;
        let dump = match run(&self.connection, &script).await {
            Ok(()) => Dump::of(&self.connection).await,
            Err((_, _, error)) => Err(error),
        };
        self.connection.roll_back().await;
        dump
    }
}

fn failed(message: String) -> EngineError {
    EngineError { kind: ErrorKind::Statement, message }
}

/// Runs the checks and the statements of a script.
async fn run(connection: &Connection, script: &Script<'_>) -> Result<(), (usize, String, EngineError)> {
    for preflight in &script.preflights {
        let refused = match connection.first_row(&preflight.query).await {
            Ok(None) => continue,
            Ok(Some(_)) => failed("rows contradict it".to_owned()),
            Err(error) => error,
        };
        return Err((0, preflight.query.clone(), refused));
    }
    let all = connection.run_each(script.statements.iter().map(|statement| statement.text)).await;
    all.map_err(|(at, error)| (at, script.statements[at].text.to_owned(), error))
}

/// A database with rows that the migrations accept, and what they make of it: tables with rows that they refuse are
/// emptied one after the other.
pub(super) async fn populated(empty: &Start, parts: &[Part<'_>]) -> Result<Populated, EngineError> {
    let mut cleared: Vec<Name> = Vec::new();
    loop {
        let start = empty.populated(&cleared).await?;
        let stopped = match start.run_parts(parts).await {
            Ok(wanted) => return Ok(Populated { start, wanted }),
            Err(stopped) => stopped,
        };
        let all: Vec<&Name> = empty.schema.tables.iter().map(|table| &table.name).collect();
        let left: Vec<&Name> = all.into_iter().filter(|name| !cleared.contains(name)).collect();
        if left.is_empty() {
            return Err(stopped.error);
        }
        let said: Vec<Name> = tokenize(&stopped.sql).filter_map(|token| token.identifier()).map(Name::from).collect();
        let named: Vec<Name> = left.iter().filter(|name| said.contains(name)).map(|name| (*name).clone()).collect();
        cleared.extend(if named.is_empty() { left.into_iter().cloned().collect() } else { named });
    }
}

impl Dump {
    async fn of(connection: &Connection) -> Result<Self, EngineError> {
        let schema = introspect(connection).await?.schema;
        let mut tables = BTreeMap::new();
        let list =
            "SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual')";
        for row in connection.rows(list).await? {
            let (name, is_rowid) = (text(&row[0]).to_owned(), text(&row[1]) == "table" && integer(&row[2]) == 0);
            if OF_ENGINE.contains(&name.as_str()) {
                continue;
            }
            let columns =
                format!("SELECT name FROM pragma_table_xinfo({}) WHERE hidden IN (0, 2, 3)", quote_string(&name));
            let columns: Vec<String> =
                connection.rows(&columns).await?.iter().map(|row| text(&row[0]).to_owned()).collect();
            let rowid = ["rowid", "_rowid_", "oid"]
                .into_iter()
                .find(|word| is_rowid && !columns.iter().any(|column| column.eq_ignore_ascii_case(word)));
            let values = columns.iter().map(|column| exact(&Name::from(column.as_str()).sql()));
            let all: Vec<String> =
                rowid.map(|word| format!("CAST({word} AS TEXT)")).into_iter().chain(values).collect();
            // a mark of zero is none
            let real = if name == "sqlite_sequence" { " WHERE seq > 0" } else { "" };
            let table = Name::from(name.as_str()).sql().into_owned();
            let found = connection.rows(&format!("SELECT {} FROM {table}{real}", all.join(", "))).await?;
            let mut rows: Vec<Vec<String>> =
                found.iter().map(|row| row.iter().map(|value| text(value).to_owned()).collect()).collect();
            if name == "sqlite_sequence" {
                for row in &mut rows {
                    row.remove(0);
                }
            }
            rows.sort_unstable();
            if name != "sqlite_sequence" || !rows.is_empty() {
                tables.insert(name, (columns, rows));
            }
        }
        let mut numbers = Vec::new();
        for pragma in ["PRAGMA user_version", "PRAGMA application_id"] {
            numbers.push(connection.first_row(pragma).await?.map_or(0, |row| integer(&row[0])));
        }
        Ok(Self { schema, tables, numbers })
    }

    /// Whether a table has a row.
    pub(super) fn has_rows(&self) -> bool {
        self.tables.values().any(|(_, rows)| !rows.is_empty())
    }

    /// The first thing in which they differ.
    pub(super) fn difference(&self, wanted: &Self) -> Option<String> {
        if SchemaHash::of(&self.schema) != SchemaHash::of(&wanted.schema) {
            let words = differences(&self.schema, &wanted.schema);
            return Some(format!("the schema: {}", words.join("; ")));
        }
        for (name, (columns, rows)) in &wanted.tables {
            match self.tables.get(name) {
                None => return Some(format!("`{name}` is missing")),
                Some((found, _)) if found != columns => {
                    return Some(format!("the columns of `{name}` are in another order"));
                }
                Some((_, found)) if found != rows => return Some(format!("the rows of `{name}`")),
                Some(_) => {}
            }
        }
        if let Some(more) = self.tables.keys().find(|name| !wanted.tables.contains_key(*name)) {
            return Some(format!("there is `{more}`"));
        }
        (self.numbers != wanted.numbers).then(|| "the numbers in the header".to_owned())
    }
}
