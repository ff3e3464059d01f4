//! What the suites need of a driver: here, sqlx, over a pool where the run has a connection of its own.

use std::future::Future;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use dbmigrate_core::engine::Connection as OfEngine;
use dbmigrate_embed::Migrations;
use dbmigrate_macros::embed_migrations;

/// The history of the sample application.
pub(crate) const SAMPLE: Migrations = embed_migrations!("../../../migrations", crate = dbmigrate_embed);
/// A history before a squash, and after it.
pub(crate) const BEFORE: Migrations =
    embed_migrations!("../../../dbmigrate-embed/tests/squashed/before", crate = dbmigrate_embed);
pub(crate) const AFTER: Migrations =
    embed_migrations!("../../../dbmigrate-embed/tests/squashed/after", crate = dbmigrate_embed);

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{ConnectOptions, Connection as _, QueryBuilder, Row, Sqlite, SqliteConnection, ValueRef};
use tokio::runtime::Runtime;

/// What a new connection waits for locks, in milliseconds.
pub(crate) const BUSY_TIMEOUT: &str = "5000";

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads can be started"));

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.block_on(future)
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).create_if_missing(true)
}

/// What an application has of a file.
pub(crate) struct Database(pub(crate) SqlitePool);

impl Database {
    pub(crate) fn open(path: &Path) -> Self {
        let _runtime = RUNTIME.enter();
        Self(SqlitePoolOptions::new().max_connections(2).connect_lazy_with(options(path)))
    }

    pub(crate) fn target(&mut self) -> &SqlitePool {
        &self.0
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // a connection that is not closed yet may hold a lock when the file is looked at from outside
        block_on(self.0.close());
    }
}

/// A connection that the application lends.
pub(crate) struct Connection(Option<SqliteConnection>);

impl Connection {
    pub(crate) fn open(path: &Path) -> Self {
        Self(Some(block_on(options(path).connect()).expect("it can be opened")))
    }

    pub(crate) fn in_memory() -> Self {
        Self(Some(block_on(SqliteConnection::connect("sqlite::memory:")).expect("memory is there")))
    }

    pub(crate) fn target(&mut self) -> &mut SqliteConnection {
        self.0.as_mut().expect("it is open")
    }

    pub(crate) fn is_autocommit(&mut self) -> bool {
        let begun = self.column("BEGIN").is_ok();
        if begun {
            self.column("ROLLBACK").expect("it was begun");
        }
        begun
    }

    pub(crate) fn wait_for_locks(&mut self, timeout: Duration) {
        self.column(&format!("PRAGMA busy_timeout = {}", timeout.as_millis())).expect("it is a setting");
    }

    /// The first column of what a statement returns.
    pub(crate) fn column(&mut self, sql: &str) -> Result<Vec<String>, String> {
        let mut builder = QueryBuilder::<Sqlite>::new(sql);
        let query = builder.build().persistent(false);
        let rows = block_on(query.fetch_all(self.target())).map_err(|error| error.to_string())?;
        let shown = |row: &sqlx::sqlite::SqliteRow| {
            if row.try_get_raw(0).expect("it has a column").is_null() {
                return "NULL".to_owned();
            }
            let text = || row.try_get_unchecked::<String, _>(0);
            row.try_get::<i64, _>(0).map(|integer| integer.to_string()).or_else(|_| text()).expect("a value")
        };
        Ok(rows.iter().map(shown).collect())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            let _ = block_on(connection.close());
        }
    }
}

/// An empty database for the engine, over a driver of the tests' own.
pub(crate) fn scratch() -> OfEngine {
    let connection = block_on(SqliteConnection::connect("sqlite::memory:")).expect("memory is there");
    OfEngine::from_driver(Box::new(crate::custom::Blocking(crate::custom::Own(connection))))
}
