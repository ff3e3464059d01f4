//! A value of a database, whatever the connection to it is.

/// A value as SQLite stores it (sqlite.org/datatype3.html#storage_classes_and_datatypes).
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `NULL`.
    Null,
    /// An integer.
    Integer(i64),
    /// A floating point number.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// A row of values.
pub type Row = Vec<Value>;

/// What becomes a value as it is.
macro_rules! from {
    ($($type:ty => $variant:ident($value:ident: $make:expr)),+ $(,)?) => {
        $(impl From<$type> for Value {
            fn from($value: $type) -> Self {
                Self::$variant($make)
            }
        })+
    };
}

from! {
    i64 => Integer(value: value),
    i32 => Integer(value: value.into()),
    u32 => Integer(value: value.into()),
    bool => Integer(value: value.into()),
    f64 => Real(value: value),
    String => Text(value: value),
    &str => Text(value: value.to_owned()),
    Vec<u8> => Blob(value: value),
    &[u8] => Blob(value: value.to_vec()),
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The text of a value, empty for anything that is not text.
pub fn text(value: &Value) -> &str {
    match value {
        Value::Text(text) => text,
        _ => "",
    }
}

/// The integer of a value, 0 for anything that is not one.
pub fn integer(value: &Value) -> i64 {
    match value {
        Value::Integer(integer) => *integer,
        _ => 0,
    }
}

/// A value as it is shown to people.
pub fn display(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(integer) => integer.to_string(),
        Value::Real(real) => real.to_string(),
        Value::Text(text) => text.clone(),
        Value::Blob(blob) => format!("{} bytes", blob.len()),
    }
}
