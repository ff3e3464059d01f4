//! Rows as they came from a server.

use std::convert::Infallible;

use super::fingerprint::{Cell, Rows};
use crate::engine::connection::Value;
use crate::engine::remote::{Flat, FlatRows};

/// Rows that were read together: of each its rowid, if no column is it, and its values.
pub(super) struct Page {
    pub(super) rows: FlatRows,
}

impl Page {
    /// Adds its rows to those that were hashed.
    pub(super) fn hash(&self, rows: &mut Rows) {
        let Ok(()) = self.each(|cells| {
            rows.add(cells.iter().copied());
            Ok::<_, Infallible>(())
        });
    }

    /// Hands its rows over one by one.
    pub(super) fn each<E>(&self, mut take: impl FnMut(&[Cell<'_>]) -> Result<(), E>) -> Result<(), E> {
        let mut cells = Vec::new();
        for row in self.rows.rows() {
            cells.clear();
            cells.extend(row.iter().map(|value| match *value {
                Flat::Null => Cell::Null,
                Flat::Integer(integer) => Cell::Integer(integer),
                Flat::Real(real) => Cell::Real(real),
                Flat::Text(span) => Cell::Text(self.rows.bytes(span)),
                Flat::Blob(span) => Cell::Blob(self.rows.bytes(span)),
            }));
            take(&cells)?;
        }
        Ok(())
    }

    /// A value by itself; text as bytes where it is not UTF-8.
    pub(super) fn value(&self, value: Flat) -> Value {
        let bytes = |span| self.rows.bytes(span).to_vec();
        match value {
            Flat::Null => Value::Null,
            Flat::Integer(integer) => Value::Integer(integer),
            Flat::Real(real) => Value::Real(real),
            Flat::Text(span) => match String::from_utf8(bytes(span)) {
                Ok(text) => Value::Text(text),
                Err(error) => Value::Blob(error.into_bytes()),
            },
            Flat::Blob(span) => Value::Blob(bytes(span)),
        }
    }
}
