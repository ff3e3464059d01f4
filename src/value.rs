//! A value of a column that can be of any type.

use crate::ColumnType;

/// A value of any of SQLite's types, for columns whose values have several types: what a view computes in several ways,
/// or a column of type `ANY`.
///
/// As the type of a field, it reads NULL too. In a table, the field declares the type `ANY`, which only keeps values as
/// they are in `strict` tables: in others, SQLite turns texts that look like numbers into numbers, so declare the
/// column with `#[column(type = "BLOB")]` there.
#[derive(Debug, Clone, Default, PartialEq, PartialOrd)]
pub enum Value {
    /// NULL.
    #[default]
    Null,
    /// An integer.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl ColumnType for Value {
    const SQL_TYPE: &'static str = "ANY";
}

macro_rules! from {
    ($($ty:ty => $variant:ident),+ $(,)?) => { $(
        impl From<$ty> for Value {
            fn from(value: $ty) -> Self {
                Self::$variant(value.into())
            }
        }
    )+ };
}
from! {
    i64 => Integer,
    i32 => Integer,
    u32 => Integer,
    bool => Integer,
    f64 => Real,
    String => Text,
    &str => Text,
    Vec<u8> => Blob,
    &[u8] => Blob,
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// So that parameters are those of a step, and of the runner's connections.
#[cfg(feature = "migrate")]
impl From<Value> for dbmigrate_embed::Value {
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

#[cfg(feature = "migrate")]
impl From<dbmigrate_embed::Value> for Value {
    fn from(value: dbmigrate_embed::Value) -> Self {
        match value {
            dbmigrate_embed::Value::Null => Self::Null,
            dbmigrate_embed::Value::Integer(value) => Self::Integer(value),
            dbmigrate_embed::Value::Real(value) => Self::Real(value),
            dbmigrate_embed::Value::Text(text) => Self::Text(text),
            dbmigrate_embed::Value::Blob(bytes) => Self::Blob(bytes),
        }
    }
}
