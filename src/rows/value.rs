//! The traits of types that can be read from values and written as values.

use std::error::Error;
use std::fmt;

use crate::Value;

/// A type that can be read from the value of a column.
#[diagnostic::on_unimplemented(
    message = "a column cannot be read as `{Self}`",
    label = "a field of it is `{Self}`",
    note = "for your own type: `#[derive(dbmigrate::ColumnType)]`, or implement `dbmigrate::rows::FromValue` for it",
    note = "borrowed types such as `&str` can only be written; `Cow<'_, str>` can also be read",
    note = "`Json<…>` needs the feature `serde_json`, types of chrono, jiff, time, uuid and rust_decimal the feature \
            of that name"
)]
pub trait FromValue: Sized {
    /// Reads the value as this type.
    ///
    /// # Errors
    /// If the value does not fit the type: [`ValueError::expected`].
    fn from_value(value: Value) -> Result<Self, ValueError>;
}

/// A type that can be written as the value of a column.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written to a column",
    label = "a field of it is `{Self}`",
    note = "for your own type: `#[derive(dbmigrate::ColumnType)]`, or implement `dbmigrate::rows::ToValue` for it",
    note = "`Json<…>` needs the feature `serde_json`, types of chrono, jiff, time, uuid and rust_decimal the feature \
            of that name"
)]
pub trait ToValue {
    /// Writes this as a value.
    ///
    /// # Errors
    /// If no value would be read as the same again.
    fn to_value(&self) -> Result<Value, ValueError>;
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Result<Value, ValueError> {
        (**self).to_value()
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Result<Self, ValueError> {
        match value {
            Value::Null => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Result<Value, ValueError> {
        self.as_ref().map_or(Ok(Value::Null), T::to_value)
    }
}

/// A value that cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueError(String);

impl ValueError {
    /// `expected` says which values are valid, with the SQL type: `TEXT with two letters`.
    pub fn expected(expected: impl fmt::Display, found: &Value) -> Self {
        Self(format!("expected {expected}, found {}", Found(found)))
    }

    /// Another reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for ValueError {}

/// A value in a message.
struct Found<'a>(&'a Value);

impl Found<'_> {
    /// So many characters of a text.
    const MOST: usize = 40;
}

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => f.write_str("NULL"),
            Value::Integer(value) => write!(f, "INTEGER {value}"),
            Value::Real(value) => write!(f, "REAL {value:?}"),
            Value::Text(text) => {
                let begin: String = text.chars().take(Self::MOST).flat_map(char::escape_debug).collect();
                let more = if text.chars().nth(Self::MOST).is_some() { "…" } else { "" };
                write!(f, "TEXT '{begin}{more}'")
            }
            Value::Blob(bytes) => write!(f, "BLOB of {} bytes", bytes.len()),
        }
    }
}
