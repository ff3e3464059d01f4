//! A connection to a database, with the few ways of running statements that the engine needs.
//!
//! What is run or asked together costs one round trip where the database is on a server, so callers put together what
//! they can.

#![expect(clippy::unused_async, reason = "a connection may come to wait without its callers changing")]

#[cfg(all(feature = "libsql", feature = "lint"))]
mod accesses;
pub mod piece;
mod prepared;
#[cfg(feature = "remote")]
mod probe;
#[cfg(feature = "remote")]
pub(super) mod server;
#[cfg(feature = "remote")]
mod transact;

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;

pub use super::value::{Row, Value, display, integer, text};
pub use prepared::Prepared;

use super::apply::Work;
use super::driver::{Driver, Scratch, refuse_nul};
use super::engines::Engine;
use super::error::{EngineError, ErrorKind};

/// A connection to a database.
pub struct Connection {
    backend: Backend,
    /// What runs the statements of a driver, once somebody wanted to know.
    engine: Cell<Option<Engine>>,
}

enum Backend {
    /// A file, or memory.
    Local(RefCell<Box<dyn Driver>>),
    /// A database on a server.
    #[cfg(feature = "remote")]
    Server(Box<server::ServerConnection>),
}

/// What both backends have.
macro_rules! on {
    ($self:expr, local $inner:ident => $local:expr, server $connection:ident => $server:expr $(,)?) => {
        match &$self.backend {
            Backend::Local($inner) => $local,
            #[cfg(feature = "remote")]
            Backend::Server($connection) => $server,
        }
    };
}

impl Connection {
    /// A connection to a database at hand.
    pub fn from_driver(driver: Box<dyn Driver>) -> Self {
        Self { backend: Backend::Local(RefCell::new(driver)), engine: Cell::new(None) }
    }

    /// A connection to the database on a server. Nothing is sent yet.
    ///
    /// Its methods block the thread that they are called on until the server has answered.
    #[cfg(feature = "remote")]
    pub fn to_server(client: super::remote::Client) -> Self {
        let backend = Backend::Server(Box::new(server::ServerConnection::new(client)));
        Self { backend, engine: Cell::new(None) }
    }

    /// Has things tried in such databases in memory before they happen on the server.
    #[cfg(feature = "remote")]
    #[must_use]
    pub fn trying_in(mut self, scratch: Scratch) -> Self {
        if let Backend::Server(server) = &mut self.backend {
            server.set_scratch(scratch);
        }
        self
    }

    /// The connection to a file, if it is one.
    #[cfg(feature = "backup")]
    pub(super) fn local(&self) -> Option<libsql::Connection> {
        on!(self, local driver => driver.borrow().libsql().cloned(), server _server => None)
    }

    /// What opens databases in memory, for what has to be tried. There may be none.
    pub fn scratch(&self) -> Option<Scratch> {
        on!(self, local driver => driver.borrow().scratch(), server server => server.scratch())
    }

    /// The connection to a server, if it is one.
    #[cfg(feature = "remote")]
    pub(super) fn server(&self) -> Option<&server::ServerConnection> {
        match &self.backend {
            Backend::Local(_) => None,
            Backend::Server(server) => Some(server),
        }
    }

    /// Whether asking costs no round trip.
    pub fn is_local(&self) -> bool {
        on!(self, local _inner => true, server _server => false)
    }

    /// What runs the statements. A server is asked that together with the first question.
    ///
    /// # Errors
    /// If it has to be asked, and cannot be.
    pub async fn engine(&self) -> Result<Engine, EngineError> {
        on!(self,
            local driver => {
                if self.engine.get().is_none() {
                    self.engine.set(Some(Engine::of(&mut **driver.borrow_mut())));
                }
            },
            server server => if server.engine().is_none() {
                self.ask_all::<&str>(&[]).await?;
            },
        );
        Ok(self.known_engine().unwrap_or(Engine::LibSql))
    }

    /// The same, if it was asked before.
    pub(super) fn known_engine(&self) -> Option<Engine> {
        on!(self, local _driver => self.engine.get(), server server => server.engine())
    }

