//! Connections of the crate `rusqlite`.

use std::ops::DerefMut;
use std::sync::Arc;
use std::time::Duration;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::driver::{Driver, Scratch};
use dbmigrate_core::engine::error::ErrorKind;
use dbmigrate_core::engine::value::{Row, Value};
use rusqlite::types::{Value as Theirs, ValueRef};
use rusqlite::{Connection, Error, Statement, params_from_iter};

use super::Immediate;
use crate::lent::Lender;
use crate::target::Target;
use crate::target::sealed::{Open, Opening};

impl<'t> Target<'t> for &'t mut Connection {}

impl<'t> Open<'t> for &'t mut Connection {
    fn open(self) -> Opening<'t> {
        Opening::Lent(Lender::of(Immediate(Rusqlite(self))))
    }
}

/// The driver on a connection, borrowed or not.
struct Rusqlite<C>(C);

impl<C: DerefMut<Target = Connection> + Send> Driver for Rusqlite<C> {
    fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<(), EngineError> {
        self.query(sql, values, usize::MAX).map(drop)
    }

    fn query(&mut self, sql: &str, values: Vec<Value>, most: usize) -> Result<Vec<Row>, EngineError> {
        let mut statement = self.compiled(sql)?;
        let width = statement.column_count();
        let failed = |error| failed(sql, &error);
        let mut rows = statement.query(params_from_iter(values.into_iter().map(theirs))).map_err(failed)?;
        let mut all = Vec::new();
        while all.len() < most
            && let Some(row) = rows.next().map_err(failed)?
        {
            let values = (0..width).map(|at| ours(row.get_ref(at).map_err(failed)?));
            all.push(values.collect::<Result<Row, EngineError>>()?);
        }
        Ok(all)
    }

    fn columns(&mut self, sql: &str) -> Result<Vec<String>, EngineError> {
        Ok(self.compiled(sql)?.column_names().into_iter().map(ToOwned::to_owned).collect())
    }

    fn is_autocommit(&mut self) -> Result<bool, EngineError> {
        Ok(self.0.is_autocommit())
    }

    fn set_busy_timeout(&mut self, timeout: Duration) -> Result<(), EngineError> {
        self.0.busy_timeout(timeout).map_err(|error| failed("", &error))
    }

    fn scratch(&self) -> Option<Scratch> {
        Some(scratch())
    }
}

impl<C: DerefMut<Target = Connection>> Rusqlite<C> {
    fn compiled(&self, sql: &str) -> Result<Statement<'_>, EngineError> {
        self.0.prepare(sql).map_err(|error| failed(sql, &error))
    }
}

/// What opens databases in memory.
pub(crate) fn scratch() -> Scratch {
    Arc::new(|| {
        let connection = Connection::open_in_memory().map_err(|error| failed("", &error))?;
        Ok(Box::new(Rusqlite(Box::new(connection))))
    })
}

/// Opens a file, which is created if it does not exist.
///
/// # Errors
/// If it cannot be opened.
#[cfg(not(feature = "libsql"))]
pub(crate) fn open(path: &std::path::Path) -> Result<Box<dyn Driver>, EngineError> {
    let connection = Connection::open(path).map_err(|error| failed("", &error))?;
    Ok(Box::new(Rusqlite(Box::new(connection))))
}

fn theirs(value: Value) -> Theirs {
    match value {
        Value::Null => Theirs::Null,
        Value::Integer(integer) => Theirs::Integer(integer),
        Value::Real(real) => Theirs::Real(real),
        Value::Text(text) => Theirs::Text(text),
        Value::Blob(bytes) => Theirs::Blob(bytes),
    }
}

fn ours(value: ValueRef<'_>) -> Result<Value, EngineError> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => Value::Integer(integer),
        ValueRef::Real(real) => Value::Real(real),
        ValueRef::Text(text) => {
            let text = std::str::from_utf8(text).map_err(|error| EngineError {
                kind: ErrorKind::Statement,
                message: format!("a value is text and not UTF-8: {error}"),
            })?;
            Value::Text(text.to_owned())
        }
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    })
}

/// An error of the crate while this was run.
fn failed(sql: &str, error: &Error) -> EngineError {
    let message = match error {
        Error::SqliteFailure(_, Some(message)) => message.clone(),
        other => other.to_string(),
    };
    // the crate repeats the statement where it knows the place in it
    let repeated = format!(" in {sql} at offset ");
    let message = message.find(&repeated).map_or(&*message, |at| &message[..at]);
    match error.sqlite_error() {
        Some(code) => EngineError::of_sqlite(code.extended_code, message),
        None => EngineError { kind: ErrorKind::Statement, message: message.to_owned() },
    }
}
