//! A value of a file as the column stores it. As strict as a `STRICT` table, in all tables: `abc` in a column of
//! integers is a mistake that SQLite would store.

use std::fmt::Write as _;

use dbmigrate_core::schema::table::{Column, Table};
use dbmigrate_core::sql::expr::Affinity;

use super::date;
use super::read::node::{Kind, Node};
use super::rows::Value;

/// What a column takes, as far as its type says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Integer,
    Real,
    Text,
    /// Bytes.
    Bytes,
    /// So many floats of 32 bits.
    Vector(Option<usize>),
    /// Numbers, and text that is one: `DECIMAL`.
    Number,
    /// `DATE`, `DATETIME`, `TIMESTAMP`: text or a number.
    Date,
    /// Everything as it comes.
    Any,
}

fn takes(table: &Table, column: &Column) -> Takes {
    let decl = column.decl_type.as_str().to_ascii_uppercase();
    let is_date = || decl.contains("DATE") || decl.contains("TIME");
    match table.affinity(column) {
        Affinity::Integer => Takes::Integer,
        Affinity::Real => Takes::Real,
        Affinity::Text => Takes::Text,
        Affinity::Blob if decl.is_empty() || decl == "ANY" => Takes::Any,
        Affinity::Blob if decl.starts_with("F32_BLOB") => {
            let length = decl.split_once('(').and_then(|(_, rest)| rest.trim_end_matches(')').trim().parse().ok());
            Takes::Vector(length)
        }
        Affinity::Blob => Takes::Bytes,
        _ if decl.starts_with("BOOL") => Takes::Integer,
        _ if is_date() => Takes::Date,
        _ if decl == "ANY" || decl == "JSON" => Takes::Any,
        Affinity::Numeric => Takes::Number,
    }
}

/// What a message says that a column takes.
fn wanted(takes: Takes) -> String {
    match takes {
        Takes::Integer => "an integer".to_owned(),
        Takes::Real | Takes::Number => "a number".to_owned(),
        Takes::Text => "text".to_owned(),
        Takes::Bytes => "bytes".to_owned(),
        Takes::Vector(Some(length)) => format!("a list of {length} numbers"),
        Takes::Vector(None) => "a list of numbers".to_owned(),
        Takes::Date => "a date".to_owned(),
        Takes::Any => "a value".to_owned(),
    }
}

/// Why a value does not fit: what the column takes, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misfit {
    /// `an integer`.
    pub wanted: String,
    /// What to write instead.
    pub help: Option<String>,
}

const BYTES: &str = "write bytes as `{ hex = \"0A0B\" }`, or name a file of the set: `{ file = \"logo.png\" }`";
const CSV_BYTES: &str = "write bytes as `x'0A0B'`";
const QUOTES: &str = "write text in quotes";

/// A value of TOML or JSON.
pub(super) fn of_node(node: &Node, table: &Table, column: &Column) -> Result<Value, Misfit> {
    let takes = takes(table, column);
    let misfit = |help: Option<&str>| Err(Misfit { wanted: wanted(takes), help: help.map(str::to_owned) });
    Ok(match (&node.kind, takes) {
        (Kind::Null, _) => Value::Null,
        (Kind::Bool(value), Takes::Integer | Takes::Number | Takes::Any) => Value::Integer(i64::from(*value)),
        (Kind::Integer(value), Takes::Integer | Takes::Number | Takes::Date | Takes::Any) => Value::Integer(*value),
        #[expect(clippy::cast_precision_loss, reason = "as the column stores it")]
        (Kind::Integer(value), Takes::Real) => Value::Real(*value as f64),
        (Kind::Real(value), _) if !value.is_finite() => return misfit(None),
        (Kind::Real(value), Takes::Integer) => match whole(*value) {
            Some(value) => Value::Integer(value),
            None => return misfit(None),
        },
        (Kind::Real(value), Takes::Real | Takes::Number | Takes::Date | Takes::Any) => Value::Real(*value),
        (Kind::Integer(_) | Kind::Real(_) | Kind::Bool(_), Takes::Text) => return misfit(Some(QUOTES)),
        (Kind::Text(text), Takes::Text | Takes::Date | Takes::Any) => Value::Text(text.clone()),
        (Kind::Text(text), Takes::Number) if text.trim().parse::<f64>().is_ok() => Value::Text(text.clone()),
        (Kind::Date(value), Takes::Text | Takes::Date | Takes::Any) => Value::Text(date::text(value)),
        (Kind::Date(value), Takes::Integer) => match date::unix(value) {
            Some(seconds) => Value::Integer(seconds),
            None => return misfit(None),
        },
        (Kind::List(values), Takes::Vector(length)) => match vector(values) {
            Some(bytes) if length.is_none_or(|length| length * 4 == bytes.len()) => Value::Blob(bytes),
            _ => return misfit(None),
        },
        (Kind::List(_) | Kind::Table(_), Takes::Text | Takes::Any) => Value::Text(json(node)),
        (_, Takes::Bytes) => return misfit(Some(BYTES)),
        _ => return misfit(None),
    })
}

