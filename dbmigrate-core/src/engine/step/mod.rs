//! Steps in Rust: what a function of the application does to rows in the middle of a migration.
//!
//! A step runs inside the migration's transaction, between its statements, with a handle ([`Step`]) that reads and
//! writes rows. Everything else that a connection can do is refused ([`allowed()`]): the transaction is the runner's, and
//! the schema is for the SQL of the migration, which can be proven.

pub mod allowed;
mod inside;
mod row;
#[cfg(feature = "libsql")]
mod tried;
pub mod wire;

use std::error::Error;
use std::fmt;

pub use allowed::{Allowed, allowed};
pub(super) use inside::{Failed, run};
pub use row::{FromStep, Row};
#[cfg(feature = "libsql")]
pub use tried::{Tried, try_on_rows};

use super::connection::Value;

/// What a step returns: nothing, or why it failed, which rolls back its migration.
pub type StepResult = Result<(), Box<dyn Error + Send + Sync>>;

/// A step: a function of the application.
pub type StepFn = fn(&mut Step<'_>) -> StepResult;

/// The handle of a step: reads and writes rows in the transaction of its migration.
///
/// Foreign keys are not enforced while a migration runs, so nothing cascades, and are checked at its end. On a server
/// each call is a round trip: write many rows with [`Step::execute_each`].
pub struct Step<'a> {
    migration: &'a str,
    access: &'a mut dyn Access,
}

impl<'a> Step<'a> {
    /// The handle for the step of a migration.
    pub fn new(migration: &'a str, access: &'a mut dyn Access) -> Self {
        Self { migration, access }
    }

    /// The name of the migration.
    pub fn migration(&self) -> &str {
        self.migration
    }

    /// Runs one `INSERT`, `UPDATE` or `DELETE` with values for its parameters, and returns how many rows it has changed.
    ///
    /// # Errors
    /// If the statement fails, which takes back what it did, or is one that a step cannot run.
    pub fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StepError> {
        self.access.execute(sql, vec![values.to_vec()])
    }

    /// Runs one such statement for each row of values, and returns how many rows were changed in all. On a server, many
    /// rows are sent in one request.
    ///
    /// # Errors
    /// At the first row for which the statement fails. What was done for those before it stays, until the step fails.
    pub fn execute_each(&mut self, sql: &str, rows: impl IntoIterator<Item = Vec<Value>>) -> Result<u64, StepError> {
        let mut changed = 0;
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            changed += self.access.execute(sql, rows.by_ref().take(ROWS_AT_ONCE).collect())?;
        }
        Ok(changed)
    }

    /// The rows of one `SELECT` with values for its parameters. They are in memory, so read large tables in parts:
    /// `… WHERE id > ?1 ORDER BY id LIMIT 1000`.
    ///
    /// # Errors
    /// If the query fails, or is none.
    pub fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StepError> {
        Ok(self.access.query(sql, values.to_vec())?.into_iter().map(Row::new).collect())
    }
}

impl fmt::Debug for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step").field("migration", &self.migration).finish_non_exhaustive()
    }
}

/// How many rows [`Step::execute_each`] takes at once.
const ROWS_AT_ONCE: usize = 500;

/// What a [`Step`] reads and writes through.
pub trait Access {
    /// Runs a statement for each row of values, and returns how many rows were changed.
    fn execute(&mut self, sql: &str, rows: Vec<Vec<Value>>) -> Result<u64, StepError>;

    /// The rows of a query.
    fn query(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Vec<Value>>, StepError>;
}

/// Why something that a step wanted was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepError(String);

impl StepError {
    /// With its text, one line.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for StepError {}

/// The steps that a program has.
pub trait Steps: Send + Sync {
    /// Whether there is one for a migration.
    fn has(&self, migration: &str) -> bool;

    /// Runs it.
    ///
    /// # Errors
    /// Why it failed, in one line.
    fn run(&self, migration: &str, access: &mut dyn Access) -> Result<(), String>;
}

/// An error with the errors that it comes from, in one line.
pub fn said(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = error.source();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
