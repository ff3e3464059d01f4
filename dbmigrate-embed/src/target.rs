//! What can be migrated, and the checks of it before the first statement runs.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dbmigrate_core::engine::apply::Database;
use dbmigrate_core::engine::connection::{Connection, integer, text};
use dbmigrate_core::engine::owner::{Owner, owner};
use dbmigrate_core::engine::{EngineError, Ignore};
use pollster::block_on;

use crate::error::{MigrateError, MigrateErrorKind};

/// A database that migrations can be applied to:
///
/// - `&libsql::Database`, built with `libsql::Builder::new_local`. The run opens a connection of its own. Use this in
///   an application with a connection pool.
/// - `&libsql::Connection` to a local database, which may be in memory. Nothing else may use the connection, or a clone
///   of it, until the run is done: other statements would be part of a migration's transaction.
/// - [`Server`](crate::Server), with the feature `remote`: a database on a libSQL server or at Turso.
///
/// Everything else that the first two can be (a remote database, an embedded replica) is refused, because the libsql
/// crate rewrites the SQL that it sends to a server.
pub trait Target: sealed::Open {}

impl Target for &libsql::Database {}
impl Target for &libsql::Connection {}
#[cfg(feature = "remote")]
impl Target for crate::Server {}
#[cfg(feature = "remote")]
impl Target for &crate::Server {}
impl<T> Target for &Arc<T> where for<'a> &'a T: Target {}

pub(crate) mod sealed {
    use std::sync::Arc;

    /// What a target is once its reference is no longer needed.
    #[expect(missing_debug_implementations, reason = "the crate's connections have none")]
    pub enum Opening {
        /// The application's connection.
        Borrowed(libsql::Connection),
        /// A connection of the run's own, if one could be made.
        Own(libsql::Result<libsql::Connection>),
        /// A server, to which nothing was sent yet.
        #[cfg(feature = "remote")]
        Server(Box<crate::Server>),
    }

    /// No targets but those of this crate.
    pub trait Open {
        /// Everything but the waiting: the reference ends here.
        fn open(self) -> Opening;
    }

    impl Open for &libsql::Database {
        fn open(self) -> Opening {
            Opening::Own(self.connect())
        }
    }

    impl Open for &libsql::Connection {
        fn open(self) -> Opening {
            Opening::Borrowed(self.clone())
        }
    }

    #[cfg(feature = "remote")]
    impl Open for crate::Server {
        fn open(self) -> Opening {
            Opening::Server(Box::new(self))
        }
    }

    #[cfg(feature = "remote")]
    impl Open for &crate::Server {
        fn open(self) -> Opening {
            self.clone().open()
        }
    }

    impl<T> Open for &Arc<T>
    where
        for<'a> &'a T: Open,
    {
        fn open(self) -> Opening {
            (&**self).open()
        }
    }
}

use sealed::Opening;

/// What to do about a database whose primary is somewhere else.
const SERVER_HELP: &str =
    "migrate the server: `MIGRATIONS.run(dbmigrate::migrate::Server::new(url).token(token))`, feature `remote`";

/// A database that was looked at and can be migrated.
pub(crate) struct Opened {
    pub(crate) database: Database,
    /// The busy timeout to put back, in milliseconds.
    busy_timeout: Option<i64>,
}

impl Opened {
    /// Looks at what was opened. Waits for locks of others as long as the connection did, but at least `busy_timeout`.
    pub(crate) fn new(opening: Opening, ignore: Ignore, busy_timeout: Duration) -> Result<Self, MigrateError> {
        let (inner, is_own) = match opening {
            Opening::Borrowed(connection) => (connection, false),
            Opening::Own(connected) => (connected.map_err(|error| cannot_open(error.into()))?, true),
            #[cfg(feature = "remote")]
            Opening::Server(server) => {
                return Ok(Self { database: server.database()?.ignoring(ignore), busy_timeout: None });
            }
        };
        if !is_local(&inner) {
            return Err(MigrateError::new(
                MigrateErrorKind::Target,
                "the database is remote or an embedded replica, and the libsql crate rewrites the SQL for those",
            )
            .with_help(SERVER_HELP));
        }
        if !inner.is_autocommit() {
            return Err(MigrateError::new(
                MigrateErrorKind::InTransaction,
                "the connection has an open transaction, and every migration needs its own",
            )
            .with_help("commit it first, or use another connection"));
        }
        let connection = Connection::from_libsql(inner);
        // before the first statement that needs a lock
        let before = block_on(connection.first_row("PRAGMA busy_timeout")).map_err(cannot_open)?;
        let before = before.map_or(0, |row| integer(&row[0]));
        let is_shorter = before < i64::try_from(busy_timeout.as_millis()).unwrap_or(i64::MAX);
        if is_shorter {
            connection.set_busy_timeout(busy_timeout).map_err(cannot_open)?;
        }
        let database = Database::from_connection(connection).ignoring(ignore);
        let opened = Self { database, busy_timeout: is_shorter.then_some(before) };
        match opened.check_place(is_own) {
            Ok(()) => Ok(opened),
            Err(error) => {
                opened.close();
                Err(error)
            }
        }
    }

    /// The application must see the changes to the database, and they must be permanent.
    fn check_place(&self, is_own: bool) -> Result<(), MigrateError> {
        let file = block_on(file_of(self.database.connection())).map_err(cannot_open)?;
        if file.is_empty() && is_own {
            return Err(MigrateError::new(
                MigrateErrorKind::Target,
                "the database is in memory, where every connection has its own",
            )
            .with_help("migrate the connection that the application uses: `MIGRATIONS.run(&connection)`"));
        }
        refuse_owned(Path::new(&file))
    }

    /// Restores everything, even after a panic in the middle of a migration.
    pub(crate) fn close(mut self) {
        use dbmigrate_core::engine::apply::Target as _;

        block_on(self.database.connection().roll_back());
        // there is nobody to tell, and the run has said what it could not put back
        let _ = block_on(self.database.finish());
        if let Some(before) = self.busy_timeout {
            let before = Duration::from_millis(u64::try_from(before).unwrap_or_default());
            let _ = self.database.connection().set_busy_timeout(before);
        }
    }
}

/// Whether a connection is one to a local database and nothing else. All others of the libsql crate answer everything
/// about extensions with one error, without asking a server; a local one cannot find the file, or does not look for it.
fn is_local(connection: &libsql::Connection) -> bool {
    let answer = connection.load_extension("_dbmigrate/no-such-extension", None);
    !matches!(answer, Err(libsql::Error::LoadExtensionNotSupported))
}

/// The file of the main database; empty for one in memory.
async fn file_of(connection: &Connection) -> Result<String, EngineError> {
    let row = connection.first_row("SELECT file FROM pragma_database_list WHERE name = 'main'").await?;
    Ok(row.map(|row| text(&row[0]).to_owned()).unwrap_or_default())
}

/// The file must not be a copy that is synchronized with another database, or the file of a server.
fn refuse_owned(file: &Path) -> Result<(), MigrateError> {
    match owner(file) {
        None => Ok(()),
        Some(owner) => {
            let message = format!("`{}` is {owner}", file.display());
            let help = match owner {
                Owner::Mvcc { .. } => "end that mode with Turso Database: `PRAGMA journal_mode = wal`",
                _ => SERVER_HELP,
            };
            Err(MigrateError::new(MigrateErrorKind::Target, message).with_help(help))
        }
    }
}

fn cannot_open(error: EngineError) -> MigrateError {
    MigrateError::engine("cannot open the database", error)
}