    /// How long a statement waits for another connection's lock. On a server, the server decides.
    pub fn set_busy_timeout(&self, timeout: Duration) -> Result<(), EngineError> {
        on!(self, local driver => driver.borrow_mut().set_busy_timeout(timeout), server _server => Ok(()))
    }

    /// Tells of each row that is written from now on, in a table that has rowids. On a server nobody does.
    pub fn tell_of_rows(&self, work: Arc<Work>) -> Result<(), EngineError> {
        on!(self,
            local driver => driver.borrow_mut().tell_of_rows(Arc::new(move || work.add_row())),
            server _server => {
                drop(work);
                Ok(())
            },
        )
    }

    /// The rows of a statement that are wanted, of however many there are.
    #[cfg(feature = "backup")]
    pub(super) fn wanted(&self, sql: &str, is_wanted: &dyn Fn(&Row) -> bool) -> Result<Vec<Row>, EngineError> {
        on!(self, local driver => driver.borrow_mut().wanted(sql, is_wanted), server _server => Ok(Vec::new()))
    }

    /// Tells of each column of the main database that a statement reads, while it is compiled, until nobody is to be
    /// told.
    #[cfg(feature = "backup")]
    pub(super) fn tell_of_reads(
        &self,
        tell: Option<std::sync::Arc<dyn Fn() + Send + Sync>>,
    ) -> Result<(), EngineError> {
        on!(self, local driver => driver.borrow_mut().tell_of_reads(tell), server _server => Ok(()))
    }

    /// How many rows the last statement has inserted, updated or deleted, those that triggers did aside. On a server
    /// nobody asks.
    pub fn changes(&self) -> u64 {
        on!(self, local driver => driver.borrow_mut().changes(), server _server => 0)
    }

    /// A number that is another one as soon as another connection has written
    /// (sqlite.org/pragma.html#pragma_data_version); on a server, as soon as any has. `None` if the server does not tell.
    pub async fn data_version(&self) -> Result<Option<i64>, EngineError> {
        on!(self,
            local _inner => {
                let row = self.first_row("PRAGMA data_version").await?;
                Ok(row.and_then(|row| row.first().map(integer)))
            },
            server server => Ok(server.committed()?.and_then(|committed| i64::try_from(committed).ok())),
        )
    }

    /// What leads to the server, if it is on one.
    #[cfg(feature = "remote")]
    pub fn client(&self) -> Option<&super::remote::Client> {
        self.server().map(server::ServerConnection::client)
    }

    /// Whether no transaction is open.
    pub fn is_autocommit(&self) -> bool {
        on!(self,
            // in doubt there is one to roll back
            local driver => driver.borrow_mut().is_autocommit().unwrap_or(false),
            server server => server.is_autocommit(),
        )
    }

    /// Turns foreign keys off, and returns whether they were on. On a server, that is for what comes next and for every
    /// transaction, until they are turned on again.
    pub async fn turn_foreign_keys_off(&self) -> Result<bool, EngineError> {
        on!(self,
            local _inner => {
                let are_on = async || {
                    let row = self.first_row("PRAGMA foreign_keys").await?;
                    Ok::<_, EngineError>(row.is_some_and(|row| row.first().is_some_and(|value| integer(value) != 0)))
                };
                let were_on = are_on().await?;
                self.run("PRAGMA foreign_keys = OFF").await?;
                // a driver that has several connections, or one that is in a transaction
                if were_on && are_on().await? {
                    let message = "they stay on, as in a transaction: migrations need one connection for themselves";
                    return Err(EngineError { kind: ErrorKind::Statement, message: message.to_owned() });
                }
                Ok(were_on)
            },
            server server => {
                server.set_foreign_keys(false);
                Ok(true)
            },
        )
    }

    /// Turns foreign keys on.
    pub async fn turn_foreign_keys_on(&self) -> Result<(), EngineError> {
        on!(self,
            local _inner => self.run("PRAGMA foreign_keys = ON").await,
            server server => {
                server.set_foreign_keys(true);
                Ok(())
            },
        )
    }

    /// Runs one statement to its end, whatever it returns.
    pub async fn run(&self, sql: &str) -> Result<(), EngineError> {
        self.run_with(sql, Vec::new()).await
    }

