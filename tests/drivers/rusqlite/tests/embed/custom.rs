//! A driver for a connection of a kind of its own, as docs/embedding.md shows it.

use dbmigrate_embed::{Driver, EngineError, ErrorKind, MigrateErrorKind, OnDriver, Row, Value};
use rusqlite::types::Value as Theirs;

use crate::database::File;
use crate::driver::{SAMPLE, block_on};
use crate::history::{family, migrations};

/// A connection, with the three methods that a driver needs.
pub(crate) struct Own(pub(crate) rusqlite::Connection);

fn failed(error: rusqlite::Error) -> EngineError {
    match error {
        rusqlite::Error::SqliteFailure(code, Some(message)) => EngineError::of_sqlite(code.extended_code, message),
        other => EngineError { kind: ErrorKind::Statement, message: other.to_string() },
    }
}

impl Driver for Own {
    fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<(), EngineError> {
        self.query(sql, values, usize::MAX).map(drop)
    }

    fn query(&mut self, sql: &str, values: Vec<Value>, most: usize) -> Result<Vec<Row>, EngineError> {
        let values = values.into_iter().map(|value| match value {
            Value::Null => Theirs::Null,
            Value::Integer(integer) => Theirs::Integer(integer),
            Value::Real(real) => Theirs::Real(real),
            Value::Text(text) => Theirs::Text(text),
            Value::Blob(bytes) => Theirs::Blob(bytes),
        });
        let mut statement = self.0.prepare(sql).map_err(failed)?;
        let width = statement.column_count();
        let mut rows = statement.query(rusqlite::params_from_iter(values)).map_err(failed)?;
        let mut all = Vec::new();
        while all.len() < most
            && let Some(row) = rows.next().map_err(failed)?
        {
            let values = (0..width).map(|at| {
                Ok(match row.get::<_, Theirs>(at)? {
                    Theirs::Null => Value::Null,
                    Theirs::Integer(integer) => Value::Integer(integer),
                    Theirs::Real(real) => Value::Real(real),
                    Theirs::Text(text) => Value::Text(text),
                    Theirs::Blob(bytes) => Value::Blob(bytes),
                })
            });
            all.push(values.collect::<Result<Row, rusqlite::Error>>().map_err(failed)?);
        }
        Ok(all)
    }

    fn columns(&mut self, sql: &str) -> Result<Vec<String>, EngineError> {
        let statement = self.0.prepare(sql).map_err(failed)?;
        Ok(statement.column_names().into_iter().map(str::to_owned).collect())
    }
}

#[test]
fn a_driver_of_three_methods_migrates() {
    let file = File::new();
    let mut own = Own(rusqlite::Connection::open(file.path()).expect("it can be opened"));
    own.0.execute_batch("PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 70").expect("they are settings");
    let report = SAMPLE.run(OnDriver(&mut own)).wait().expect("it applies");
    assert_eq!(report.applied.len(), 19);
    let setting = |name: &str| own.0.query_row(&format!("PRAGMA {name}"), (), |row| row.get::<_, i64>(0));
    assert_eq!((setting("foreign_keys"), setting("busy_timeout")), (Ok(1), Ok(70)));
    file.must_be_whole();
    // and what it is in a transaction it finds out by itself
    own.0.execute_batch("BEGIN").expect("there is none");
    let error = SAMPLE.run(OnDriver(&mut own)).wait().expect_err("there is one");
    assert_eq!(error.kind(), MigrateErrorKind::InTransaction);
    assert!(!own.0.is_autocommit());
}

#[test]
fn without_databases_in_memory_drift_is_refused_without_details() {
    let file = File::new();
    let history = migrations(&family());
    let mut own = Own(rusqlite::Connection::open(file.path()).expect("it can be opened"));
    block_on(history.runner().to("1").run(OnDriver(&mut own))).expect("it applies");
    file.run(&["ALTER TABLE parents ADD COLUMN age INTEGER"]);
    let error = block_on(history.run(OnDriver(&mut own))).expect_err("it has drifted");
    assert_eq!(error.kind(), MigrateErrorKind::Drift);
    let message = error.to_string();
    assert!(message.contains("the differences cannot be listed"), "{message}");
    assert!(message.ends_with("this connection opens no databases in memory"), "{message}");
    // what drifted has to be known in order to be left alone
    assert!(error.help()[0].contains("cargo dbmigrate status"), "{:?}", error.help());
    assert_eq!(file.history(), ["0001_create"]);
}

/// A driver whose statements go to two connections in turn, as those of a pool would.
struct Several([Own; 2], usize);

impl Driver for Several {
    fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<(), EngineError> {
        self.query(sql, values, usize::MAX).map(drop)
    }

    fn query(&mut self, sql: &str, values: Vec<Value>, most: usize) -> Result<Vec<Row>, EngineError> {
        self.1 += 1;
        self.0[self.1 % 2].query(sql, values, most)
    }

    fn columns(&mut self, sql: &str) -> Result<Vec<String>, EngineError> {
        self.0[0].columns(sql)
    }

    fn is_autocommit(&mut self) -> Result<bool, EngineError> {
        Ok(self.0.iter().all(|own| own.0.is_autocommit()))
    }
}

#[test]
fn a_driver_with_several_connections_is_told_that_migrations_need_one() {
    let file = File::new();
    let open = || {
        let connection = rusqlite::Connection::open(file.path()).expect("it can be opened");
        connection.pragma_update(None, "foreign_keys", true).expect("it is a setting");
        Own(connection)
    };
    let mut several = Several([open(), open()], 0);
    let error = SAMPLE.run(OnDriver(&mut several)).wait().expect_err("it has two");
    assert!(error.to_string().contains("migrations need one connection for themselves"), "{error}");
    assert_eq!(file.column("SELECT name FROM sqlite_schema"), [""; 0]);
}
