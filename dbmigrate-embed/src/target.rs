//! What can be migrated, and the checks of it before the first statement runs.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dbmigrate_core::engine::apply::Database;
use dbmigrate_core::engine::connection::{Connection, integer, text};
use dbmigrate_core::engine::driver::{Driver, Scratch};
use dbmigrate_core::engine::error::ErrorKind;
use dbmigrate_core::engine::owner::{Owner, owner, owner_beside};
use dbmigrate_core::engine::step::StepFn;
use dbmigrate_core::engine::{EngineError, Ignore};
use pollster::block_on;

use crate::error::{MigrateError, MigrateErrorKind};
use crate::steps::Registered;

/// A database that migrations can be applied to. Each kind is behind the feature of its crate:
///
/// - `libsql`: `&libsql::Database`, built with `libsql::Builder::new_local`. The run opens a connection of its own. Use
///   this in an application with several connections. Or `&libsql::Connection` to a local database, which may be in
///   memory.
/// - `rusqlite`: `&mut rusqlite::Connection`.
/// - `sqlx`: `&sqlx::SqlitePool`, of which the run takes one connection, or `&mut sqlx::SqliteConnection`.
/// - `remote`: [`Server`](crate::Server), a database on a libSQL server or at Turso.
/// - Any other connection: [`OnDriver`](crate::OnDriver) and [`OnAsyncDriver`](crate::OnAsyncDriver).
///
/// Nothing else may use the connection, or a clone of it, until the run is done: other statements would be part of a
/// migration's transaction. `'t` is how long it is borrowed; what has a connection of its own lives on its own.
///
/// A remote `libsql::Database` and an embedded replica are refused, because the libsql crate rewrites the SQL that it
/// sends to a server.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no database that migrations can be applied to",
    note = "each kind of connection needs a feature of `dbmigrate-rs`: `libsql`, `rusqlite`, `sqlx` or `remote`",
    note = "a `rusqlite::Connection` and a `sqlx::SqliteConnection` are lent as `&mut`, others as `&`"
)]
pub trait Target<'t>: sealed::Open<'t> {}

#[cfg(feature = "remote")]
impl Target<'static> for crate::Server {}
#[cfg(feature = "remote")]
impl Target<'static> for &crate::Server {}

pub(crate) mod sealed {
    use dbmigrate_core::engine::driver::Driver;

    use crate::error::MigrateError;
    use crate::lent::Lender;

    /// What a target is once its reference is no longer needed, or has to be lent.
    #[expect(missing_debug_implementations, reason = "the crates' connections have none")]
    pub enum Opening<'t> {
        /// A connection that the run has, its own or one that is shared.
        Owned {
            /// What runs statements.
            driver: Box<dyn Driver>,
            /// Whether the run has opened it.
            is_own: bool,
        },
        /// A connection that stays where it is.
        Lent(Lender<'t>),
        /// A server, to which nothing was sent yet.
        #[cfg(feature = "remote")]
        Server(Box<crate::Server>),
        /// None that can be migrated.
        Refused(MigrateError),
    }

    /// No targets but those of this crate.
    pub trait Open<'t> {
        /// Everything but the waiting.
        fn open(self) -> Opening<'t>;
    }

    #[cfg(feature = "remote")]
    impl Open<'static> for crate::Server {
        fn open(self) -> Opening<'static> {
            Opening::Server(Box::new(self))
        }
    }

    #[cfg(feature = "remote")]
    impl Open<'static> for &crate::Server {
        fn open(self) -> Opening<'static> {
            self.clone().open()
        }
    }
}

/// What the runner's thread gets of a target.
pub(crate) enum Source {
    /// What runs statements, and whether the run has opened it.
    Driver(Box<dyn Driver>, bool),
    #[cfg(feature = "remote")]
    Server(Box<crate::Server>),
}

impl Source {
    /// What opens databases in memory, for what has to be tried.
    pub(crate) fn scratch(&self) -> Option<Scratch> {
        match self {
            Self::Driver(driver, _) => driver.scratch(),
            #[cfg(feature = "remote")]
            Self::Server(server) => server.scratch(),
        }
    }
}

/// What to do about a database whose primary is somewhere else.
pub(crate) const SERVER_HELP: &str =
    "migrate the server: `MIGRATIONS.run(dbmigrate::migrate::Server::new(url).token(token))`, feature `remote`";