/// A value of text that says nothing of its type: a field of CSV, or a variable.
pub(super) fn of_text(text: &str, table: &Table, column: &Column) -> Result<Value, Misfit> {
    let takes = takes(table, column);
    let misfit = |help: Option<&str>| Err(Misfit { wanted: wanted(takes), help: help.map(str::to_owned) });
    let bare = text.trim();
    let boolean = || match bare {
        "true" | "TRUE" | "True" => Some(1),
        "false" | "FALSE" | "False" => Some(0),
        _ => None,
    };
    let real = || bare.parse::<f64>().ok().filter(|value| value.is_finite());
    Ok(match takes {
        Takes::Text | Takes::Any => Value::Text(text.to_owned()),
        Takes::Integer => match bare.parse().ok().or_else(boolean) {
            Some(value) => Value::Integer(value),
            None => return misfit(None),
        },
        Takes::Real => match real() {
            Some(value) => Value::Real(value),
            None => return misfit(None),
        },
        // stored as the number that the text is
        Takes::Number if real().is_some() => Value::Text(bare.to_owned()),
        Takes::Number => match boolean() {
            Some(value) => Value::Integer(value),
            None => return misfit(None),
        },
        Takes::Date => match bare.parse() {
            Ok(value) => Value::Integer(value),
            Err(_) => Value::Text(text.to_owned()),
        },
        Takes::Bytes | Takes::Vector(_) => {
            let quoted = bare.strip_prefix(['x', 'X']).and_then(|rest| rest.strip_prefix('\'')?.strip_suffix('\''));
            match quoted.and_then(hex) {
                Some(bytes) => Value::Blob(bytes),
                None => return misfit(Some(CSV_BYTES)),
            }
        }
    })
}

/// What a file of the set contains.
pub(super) fn of_bytes(bytes: Vec<u8>, table: &Table, column: &Column) -> Result<Value, Misfit> {
    match takes(table, column) {
        Takes::Bytes | Takes::Vector(_) => Ok(Value::Blob(bytes)),
        Takes::Text => match String::from_utf8(bytes) {
            Ok(text) => Ok(Value::Text(text)),
            Err(_) => Err(Misfit { wanted: wanted(Takes::Text), help: Some("the file is not UTF-8 text".to_owned()) }),
        },
        Takes::Any => Ok(match String::from_utf8(bytes) {
            Ok(text) => Value::Text(text),
            Err(error) => Value::Blob(error.into_bytes()),
        }),
        takes => Err(Misfit { wanted: wanted(takes), help: None }),
    }
}

/// Whether bytes can be stored in a column.
pub(super) fn takes_bytes(table: &Table, column: &Column) -> bool {
    matches!(takes(table, column), Takes::Bytes | Takes::Vector(_) | Takes::Any)
}

/// What a column takes, for a message.
pub(super) fn said(table: &Table, column: &Column) -> String {
    wanted(takes(table, column))
}

/// Bytes that are written as pairs of hexadecimal digits.
pub(super) fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.chars().map(|char| char.to_digit(16)?.try_into().ok()).collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

fn whole(value: f64) -> Option<i64> {
    // all whole numbers up to here are floats
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
    (value.fract() == 0.0 && value.abs() <= EXACT).then_some(value as i64)
}

fn vector(values: &[Node]) -> Option<Vec<u8>> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "as the column stores it")]
    let number = |node: &Node| match node.kind {
        Kind::Integer(value) => Some(value as f32),
        Kind::Real(value) => Some(value as f32),
        _ => None,
    };
    let numbers: Option<Vec<f32>> = values.iter().map(number).collect();
    Some(numbers?.into_iter().flat_map(f32::to_le_bytes).collect())
}

