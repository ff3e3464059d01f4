//! What a database has in it, as hashes: equal for databases with the same schema and the same rows, in whatever order
//! they lie, with their rowids and storage classes.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::absent::Uncompared;
use super::inventory::{Settings, Table};
use crate::engine::connection::Value;
use crate::engine::stored::StoredObject;
use crate::sha256::Sha256;
use crate::sql::Name;

/// What a database has in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// The hash of all objects: their names and statements.
    pub schema: String,
    /// The tables, in the order of their names. Those that the engine derives from others (indexes of vectors) are
    /// left out.
    pub tables: Vec<TableContent>,
    /// How many rows violate foreign keys; `None` if the engine cannot tell because the keys themselves are wrong.
    pub foreign_key_violations: Option<u64>,
    /// What is set in the file itself.
    pub settings: Settings,
    /// The indexes whose entries were not compared with the rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uncompared: Vec<Uncompared>,
}

/// What a table has in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableContent {
    /// Its name.
    pub name: Name,
    /// How many rows it has.
    pub rows: u64,
    /// The hash of its rows.
    pub hash: String,
}

impl Contents {
    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }

    /// In what another database differs from this one, in words.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        if self.schema != other.schema {
            differences.push("its schema".to_owned());
        }
        let names = |contents: &Self| contents.tables.iter().map(|table| table.name.clone()).collect::<BTreeSet<_>>();
        let (ours, theirs) = (names(self), names(other));
        differences.extend(ours.difference(&theirs).map(|name| format!("table `{name}` is missing")));
        differences.extend(theirs.difference(&ours).map(|name| format!("table `{name}` is not in the source")));
        for table in &self.tables {
            let Some(other) = other.tables.iter().find(|other| other.name == table.name) else { continue };
            if table.rows != other.rows {
                differences.push(format!("`{}` has {} instead of {} rows", table.name, other.rows, table.rows));
            } else if table.hash != other.hash {
                differences.push(format!("the rows of `{}`", table.name));
            }
        }
        if self.foreign_key_violations != other.foreign_key_violations {
            differences.push("its violations of foreign keys".to_owned());
        }
        differences.extend(self.settings.differences(&other.settings));
        differences
    }
}

/// The hash of a schema: of the names and statements of its objects, in any order.
pub(super) fn of_schema<'o>(objects: impl IntoIterator<Item = &'o StoredObject>) -> String {
    let mut all: Vec<[&str; 4]> =
        objects.into_iter().map(|one| [one.kind.as_str(), one.name.as_str(), one.table.as_str(), &one.sql]).collect();
    all.sort_unstable();
    let mut hash = Sha256::new();
    for text in all.iter().flatten() {
        hash.update(&(text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    hex(&hash.finish())
}

/// The hash of rows in any order: the sum of their hashes.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    count: u64,
    sum: [u128; 2],
    buffer: Vec<u8>,
}

/// A value, as it is hashed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cell<'v> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'v [u8]),
    Blob(&'v [u8]),
}

impl<'v> Cell<'v> {
    /// A value, of which is known whether it is text that comes as bytes.
    pub(super) fn of(value: &'v Value, is_text: bool) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Integer(integer) => Self::Integer(*integer),
            Value::Real(real) => Self::Real(*real),
            Value::Text(text) => Self::Text(text.as_bytes()),
            Value::Blob(bytes) if is_text => Self::Text(bytes),
            Value::Blob(bytes) => Self::Blob(bytes),
        }
    }
}

impl Rows {
    /// Adds a row: its rowid, if it has one of its own, and its values.
    pub(super) fn add<'v>(&mut self, cells: impl IntoIterator<Item = Cell<'v>>) {
        self.buffer.clear();
        for cell in cells {
            let buffer = &mut self.buffer;
            match cell {
                Cell::Null => buffer.push(0),
                Cell::Integer(integer) => {
                    buffer.push(1);
                    buffer.extend_from_slice(&integer.to_le_bytes());
                }
                Cell::Real(real) => {
                    buffer.push(2);
                    buffer.extend_from_slice(&real.to_bits().to_le_bytes());
                }
                Cell::Text(bytes) | Cell::Blob(bytes) => {
                    buffer.push(if matches!(cell, Cell::Text(_)) { 3 } else { 4 });
                    buffer.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
                    buffer.extend_from_slice(bytes);
                }
            }
        }
        let hash = Sha256::digest(&self.buffer);
        for (sum, half) in self.sum.iter_mut().zip(hash.chunks_exact(16)) {
            let half: [u8; 16] = std::array::from_fn(|at| half[at]);
            *sum = sum.wrapping_add(u128::from_le_bytes(half));
        }
        self.count += 1;
    }

    /// Adds rows that were hashed apart.
    pub(super) fn merge(&mut self, other: &Self) {
        for (sum, other) in self.sum.iter_mut().zip(other.sum) {
            *sum = sum.wrapping_add(other);
        }
        self.count += other.count;
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// What they make of a table.
    pub(super) fn finish(&self, table: &Table) -> TableContent {
        let mut hash = Sha256::new();
        hash.update(&self.count.to_le_bytes());
        for half in self.sum {
            hash.update(&half.to_le_bytes());
        }
        TableContent { name: table.name.clone(), rows: self.count, hash: hex(&hash.finish()) }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // writing to a string cannot fail
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(rows: &[&[Cell<'_>]]) -> [u128; 2] {
        let mut all = Rows::default();
        for row in rows {
            all.add(row.iter().copied());
        }
        all.sum
    }

    #[test]
    fn the_order_of_rows_does_not_matter_and_everything_else_does() {
        let (a, b) = ([Cell::Integer(1), Cell::Text(b"x")], [Cell::Integer(2), Cell::Text(b"y")]);
        assert_eq!(hash(&[&a, &b]), hash(&[&b, &a]));
        assert_ne!(hash(&[&a]), hash(&[&a, &a]), "twice the same row is another table");
        let different: [&[Cell<'_>]; 10] = [
            &[Cell::Integer(1)],
            &[Cell::Real(1.0)],
            &[Cell::Text(b"1")],
            &[Cell::Blob(b"1")],
            &[Cell::Null],
            &[Cell::Real(0.0)],
            &[Cell::Real(-0.0)],
            &[Cell::Text(b"a"), Cell::Text(b"bc")],
            &[Cell::Text(b"ab"), Cell::Text(b"c")],
            &[Cell::Text(b"a\0b"), Cell::Text(b"c")],
        ];
        let hashes: BTreeSet<_> = different.iter().map(|row| hash(&[row])).collect();
        assert_eq!(hashes.len(), different.len());
    }
}
