//! The driver on the crate `libsql`, and the databases that it opens.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

#[cfg(any(feature = "backup", feature = "lint"))]
use libsql::{AuthAction, AuthContext, Authorization};
use libsql::{Builder, OpenFlags};

#[cfg(feature = "lint")]
use super::{Access, TellOfAccess};
use super::{Compiled, Driver, Scratch};
#[cfg(feature = "functions")]
use crate::engine::brought;
use crate::engine::connection::Connection;
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::value::{Row, Value};

impl Connection {
    /// A new, empty database in memory.
    #[expect(clippy::unused_async, reason = "it is awaited as what opens files is")]
    pub async fn in_memory() -> Result<Self, EngineError> {
        Ok(Self::from_driver(memory()?))
    }

    /// Opens a file, which is created if it does not exist and `create` is set.
    ///
    /// # Errors
    /// If it cannot be opened, or is not a database. The latter shows here because the header is read.
    pub async fn open(path: &Path, create: bool) -> Result<Self, EngineError> {
        Self::open_waiting(path, create, Duration::ZERO).await
    }

    /// The same for a file that others may be writing to: already the first statement waits for their locks.
    ///
    /// # Errors
    /// As for [`Connection::open`], and if the file is still locked after `busy_timeout`.
    pub async fn open_waiting(path: &Path, create: bool, busy_timeout: Duration) -> Result<Self, EngineError> {
        #[cfg(feature = "functions")]
        if let Some(engine) = brought::registered() {
            let connection = Self::from_driver(brought::open(&engine, &real(path), create)?);
            return connection.ready(busy_timeout).await;
        }
        Self::open_plain(path, create, busy_timeout).await
    }

    /// The same without the functions of the application: for copies of what is stored.
    ///
    /// # Errors
    /// As for [`Connection::open_waiting`].
    pub(in crate::engine) async fn open_plain(
        path: &Path,
        create: bool,
        busy_timeout: Duration,
    ) -> Result<Self, EngineError> {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        if create {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let database = Builder::new_local(real(path)).flags(flags).build().await?;
        Self::from_libsql(connected(&database)?).ready(busy_timeout).await
    }

    /// The same over a driver that the file was opened with.
    ///
    /// # Errors
    /// As for [`Connection::open_waiting`].
    #[cfg(feature = "backup")]
    pub(in crate::engine) async fn open_with(
        driver: Box<dyn Driver>,
        busy_timeout: Duration,
    ) -> Result<Self, EngineError> {
        Self::from_driver(driver).ready(busy_timeout).await
    }

    /// The connection once it waits for locks, and its header was read.
    async fn ready(self, busy_timeout: Duration) -> Result<Self, EngineError> {
        self.set_busy_timeout(busy_timeout)?;
        self.rows("SELECT count(*) FROM sqlite_schema").await?;
        Ok(self)
    }

    /// Wraps a connection that the application has opened.
    pub fn from_libsql(inner: libsql::Connection) -> Self {
        Self::from_driver(from_libsql(inner))
    }
}

/// A path that is one: a file may be called `:memory:` or `file:a?mode=memory`, which SQLite would take for something
/// else.
pub(in crate::engine) fn real(path: &Path) -> PathBuf {
    Path::new(".").join(path)
}

/// A new, empty database in memory, with stand-ins for what the application adds.
fn memory() -> Result<Box<dyn Driver>, EngineError> {
    #[cfg(feature = "functions")]
    if let Some(engine) = brought::registered() {
        return brought::in_memory(&engine);
    }
    let database = now(Builder::new_local(":memory:").build())?;
    Ok(Box::new(Libsql(connected(&database)?)))
}

/// A connection with the libraries of the application.
fn connected(database: &libsql::Database) -> Result<libsql::Connection, EngineError> {
    let connection = database.connect()?;
    #[cfg(feature = "functions")]
    brought::load(&connection)?;
    Ok(connection)
}

/// The driver on a connection to a local database that the application has opened.
pub fn from_libsql(connection: libsql::Connection) -> Box<dyn Driver> {
    Box::new(Libsql(connection))
}

/// A connection of the crate to a local database.
struct Libsql(libsql::Connection);

impl Driver for Libsql {
    fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<(), EngineError> {
        now(async {
            let mut rows = self.0.query(sql, bound(values)).await?;
            while rows.next().await?.is_some() {}
            Ok(())
        })
    }

    fn query(&mut self, sql: &str, values: Vec<Value>, most: usize) -> Result<Vec<Row>, EngineError> {
        now(async {
            let mut rows = self.0.query(sql, bound(values)).await?;
            let width = rows.column_count();
            let mut all = Vec::new();
            while all.len() < most
                && let Some(row) = rows.next().await?
            {
                let values = (0..width).map(|at| Ok(row.get_value(at)?.into()));
                all.push(values.collect::<Result<Row, EngineError>>()?);
            }
            Ok(all)
        })
    }

