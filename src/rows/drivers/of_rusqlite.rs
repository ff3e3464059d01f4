//! Rows and values of the crate rusqlite.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{ToSql, params_from_iter};

use super::{Row, not_utf_8};
use crate::Value;
use crate::rows::query::{Connection, Fields, Query, Statement};
use crate::rows::{RowError, ValueError};

impl Row for rusqlite::Row<'_> {
    fn column_count(&self) -> usize {
        self.as_ref().column_count()
    }

    fn column_name(&self, at: usize) -> Option<&str> {
        self.as_ref().column_name(at).ok()
    }

    fn value(&self, at: usize) -> Result<Value, ValueError> {
        owned(self.get_ref(at).map_err(|error| ValueError::new(error.to_string()))?)
    }
}

fn owned(value: ValueRef<'_>) -> Result<Value, ValueError> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Integer(value),
        ValueRef::Real(value) => Value::Real(value),
        ValueRef::Text(text) => Value::Text(str::from_utf8(text).map_err(|_| not_utf_8())?.to_owned()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_owned()),
    })
}

/// So that values are parameters: `params_from_iter(user.params()?)`.
impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Real(value) => ValueRef::Real(*value),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl FromSql for Value {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        owned(value).map_err(|error| FromSqlError::Other(Box::new(error)))
    }
}

/// So that `?` works in functions that return errors of the database, such as the closure of `query_row`.
impl From<RowError> for rusqlite::Error {
    fn from(error: RowError) -> Self {
        Self::ToSqlConversionFailure(Box::new(error))
    }
}

/// So that `?` works in functions that return errors of the database.
impl From<ValueError> for rusqlite::Error {
    fn from(error: ValueError) -> Self {
        Self::ToSqlConversionFailure(Box::new(error))
    }
}

impl Connection for &rusqlite::Connection {
    type Answer<T: Send + 'static> = rusqlite::Result<T>;

    fn all<T: Send + 'static>(self, query: Query<T>) -> Self::Answer<Vec<T>> {
        let (sql, values, read) = query.parts()?;
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(read(&Fields(row))?);
        }
        Ok(all)
    }

    fn one<T: Send + 'static>(self, query: Query<T>) -> Self::Answer<T> {
        self.optional(query)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
    }

    fn optional<T: Send + 'static>(self, query: Query<T>) -> Self::Answer<Option<T>> {
        let (sql, values, read) = query.parts()?;
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let first = read(&Fields(row))?;
        // to its end: a statement that writes has not written before
        while rows.next()?.is_some() {}
        Ok(Some(first))
    }

    fn run(self, statement: Statement) -> Self::Answer<u64> {
        let (sql, values) = statement.parts()?;
        let changed = self.execute(sql, params_from_iter(values))?;
        Ok(changed.try_into().unwrap_or(u64::MAX))
    }
}
