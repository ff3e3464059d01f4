//! Where the database of a project is: in a file, or on a server. What is on a server is written and read by hand, and
//! looked at through a copy of the server's file, so that everything that holds of a file is held of it too.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use dbmigrate_core::engine::Connection;
use dbmigrate_core::engine::connection::text;
use dbmigrate_core::sql::{Name, split};
use dbmigrate_test_support::hand::{Hand, Rows};
use dbmigrate_test_support::sqld::Server;
use pollster::block_on;
use serde_json::Value;

use crate::support::data::rows_of_last;
use crate::support::run_script;

/// Where a database is.
pub(crate) enum Place {
    File(PathBuf),
    Served { server: &'static Server, url: String, copies: PathBuf },
}

impl Place {
    /// A new database on a server, of which copies are made in a directory.
    pub(crate) fn served(server: &'static Server, directory: &Path) -> Self {
        Self::Served { server, url: server.fresh(), copies: directory.to_owned() }
    }

    /// The database as the subcommand is told of it.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Served { url, .. } => url.clone(),
        }
    }

    pub(crate) fn exists(&self) -> bool {
        match self {
            Self::File(path) => path.exists(),
            Self::Served { .. } => true,
        }
    }

    /// A connection to look at the database with. Of one on a server, it is one to a copy.
    pub(crate) fn connect(&self) -> Connection {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        match self {
            Self::File(path) => connect(path),
            Self::Served { server, url, copies } => {
                let copy = copies.join(format!("copy-{}.db", COUNT.fetch_add(1, Ordering::Relaxed)));
                server.copy_database(url, &copy);
                connect(&copy)
            }
        }
    }

    /// Runs a script.
    pub(crate) fn run_script(&self, sql: &str) -> Result<(), String> {
        match self {
            Self::File(path) => block_on(run_script(&connect(path), sql)),
            Self::Served { url, .. } => {
                let statements: Vec<&str> = split(sql).iter().map(|statement| statement.text).collect();
                self.batch(&statements).map(|_| ()).map_err(|error| format!("{url}: {error}"))
            }
        }
    }

    fn batch<S: AsRef<str>>(&self, statements: &[S]) -> Result<Vec<Rows>, String> {
        if statements.is_empty() {
            return Ok(Vec::new());
        }
        Hand::new(self.url()).batch(statements).map_err(|error| match error.step {
            Some(step) => format!("{}: {error}", statements[step].as_ref()),
            None => error.to_string(),
        })
    }

    /// The rows of the last of several statements.
    pub(crate) fn rows(&self, statements: &str) -> Result<Value, String> {
        let Self::Served { .. } = self else { return rows_of_last(&self.connect(), statements) };
        let statements: Vec<&str> = statements.split(";;").collect();
        let last = self.batch(&statements)?.pop().unwrap_or_default();
        Ok(last.iter().map(|row| Value::Array(row.iter().map(plain).collect())).collect())
    }

    /// Puts rows into the tables in the place of all that are there. On a server, they are put into a copy and carried
    /// over.
    pub(crate) fn put_rows(&self, put: impl FnOnce(&Connection) -> Result<(), String>) -> Result<(), String> {
        let connection = self.connect();
        put(&connection)?;
        match self {
            Self::File(_) => Ok(()),
            Self::Served { .. } => {
                let statements = carry_over(&connection)?;
                self.batch(&statements)?;
                let arrived = carry_over(&self.connect())? == statements;
                arrived.then_some(()).ok_or_else(|| format!("{}: not all rows were carried over", self.url()))
            }
        }
    }

    /// Everything that is in the database: of a file its bytes, of one on a server its rows and statements. Nothing if
    /// there is none.
    pub(crate) fn content(&self) -> Vec<u8> {
        match self {
            Self::File(path) => std::fs::read(path).unwrap_or_default(),
            Self::Served { url, .. } => {
                let hand = Hand::new(url);
                (hand.schema().join(";\n") + &hand.dump()).into_bytes()
            }
        }
    }
}