    fn columns(&mut self, sql: &str) -> Result<Vec<String>, EngineError> {
        let statement = now(self.0.prepare(sql))?;
        Ok(statement.columns().iter().map(|column| column.name().to_owned()).collect())
    }

    fn is_autocommit(&mut self) -> Result<bool, EngineError> {
        Ok(self.0.is_autocommit())
    }

    fn set_busy_timeout(&mut self, timeout: Duration) -> Result<(), EngineError> {
        Ok(self.0.busy_timeout(timeout)?)
    }

    fn changes(&mut self) -> u64 {
        self.0.changes()
    }

    fn total_changes(&mut self) -> u64 {
        self.0.total_changes()
    }

    fn tell_of_rows(&mut self, tell: Arc<dyn Fn() + Send + Sync>) -> Result<(), EngineError> {
        Ok(self.0.add_update_hook(Box::new(move |_, _, _, _| tell()))?)
    }

    #[cfg(feature = "backup")]
    fn tell_of_reads(&mut self, tell: Option<Arc<dyn Fn() + Send + Sync>>) -> Result<(), EngineError> {
        let hook = tell.map(|tell| -> libsql::AuthHook {
            Arc::new(move |context: &AuthContext<'_>| {
                if matches!(context.action, AuthAction::Read { .. }) && context.database_name == Some("main") {
                    tell();
                }
                Authorization::Allow
            })
        });
        Ok(self.0.authorizer(hook)?)
    }

    #[cfg(feature = "lint")]
    fn tell_of_access(&mut self, tell: Option<TellOfAccess>) -> Result<(), EngineError> {
        let hook = tell.map(|tell| -> libsql::AuthHook {
            Arc::new(move |context: &AuthContext<'_>| {
                if context.accessor.is_none() {
                    let (table, column, is_write) = match context.action {
                        AuthAction::Read { table_name, column_name } => (table_name, column_name, false),
                        AuthAction::Update { table_name, column_name } => (table_name, column_name, true),
                        AuthAction::Insert { table_name } | AuthAction::Delete { table_name } => (table_name, "", true),
                        _ => return Authorization::Allow,
                    };
                    tell(Access::of(table, column, is_write));
                }
                Authorization::Allow
            })
        });
        Ok(self.0.authorizer(hook)?)
    }

    fn prepare(&mut self, sql: &str) -> Result<Option<Box<dyn Compiled>>, EngineError> {
        Ok(Some(Box::new(Statement(now(self.0.prepare(sql))?))))
    }

    fn scratch(&self) -> Option<Scratch> {
        Some(scratch())
    }

    fn libsql(&self) -> Option<&libsql::Connection> {
        Some(&self.0)
    }
}

/// What opens databases in memory.
pub(super) fn scratch() -> Scratch {
    Arc::new(memory)
}

struct Statement(libsql::Statement);

impl Compiled for Statement {
    fn run(&self, values: Vec<Value>) -> Result<(), EngineError> {
        let result = now(self.0.run(bound(values)));
        self.0.reset();
        Ok(result?)
    }
}

/// Values as the crate takes them.
fn bound(values: Vec<Value>) -> Vec<libsql::Value> {
    values.into_iter().map(Into::into).collect()
}

/// What comes of a future on a local database, which never waits for anything but the disk.
pub(in crate::engine) fn now<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::yield_now(),
        }
    }
}

impl From<libsql::Value> for Value {
    fn from(value: libsql::Value) -> Self {
        match value {
            libsql::Value::Null => Self::Null,
            libsql::Value::Integer(integer) => Self::Integer(integer),
            libsql::Value::Real(real) => Self::Real(real),
            libsql::Value::Text(text) => Self::Text(text),
            libsql::Value::Blob(bytes) => Self::Blob(bytes),
        }
    }
}

impl From<Value> for libsql::Value {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Integer(integer) => Self::Integer(integer),
            Value::Real(real) => Self::Real(real),
            Value::Text(text) => Self::Text(text),
            Value::Blob(bytes) => Self::Blob(bytes),
        }
    }
}

impl From<libsql::Error> for EngineError {
    fn from(error: libsql::Error) -> Self {
        match error {
            libsql::Error::SqliteFailure(code, message) => Self::of_sqlite(code, message),
            libsql::Error::ConnectionFailed(message) => Self { kind: ErrorKind::CannotOpen, message },
            other => Self { kind: ErrorKind::Statement, message: other.to_string() },
        }
    }
}
