//! The connections that a run can use: one file for each crate, and the traits for others.

#[cfg(feature = "libsql")]
mod libsql;
#[cfg(feature = "rusqlite")]
pub(crate) mod rusqlite;
#[cfg(feature = "sqlx")]
pub(crate) mod sqlx;

use std::fmt;
use std::future::Future;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::driver::{Driver, Scratch};
use dbmigrate_core::engine::value::{Row, Value};
use pollster::block_on;

use crate::lent::Lender;
use crate::target::Target;
use crate::target::sealed::{Open, Opening};

/// A connection to an SQLite database whose calls are awaited. [`Driver`] is the same for connections that block.
///
/// All calls have to reach the same connection, and nothing else may use it until the run is done. Errors carry
/// SQLite's result code if [`EngineError::of_sqlite`] makes them, which tells a lock from a violated constraint.
pub trait AsyncDriver: Send {
    /// Runs one statement to its end, whatever it returns. The values are those of its parameters, in their order.
    fn execute(&mut self, sql: &str, values: Vec<Value>) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// The first rows of one statement, at most so many.
    fn query(
        &mut self,
        sql: &str,
        values: Vec<Value>,
        most: usize,
    ) -> impl Future<Output = Result<Vec<Row>, EngineError>> + Send;

    /// The names of the columns that a statement returns, without running it.
    fn columns(&mut self, sql: &str) -> impl Future<Output = Result<Vec<String>, EngineError>> + Send;

    /// Whether no transaction is open, however it was begun. By default one is begun and rolled back, which fails inside
    /// of another.
    fn is_autocommit(&mut self) -> impl Future<Output = Result<bool, EngineError>> + Send {
        async move {
            match self.execute("BEGIN", Vec::new()).await {
                Ok(()) => self.execute("ROLLBACK", Vec::new()).await.map(|()| true),
                Err(error) if error.message.contains("within a transaction") => Ok(false),
                Err(error) => Err(error),
            }
        }
    }

    /// What opens new, empty databases in memory. Without it, less can be said of a database that was changed by hand.
    fn scratch(&self) -> Option<Scratch> {
        None
    }
}

/// A connection of a kind of its own, as a target: `MIGRATIONS.run(OnDriver(&mut connection))`.
pub struct OnDriver<D>(pub D);

/// A connection of a kind of its own whose calls are awaited, as a target.
pub struct OnAsyncDriver<D>(pub D);

impl<D> fmt::Debug for OnDriver<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OnDriver").finish_non_exhaustive()
    }
}

impl<D> fmt::Debug for OnAsyncDriver<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OnAsyncDriver").finish_non_exhaustive()
    }
}

impl<'t, D: Driver + 't> Target<'t> for OnDriver<D> {}

impl<'t, D: Driver + 't> Open<'t> for OnDriver<D> {
    fn open(self) -> Opening<'t> {
        Opening::Lent(Lender::of(Immediate(self.0)))
    }
}

impl<'t, D: AsyncDriver + 't> Target<'t> for OnAsyncDriver<D> {}

impl<'t, D: AsyncDriver + 't> Open<'t> for OnAsyncDriver<D> {
    fn open(self) -> Opening<'t> {
        Opening::Lent(Lender::of(self.0))
    }
}

/// A driver that blocks, as one whose answers are there at once.
pub(crate) struct Immediate<D>(pub(crate) D);

impl<D: Driver> AsyncDriver for Immediate<D> {
    async fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<(), EngineError> {
        self.0.execute(sql, values)
    }

    async fn query(&mut self, sql: &str, values: Vec<Value>, most: usize) -> Result<Vec<Row>, EngineError> {
        self.0.query(sql, values, most)
    }

    async fn columns(&mut self, sql: &str) -> Result<Vec<String>, EngineError> {
        self.0.columns(sql)
    }

    async fn is_autocommit(&mut self) -> Result<bool, EngineError> {
        self.0.is_autocommit()
    }

    fn scratch(&self) -> Option<Scratch> {
        self.0.scratch()
    }
}

/// A driver whose answers are awaited, as one that blocks: for connections that need no executor.
#[cfg_attr(not(feature = "sqlx"), expect(dead_code, reason = "the others block"))]
pub(crate) struct Blocked<D>(pub(crate) D);

impl<D: AsyncDriver> Driver for Blocked<D> {
    fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<(), EngineError> {
        block_on(self.0.execute(sql, values))
    }

    fn query(&mut self, sql: &str, values: Vec<Value>, most: usize) -> Result<Vec<Row>, EngineError> {
        block_on(self.0.query(sql, values, most))
    }

    fn columns(&mut self, sql: &str) -> Result<Vec<String>, EngineError> {
        block_on(self.0.columns(sql))
    }

    fn is_autocommit(&mut self) -> Result<bool, EngineError> {
        block_on(self.0.is_autocommit())
    }

    fn scratch(&self) -> Option<Scratch> {
        self.0.scratch()
    }
}

/// Opens a file that is there, by the crate that is linked.
pub(crate) fn open_file(path: &std::path::Path) -> Result<Box<dyn Driver>, crate::error::MigrateError> {
    #[cfg(feature = "libsql")]
    let opened = libsql::open(path);
    #[cfg(all(feature = "rusqlite", not(feature = "libsql")))]
    let opened = rusqlite::open(path);
    #[cfg(all(feature = "sqlx", not(any(feature = "rusqlite", feature = "libsql"))))]
    let opened = sqlx::open(path);
    #[cfg(not(any(feature = "libsql", feature = "rusqlite", feature = "sqlx")))]
    let opened = {
        use dbmigrate_core::engine::error::ErrorKind;

        let _ = path;
        let message = "no feature of `dbmigrate-rs` names the crate that opens files: `libsql`, `rusqlite` or `sqlx`";
        Err(EngineError { kind: ErrorKind::CannotOpen, message: message.to_owned() })
    };
    opened.map_err(crate::target::cannot_open)
}

/// What tries things in memory for a database on a server.
#[cfg(feature = "remote")]
pub(crate) fn scratch_for_servers() -> Option<Scratch> {
    // where the engine of the server itself is linked, the core uses that
    #[cfg(all(feature = "rusqlite", not(feature = "libsql")))]
    return Some(rusqlite::scratch());
    #[cfg(all(feature = "sqlx", not(any(feature = "rusqlite", feature = "libsql"))))]
    return Some(sqlx::scratch());
    #[cfg(any(feature = "libsql", not(any(feature = "rusqlite", feature = "sqlx"))))]
    None
}