fn connect(file: &Path) -> Connection {
    let connection = block_on(Connection::open(file, true)).expect("a database");
    // nothing here survives a power cut
    block_on(connection.run("PRAGMA synchronous = OFF")).expect("a database");
    connection
}

/// A value of a server in the words of a case.
fn plain(value: &Value) -> Value {
    let text = dbmigrate_test_support::hand::text(value);
    match value["type"].as_str() {
        Some("null") => Value::Null,
        Some("integer") => text.parse::<i64>().expect("an integer").into(),
        Some("float") => value["value"].clone(),
        _ => text.into(),
    }
}

/// The statements that make the rows of another database with the same schema what they are in this one. No trigger
/// fires at that.
fn carry_over(connection: &Connection) -> Result<Vec<String>, String> {
    let rows = |sql: &str| block_on(connection.rows(sql)).map_err(|error| format!("{sql}: {error}"));
    let texts = |sql: &str| Ok::<_, String>(rows(sql)?.iter().map(|row| text(&row[0]).to_owned()).collect::<Vec<_>>());
    let triggers = rows("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")?;
    let mut statements = vec!["PRAGMA foreign_keys = OFF".to_owned(), "BEGIN IMMEDIATE".to_owned()];
    statements.extend(triggers.iter().map(|row| format!("DROP TRIGGER {}", Name::from(text(&row[0])).sql())));
    // no shadow of a virtual table or a vector index, which are written by writing to what they belong to
    let tables = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual')
        AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '%\\_shadow' ESCAPE '\\'
        AND name NOT LIKE '%\\_shadow\\_idx' ESCAPE '\\' AND name <> '_dbmigrate_history'
        ORDER BY type, name";
    for table in texts(tables)? {
        let literal = format!("'{}'", table.replace('\'', "''"));
        let external =
            format!("SELECT 1 FROM sqlite_schema WHERE name = {literal} AND rootpage = 0 AND sql LIKE '%content=%'");
        if !rows(&external)?.is_empty() {
            continue;
        }
        let columns = texts(&format!("SELECT name FROM pragma_table_xinfo({literal}) WHERE hidden = 0"))?;
        let rowid = format!(
            "SELECT column1 FROM (VALUES ('rowid'), ('_rowid_'), ('oid')) WHERE (SELECT wr FROM pragma_table_list({literal})) = 0
             AND column1 NOT IN (SELECT lower(name) FROM pragma_table_xinfo({literal})) LIMIT 1"
        );
        let own = Name::from(table.as_str()).sql().to_string();
        let mut names: Vec<String> =
            columns.iter().map(|column| Name::from(column.as_str()).sql().to_string()).collect();
        names.extend(texts(&rowid)?);
        let (list, values) =
            (names.join(", "), names.iter().map(|name| literal_of(name)).collect::<Vec<_>>().join(" || ', ' || "));
        let found = texts(&format!("SELECT {values} FROM {own}"))?;
        statements.push(format!("DELETE FROM {own}"));
        statements.extend(found.iter().map(|row| format!("INSERT INTO {own} ({list}) VALUES ({row})")));
    }
    if !texts("SELECT name FROM sqlite_schema WHERE name = 'sqlite_sequence'")?.is_empty() {
        statements.push("DELETE FROM sqlite_sequence WHERE name <> '_dbmigrate_history'".to_owned());
        let marks = texts("SELECT quote(name) || ', ' || seq FROM sqlite_sequence WHERE name <> '_dbmigrate_history'")?;
        statements.extend(marks.iter().map(|mark| format!("INSERT INTO sqlite_sequence VALUES ({mark})")));
    }
    statements.extend(triggers.iter().map(|row| text(&row[1]).to_owned()));
    statements.push("COMMIT".to_owned());
    Ok(statements)
}

/// The expression for a column's value as a literal. `quote` cuts text off at a NUL.
fn literal_of(name: &str) -> String {
    format!("iif(typeof({name}) = 'text', 'CAST(x''' || hex({name}) || ''' AS TEXT)', quote({name}))")
}