    /// Runs one statement with values for its parameters.
    pub async fn run_with(&self, sql: &str, values: Vec<Value>) -> Result<(), EngineError> {
        self.run_each_with([(sql, values)]).await.map_err(|(_, error)| error)
    }

    /// Runs several statements, stopping at the first error.
    pub async fn run_all(&self, statements: &[String]) -> Result<(), EngineError> {
        self.run_each(statements.iter().map(String::as_str)).await.map_err(|(_, error)| error)
    }

    /// The same, and says which of them failed, counted from 0.
    pub async fn run_each(&self, statements: impl IntoIterator<Item = &str>) -> Result<(), (usize, EngineError)> {
        self.run_each_with(statements.into_iter().map(|sql| (sql, Vec::new()))).await
    }

    /// The same for statements with values for their parameters.
    pub async fn run_each_with(
        &self,
        statements: impl IntoIterator<Item = (&str, Vec<Value>)>,
    ) -> Result<(), (usize, EngineError)> {
        on!(self,
            local driver => {
                for (at, (sql, values)) in statements.into_iter().enumerate() {
                    run_local(driver, sql, values).map_err(|error| (at, error))?;
                }
                Ok(())
            },
            server server => server.run_each(statements),
        )
    }

    /// Begins a transaction that can write: from here on nobody else does.
    pub async fn begin(&self) -> Result<(), EngineError> {
        on!(self, local _inner => self.run("BEGIN IMMEDIATE").await, server server => server.begin())
    }

    /// Commits the transaction.
    pub async fn commit(&self) -> Result<(), EngineError> {
        on!(self, local _inner => self.run("COMMIT").await, server server => server.commit())
    }

    /// Rolls the transaction back, if there is one.
    pub async fn roll_back(&self) {
        on!(self,
            local _inner => if !self.is_autocommit() {
                // an error here leaves the transaction to the end of the connection, which rolls it back as well
                let _ = self.run("ROLLBACK").await;
            },
            server server => server.roll_back(),
        );
    }

    /// The answers of several queries, of one state of the database if a transaction is open or the database is on a
    /// server.
    ///
    /// # Errors
    /// If the database cannot be asked; what is wrong with a single query is its answer.
    pub async fn ask_all<Q: AsRef<str>>(
        &self,
        queries: &[Q],
    ) -> Result<Vec<Result<Vec<Row>, EngineError>>, EngineError> {
        on!(self,
            local driver => {
                Ok(queries.iter().map(|query| rows_local(driver, query.as_ref(), Vec::new())).collect())
            },
            server server => {
                let queries = queries.iter().map(|query| (query.as_ref(), Vec::new()));
                server.ask_all(queries, super::remote::Patience::WhileAlive)
            },
        )
    }

    /// The names of the columns that each of the queries returns, which compiles them.
    ///
    /// # Errors
    /// As for [`Connection::ask_all`].
    pub async fn describe_all<Q: AsRef<str>>(
        &self,
        queries: &[Q],
    ) -> Result<Vec<Result<Vec<String>, EngineError>>, EngineError> {
        on!(self,
            local driver => Ok(queries.iter().map(|query| describe_local(driver, query.as_ref())).collect()),
            server server => server.describe_all(queries),
        )
    }

    /// The rows of a query.
    pub async fn rows(&self, sql: &str) -> Result<Vec<Row>, EngineError> {
        self.rows_with(sql, Vec::new()).await
    }

