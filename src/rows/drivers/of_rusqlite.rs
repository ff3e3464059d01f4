//! Rows and values of the crate rusqlite.

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};

use super::{Row, not_utf_8};
use crate::Value;
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
