//! What the suites need of a driver: here, rusqlite.

use std::path::Path;
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

/// What a new connection waits for locks, in milliseconds.
pub(crate) const BUSY_TIMEOUT: &str = "5000";

pub(crate) use pollster::block_on;

/// What an application has of a file.
pub(crate) type Database = Connection;

/// A connection that the application lends.
pub(crate) struct Connection(rusqlite::Connection);

impl Connection {
    pub(crate) fn open(path: &Path) -> Self {
        let connection = rusqlite::Connection::open(path).expect("it can be opened");
        // as the applications of the other drivers have it
        let _ = connection.pragma_update(None, "foreign_keys", true);
        Self(connection)
    }

    pub(crate) fn in_memory() -> Self {
        Self(rusqlite::Connection::open_in_memory().expect("memory is there"))
    }

    pub(crate) fn target(&mut self) -> &mut rusqlite::Connection {
        &mut self.0
    }

    pub(crate) fn is_autocommit(&mut self) -> bool {
        self.0.is_autocommit()
    }

    pub(crate) fn wait_for_locks(&mut self, timeout: Duration) {
        self.0.busy_timeout(timeout).expect("it is a setting");
    }

    /// The first column of what a statement returns.
    pub(crate) fn column(&mut self, sql: &str) -> Result<Vec<String>, String> {
        let read = || {
            let mut statement = self.0.prepare(sql)?;
            let mut rows = statement.query(())?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push(match row.get::<_, rusqlite::types::Value>(0)? {
                    rusqlite::types::Value::Null => "NULL".to_owned(),
                    rusqlite::types::Value::Integer(integer) => integer.to_string(),
                    rusqlite::types::Value::Real(real) => real.to_string(),
                    rusqlite::types::Value::Text(text) => text,
                    rusqlite::types::Value::Blob(bytes) => format!("{bytes:?}"),
                });
            }
            Ok(all)
        };
        read().map_err(|error: rusqlite::Error| error.to_string())
    }
}

/// An empty database for the engine, over a driver of the tests' own.
pub(crate) fn scratch() -> OfEngine {
    let connection = rusqlite::Connection::open_in_memory().expect("memory is there");
    crate::functions::register(&connection);
    OfEngine::from_driver(Box::new(crate::custom::Own(connection)))
}
