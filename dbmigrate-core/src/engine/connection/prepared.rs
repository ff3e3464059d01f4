//! What many rows need: statements that are compiled once, and statements that are one transaction.

#![expect(clippy::unused_async, reason = "a connection may come to wait without its callers changing")]

use std::cell::RefCell;

use super::{Backend, Connection, Row, Value};
use crate::engine::driver::{Compiled, Driver, refuse_nul};
use crate::engine::error::EngineError;

/// A statement of a local database that is compiled once and run often.
pub struct Prepared {
    inner: Box<dyn Compiled>,
}

impl Prepared {
    /// Runs it to its end with values for its parameters.
    ///
    /// # Errors
    /// If it fails; it can be run again.
    pub async fn run(&self, values: Vec<Value>) -> Result<(), EngineError> {
        self.inner.run(values)
    }
}

impl Connection {
    /// Compiles a statement, for a local database; on a server, and where the driver compiles none, statements are sent
    /// with their text.
    ///
    /// # Errors
    /// If it cannot be compiled.
    pub async fn prepare(&self, sql: &str) -> Result<Option<Prepared>, EngineError> {
        refuse_nul(sql)?;
        match &self.backend {
            Backend::Local(driver) => Ok(driver.borrow_mut().prepare(sql)?.map(|inner| Prepared { inner })),
            #[cfg(feature = "remote")]
            Backend::Server(_) => Ok(None),
        }
    }

    /// The answers of several queries with values for their parameters, as [`Connection::ask_all`] has them.
    ///
    /// # Errors
    /// As for [`Connection::ask_all`].
    pub async fn ask_all_with(
        &self,
        queries: Vec<(String, Vec<Value>)>,
    ) -> Result<Vec<Result<Vec<Row>, EngineError>>, EngineError> {
        match &self.backend {
            Backend::Local(driver) => {
                Ok(queries.into_iter().map(|(sql, values)| super::rows_local(driver, &sql, values)).collect())
            }
            #[cfg(feature = "remote")]
            Backend::Server(server) => {
                let queries = queries.iter().map(|(sql, values)| (sql.as_str(), values.clone()));
                server.ask_all(queries, crate::engine::remote::Patience::WhileAlive)
            }
        }
    }

    /// Runs statements as one transaction in which references are checked at its end: all of them, or none. On a server
    /// that is one request. Returns how many rows each of them has changed.
    ///
    /// # Errors
    /// The statement that failed, counted from 0, or none if it was `BEGIN` or `COMMIT`; nothing stays of it, unless the
    /// server's answer was lost ([`crate::engine::error::ErrorKind::Lost`]).
    pub async fn transact(
        &self,
        statements: Vec<(String, Vec<Value>)>,
    ) -> Result<Vec<u64>, (Option<usize>, EngineError)> {
        match &self.backend {
            Backend::Local(driver) => {
                self.begin().await.map_err(|error| (None, error))?;
                let result = self.transact_inside(driver, statements).await;
                if result.is_err() {
                    self.roll_back().await;
                }
                result
            }
            #[cfg(feature = "remote")]
            Backend::Server(server) => server.transact(statements),
        }
    }

    async fn transact_inside(
        &self,
        driver: &RefCell<Box<dyn Driver>>,
        statements: Vec<(String, Vec<Value>)>,
    ) -> Result<Vec<u64>, (Option<usize>, EngineError)> {
        self.run("PRAGMA defer_foreign_keys = ON").await.map_err(|error| (None, error))?;
        let mut changes = Vec::with_capacity(statements.len());
        for (at, (sql, values)) in statements.into_iter().enumerate() {
            let before = driver.borrow_mut().total_changes();
            super::run_local(driver, &sql, values).map_err(|error| (Some(at), error))?;
            changes.push(driver.borrow_mut().total_changes() - before);
        }
        self.commit().await.map_err(|error| (None, error))?;
        Ok(changes)
    }
}
