//! The engine of the program, which makes templates and applies the migrations of tests: whichever is linked.

use std::path::Path;

use dbmigrate_core::engine::{Connection, EngineError};
use pollster::block_on;

/// What the engine is called: what one writes, another may not read.
pub(super) const NAME: &str = "libsql";

/// Opens a file that no other connection uses: it waits for no disk, because what is lost when the machine stops is a
/// test's.
///
/// # Errors
/// If it cannot be opened.
pub(super) fn open(path: &Path, create: bool) -> Result<Connection, EngineError> {
    let connection = block_on(Connection::open(path, create))?;
    for pragma in ["PRAGMA journal_mode = MEMORY", "PRAGMA synchronous = OFF", "PRAGMA foreign_keys = ON"] {
        block_on(connection.rows(pragma))?;
    }
    Ok(connection)
}
