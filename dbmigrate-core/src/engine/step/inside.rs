//! A step in the transaction of its migration, on the connection that the migration runs on.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use super::{Access, Allowed, StepError, Steps, allowed};
use crate::engine::connection::{Connection, Value};
use crate::engine::error::{EngineError, ErrorKind};

/// Why a step was not a success.
pub(in crate::engine) enum Failed {
    /// It says so.
    Step(String),
    /// The transaction is gone, and with it everything that the migration did.
    Transaction(EngineError),
}

/// Runs the step of a migration in the transaction that is open.
pub(in crate::engine) fn run(steps: &dyn Steps, migration: &str, connection: &Connection) -> Result<(), Failed> {
    let mut inside = Inside { connection, gone: None };
    let result = catch_unwind(AssertUnwindSafe(|| steps.run(migration, &mut inside)));
    if let Some(error) = inside.lost() {
        return Err(Failed::Transaction(error));
    }
    match result {
        Ok(result) => result.map_err(Failed::Step),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(ToString::to_string);
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            Err(Failed::Step(format!("it panicked: {}", text.as_deref().unwrap_or("no message"))))
        }
    }
}

/// The transaction as a step sees it.
struct Inside<'c> {
    connection: &'c Connection,
    /// The error after which there was no transaction any more. What came next would be committed by itself.
    gone: Option<EngineError>,
}

impl Inside<'_> {
    /// Why there is no transaction any more, if that is so.
    fn lost(&self) -> Option<EngineError> {
        if !self.connection.is_autocommit() {
            return self.gone.clone();
        }
        let message = "the transaction was rolled back".to_owned();
        Some(self.gone.clone().unwrap_or(EngineError { kind: ErrorKind::Statement, message }))
    }

    /// Refuses what a step may not run, and everything once the transaction is gone.
    fn check(&self, sql: &str, wanted: Allowed) -> Result<(), StepError> {
        if let Some(error) = self.lost() {
            return Err(StepError::new(format!("the migration is rolled back: {error}")));
        }
        match (allowed(sql)?, wanted) {
            (Allowed::Reads, Allowed::Writes) => {
                Err(StepError::new("`execute` is for `INSERT`, `UPDATE` and `DELETE`; read with `query`"))
            }
            (Allowed::Writes, Allowed::Reads) => Err(StepError::new("`query` is for `SELECT`; write with `execute`")),
            _ => Ok(()),
        }
    }

    fn noted(&mut self, error: EngineError) -> StepError {
        let said = StepError::new(error.to_string());
        if self.connection.is_autocommit() {
            self.gone.get_or_insert(error);
        }
        said
    }
}

impl Access for Inside<'_> {
    fn execute(&mut self, sql: &str, rows: Vec<Vec<Value>>) -> Result<u64, StepError> {
        self.check(sql, Allowed::Writes)?;
        wait(write(self.connection, sql, rows)).map_err(|error| self.noted(error))
    }

    fn query(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Vec<Value>>, StepError> {
        self.check(sql, Allowed::Reads)?;
        // the libsql crate panics on text that is not UTF-8
        let rows = catch_unwind(AssertUnwindSafe(|| wait(self.connection.rows_with(sql, values))));
        match rows {
            Ok(rows) => rows.map_err(|error| self.noted(error)),
            Err(_) => Err(StepError::new("a value is text that is not UTF-8; read its bytes: `CAST(… AS BLOB)`")),
        }
    }
}

async fn write(connection: &Connection, sql: &str, rows: Vec<Vec<Value>>) -> Result<u64, EngineError> {
    #[cfg(feature = "remote")]
    if let Some(server) = connection.server() {
        return server.run_counted(rows.into_iter().map(|values| (sql, values))).map_err(|(_, error)| error);
    }
    let mut changed = 0;
    for values in rows {
        connection.run_with(sql, values).await?;
        changed += connection.changes();
    }
    Ok(changed)
}

/// Waits for a future on this thread: a step is called by a future, and is none.
fn wait<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}