/// A list or table as JSON without spaces, its keys in the order of the file.
pub(super) fn json(node: &Node) -> String {
    let mut text = String::new();
    push_json(node, &mut text);
    text
}

fn push_json(node: &Node, text: &mut String) {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    match &node.kind {
        Kind::Null => text.push_str("null"),
        Kind::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Kind::Integer(value) => {
            // writing to a string cannot fail
            let _ = write!(text, "{value}");
        }
        Kind::Real(value) => text.push_str(&serde_json::Value::from(*value).to_string()),
        Kind::Text(value) => text.push_str(&quoted(value)),
        Kind::Date(value) => text.push_str(&quoted(&date::text(value))),
        Kind::List(values) => {
            text.push('[');
            for (at, value) in values.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { "," });
                push_json(value, text);
            }
            text.push(']');
        }
        Kind::Table(entries) => {
            text.push('{');
            for (at, entry) in entries.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { "," });
                text.push_str(&quoted(&entry.key));
                text.push(':');
                push_json(&entry.value, text);
            }
            text.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(decl: &str) -> (Table, Column) {
        (Table::new("t"), Column::new("c", decl))
    }

    fn node(kind: Kind) -> Node {
        Node { span: 0..0, kind }
    }

    #[test]
    fn a_value_fits_its_column_or_is_said_not_to() {
        let of = |kind: Kind, decl: &str| {
            let (table, column) = column(decl);
            of_node(&node(kind), &table, &column).map_err(|misfit| misfit.wanted)
        };
        let text = |text: &str| Kind::Text(text.to_owned());
        assert_eq!(of(Kind::Bool(true), "INTEGER"), Ok(Value::Integer(1)));
        assert_eq!(of(Kind::Real(2.0), "INTEGER"), Ok(Value::Integer(2)));
        assert_eq!(of(Kind::Real(2.5), "INTEGER"), Err("an integer".to_owned()));
        assert_eq!(of(text("5"), "INTEGER"), Err("an integer".to_owned()));
        assert_eq!(of(Kind::Integer(5), "TEXT"), Err("text".to_owned()));
        assert_eq!(of(Kind::Integer(5), "REAL"), Ok(Value::Real(5.0)));
        assert_eq!(of(text("12.50"), "DECIMAL(10, 2)"), Ok(Value::Text("12.50".to_owned())));
        assert_eq!(of(text("x"), "DECIMAL(10, 2)"), Err("a number".to_owned()));
        assert_eq!(of(text("x"), "BLOB"), Err("bytes".to_owned()));
        assert_eq!(of(text("x"), "DATETIME"), Ok(Value::Text("x".to_owned())));
        assert_eq!(of(Kind::Real(f64::NAN), "REAL"), Err("a number".to_owned()));
        let list = Kind::List(vec![node(Kind::Integer(1)), node(Kind::Real(0.5))]);
        assert_eq!(of(list.clone(), "F32_BLOB(2)"), Ok(Value::Blob(vec![0, 0, 128, 63, 0, 0, 0, 63])));
        assert_eq!(of(list.clone(), "F32_BLOB(3)"), Err("a list of 3 numbers".to_owned()));
        assert_eq!(of(list, "TEXT"), Ok(Value::Text("[1,0.5]".to_owned())));
    }

    #[test]
    fn text_without_a_type_is_what_its_column_takes() {
        let of = |text: &str, decl: &str| {
            let (table, column) = column(decl);
            of_text(text, &table, &column).map_err(|misfit| misfit.wanted)
        };
        assert_eq!(of(" 5 ", "INTEGER"), Ok(Value::Integer(5)));
        assert_eq!(of("true", "INTEGER"), Ok(Value::Integer(1)));
        assert_eq!(of("5.5", "INTEGER"), Err("an integer".to_owned()));
        assert_eq!(of(" a ", "TEXT"), Ok(Value::Text(" a ".to_owned())));
        assert_eq!(of("nan", "REAL"), Err("a number".to_owned()));
        assert_eq!(of("x'0aFF'", "BLOB"), Ok(Value::Blob(vec![10, 255])));
        assert_eq!(of("x'0aF'", "BLOB"), Err("bytes".to_owned()));
        assert_eq!(of("2024-01-01", "DATE"), Ok(Value::Text("2024-01-01".to_owned())));
    }
}
