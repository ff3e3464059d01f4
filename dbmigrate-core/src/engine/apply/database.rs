//! A database that migrations are applied to over a connection.

mod abandoned;
#[cfg(feature = "remote")]
mod ahead;
#[cfg(feature = "remote")]
mod altered;
mod batched;
mod beforehand;
mod checked;
mod expressions;
#[cfg(feature = "remote")]
mod forecast;
#[cfg(feature = "remote")]
mod judged;
#[cfg(feature = "remote")]
pub(super) mod known;
mod noted;
mod online;
mod part;
mod pieces;
#[cfg(feature = "remote")]
mod pipelined;
mod probes;
mod promised;
mod rebuilt;
mod references;
mod rows;
mod rust;
#[cfg(feature = "remote")]
mod steps;
mod swapped;
mod target;
#[cfg(feature = "remote")]
mod together;
mod transactions;
mod walk;
mod with_copy;

#[cfg(feature = "libsql")]
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

#[cfg(feature = "libsql")]
use thiserror::Error;

pub use batched::not_batched;

use super::{Failure, Meter, Step, Work};
use crate::engine::connection::{Connection, integer, text};
use crate::engine::engines::Engine;
use crate::engine::error::EngineError;
use crate::engine::ignore::Ignore;
#[cfg(feature = "libsql")]
use crate::engine::owner::{Owner, is_made_by_turso, owner};
use crate::engine::pieces::Limits;
use crate::engine::tracker::Tracker;
use crate::sql::name::quote_string;
use crate::sql::{Name, Statement, split};

pub use abandoned::GivenUp;

/// What is said when a transaction cannot be ended.
pub const CANNOT_COMMIT: &str = "cannot commit";

/// A local file, or a connection to one.
pub struct Database {
    connection: Connection,
    /// What `PRAGMA foreign_keys` was before it was turned off.
    foreign_keys: Option<bool>,
    /// How many threads may help to sort, as it was before more were allowed to.
    sorters: Option<i64>,
    /// From so many rows on, a rebuild may be done in another way than it is written.
    least_rows: u64,
    /// Conditions of rows that the preflights of the migration at work have found none of: the table, and the canonical text.
    sought: Vec<(Name, String)>,
    /// How many rebuilds of the migration at work were made without writing a row.
    made_in_place: usize,
    /// The preflights of the migration at work that wait for the copy of its rebuild.
    with_copy: Option<with_copy::WithCopy>,
    /// What is known of the migration at work.
    at_work: promised::AtWork,
    /// Whether it is a copy of a server's.
    is_like_server: bool,
    /// What is known of the rows of the migration at work because they were asked before there was a lock.
    beforehand: Option<beforehand::Beforehand>,
    /// What came of asking rows before there is a lock.
    asking: beforehand::Experience,
    /// From when on, asking all rows takes too long to be done with the lock.
    long: Duration,
    /// The schema, from the first time that it is needed.
    tracker: Option<Box<Tracker>>,
    ignore: Ignore,
    /// What is done about steps in Rust.
    rust: rust::Steps,
    has_history_table: bool,
    /// The position behind the last migration of this run, and [`Connection::data_version`] then.
    undisturbed: Option<(usize, i64)>,
    /// Whether what would be committed is rolled back instead.
    is_rehearsal: bool,
    /// Where somebody sees how far a statement is.
    work: Option<Arc<Work>>,
    /// Where somebody sees what the statements took.
    meter: Option<Arc<Meter>>,
    /// What [`Connection::data_version`] has to be, if only the rows of then may be migrated.
    data_version: Option<i64>,
    /// All that has to be recorded when the next migration begins, if it is not only its number.
    expected_history: Option<String>,
    /// How large the pieces of a long migration are.
    pace: Limits,
    /// Whether something hidden is left of a rebuild online.
    is_left_over: bool,
    /// Whether Turso Database has made the file.
    is_made_by_turso: bool,
    /// The counter of schema changes when the history was read, until somebody asks for it.
    version_with_history: Option<i64>,
    /// The state that is begun at, until the history is asked for, and from then on until it is left.
    #[cfg(feature = "remote")]
    from: Option<Arc<known::Base>>,
    #[cfg(feature = "remote")]
    base: Option<Arc<known::Base>>,
    /// What a server is asked together with its schema.
    #[cfg(feature = "remote")]
    ahead: ahead::Ahead,
    /// How often a transaction is begun again that a server took the lock from.
    #[cfg(feature = "remote")]
    retries: u32,
    /// Is told that it is, which time it is, and of how many.
    #[cfg(feature = "remote")]
    on_retry: Option<OnRetry>,
}

/// Is told that a transaction is begun again: which time it is, and of how many.
#[cfg(feature = "remote")]
pub type OnRetry = std::sync::Arc<dyn Fn(u32, u32) + Send + Sync>;

