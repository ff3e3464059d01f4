//! Rows and values of sqlx, by the two crates that have its SQLite. The crate `sqlx` itself has none without features
//! that the application should choose.
//!
//! This is written so that it compiles with sqlx 0.8 and 0.9.

use std::pin::Pin;

use sqlx_core::arguments::Arguments as _;
use sqlx_core::column::Column;
use sqlx_core::decode::Decode;
use sqlx_core::error::{BoxDynError, Error};
use sqlx_core::pool::Pool;
use sqlx_core::query::query_with;
use sqlx_core::row::Row as _;
use sqlx_core::type_info::TypeInfo as _;
use sqlx_core::value::ValueRef as _;
use sqlx_sqlite::{Sqlite, SqliteArguments, SqliteConnection, SqliteRow, SqliteValueRef};

use super::{Row, not_utf_8};
use crate::Value;
use crate::rows::query::{Connection, Fields, Query, Statement};
use crate::rows::{RowError, ValueError};

impl Row for SqliteRow {
    fn column_count(&self) -> usize {
        self.columns().len()
    }

    fn column_name(&self, at: usize) -> Option<&str> {
        self.columns().get(at).map(Column::name)
    }

    fn value(&self, at: usize) -> Result<Value, ValueError> {
        let value = self.try_get_raw(at).map_err(|error| ValueError::new(error.to_string()))?;
        owned(value)
    }
}

fn owned(value: SqliteValueRef<'_>) -> Result<Value, ValueError> {
    fn decoded<'r, T: Decode<'r, Sqlite>>(value: SqliteValueRef<'r>) -> Result<T, ValueError> {
        T::decode(value).map_err(|error| ValueError::new(error.to_string()))
    }
    // before its type, which is the declared one where there is no value
    if value.is_null() {
        return Ok(Value::Null);
    }
    let ty = value.type_info().into_owned();
    match ty.name() {
        "INTEGER" => decoded(value).map(Value::Integer),
        "REAL" => decoded(value).map(Value::Real),
        "TEXT" => String::decode(value).map(Value::Text).map_err(|_| not_utf_8()),
        "BLOB" => decoded(value).map(Value::Blob),
        other => Err(ValueError::new(format!("found a value of the type {other}"))),
    }
}

/// Values as the parameters of `sqlx::query_with`, `query_as_with` and `query_scalar_with`. With the feature `sqlx`.
///
/// # Errors
/// If sqlx refuses a value, which it does not do for those of SQLite.
#[allow(mismatched_lifetime_syntaxes, reason = "the type has a lifetime in sqlx 0.8, and none in 0.9")]
pub fn arguments(values: &[Value]) -> Result<SqliteArguments, ValueError> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        let added: Result<(), BoxDynError> = match value {
            Value::Null => arguments.add(None::<i64>),
            Value::Integer(value) => arguments.add(*value),
            Value::Real(value) => arguments.add(*value),
            Value::Text(text) => arguments.add(text.clone()),
            Value::Blob(bytes) => arguments.add(bytes.clone()),
        };
        added.map_err(|error| ValueError::new(error.to_string()))?;
    }
    Ok(arguments)
}

/// So that `?` works in functions that return errors of the database, such as the closure of `try_map`.
impl From<RowError> for Error {
    fn from(error: RowError) -> Self {
        if error.is_of_writing() { Self::Encode(Box::new(error)) } else { Self::Decode(Box::new(error)) }
    }
}

/// So that `?` works in functions that return errors of the database.
impl From<ValueError> for Error {
    fn from(error: ValueError) -> Self {
        Self::Encode(Box::new(error))
    }
}

macro_rules! connections {
    ($($ty:ty),+) => { $(
        impl<'c> Connection for $ty {
            type Answer<T: Send + 'static> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'c>>;

            fn all<T: Send + 'static>(self, query: Query<T>) -> Self::Answer<Vec<T>> {
                Box::pin(async move {
                    let (sql, values, read) = query.parts()?;
                    let rows = query_with(sql, arguments(&values)?).fetch_all(self).await?;
                    rows.iter().map(|row| read(&Fields(row)).map_err(Error::from)).collect()
                })
            }

            fn one<T: Send + 'static>(self, query: Query<T>) -> Self::Answer<T> {
                Box::pin(async move { self.optional(query).await?.ok_or(Error::RowNotFound) })
            }

            fn optional<T: Send + 'static>(self, query: Query<T>) -> Self::Answer<Option<T>> {
                Box::pin(async move {
                    let (sql, values, read) = query.parts()?;
                    // all of them: a statement that writes has not written before
                    let rows = query_with(sql, arguments(&values)?).fetch_all(self).await?;
                    rows.first().map(|row| read(&Fields(row)).map_err(Error::from)).transpose()
                })
            }

            fn run(self, statement: Statement) -> Self::Answer<u64> {
                Box::pin(async move {
                    let (sql, values) = statement.parts()?;
                    let done = query_with(sql, arguments(&values)?).execute(self).await?;
                    Ok(done.rows_affected())
                })
            }
        }
    )+ };
}
connections!(&'c mut SqliteConnection, &'c Pool<Sqlite>);
