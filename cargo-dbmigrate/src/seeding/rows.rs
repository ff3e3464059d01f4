//! Rows as the writer takes them: one after the other, so that a million of them never lie in memory.

use dbmigrate_core::engine::connection::Row;
use dbmigrate_core::sql::Name;

pub(crate) use dbmigrate_core::engine::connection::Value;

use crate::error::Result;

/// Rows that have the same columns, one after the other.
pub(crate) trait RowSource {
    /// The columns that each row has, in the order of its values. The others get their defaults.
    fn columns(&self) -> &[Name];

    /// Replaces what is in `row` by the values of the next one; false if there is none.
    ///
    /// # Errors
    /// If a row cannot be made.
    fn next_row(&mut self, row: &mut Vec<Value>) -> Result<bool>;
}

/// What rows can ask when the turn of their table has come: the rows of all tables before it are there.
pub(crate) trait Look {
    /// The rows of a query. On a server, a round trip.
    ///
    /// # Errors
    /// If the database cannot be asked.
    #[allow(dead_code, reason = "for what makes rows")]
    fn rows(&self, query: &str) -> Result<Vec<Row>>;
}

/// Rows that are made from a description, as often as they are asked for, and each time the same.
pub(crate) trait Generated {
    /// The columns that each row has.
    fn columns(&self) -> &[Name];

    /// How many rows there will be, as far as that is known: for the progress.
    fn count(&self) -> Option<u64>;

    /// Begins with the first row.
    ///
    /// # Errors
    /// If what they refer to cannot be read, or a constraint cannot be satisfied.
    fn open<'a>(&'a self, look: &'a dyn Look) -> Result<Box<dyn RowSource + 'a>>;
}
