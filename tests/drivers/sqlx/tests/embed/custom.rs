//! A driver for a connection of a kind of its own whose calls are awaited, as docs/embedding.md shows it.

use dbmigrate_embed::{AsyncDriver, Driver, EngineError, ErrorKind, OnAsyncDriver, Row, Value};
use sqlx::{
    Column as _, Connection as _, Execute as _, Executor as _, QueryBuilder, Row as _, Sqlite, SqliteConnection,
    Statement as _, TypeInfo as _, ValueRef as _,
};

use crate::database::File;
use crate::driver::{SAMPLE, block_on};
use crate::history::{family, migrations};

/// A connection, with the three methods that a driver needs.
pub(crate) struct Own(pub(crate) SqliteConnection);

fn failed(error: sqlx::Error) -> EngineError {
    match error.as_database_error() {
        Some(error) => {
            let code = error.code().and_then(|code| code.parse().ok()).unwrap_or(1);
            EngineError::of_sqlite(code, error.message())
        }
        None => EngineError { kind: ErrorKind::Statement, message: error.to_string() },
    }
}

impl AsyncDriver for Own {
    async fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<(), EngineError> {
        self.query(sql, values, usize::MAX).await.map(drop)
    }

    async fn query(&mut self, sql: &str, values: Vec<Value>, most: usize) -> Result<Vec<Row>, EngineError> {
        let mut builder = QueryBuilder::<Sqlite>::new(sql);
        let mut query = builder.build().persistent(false);
        for value in values {
            query = match value {
                Value::Null => query.bind(None::<i64>),
                Value::Integer(integer) => query.bind(integer),
                Value::Real(real) => query.bind(real),
                Value::Text(text) => query.bind(text),
                Value::Blob(bytes) => query.bind(bytes),
            };
        }
        let rows = query.fetch_all(&mut self.0).await.map_err(failed)?;
        let value = |row: &sqlx::sqlite::SqliteRow, at: usize| {
            let raw = row.try_get_raw(at)?;
            if raw.is_null() {
                return Ok(Value::Null);
            }
            let class = raw.type_info().name().to_owned();
            Ok(match class.as_str() {
                "INTEGER" => Value::Integer(row.try_get_unchecked(at)?),
                "REAL" => Value::Real(row.try_get_unchecked(at)?),
                "TEXT" => Value::Text(row.try_get_unchecked(at)?),
                _ => Value::Blob(row.try_get_unchecked(at)?),
            })
        };
        let rows = rows.iter().take(most).map(|row| (0..row.len()).map(|at| value(row, at)).collect());
        rows.collect::<Result<Vec<Row>, sqlx::Error>>().map_err(failed)
    }

    async fn columns(&mut self, sql: &str) -> Result<Vec<String>, EngineError> {
        let mut builder = QueryBuilder::<Sqlite>::new(sql);
        let statement = self.0.prepare(builder.build().sql()).await.map_err(failed)?;
        Ok(statement.columns().iter().map(|column| column.name().to_owned()).collect())
    }
}

/// The same for the engine, which blocks.
pub(crate) struct Blocking(pub(crate) Own);

impl Driver for Blocking {
    fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<(), EngineError> {
        block_on(self.0.execute(sql, values))
    }

    fn query(&mut self, sql: &str, values: Vec<Value>, most: usize) -> Result<Vec<Row>, EngineError> {
        block_on(self.0.query(sql, values, most))
    }

    fn columns(&mut self, sql: &str) -> Result<Vec<String>, EngineError> {
        block_on(self.0.columns(sql))
    }
}

#[test]
fn a_driver_of_three_methods_migrates() {
    let file = File::new();
    let url = format!("sqlite://{}?mode=rwc", file.path().display());
    let own = Own(block_on(SqliteConnection::connect(&url)).expect("it can be opened"));
    let report = block_on(SAMPLE.run(OnAsyncDriver(own))).expect("it applies");
    assert_eq!(report.applied.len(), 19);
    file.must_be_whole();
    let own = Own(block_on(SqliteConnection::connect(&url)).expect("it can be opened"));
    assert!(block_on(SAMPLE.status(OnAsyncDriver(own))).expect("it can be read").is_current());
    // and one that blocks
    let file = File::new();
    let url = format!("sqlite://{}?mode=rwc", file.path().display());
    let own = Blocking(Own(block_on(SqliteConnection::connect(&url)).expect("it can be opened")));
    let report = migrations(&family()).run(dbmigrate_embed::OnDriver(own));
    // its calls block on an executor of their own, which they may not do inside of one
    assert_eq!(report.wait().expect("it applies").applied.len(), 3);
    file.must_be_whole();
}
