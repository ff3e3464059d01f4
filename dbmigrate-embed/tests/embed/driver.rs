//! What the suites need of a driver: here, libsql. Each driver has the same.

use std::path::Path;
use std::time::Duration;

use dbmigrate_core::engine::Connection as OfEngine;
use dbmigrate_core::engine::connection::display;
use dbmigrate_embed::Migrations;
use dbmigrate_macros::embed_migrations;

pub(crate) use pollster::block_on;

/// The history of the sample application.
pub(crate) const SAMPLE: Migrations = embed_migrations!("../migrations", crate = dbmigrate_embed);
/// A history before a squash, and after it.
pub(crate) const BEFORE: Migrations = embed_migrations!("tests/squashed/before", crate = dbmigrate_embed);
pub(crate) const AFTER: Migrations = embed_migrations!("tests/squashed/after", crate = dbmigrate_embed);

/// What a new connection waits for locks, in milliseconds.
pub(crate) const BUSY_TIMEOUT: &str = "0";

/// What an application has of a file: the run has a connection of its own.
pub(crate) struct Database(libsql::Database);

impl Database {
    pub(crate) fn open(path: &Path) -> Self {
        Self(block_on(libsql::Builder::new_local(path).build()).expect("it is a local file"))
    }

    pub(crate) fn target(&mut self) -> &libsql::Database {
        &self.0
    }
}

/// A connection that the application lends.
pub(crate) struct Connection(libsql::Connection);

impl Connection {
    pub(crate) fn open(path: &Path) -> Self {
        Self(Database::open(path).0.connect().expect("it can be opened"))
    }

    pub(crate) fn in_memory() -> Self {
        Self::open(Path::new(":memory:"))
    }

    pub(crate) fn target(&mut self) -> &libsql::Connection {
        &self.0
    }

    pub(crate) fn is_autocommit(&mut self) -> bool {
        self.0.is_autocommit()
    }

    pub(crate) fn wait_for_locks(&mut self, timeout: Duration) {
        self.0.busy_timeout(timeout).expect("it is a setting");
    }

    /// The first column of what a statement returns.
    pub(crate) fn column(&mut self, sql: &str) -> Result<Vec<String>, String> {
        let connection = OfEngine::from_libsql(self.0.clone());
        let rows = block_on(connection.rows(sql)).map_err(|error| error.to_string())?;
        Ok(rows.iter().map(|row| display(&row[0])).collect())
    }
}

/// An empty database for the engine.
pub(crate) fn scratch() -> OfEngine {
    block_on(OfEngine::in_memory()).expect("memory is there")
}