    /// The rows of a query with values for its parameters.
    pub async fn rows_with(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, EngineError> {
        on!(self,
            local driver => rows_local(driver, sql, values),
            server server => {
                let answers = server.ask_all([(sql, values)], super::remote::Patience::WhileAlive)?;
                answers.into_iter().next().unwrap_or_else(|| Ok(Vec::new()))
            },
        )
    }

    /// The first row of a query, of which a local database computes no more than that.
    pub async fn first_row(&self, sql: &str) -> Result<Option<Row>, EngineError> {
        on!(self,
            local driver => {
                refuse_nul(sql)?;
                Ok(driver.borrow_mut().query(sql, Vec::new(), 1)?.pop())
            },
            server _server => Ok(self.rows(sql).await?.into_iter().next()),
        )
    }

    /// The first row of a query over the rows of users, its text as it can be shown.
    pub async fn first_row_shown(&self, sql: &str) -> Result<Option<Row>, EngineError> {
        self.first_rows_shown(&[sql]).await?.pop().unwrap_or(Ok(None))
    }

    /// The first row of each query over the rows of users, its text as it can be shown.
    ///
    /// # Errors
    /// As for [`Connection::ask_all`].
    pub async fn first_rows_shown<Q: AsRef<str>>(
        &self,
        queries: &[Q],
    ) -> Result<Vec<Result<Option<Row>, EngineError>>, EngineError> {
        let answers = self.ask_shown(queries, " LIMIT 1").await?;
        Ok(answers.into_iter().map(|answer| answer.map(|rows| rows.into_iter().next())).collect())
    }

    /// The first so many rows of such a query.
    pub async fn some_rows_shown(&self, sql: &str, count: usize) -> Result<Vec<Row>, EngineError> {
        self.ask_shown(&[sql], &format!(" LIMIT {count}")).await?.pop().unwrap_or_else(|| Ok(Vec::new()))
    }

    /// The rows of such a query.
    pub async fn rows_shown(&self, sql: &str) -> Result<Vec<Row>, EngineError> {
        self.ask_shown(&[sql], "").await?.pop().unwrap_or_else(|| Ok(Vec::new()))
    }

    /// The crate panics on text that is not UTF-8, which a database may well hold, and a server fails on it, so text
    /// has to come as bytes.
    async fn ask_shown<Q: AsRef<str>>(
        &self,
        queries: &[Q],
        limit: &str,
    ) -> Result<Vec<Result<Vec<Row>, EngineError>>, EngineError> {
        // compiled as they are, so that an error speaks of the query as it was written
        let columns = self.describe_all(queries).await?;
        let shown = queries.iter().zip(&columns).filter_map(|(query, columns)| {
            let columns = columns.as_ref().ok()?;
            Some(format!("{}{limit}", shown(query.as_ref(), columns.len())))
        });
        let mut answers = self.ask_all(&shown.collect::<Vec<_>>()).await?.into_iter();
        let answered = columns.into_iter().map(|columns| {
            columns?;
            let rows = answers.next().unwrap_or_else(|| Ok(Vec::new()))?;
            Ok(rows.iter().map(as_shown).collect())
        });
        Ok(answered.collect())
    }

    /// The names of the columns that a query returns.
    pub async fn column_names(&self, sql: &str) -> Result<Vec<String>, EngineError> {
        self.describe_all(&[sql]).await?.pop().unwrap_or_else(|| Ok(Vec::new()))
    }
}

fn run_local(driver: &RefCell<Box<dyn Driver>>, sql: &str, values: Vec<Value>) -> Result<(), EngineError> {
    refuse_nul(sql)?;
    driver.borrow_mut().execute(sql, values)
}

fn rows_local(driver: &RefCell<Box<dyn Driver>>, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, EngineError> {
    refuse_nul(sql)?;
    driver.borrow_mut().query(sql, values, usize::MAX)
}

fn describe_local(driver: &RefCell<Box<dyn Driver>>, sql: &str) -> Result<Vec<String>, EngineError> {
    refuse_nul(sql)?;
    driver.borrow_mut().columns(sql)
}

/// The query as one that returns text as bytes, and before each value whether it is text.
pub fn shown(sql: &str, width: usize) -> String {
    let names: Vec<String> = (1..=width).map(|at| format!("c{at}")).collect();
    let values = names
        .iter()
        .map(|name| format!("typeof({name}) = 'text', iif(typeof({name}) = 'text', CAST({name} AS BLOB), {name})"));
    let values = values.collect::<Vec<_>>().join(", ");
    let query = sql.trim_end().trim_end_matches(';');
    let names = names.join(", ");
    format!("WITH _dbmigrate_shown({names}) AS (\n{query}\n) SELECT {values} FROM _dbmigrate_shown")
}

/// The values of a row in which whether it is text stands before each.
pub fn as_shown(row: &Row) -> Row {
    let shown = row.chunks_exact(2).map(|pair| match (integer(&pair[0]), &pair[1]) {
        (1, Value::Blob(bytes)) => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
        (_, value) => value.clone(),
    });
    shown.collect()
}
