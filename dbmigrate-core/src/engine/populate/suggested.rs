//! Values that may fit what expressions want of a column, for those who make rows of their own.

use super::candidates::{by_use, made_up, usual_in_order};
use super::uses::{Uses, expressions};
use crate::schema::{Column, Schema, Table, Vector};
use crate::sql::Expr;

/// What is known of the uses of a schema's columns. What comes of it is a guess: whether a value fits, the engine says.
#[derive(Debug, Default)]
pub struct Suggestions(Uses);

impl Suggestions {
    /// What the checks, generated columns, indexes, views and triggers of a schema say.
    pub fn of(schema: &Schema) -> Self {
        Self(Uses::of(schema))
    }

    /// Values for a column as expressions of SQL, the likeliest first. A form of value has the same place for every
    /// row, and those that contain the row's number differ by it.
    pub fn values(&self, table: &Table, column: &Column, row: i64) -> Vec<String> {
        let mut found = by_use(table, column, self.0.hints(&table.name, &column.name), row);
        if Vector::of(&column.decl_type).is_some() {
            found.push(made_up(column, row));
        }
        found.extend(usual_in_order(table, row));
        found
    }

    /// How many of [`Suggestions::values`] come from the uses of the column itself.
    pub fn by_use(&self, table: &Table, column: &Column) -> usize {
        let vector = usize::from(Vector::of(&column.decl_type).is_some());
        by_use(table, column, self.0.hints(&table.name, &column.name), 1).len() + vector
    }

    /// The paths that lead somewhere in the JSON that a column holds; `None` if nothing reads it as JSON.
    pub fn json(&self, table: &Table, column: &Column) -> Option<&[String]> {
        self.0.hints(&table.name, &column.name).json.as_deref()
    }

    /// Whether the JSON of a column as a whole is taken for an array.
    pub fn is_array(&self, table: &Table, column: &Column) -> bool {
        self.0.hints(&table.name, &column.name).is_array
    }

    /// Whether a column is read as a date or a time.
    pub fn is_date(&self, table: &Table, column: &Column) -> bool {
        self.0.hints(&table.name, &column.name).is_date
    }
}

/// The expressions that SQLite evaluates when a row of the table is written: those of generated columns, checks and
/// indexes.
pub fn evaluated(table: &Table) -> impl Iterator<Item = &Expr> {
    expressions(table)
}
