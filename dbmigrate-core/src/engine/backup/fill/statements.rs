//! Rows as statements for a server: several rows in each, with what cannot be sent as a value written out.

use crate::engine::backup::inventory::Table;
use crate::engine::backup::local::is_text;
use crate::engine::connection::{Row, Value};

/// How rows of a table are inserted.
pub(super) struct Insert {
    head: String,
    width: usize,
}

impl Insert {
    pub(super) fn of(table: &Table) -> Self {
        let names = table.rowid.map(str::to_owned).into_iter();
        let names: Vec<String> = names.chain(table.columns.iter().map(|name| name.sql().into_owned())).collect();
        let head = format!("INSERT INTO {} ({}) VALUES ", table.name.sql(), names.join(", "));
        Self { head, width: names.len() }
    }

    /// How many values a row has.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// The statement that inserts these rows. None for no rows.
    pub(super) fn statement(&self, rows: Vec<Sent>) -> Option<(String, Vec<Value>)> {
        if rows.is_empty() {
            return None;
        }
        let mut sql = self.head.clone();
        let mut values = Vec::new();
        for (at, row) in rows.into_iter().enumerate() {
            sql.push_str(if at == 0 { "(" } else { ", (" });
            for (at, value) in row.values.into_iter().enumerate() {
                if at > 0 {
                    sql.push_str(", ");
                }
                match value {
                    // JSON cannot say it
                    Value::Real(real) if real.is_infinite() => {
                        sql.push_str(if real > 0.0 { "9e999" } else { "-9e999" });
                    }
                    value => {
                        values.push(value);
                        sql.push_str(if row.raw.contains(&at) { "CAST(? AS TEXT)" } else { "?" });
                    }
                }
            }
            sql.push(')');
        }
        Some((sql, values))
    }
}

/// A row on its way.
pub(super) struct Sent {
    values: Row,
    /// The places of text that is sent as bytes, because it is not UTF-8.
    raw: Vec<usize>,
}

impl Sent {
    /// A row as it was read: with text as bytes, of which the masks tell.
    pub(super) fn of(table: &Table, mut values: Row, masks: &[Value]) -> Self {
        let offset = usize::from(table.rowid.is_some());
        let mut raw = Vec::new();
        for (at, value) in values.iter_mut().enumerate().filter(|(at, _)| *at >= offset && is_text(masks, at - offset))
        {
            let Value::Blob(bytes) = value else { continue };
            match String::from_utf8(std::mem::take(bytes)) {
                Ok(text) => *value = Value::Text(text),
                Err(error) => {
                    *value = Value::Blob(error.into_bytes());
                    raw.push(at);
                }
            }
        }
        Self { values, raw }
    }

    /// About how many bytes it takes in a request.
    pub(super) fn bytes(&self) -> usize {
        let value = |value: &Value| match value {
            Value::Text(text) => text.len(),
            Value::Blob(bytes) => bytes.len() * 4 / 3,
            _ => 20,
        };
        self.values.iter().map(|one| value(one) + 40).sum()
    }
}
