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
