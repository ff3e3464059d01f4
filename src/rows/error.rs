//! What is wrong with a row.

use std::error::Error;
use std::fmt;

use super::ValueError;

/// A row that cannot be read as its struct, or a struct that cannot be written as a row.
pub struct RowError(Box<Inner>);

struct Inner {
    table: &'static str,
    column: Option<&'static str>,
    message: String,
    is_of_writing: bool,
}

impl RowError {
    /// The table or view; empty for a row of `query!`.
    pub fn table(&self) -> &'static str {
        self.0.table
    }

    /// The column; `None` if the error is about the row as a whole.
    pub fn column(&self) -> Option<&'static str> {
        self.0.column
    }

    pub(super) fn reading(table: &'static str, column: &'static str, error: &ValueError) -> Self {
        Self::new(table, Some(column), format!("cannot read `{table}.{column}`: {error}"))
    }

    pub(super) fn writing(table: &'static str, column: &'static str, error: &ValueError) -> Self {
        Self::new(table, Some(column), format!("cannot write `{table}.{column}`: {error}")).of_writing()
    }

    pub(super) fn of_query(column: &'static str, error: &ValueError) -> Self {
        Self::new("", Some(column), format!("cannot read `{column}` of a row: {error}"))
    }

    pub(super) fn of_parameter(number: usize, error: &ValueError) -> Self {
        Self::new("", None, format!("cannot write parameter {number}: {error}")).of_writing()
    }

    pub(super) fn of_row(table: &'static str, found: usize, expected: usize) -> Self {
        let columns = if found == 1 { "column" } else { "columns" };
        let message = format!("cannot read `{table}`: the row has {found} {columns}, expected {expected}");
        Self::new(table, None, message).help("select the columns with `SELECT` of the same struct")
    }

    pub(super) fn without_rowid(table: &'static str) -> Self {
        let message = format!(
            "cannot write `{table}` without a key: its primary key is not a rowid, so the database does not assign one"
        );
        Self::new(table, None, message).of_writing().help("write the key: `params()`")
    }

    /// Whether a struct was written, not a row read.
    #[cfg(feature = "sqlx")]
    pub(super) fn is_of_writing(&self) -> bool {
        self.0.is_of_writing
    }

    fn of_writing(mut self) -> Self {
        self.0.is_of_writing = true;
        self
    }

    pub(super) fn help(mut self, help: &str) -> Self {
        self.0.message.push_str("\nhelp: ");
        self.0.message.push_str(help);
        self
    }

    fn new(table: &'static str, column: Option<&'static str>, message: String) -> Self {
        Self(Box::new(Inner { table, column, message, is_of_writing: false }))
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RowError").field(&self.0.message).finish()
    }
}

impl Error for RowError {}
