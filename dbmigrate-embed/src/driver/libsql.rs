//! Connections and local databases of the crate `libsql`.

use std::path::Path;
use std::sync::Arc;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::driver::{Driver, from_libsql};
use libsql::{Connection, Database, Error};
use pollster::block_on;

use crate::error::{MigrateError, MigrateErrorKind};
use crate::target::sealed::{Open, Opening};
use crate::target::{SERVER_HELP, Target, cannot_open};

impl Target<'static> for &Database {}
impl Target<'static> for &Connection {}
impl Target<'static> for &Arc<Database> {}
impl Target<'static> for &Arc<Connection> {}

impl Open<'static> for &Database {
    fn open(self) -> Opening<'static> {
        match self.connect() {
            Ok(connection) => opening(connection, true),
            Err(error) => Opening::Refused(cannot_open(error.into())),
        }
    }
}

impl Open<'static> for &Connection {
    fn open(self) -> Opening<'static> {
        opening(self.clone(), false)
    }
}

impl Open<'static> for &Arc<Database> {
    fn open(self) -> Opening<'static> {
        (&**self).open()
    }
}

impl Open<'static> for &Arc<Connection> {
    fn open(self) -> Opening<'static> {
        (&**self).open()
    }
}

/// Opens a file.
///
/// # Errors
/// If it cannot be opened.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Driver>, EngineError> {
    // a local file waits for nothing
    let database = block_on(libsql::Builder::new_local(path).build())?;
    Ok(from_libsql(database.connect()?))
}

fn opening(connection: Connection, is_own: bool) -> Opening<'static> {
    if !is_local(&connection) {
        return Opening::Refused(
            MigrateError::new(
                MigrateErrorKind::Target,
                "the database is remote or an embedded replica, and the libsql crate rewrites the SQL for those",
            )
            .with_help(SERVER_HELP),
        );
    }
    Opening::Owned { driver: from_libsql(connection), is_own }
}

/// Whether a connection is one to a local database and nothing else. All others of the crate answer everything about
/// extensions with one error, without asking a server; a local one cannot find the file, or does not look for it.
fn is_local(connection: &Connection) -> bool {
    let answer = connection.load_extension("_dbmigrate/no-such-extension", None);
    !matches!(answer, Err(Error::LoadExtensionNotSupported))
}
