//! What the engine asks of a connection to a database at hand: a file, or memory.
//!
//! Whatever runs statements can be a driver; the engine knows nothing else of it. The one for the crate `libsql` is
//! behind the feature `libsql`.

#[cfg(feature = "libsql")]
mod libsql;

use std::sync::Arc;
use std::time::Duration;

use super::error::{EngineError, ErrorKind};
use super::value::{Row, Value, integer};

#[cfg(feature = "libsql")]
pub use libsql::from_libsql;
#[cfg(feature = "functions")]
pub(super) use libsql::now;
#[cfg(feature = "backup")]
pub(super) use libsql::real;

/// What a statement does with a table or a column, as the engine says while it compiles it.
#[cfg(feature = "lint")]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// The table or view.
    pub table: String,
    /// The column; `None` if it is the table as a whole.
    pub column: Option<String>,
    /// Whether it is written.
    pub is_write: bool,
}

#[cfg(feature = "lint")]
impl Access {
    /// As an authorizer is told it: the empty name is that of no column.
    pub(super) fn of(table: &str, column: &str, is_write: bool) -> Self {
        let column = Some(column).filter(|column| !column.is_empty()).map(str::to_owned);
        Self { table: table.to_owned(), column, is_write }
    }
}

/// Who is told of it.
#[cfg(feature = "lint")]
#[doc(hidden)]
pub type TellOfAccess = Arc<dyn Fn(Access) + Send + Sync>;

/// Opens a new, empty database in memory.
pub type Scratch = Arc<dyn Fn() -> Result<Box<dyn Driver>, EngineError> + Send + Sync>;

/// A connection to an SQLite database: a file, or memory. Calls block until they are done.
///
/// [`Driver::execute`], [`Driver::query`] and [`Driver::columns`] suffice; what the others do by default is done with
/// these. Errors carry SQLite's result code if [`EngineError::of_sqlite`] makes them, which tells a lock from a
/// violated constraint.
pub trait Driver: Send {
    /// Runs one statement to its end, whatever it returns. The values are those of its parameters, in their order.
    ///
    /// # Errors
    /// If it cannot be compiled, or fails.
    fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<(), EngineError>;

    /// The first rows of one statement, at most so many, and computes no others.
    ///
    /// # Errors
    /// As for [`Driver::execute`], and for text that is not UTF-8.
    fn query(&mut self, sql: &str, values: Vec<Value>, most: usize) -> Result<Vec<Row>, EngineError>;

    /// The names of the columns that a statement returns, without running it.
    ///
    /// # Errors
    /// If it cannot be compiled.
    fn columns(&mut self, sql: &str) -> Result<Vec<String>, EngineError>;

