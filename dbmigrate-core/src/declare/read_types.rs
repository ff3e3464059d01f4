//! What the known Rust types read of a column: the other half of the table in [`super::rust_types`].

use super::known_type::LiteralKind;
use crate::schema::Reads;

/// The types that read less, or something else, than the kind of their literals says.
const TABLE: &[(&str, Reads)] = &[
    ("i8", Reads::Integer("i8", i8::MIN as i64, i8::MAX as i64)),
    ("i16", Reads::Integer("i16", i16::MIN as i64, i16::MAX as i64)),
    ("i32", Reads::Integer("i32", i32::MIN as i64, i32::MAX as i64)),
    ("u8", Reads::Integer("u8", 0, u8::MAX as i64)),
    ("u16", Reads::Integer("u16", 0, u16::MAX as i64)),
    ("u32", Reads::Integer("u32", 0, u32::MAX as i64)),
    ("f32", Reads::Real("f32")),
    ("dbmigrate::Json", Reads::Json),
    ("serde_json::Value", Reads::Json),
    ("serde_json::value::Value", Reads::Json),
    ("uuid::Uuid", Reads::Uuid),
    ("rust_decimal::Decimal", Reads::Decimal),
    ("rust_decimal::prelude::Decimal", Reads::Decimal),
    // its own text, with the name of a zone
    ("jiff::Zoned", Reads::Text),
];

/// What the type of this full path reads, whose literals are of this kind.
pub(super) fn of(full_path: &str, literal: LiteralKind) -> Reads {
    if let Some((_, reads)) = TABLE.iter().find(|(path, _)| *path == full_path) {
        return reads.clone();
    }
    let root = full_path.split("::").next().unwrap_or_default();
    let last = full_path.rsplit("::").next().unwrap_or_default();
    match (root, last) {
        ("chrono" | "jiff" | "time", "NaiveDate" | "Date") => Reads::Date,
        ("chrono" | "jiff" | "time", "NaiveTime" | "Time") => Reads::Time,
        // an instant is read with an offset too
        ("chrono" | "jiff" | "time", _) => Reads::DateTime,
        _ => match literal {
            LiteralKind::Integer => Reads::Integer("i64", i64::MIN, i64::MAX),
            LiteralKind::Bool => Reads::Bool,
            LiteralKind::Float => Reads::Real("f64"),
            LiteralKind::Text => Reads::Text,
            LiteralKind::Char => Reads::Char,
            LiteralKind::Bytes => Reads::Bytes,
        },
    }
}