/// Why a file was not opened.
#[cfg(feature = "libsql")]
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The engine could not open it.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// It is not the user's own: what is changed there behind its owner's back is lost.
    #[error("`{}` is {owner}", path.display())]
    Owned {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        owner: Owner,
    },
}

impl Database {
    /// Opens a file.
    ///
    /// # Errors
    /// If it is a replica, or not a database, or cannot be opened.
    #[cfg(feature = "libsql")]
    pub async fn open(path: &Path, create: bool, busy_timeout: Duration) -> Result<Self, OpenError> {
        if let Some(owner) = owner(path) {
            return Err(OpenError::Owned { path: path.to_owned(), owner });
        }
        let is_made_by_turso = is_made_by_turso(path);
        let connection = Connection::open_waiting(path, create, busy_timeout).await?;
        Ok(Self::from_connection(connection).made_by_turso(is_made_by_turso))
    }

    /// Uses a connection that is open already. Its busy timeout is its owner's.
    pub fn from_connection(connection: Connection) -> Self {
        let pace = paced(&connection, Limits::default());
        Self {
            connection,
            foreign_keys: None,
            sorters: None,
            least_rows: LEAST_ROWS,
            sought: Vec::new(),
            made_in_place: 0,
            with_copy: None,
            at_work: promised::AtWork::default(),
            is_like_server: false,
            beforehand: None,
            asking: beforehand::Experience::default(),
            long: beforehand::LONG,
            tracker: None,
            ignore: Ignore::default(),
            rust: rust::Steps::default(),
            has_history_table: false,
            undisturbed: None,
            is_rehearsal: false,
            work: None,
            meter: None,
            data_version: None,
            expected_history: None,
            pace,
            is_left_over: false,
            is_made_by_turso: false,
            version_with_history: None,
            #[cfg(feature = "remote")]
            from: None,
            #[cfg(feature = "remote")]
            base: None,
            #[cfg(feature = "remote")]
            ahead: ahead::Ahead::default(),
            #[cfg(feature = "remote")]
            retries: RETRIES,
            #[cfg(feature = "remote")]
            on_retry: None,
        }
    }

    /// Whether Turso Database has made the file, or the one that it is a copy of.
    #[must_use]
    pub fn made_by_turso(mut self, is_so: bool) -> Self {
        self.is_made_by_turso = is_so;
        self
    }

    /// The database on a server. Nothing is sent yet.
    #[cfg(feature = "remote")]
    pub fn on_server(client: crate::engine::remote::Client) -> Self {
        Self::from_connection(Connection::to_server(client))
    }

