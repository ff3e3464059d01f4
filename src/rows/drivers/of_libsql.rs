//! Rows and values of the crate libsql.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;

use super::{Row, not_utf_8};
use crate::Value;
use crate::rows::query::{Connection, Fields, Query, Statement};
use crate::rows::{RowError, ValueError};

impl Row for libsql::Row {
    fn column_count(&self) -> usize {
        Self::column_count(self).try_into().unwrap_or_default()
    }

    fn column_name(&self, at: usize) -> Option<&str> {
        Self::column_name(self, at.try_into().ok()?)
    }

    fn value(&self, at: usize) -> Result<Value, ValueError> {
        let at = i32::try_from(at).map_err(|error| ValueError::new(error.to_string()))?;
        // the crate panics on text that is not UTF-8
        match catch_unwind(AssertUnwindSafe(|| self.get_value(at))) {
            Ok(Ok(value)) => Ok(value.into()),
            Ok(Err(error)) => Err(ValueError::new(error.to_string())),
            Err(_) => Err(not_utf_8()),
        }
    }
}

impl From<libsql::Value> for Value {
    fn from(value: libsql::Value) -> Self {
        match value {
            libsql::Value::Null => Self::Null,
            libsql::Value::Integer(value) => Self::Integer(value),
            libsql::Value::Real(value) => Self::Real(value),
            libsql::Value::Text(text) => Self::Text(text),
            libsql::Value::Blob(bytes) => Self::Blob(bytes),
        }
    }
}

/// So that values are parameters.
impl From<Value> for libsql::Value {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Integer(value) => Self::Integer(value),
            Value::Real(value) => Self::Real(value),
            Value::Text(text) => Self::Text(text),
            Value::Blob(bytes) => Self::Blob(bytes),
        }
    }
}

/// So that `?` works in functions that return errors of the database.
impl From<RowError> for libsql::Error {
    fn from(error: RowError) -> Self {
        Self::ToSqlConversionFailure(Box::new(error))
    }
}

/// So that `?` works in functions that return errors of the database.
impl From<ValueError> for libsql::Error {
    fn from(error: ValueError) -> Self {
        Self::ToSqlConversionFailure(Box::new(error))
    }
}

impl<'c> Connection for &'c libsql::Connection {
    type Answer<T: Send + 'static> = Pin<Box<dyn Future<Output = libsql::Result<T>> + Send + 'c>>;

    fn all<T: Send + 'static>(self, query: Query<T>) -> Self::Answer<Vec<T>> {
        Box::pin(async move {
            let (sql, values, read) = query.parts()?;
            let mut rows = self.query(sql, values).await?;
            let mut all = Vec::new();
            while let Some(row) = rows.next().await? {
                all.push(read(&Fields(&row))?);
            }
            Ok(all)
        })
    }

    fn one<T: Send + 'static>(self, query: Query<T>) -> Self::Answer<T> {
        Box::pin(async move { self.optional(query).await?.ok_or(libsql::Error::QueryReturnedNoRows) })
    }

    fn optional<T: Send + 'static>(self, query: Query<T>) -> Self::Answer<Option<T>> {
        Box::pin(async move {
            let (sql, values, read) = query.parts()?;
            let mut rows = self.query(sql, values).await?;
            let Some(row) = rows.next().await? else { return Ok(None) };
            let first = read(&Fields(&row))?;
            // to its end: a statement that writes has not written before
            while rows.next().await?.is_some() {}
            Ok(Some(first))
        })
    }

    fn run(self, statement: Statement) -> Self::Answer<u64> {
        Box::pin(async move {
            let (sql, values) = statement.parts()?;
            self.execute(sql, values).await
        })
    }
}