    /// Whether no transaction is open, however it was begun.
    ///
    /// By default, a transaction is begun and rolled back, which takes no lock and fails inside of another.
    ///
    /// # Errors
    /// If the database does not answer.
    fn is_autocommit(&mut self) -> Result<bool, EngineError> {
        match self.execute("BEGIN", Vec::new()) {
            Ok(()) => self.execute("ROLLBACK", Vec::new()).map(|()| true),
            Err(error) if error.message.contains("within a transaction") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// How long a statement waits for the locks of other connections from now on.
    ///
    /// # Errors
    /// If it cannot be set.
    fn set_busy_timeout(&mut self, timeout: Duration) -> Result<(), EngineError> {
        let milliseconds = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        self.execute(&format!("PRAGMA busy_timeout = {milliseconds}"), Vec::new())
    }

    /// How many rows the last `INSERT`, `UPDATE` or `DELETE` has written, those that triggers did aside.
    fn changes(&mut self) -> u64 {
        number(self, "SELECT changes()")
    }

    /// How many rows were written over this connection, those that triggers did among them.
    fn total_changes(&mut self) -> u64 {
        number(self, "SELECT total_changes()")
    }

    /// Tells of each row that is written from now on, in a table that has rowids. By default nobody is told.
    ///
    /// # Errors
    /// If that cannot be arranged.
    fn tell_of_rows(&mut self, tell: Arc<dyn Fn() + Send + Sync>) -> Result<(), EngineError> {
        drop(tell);
        Ok(())
    }

    /// The rows of one statement that are wanted, of however many there are.
    ///
    /// # Errors
    /// As for [`Driver::query`].
    #[cfg(feature = "backup")]
    #[doc(hidden)]
    fn wanted(&mut self, sql: &str, is_wanted: &dyn Fn(&Row) -> bool) -> Result<Vec<Row>, EngineError> {
        Ok(self.query(sql, Vec::new(), usize::MAX)?.into_iter().filter(is_wanted).collect())
    }

    /// Tells of each column of the main database that a statement reads, while it is compiled, until nobody is to be
    /// told. By default nobody is.
    ///
    /// # Errors
    /// If that cannot be arranged.
    #[cfg(feature = "backup")]
    #[doc(hidden)]
    fn tell_of_reads(&mut self, tell: Option<Arc<dyn Fn() + Send + Sync>>) -> Result<(), EngineError> {
        drop(tell);
        Ok(())
    }

    /// Tells what a statement itself does with tables and columns, while it is compiled, until nobody is to be told: views
    /// and triggers that it leads into are left out. By default nobody is.
    ///
    /// # Errors
    /// If that cannot be arranged.
    #[cfg(feature = "lint")]
    #[doc(hidden)]
    fn tell_of_access(&mut self, tell: Option<TellOfAccess>) -> Result<(), EngineError> {
        drop(tell);
        Ok(())
    }

    /// Compiles a statement that is run often. By default there is none, and it is sent with its text.
    ///
    /// # Errors
    /// If it cannot be compiled.
    fn prepare(&mut self, sql: &str) -> Result<Option<Box<dyn Compiled>>, EngineError> {
        let _ = sql;
        Ok(None)
    }

    /// What opens new, empty databases in memory, of the same engine. Without it, less can be said of a database that
    /// was changed by hand.
    fn scratch(&self) -> Option<Scratch> {
        None
    }

    /// The connection of the crate `libsql`, if it is one.
    #[cfg(feature = "libsql")]
    #[doc(hidden)]
    fn libsql(&self) -> Option<&::libsql::Connection> {
        None
    }
}

/// A statement that was compiled once and is run often.
pub trait Compiled: Send {
    /// Runs it to its end with values for its parameters.
    ///
    /// # Errors
    /// If it fails; it can be run again.
    fn run(&self, values: Vec<Value>) -> Result<(), EngineError>;
}

/// What makes a [`Scratch`] for a database on a server, if an engine is linked.
#[cfg(all(feature = "remote", feature = "libsql"))]
pub(super) const OWN_SCRATCH: Option<fn() -> Scratch> = Some(libsql::scratch);
#[cfg(all(feature = "remote", not(feature = "libsql")))]
pub(super) const OWN_SCRATCH: Option<fn() -> Scratch> = None;

/// The number that a query returns, or 0.
fn number<D: Driver + ?Sized>(driver: &mut D, query: &str) -> u64 {
    let rows = driver.query(query, Vec::new(), 1).unwrap_or_default();
    rows.first().and_then(|row| row.first()).map_or(0, |value| u64::try_from(integer(value)).unwrap_or(0))
}

/// So that a driver can be lent.
impl<D: Driver + ?Sized> Driver for &mut D {
    fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<(), EngineError> {
        (**self).execute(sql, values)
    }

    fn query(&mut self, sql: &str, values: Vec<Value>, most: usize) -> Result<Vec<Row>, EngineError> {
        (**self).query(sql, values, most)
    }

    fn columns(&mut self, sql: &str) -> Result<Vec<String>, EngineError> {
        (**self).columns(sql)
    }

    fn is_autocommit(&mut self) -> Result<bool, EngineError> {
        (**self).is_autocommit()
    }

    fn set_busy_timeout(&mut self, timeout: Duration) -> Result<(), EngineError> {
        (**self).set_busy_timeout(timeout)
    }

    fn changes(&mut self) -> u64 {
        (**self).changes()
    }

    fn total_changes(&mut self) -> u64 {
        (**self).total_changes()
    }

    fn tell_of_rows(&mut self, tell: Arc<dyn Fn() + Send + Sync>) -> Result<(), EngineError> {
        (**self).tell_of_rows(tell)
    }

    #[cfg(feature = "backup")]
    fn wanted(&mut self, sql: &str, is_wanted: &dyn Fn(&Row) -> bool) -> Result<Vec<Row>, EngineError> {
        (**self).wanted(sql, is_wanted)
    }

    #[cfg(feature = "backup")]
    fn tell_of_reads(&mut self, tell: Option<Arc<dyn Fn() + Send + Sync>>) -> Result<(), EngineError> {
        (**self).tell_of_reads(tell)
    }

    #[cfg(feature = "lint")]
    fn tell_of_access(&mut self, tell: Option<TellOfAccess>) -> Result<(), EngineError> {
        (**self).tell_of_access(tell)
    }

    fn prepare(&mut self, sql: &str) -> Result<Option<Box<dyn Compiled>>, EngineError> {
        (**self).prepare(sql)
    }

    fn scratch(&self) -> Option<Scratch> {
        (**self).scratch()
    }

    #[cfg(feature = "libsql")]
    fn libsql(&self) -> Option<&::libsql::Connection> {
        (**self).libsql()
    }
}

/// SQL is handed over as a C string, which ends at the first NUL.
pub(super) fn refuse_nul(sql: &str) -> Result<(), EngineError> {
    if sql.contains('\0') {
        let message = "the statement contains a NUL character".to_owned();
        return Err(EngineError { kind: ErrorKind::Statement, message });
    }
    Ok(())
}
