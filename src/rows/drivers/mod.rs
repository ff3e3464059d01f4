//! The rows and values of drivers, each behind the feature with the name of its crate. They are all that differs
//! between drivers; what is made of a value is the same for all of them.

#[cfg(any(feature = "libsql", feature = "libsql-remote"))]
mod of_libsql;
#[cfg(feature = "rusqlite")]
mod of_rusqlite;
#[cfg(feature = "sqlx")]
mod of_sqlx;

#[cfg(feature = "sqlx")]
pub use of_sqlx::arguments;

use super::ValueError;
use crate::Value;

/// A row as a driver returns it: what [`Table::from_row`](crate::Table::from_row) reads. With the features `libsql`,
/// `rusqlite` and `sqlx`, the rows of these crates are such rows; implement this for the row of another driver.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row that can be read",
    label = "not a row",
    note = "`libsql::Row` needs the feature `libsql`, `rusqlite::Row` the feature `rusqlite`, and \
            `sqlx::sqlite::SqliteRow` the feature `sqlx`",
    note = "if the row is of one of these crates, its version is not the one that dbmigrate-rs uses: \
            `cargo tree -d` shows both"
)]
pub trait Row {
    /// The number of columns.
    fn column_count(&self) -> usize;

    /// The name of a column, counted from 0; `None` if the driver does not know it.
    fn column_name(&self, at: usize) -> Option<&str>;

    /// The value of a column, counted from 0.
    ///
    /// # Errors
    /// If the driver cannot read it.
    fn value(&self, at: usize) -> Result<Value, ValueError>;
}

/// What is said of text that no Rust string can hold.
#[cfg(any(feature = "libsql", feature = "libsql-remote", feature = "rusqlite", feature = "sqlx"))]
fn not_utf_8() -> ValueError {
    ValueError::new("found TEXT that is not UTF-8")
}