/// A database that was looked at and can be migrated.
pub(crate) struct Opened {
    pub(crate) database: Database,
    /// The busy timeout to put back, in milliseconds.
    busy_timeout: Option<i64>,
    /// Its file, if it has one.
    file: String,
}

impl Opened {
    /// Looks at what was opened. Waits for locks of others as long as the connection did, but at least `busy_timeout`.
    pub(crate) fn new(source: Source, ignore: Ignore, busy_timeout: Duration) -> Result<Self, MigrateError> {
        let (mut driver, is_own) = match source {
            Source::Driver(driver, is_own) => (driver, is_own),
            #[cfg(feature = "remote")]
            Source::Server(server) => {
                let database = server.database()?.ignoring(ignore);
                return Ok(Self { database, busy_timeout: None, file: String::new() });
            }
        };
        if !driver.is_autocommit().map_err(cannot_open)? {
            return Err(MigrateError::new(
                MigrateErrorKind::InTransaction,
                "the connection has an open transaction, and every migration needs its own",
            )
            .with_help("commit it first, or use another connection"));
        }
        let connection = Connection::from_driver(driver);
        // before the first statement that needs a lock
        let before = block_on(connection.first_row("PRAGMA busy_timeout")).map_err(cannot_open)?;
        let before = before.map_or(0, |row| integer(&row[0]));
        let is_shorter = before < i64::try_from(busy_timeout.as_millis()).unwrap_or(i64::MAX);
        if is_shorter {
            connection.set_busy_timeout(busy_timeout).map_err(cannot_open)?;
        }
        let database = Database::from_connection(connection).ignoring(ignore);
        let mut opened = Self { database, busy_timeout: is_shorter.then_some(before), file: String::new() };
        match opened.check_place(is_own) {
            Ok(file) => {
                opened.file = file;
                Ok(opened)
            }
            Err(error) => {
                opened.close();
                Err(error)
            }
        }
    }

    /// With the steps in Rust that the migrations have.
    pub(crate) fn with_steps(mut self, steps: &'static [(&'static str, StepFn)]) -> Self {
        self.database = self.database.with_steps(Arc::new(Registered(steps)));
        self
    }

    /// The same error, or why the engine does not know the file as a database, if it is somebody's who writes another
    /// format. Only such a file is opened besides the engine, which then has no locks on it.
    pub(crate) fn explained(&self, error: MigrateError) -> MigrateError {
        if !error.is_of(ErrorKind::NotADatabase) {
            return error;
        }
        let file = Path::new(&self.file);
        owner(file).map_or(error, |owner| refused(file, &owner))
    }

    /// The application must see the changes to the database, and they must be permanent. Returns its file.
    fn check_place(&self, is_own: bool) -> Result<String, MigrateError> {
        let file = block_on(file_of(self.database.connection())).map_err(cannot_open)?;
        if file.is_empty() && is_own {
            return Err(MigrateError::new(
                MigrateErrorKind::Target,
                "the database is in memory, where every connection has its own",
            )
            .with_help("migrate the connection that the application uses: `MIGRATIONS.run(&connection)`"));
        }
        // a copy that is synchronized with another database, or the file of a server
        match owner_beside(Path::new(&file)) {
            Some(owner) => Err(refused(Path::new(&file), &owner)),
            None => Ok(file),
        }
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

/// The file of the main database; empty for one in memory.
async fn file_of(connection: &Connection) -> Result<String, EngineError> {
    let row = connection.first_row("SELECT file FROM pragma_database_list WHERE name = 'main'").await?;
    Ok(row.map(|row| text(&row[0]).to_owned()).unwrap_or_default())
}

fn refused(file: &Path, owner: &Owner) -> MigrateError {
    let message = format!("`{}` is {owner}", file.display());
    let help = match owner {
        Owner::Mvcc { .. } => "end that mode with Turso Database: `PRAGMA journal_mode = wal`",
        _ => SERVER_HELP,
    };
    MigrateError::new(MigrateErrorKind::Target, message).with_help(help)
}

pub(crate) fn cannot_open(error: EngineError) -> MigrateError {
    MigrateError::engine("cannot open the database", error)
}
