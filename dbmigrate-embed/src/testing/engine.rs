//! The engine of the program, which makes templates and applies the migrations of tests: that of the driver which is linked.

use std::path::Path;

use dbmigrate_core::engine::{Connection, EngineError};
use pollster::block_on;

/// What the engine is called: what one writes, another may not read.
pub(super) const NAME: &str = if cfg!(feature = "libsql") { "libsql" } else { "sqlite" };

/// Opens a file that no other connection uses: it waits for no disk, because what is lost when the machine stops is a
/// test's.
///
/// # Errors
/// If it cannot be opened.
pub(super) fn open(path: &Path) -> Result<Connection, EngineError> {
    let connection = connected(path)?;
    for pragma in ["PRAGMA journal_mode = MEMORY", "PRAGMA synchronous = OFF", "PRAGMA foreign_keys = ON"] {
        block_on(connection.rows(pragma))?;
    }
    Ok(connection)
}

#[cfg(feature = "libsql")]
fn connected(path: &Path) -> Result<Connection, EngineError> {
    block_on(Connection::open(path, true))
}

#[cfg(all(feature = "rusqlite", not(feature = "libsql")))]
fn connected(path: &Path) -> Result<Connection, EngineError> {
    crate::driver::rusqlite::open(path).map(Connection::from_driver)
}

#[cfg(all(feature = "sqlx", not(any(feature = "rusqlite", feature = "libsql"))))]
fn connected(path: &Path) -> Result<Connection, EngineError> {
    crate::driver::sqlx::open(path).map(Connection::from_driver)
}

#[cfg(not(any(feature = "libsql", feature = "rusqlite", feature = "sqlx")))]
fn connected(_: &Path) -> Result<Connection, EngineError> {
    use dbmigrate_core::engine::error::ErrorKind;

    let message = "no feature of `dbmigrate-rs` names the crate that opens databases: `libsql`, `rusqlite` or `sqlx`";
    Err(EngineError { kind: ErrorKind::CannotOpen, message: message.to_owned() })
}
