//! Connections and pools of the crate `sqlx`, which is used without its features: the application's own decide.

use std::ops::DerefMut;
use std::str::FromStr;
use std::sync::Arc;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::driver::{Driver, Scratch};
use dbmigrate_core::engine::error::ErrorKind;
use dbmigrate_core::engine::value::{Row, Value};
use pollster::block_on;
use sqlx_core::column::Column as _;
use sqlx_core::connection::ConnectOptions as _;
use sqlx_core::decode::Decode;
use sqlx_core::error::Error;
use sqlx_core::executor::{Execute as _, Executor as _};
use sqlx_core::pool::Pool;
use sqlx_core::query_builder::QueryBuilder;
use sqlx_core::row::Row as _;
use sqlx_core::statement::Statement as _;
use sqlx_core::type_info::TypeInfo as _;
use sqlx_core::value::ValueRef as _;
use sqlx_sqlite::{Sqlite, SqliteConnectOptions, SqliteConnection, SqliteRow};

use super::{AsyncDriver, Blocked};
use crate::error::{MigrateError, MigrateErrorKind};
use crate::lent::Lender;
use crate::target::Target;
use crate::target::sealed::{Open, Opening};

impl<'t> Target<'t> for &'t mut SqliteConnection {}

impl<'t> Open<'t> for &'t mut SqliteConnection {
    fn open(self) -> Opening<'t> {
        Opening::Lent(Lender::of(Sqlx(self)))
    }
}

impl Target<'static> for &Pool<Sqlite> {}

impl Open<'static> for &Pool<Sqlite> {
    fn open(self) -> Opening<'static> {
        let pool = self.clone();
        Opening::Lent(Lender::acquiring(async move { pool.acquire().await.map(Sqlx).map_err(|error| refused(&error)) }))
    }
}

/// A pool without a connection for the run.
fn refused(error: &Error) -> MigrateError {
    match error {
        Error::PoolTimedOut => MigrateError::new(
            MigrateErrorKind::Target,
            "the pool has no free connection, and migrations need one for themselves",
        )
        .with_help("migrate before others use the pool, or raise its `max_connections`"),
        Error::PoolClosed => MigrateError::new(MigrateErrorKind::Target, "the pool is closed"),
        error => crate::target::cannot_open(failed(error)),
    }
}

/// The driver on a connection, borrowed, of a pool, or its own.
struct Sqlx<C>(C);

impl<C: DerefMut<Target = SqliteConnection> + Send> AsyncDriver for Sqlx<C> {
    async fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<(), EngineError> {
        self.query(sql, values, usize::MAX).await.map(drop)
    }

    async fn query(&mut self, sql: &str, values: Vec<Value>, most: usize) -> Result<Vec<Row>, EngineError> {
        let mut builder = QueryBuilder::<Sqlite>::new(sql);
        // the statements of the application stay in the connection's cache
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
        let connection = &mut *self.0;
        let rows = if most == 1 {
            connection.fetch_optional(query).await.map_err(|error| failed(&error))?.into_iter().collect()
        } else {
            connection.fetch_all(query).await.map_err(|error| failed(&error))?
        };
        rows.iter().take(most).map(ours).collect()
    }

    async fn columns(&mut self, sql: &str) -> Result<Vec<String>, EngineError> {
        let mut builder = QueryBuilder::<Sqlite>::new(sql);
        let query = builder.build();
        let statement = self.0.prepare(query.sql()).await.map_err(|error| failed(&error))?;
        Ok(statement.columns().iter().map(|column| column.name().to_owned()).collect())
    }

    fn scratch(&self) -> Option<Scratch> {
        Some(scratch())
    }
}

/// What opens databases in memory.
pub(crate) fn scratch() -> Scratch {
    Arc::new(|| opened("sqlite::memory:"))
}

fn opened(url: &str) -> Result<Box<dyn Driver>, EngineError> {
    let options = SqliteConnectOptions::from_str(url).map_err(|error| failed(&error))?;
    let connection = block_on(options.connect()).map_err(|error| failed(&error))?;
    Ok(Box::new(Blocked(Sqlx(Box::new(connection)))))
}

/// Opens a file, which is created if it does not exist.
///
/// # Errors
/// If it cannot be opened.
#[cfg(not(any(feature = "rusqlite", feature = "libsql")))]
pub(crate) fn open(path: &std::path::Path) -> Result<Box<dyn Driver>, EngineError> {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let connection = block_on(options.connect()).map_err(|error| failed(&error))?;
    Ok(Box::new(Blocked(Sqlx(Box::new(connection)))))
}

fn ours(row: &SqliteRow) -> Result<Row, EngineError> {
    (0..row.len()).map(|at| value(row, at).map_err(|error| failed(&error))).collect()
}

fn value(row: &SqliteRow, at: usize) -> Result<Value, Error> {
    let found = row.try_get_raw(at)?;
    if found.is_null() {
        return Ok(Value::Null);
    }
    let class = found.type_info().name().to_owned();
    let decoded = match class.as_str() {
        "INTEGER" => Decode::<Sqlite>::decode(found).map(Value::Integer),
        "REAL" => Decode::<Sqlite>::decode(found).map(Value::Real),
        "TEXT" => Decode::<Sqlite>::decode(found).map(Value::Text),
        _ => Decode::<Sqlite>::decode(found).map(Value::Blob),
    };
    decoded.map_err(Error::Decode)
}

fn failed(error: &Error) -> EngineError {
    let Error::Database(error) = error else {
        return EngineError { kind: ErrorKind::Statement, message: error.to_string() };
    };
    let code = error.code().and_then(|code| code.parse().ok()).unwrap_or(1);
    EngineError::of_sqlite(code, error.message())
}
