//! What a Rust type can read of a column: often less than SQLite stores there.
//!
//! SQLite keeps the text `abc` in a column of type `INTEGER` or `BOOLEAN`, where an `i64` or a `bool` cannot read it.
//! A change of type is asked about such values, so it has to be known what the new type reads: what the struct says,
//! else what the declared type stands for. The conditions for it are in `plan::conversion`.

use super::Vector;
use crate::sql::DeclType;
use crate::sql::expr::Affinity;

/// What is read of a column, as `dbmigrate::rows` does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reads {
    /// Integers from the first to the last, by a type of this name.
    Integer(&'static str, i64, i64),
    /// 0 and 1.
    Bool,
    /// Numbers, by a type of this name.
    Real(&'static str),
    /// Numbers, also those written as text.
    Decimal,
    /// Text.
    Text,
    /// Text of one character.
    Char,
    /// A blob.
    Bytes,
    /// A vector.
    Vector(Vector),
    /// JSON as text.
    Json,
    /// `2024-02-29`.
    Date,
    /// `23:59:59`.
    Time,
    /// `2024-02-29 23:59:59`.
    DateTime,
    /// A UUID as text.
    Uuid,
    /// One of an enum's words.
    Words(Vec<String>),
    /// One of an enum's numbers.
    Numbers(Vec<String>),
}

impl Reads {
    /// What a declared type stands for where no struct says it. `None`: anything.
    pub fn of_declared(declared: &DeclType) -> Option<Self> {
        let upper = declared.as_str().to_ascii_uppercase();
        let has = |words: &[&str]| words.iter().any(|word| upper.contains(word));
        match declared.affinity() {
            Affinity::Integer => Some(Self::Integer("i64", i64::MIN, i64::MAX)),
            Affinity::Real => Some(Self::Real("f64")),
            Affinity::Text => Some(Self::Text),
            // no type at all is one for any value, and a vector is made by functions of libSQL
            Affinity::Blob => (upper == "BLOB").then_some(Self::Bytes),
            Affinity::Numeric if has(&["BOOL"]) => Some(Self::Bool),
            Affinity::Numeric if has(&["NUM", "DEC", "MONEY", "CURRENCY"]) => Some(Self::Real("f64")),
            Affinity::Numeric => None,
        }
    }

    /// All but those that list values.
    pub fn all() -> Vec<Self> {
        let integers = [
            ("i8", i64::from(i8::MIN), i64::from(i8::MAX)),
            ("i16", i64::from(i16::MIN), i64::from(i16::MAX)),
            ("i32", i64::from(i32::MIN), i64::from(i32::MAX)),
            ("i64", i64::MIN, i64::MAX),
            ("u8", 0, i64::from(u8::MAX)),
            ("u16", 0, i64::from(u16::MAX)),
            ("u32", 0, i64::from(u32::MAX)),
        ];
        let integers = integers.map(|(name, least, most)| Self::Integer(name, least, most));
        let others = [
            Self::Bool,
            Self::Real("f32"),
            Self::Real("f64"),
            Self::Decimal,
            Self::Text,
            Self::Char,
            Self::Bytes,
            Self::Json,
            Self::Date,
            Self::Time,
            Self::DateTime,
            Self::Uuid,
        ];
        integers.into_iter().chain(others).collect()
    }

    /// What the values have to be, for messages: "… cannot be read as `bool`".
    pub fn describe(&self) -> String {
        match self {
            Self::Integer(name, ..) | Self::Real(name) => format!("`{name}`"),
            Self::Bool => "`bool`".to_owned(),
            Self::Decimal => "a decimal number".to_owned(),
            Self::Text => "text".to_owned(),
            Self::Char => "`char`".to_owned(),
            Self::Bytes => "bytes".to_owned(),
            Self::Vector(vector) => format!("a vector of {}", vector.describe()),
            Self::Json => "JSON".to_owned(),
            Self::Date => "a date".to_owned(),
            Self::Time => "a time".to_owned(),
            Self::DateTime => "a date and a time".to_owned(),
            Self::Uuid => "a UUID".to_owned(),
            Self::Words(_) | Self::Numbers(_) => "a variant of its enum".to_owned(),
        }
    }
}