    /// How often a transaction is begun again that a server took the lock from because it took too long and another
    /// writer was waiting.
    #[cfg(feature = "remote")]
    #[must_use]
    pub fn retrying(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Who is told of it.
    #[cfg(feature = "remote")]
    #[must_use]
    pub fn telling_of_retries(mut self, on_retry: OnRetry) -> Self {
        self.on_retry = Some(on_retry);
        self
    }

    /// Does everything as it would be done, in one transaction that is rolled back at its end.
    #[must_use]
    pub fn rehearsing(mut self) -> Self {
        self.is_rehearsal = true;
        self
    }

    /// Tells somebody how far the statements of migrations are. On a server nobody knows.
    ///
    /// # Errors
    /// If the engine does not tell.
    pub fn showing(mut self, work: &Arc<Work>) -> Result<Self, EngineError> {
        self.connection.tell_of_rows(Arc::clone(work))?;
        self.work = Some(Arc::clone(work));
        Ok(self)
    }

    /// Tells somebody what each statement of a migration takes and writes.
    #[must_use]
    pub fn measuring(mut self, meter: &Arc<Meter>) -> Self {
        self.meter = Some(Arc::clone(meter));
        self
    }

    /// Migrates nothing once another connection has written since it had this [`Connection::data_version`], read over this
    /// connection. On a server, each migration then takes several requests, and is looked at with the lock held.
    #[must_use]
    pub fn only_at(mut self, data_version: i64) -> Self {
        self.data_version = Some(data_version);
        self
    }

    /// Rebuilds tables in a way that leads to the same with less work, where there is one, from so many rows on; with
    /// `u64::MAX`, never.
    #[must_use]
    pub fn sparing_from(mut self, least_rows: u64) -> Self {
        self.least_rows = least_rows;
        self
    }

    /// Asks rows before it takes the lock if that takes at least so long.
    #[must_use]
    pub fn asking_beforehand_from(mut self, long: Duration) -> Self {
        self.long = long;
        self
    }

    /// How large the pieces of migrations are that are several transactions.
    #[must_use]
    pub fn pacing(mut self, limits: Limits) -> Self {
        self.pace = paced(&self.connection, limits);
        self
    }

    /// Hides what is somebody else's.
    #[must_use]
    pub fn ignoring(mut self, ignore: Ignore) -> Self {
        self.ignore = ignore;
        self.tracker = None;
        self
    }

    /// What is hidden.
    pub fn ignored(&self) -> &Ignore {
        &self.ignore
    }

    /// The connection.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Gives the connection back.
    pub fn into_connection(self) -> Connection {
        self.connection
    }

    async fn tracker(&mut self) -> Result<&mut Tracker, EngineError> {
        if self.tracker.is_none() && self.connection.is_local() {
            self.connection.engine().await?;
        }
        let tracker = match self.tracker.take() {
            Some(tracker) => tracker,
            #[cfg(feature = "remote")]
            None if self.connection.server().is_some() && self.connection.is_autocommit() => {
                Box::new(self.look_at_server().await?)
            }
            None => Box::new(Tracker::new(&self.connection, self.ignore.clone()).await?),
        };
        Ok(self.tracker.insert(tracker))
    }

    /// Foreign keys are off while migrations run: `DROP TABLE` in a rebuild would fire `ON DELETE` actions, and the
    /// pragma has no effect inside of a transaction (sqlite.org/foreignkeys.html#fk_enable).
    async fn turn_foreign_keys_off(&mut self) -> Result<(), EngineError> {
        if self.foreign_keys.is_none() {
            self.foreign_keys = Some(self.connection.turn_foreign_keys_off().await?);
            self.let_threads_sort().await?;
        }
        Ok(())
    }

    /// Lets another thread sort while rows are read for an index (sqlite.org/pragma.html#pragma_threads): small indexes
    /// never start one.
    async fn let_threads_sort(&mut self) -> Result<(), EngineError> {
        let has_threads = std::thread::available_parallelism().is_ok_and(|count| count.get() > 1);
        if !has_threads || !self.connection.is_local() || self.connection.engine().await? != Engine::LibSql {
            return Ok(());
        }
        let row = self.connection.first_row("PRAGMA threads").await?;
        if let Some(0) = row.and_then(|row| row.first().map(integer)) {
            self.connection.run("PRAGMA threads = 1").await?;
            self.sorters = Some(0);
        }
        Ok(())
    }

    /// The triggers of a table.
    async fn triggers_on(&self, table: &Name) -> Result<Vec<Name>, EngineError> {
        let table = quote_string(table.as_str());
        let query =
            format!("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = {table} COLLATE NOCASE");
        let rows = self.connection.rows(&query).await?;
        Ok(rows.iter().map(|row| Name::from(text(&row[0]))).collect())
    }

    async fn begin(&mut self) -> Result<(), Failure> {
        let engine = |action| move |error| Failure::Engine { action, error };
        self.turn_foreign_keys_off().await.map_err(engine("cannot turn foreign keys off"))?;
        self.connection.begin().await.map_err(engine("cannot begin a transaction"))
    }

    /// Commits if it was this runner's turn and all went well, else leaves no trace.
    async fn end(&mut self, result: Result<bool, Failure>, started: Instant) -> Result<Step, Failure> {
        match result {
            Ok(true) if self.is_rehearsal => {
                self.roll_back().await;
                Ok(Step::Applied { milliseconds: milliseconds(started) })
            }
            Ok(true) => {
                if let Err(error) = self.connection.commit().await {
                    self.roll_back().await;
                    return Err(Failure::Engine { action: CANNOT_COMMIT, error });
                }
                Ok(Step::Applied { milliseconds: milliseconds(started) })
            }
            Ok(false) => {
                self.roll_back().await;
                Ok(Step::Overtaken)
            }
            Err(failure) => {
                self.roll_back().await;
                Err(failure)
            }
        }
    }

    /// Whether the schema was changed since it was read.
    async fn is_outdated(&self) -> Result<bool, EngineError> {
        match &self.tracker {
            Some(tracker) => Ok(!tracker.is_current(&self.connection).await?),
            None => Ok(false),
        }
    }

    async fn forget_what_is_outdated(&mut self) -> Result<(), EngineError> {
        if self.is_outdated().await? {
            self.tracker = None;
        }
        Ok(())
    }

    async fn roll_back(&mut self) {
        // what the transaction changed is not in the database, so it must not be in the tracker either
        self.tracker = None;
        self.has_history_table = false;
        (self.undisturbed, self.with_copy) = (None, None);
        self.connection.roll_back().await;
    }
}

/// In smaller tables, little is spared.
const LEAST_ROWS: u64 = 20_000;

/// How often a transaction is begun again that a server took the lock from.
#[cfg(feature = "remote")]
const RETRIES: u32 = 3;

/// What is wanted of pieces in that database.
fn paced(connection: &Connection, limits: Limits) -> Limits {
    if connection.is_local() { limits } else { limits.on_server() }
}

fn split_all<'s>(texts: &[&'s str]) -> Vec<Statement<'s>> {
    texts.iter().flat_map(|text| split(text)).collect()
}

fn cannot_read(error: EngineError) -> Failure {
    Failure::Engine { action: "cannot read the schema", error }
}

fn milliseconds(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}
