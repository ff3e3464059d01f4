//! Rust types for columns: what a reader of the struct would expect of the declared type.

use dbmigrate_core::declare::LiteralKind;
use dbmigrate_core::schema::{Column, Table};
use dbmigrate_core::sql::expr::Affinity;
use dbmigrate_core::sql::{DeclType, Expr};

use super::conditions::{self, Condition};
use super::enums::EnumType;

/// A column that holds JSON.
pub(super) const JSON: &str = "Json<serde_json::Value>";

/// A column that can hold anything, NULL included.
pub(super) const ANY: &str = "dbmigrate::Value";

/// The Rust type of a column that cannot be NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RustType {
    /// As it is written.
    pub(super) text: String,
    /// What the schema language takes it for; the declared type is said where it is another.
    pub(super) declares: String,
    /// The literals that a default of it may be.
    pub(super) literal: LiteralKind,
}

impl RustType {
    fn new(text: &str, declares: &str, literal: LiteralKind) -> Self {
        Self { text: text.to_owned(), declares: declares.to_owned(), literal }
    }

    pub(super) fn integer() -> Self {
        Self::new("i64", "INTEGER", LiteralKind::Integer)
    }

    pub(super) fn real() -> Self {
        Self::new("f64", "REAL", LiteralKind::Float)
    }

    pub(super) fn string() -> Self {
        Self::new("String", "TEXT", LiteralKind::Text)
    }

    pub(super) fn bool() -> Self {
        Self::new("bool", "INTEGER", LiteralKind::Bool)
    }

    fn json() -> Self {
        Self::new(JSON, "TEXT", LiteralKind::Text)
    }

    pub(super) fn bytes() -> Self {
        Self::new("Vec<u8>", "BLOB", LiteralKind::Bytes)
    }

    /// The type of a column of a table, with the enum that it has.
    pub(super) fn of_column(table: &Table, column: &Column, enum_type: Option<&EnumType>) -> Self {
        let ty = Self::of(&column.decl_type);
        if let Some(enum_type) = enum_type {
            return Self::new(&enum_type.ident, column.decl_type.as_str(), LiteralKind::Text);
        }
        if column.generated.is_none() {
            let conditions = table.checks.iter().filter_map(|check| conditions::of_column(&check.expr, &column.name));
            for condition in conditions {
                match condition {
                    Condition::Json if holds_text(&column.decl_type) => return Self::json(),
                    Condition::Bool if ty.literal == LiteralKind::Integer && !is_key(table, column) => {
                        return Self::bool();
                    }
                    _ => {}
                }
            }
        }
        // `TIMESTAMP DEFAULT (unixepoch())` counts seconds, whatever it is called
        let counts = column.decl_type.affinity() == Affinity::Numeric
            && ty.literal == LiteralKind::Text
            && column.default.as_ref().is_some_and(is_integer);
        if counts { Self::integer() } else { ty }
    }

    /// The type of a declared type.
    pub(super) fn of(declared: &DeclType) -> Self {
        let upper = declared.as_str().to_ascii_uppercase();
        if let Some((element, sql, length)) = vector(&upper) {
            return Self::new(&format!("[{element}; {length}]"), &format!("{sql}({length})"), LiteralKind::Bytes);
        }
        if upper == "ANY" {
            return Self::bytes();
        }
        let has = |words: &[&str]| words.iter().any(|word| upper.contains(word));
        match declared.affinity() {
            Affinity::Integer => Self::integer(),
            Affinity::Real => Self::real(),
            Affinity::Blob => Self::bytes(),
            // not what SQLite calls it, but what people who write it mean
            Affinity::Numeric if has(&["BOOL"]) => Self::bool(),
            Affinity::Numeric if has(&["NUM", "DEC", "MONEY", "CURRENCY"]) => Self::real(),
            Affinity::Text | Affinity::Numeric => Self::string(),
        }
    }
}

/// Whether text stays text in a column: one that is declared a number would take `1` out of it.
fn holds_text(declared: &DeclType) -> bool {
    let upper = declared.as_str().to_ascii_uppercase();
    declared.affinity() == Affinity::Text || upper == "JSON" || upper.is_empty() || upper == "ANY"
}

fn is_key(table: &Table, column: &Column) -> bool {
    table.primary_key.iter().flat_map(|key| &key.parts).any(|part| part.column == column.name)
}

fn is_integer(default: &Expr) -> bool {
    let text = default.canonical();
    text.parse::<i64>().is_ok()
        || (text.contains("unixepoch (") && !text.contains("datetime ("))
        || text.contains("'%s'")
}

/// Element type, SQL name and length of libSQL's vectors of numbers that Rust has: `F32_BLOB(3)`, `FLOAT64(3)`.
fn vector(upper: &str) -> Option<(&'static str, &'static str, u64)> {
    let (name, length) = upper.strip_suffix(')')?.split_once('(')?;
    let length = length.trim().parse().ok()?;
    match name.trim() {
        "F32_BLOB" | "FLOAT32" => Some(("f32", "F32_BLOB", length)),
        "F64_BLOB" | "FLOAT64" => Some(("f64", "F64_BLOB", length)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_types_become_the_rust_types_that_people_expect() {
        for (declared, expected) in [
            ("integer", "i64"),
            ("BIGINT", "i64"),
            ("tinyint(1)", "i64"),
            ("BOOLEAN", "bool"),
            ("DOUBLE PRECISION", "f64"),
            ("DECIMAL(10,2)", "f64"),
            ("VARCHAR(255)", "String"),
            ("DATETIME", "String"),
            ("JSON", "String"),
            ("UUID", "String"),
            ("BLOB", "Vec<u8>"),
            ("", "Vec<u8>"),
            ("ANY", "Vec<u8>"),
            ("F32_BLOB(768)", "[f32; 768]"),
            ("FLOAT64(3)", "[f64; 3]"),
        ] {
            assert_eq!(RustType::of(&DeclType::new(declared)).text, expected, "{declared}");
        }
    }

    #[test]
    fn a_time_that_defaults_to_a_number_is_a_number() {
        let mut column = Column::new("at", "TIMESTAMP");
        let ty = |column: &Column| RustType::of_column(&Table::new("t"), column, None).text;
        column.default = Some("unixepoch()".into());
        assert_eq!(ty(&column), "i64");
        column.default = Some("CURRENT_TIMESTAMP".into());
        assert_eq!(ty(&column), "String");
    }
}
