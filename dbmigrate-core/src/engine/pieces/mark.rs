//! A place in the order of a table: the values of a key, each with its storage class, as they are read, kept and compared.

use crate::engine::value::{Row, Value};

/// The values of a key.
pub type Mark = Vec<Part>;

/// A value of a key. Text is bytes: a database may hold text that is not UTF-8.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// An integer.
    Integer(i64),
    /// A floating point number.
    Real(f64),
    /// Text.
    Text(Vec<u8>),
    /// Bytes.
    Blob(Vec<u8>),
}

impl Part {
    /// The SQL for it, with its value added to those of the parameters.
    pub fn sql(&self, values: &mut Vec<Value>) -> String {
        let (value, is_text) = match self {
            Self::Integer(integer) => (Value::Integer(*integer), false),
            // neither sent to a server nor bound to anything but itself
            Self::Real(real) if real.is_infinite() => {
                return if *real > 0.0 { "9e999".to_owned() } else { "-9e999".to_owned() };
            }
            Self::Real(real) => (Value::Real(*real), false),
            Self::Text(bytes) => (Value::Blob(bytes.clone()), true),
            Self::Blob(bytes) => (Value::Blob(bytes.clone()), false),
        };
        values.push(value);
        if is_text { format!("CAST(?{} AS TEXT)", values.len()) } else { format!("?{}", values.len()) }
    }

    /// As it is written down.
    fn written(&self) -> (&'static str, String) {
        match self {
            Self::Integer(integer) => ("integer", integer.to_string()),
            // with all of its bits
            Self::Real(real) => ("real", format!("{:016x}", real.to_bits())),
            Self::Text(bytes) => ("text", hex(bytes)),
            Self::Blob(bytes) => ("blob", hex(bytes)),
        }
    }

    fn read(kind: &str, text: &str) -> Option<Self> {
        match kind {
            "integer" => text.parse().ok().map(Self::Integer),
            "real" => u64::from_str_radix(text, 16).ok().map(|bits| Self::Real(f64::from_bits(bits))),
            "text" => unhex(text).map(Self::Text),
            "blob" => unhex(text).map(Self::Blob),
            _ => None,
        }
    }
}

/// The expressions that [`mark_of`] reads, for a column.
pub(super) fn read_as(column: &str) -> String {
    format!("typeof({column}) = 'text', iif(typeof({column}) = 'text', CAST({column} AS BLOB), {column})")
}

/// The key in a row of [`read_as`]; `None` if one of its values is NULL.
pub(super) fn mark_of(row: &Row) -> Option<Mark> {
    let parts = row.chunks_exact(2).map(|pair| match pair {
        [Value::Integer(1), Value::Blob(bytes)] => Some(Part::Text(bytes.clone())),
        [_, Value::Text(text)] => Some(Part::Text(text.clone().into_bytes())),
        [_, Value::Integer(integer)] => Some(Part::Integer(*integer)),
        [_, Value::Real(real)] => Some(Part::Real(*real)),
        [_, Value::Blob(bytes)] => Some(Part::Blob(bytes.clone())),
        _ => None,
    });
    parts.collect()
}

/// A key as text.
pub fn written(mark: &[Part]) -> String {
    let parts: Vec<(&str, String)> = mark.iter().map(Part::written).collect();
    serde_json::to_string(&parts).unwrap_or_default()
}

/// The key in a text.
pub fn read(text: &str) -> Option<Mark> {
    let parts: Vec<(String, String)> = serde_json::from_str(text).ok()?;
    parts.iter().map(|(kind, text)| Part::read(kind, text)).collect()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written() {
        let mark = vec![
            Part::Integer(i64::MIN),
            Part::Real(0.1 + 0.2),
            Part::Real(f64::NEG_INFINITY),
            Part::Text(b"a\xff'\"".to_vec()),
            Part::Text(Vec::new()),
            Part::Blob(vec![0, 255]),
        ];
        assert_eq!(read(&written(&mark)), Some(mark));
        for wrong in ["", "[[\"text\",\"0\"]]", "[[\"null\",\"\"]]", "[[\"integer\",\"x\"]]"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
