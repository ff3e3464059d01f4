//! A database that migrations are applied to over a connection.

#[cfg(feature = "remote")]
mod ahead;
mod checked;
mod expressions;
#[cfg(feature = "remote")]
mod forecast;
mod part;
#[cfg(feature = "remote")]
mod pipelined;
mod references;
mod rows;
#[cfg(feature = "remote")]
mod steps;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use checked::Wanted;
use thiserror::Error;

#[cfg(feature = "remote")]
use super::Announcement;
use super::adopt::{Adoption, Refusal};
use super::history::{self, Record, RecordKind};
use super::{Answer, Attempt, FailingRows, Failure, Finding, Loss, Prepared, Push, Step, Stop, Target, Work};
use crate::engine::check::{Broken, broken_objects};
use crate::engine::connection::{Connection, Row, display, integer};
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::ignore::Ignore;
use crate::engine::introspect::{HISTORY_TABLE, Introspected, Unreadable, introspect_without};
use crate::engine::owner::{Owner, owner};
use crate::engine::tracker::{Tracker, schema_version};
use crate::folder::Script;
use crate::plan::Preflight;
use crate::schema::Schema;
use crate::schema::canonical::SchemaHash;
use crate::sql::{Statement, split};

/// What is said when a transaction cannot be ended.
pub const CANNOT_COMMIT: &str = "cannot commit";

/// A local file, or a connection to one.
pub struct Database {
    connection: Connection,
    /// What `PRAGMA foreign_keys` was before it was turned off.
    foreign_keys: Option<bool>,
    /// The schema, from the first time that it is needed.
    tracker: Option<Box<Tracker>>,
    ignore: Ignore,
    has_history_table: bool,
    /// Whether what would be committed is rolled back instead.
    is_rehearsal: bool,
    /// Where somebody sees how far a statement is.
    work: Option<Arc<Work>>,
    /// The counter of schema changes when the history was read, until somebody asks for it.
    version_with_history: Option<i64>,
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
    pub async fn open(path: &Path, create: bool, busy_timeout: Duration) -> Result<Self, OpenError> {
        if let Some(owner) = owner(path) {
            return Err(OpenError::Owned { path: path.to_owned(), owner });
        }
        let connection = Connection::open_waiting(path, create, busy_timeout).await?;
        Ok(Self::from_connection(connection))
    }

    /// Uses a connection that is open already. Its busy timeout is its owner's.
    pub fn from_connection(connection: Connection) -> Self {
        Self {
            connection,
            foreign_keys: None,
            tracker: None,
            ignore: Ignore::default(),
            has_history_table: false,
            is_rehearsal: false,
            work: None,
            version_with_history: None,
            #[cfg(feature = "remote")]
            ahead: ahead::Ahead::default(),
            #[cfg(feature = "remote")]
            retries: RETRIES,
            #[cfg(feature = "remote")]
            on_retry: None,
        }
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
        }
        Ok(())
    }

    /// Whether the history is still as long as it was read, now that nobody else can write.
    async fn is_at(&mut self, position: usize) -> Result<bool, EngineError> {
        if !self.has_history_table {
            history::create(&self.connection).await?;
            self.has_history_table = true;
        }
        let query = format!("SELECT max(position) FROM {HISTORY_TABLE}");
        let last = self.connection.first_row(&query).await?.map_or(0, |row| integer(&row[0]));
        Ok(usize::try_from(last) == Ok(position))
    }

    async fn record(&self, migration: &Prepared<'_>, position: usize, duration: u64) -> Result<(), EngineError> {
        // beside a drift, the database is not what the migration leads to
        let version = match (&migration.drift, &self.tracker) {
            (Some(_), _) => None,
            // nothing has changed since the result was looked at
            (None, Some(tracker)) => Some(tracker.version()),
            (None, None) => Some(schema_version(&self.connection).await?),
        };
        history::insert(&self.connection, migration.migration, position, duration, RecordKind::Migration, version).await
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

    /// Applies one migration behind `position` others, or nothing at all.
    async fn apply_one(&mut self, migration: &Prepared<'_>, position: usize) -> Result<Step, Failure> {
        let started = Instant::now();
        self.begin().await?;
        let result = match self.is_turn(position).await {
            Ok(true) => self.apply_inside(migration, position, started).await.map(|()| true),
            other => other,
        };
        self.end(result, started).await
    }

    /// Applies migrations, together or one after the other.
    async fn apply_all(&mut self, migrations: &[Prepared<'_>], position: usize, atomic: bool) -> Attempt {
        #[cfg(feature = "remote")]
        if self.connection.server().is_some() {
            return self.apply_pipelined(migrations, position, atomic).await;
        }
        if atomic {
            return self.apply_together(migrations, position).await;
        }
        let mut attempt = Attempt::default();
        for (at, migration) in migrations.iter().enumerate() {
            let one = Attempt::from(self.apply_one(migration, position + at).await);
            attempt.applied.extend(one.applied);
            attempt.stopped = one.stopped.map(|stop| match stop {
                Stop::Failed { failure, .. } => Stop::Failed { at, failure },
                Stop::Overtaken => Stop::Overtaken,
            });
            if attempt.stopped.is_some() {
                break;
            }
        }
        attempt
    }

    /// Applies migrations in one transaction, all or none.
    async fn apply_together(&mut self, migrations: &[Prepared<'_>], position: usize) -> Attempt {
        let begun = Instant::now();
        if let Err(failure) = self.begin().await {
            return Attempt::failed(0, failure);
        }
        let (mut applied, mut at) = (Vec::with_capacity(migrations.len()), 0);
        let mut result = self.is_turn(position).await;
        while let (Ok(true), Some(migration)) = (&result, migrations.get(at)) {
            let started = Instant::now();
            match self.apply_inside(migration, position + at, started).await {
                Ok(()) => {
                    applied.push(milliseconds(started));
                    at += 1;
                }
                Err(failure) => result = Err(failure),
            }
        }
        // the commit is that of the last one
        let last = migrations.len().saturating_sub(1);
        match self.end(result, begun).await {
            Ok(Step::Applied { .. }) => Attempt { applied, stopped: None },
            Ok(Step::Overtaken) => Attempt { applied: Vec::new(), stopped: Some(Stop::Overtaken) },
            Err(failure) => Attempt::failed(at.min(last), failure),
        }
    }

    /// Whether what was compared before the lock was held is what is there now.
    async fn is_turn(&mut self, position: usize) -> Result<bool, Failure> {
        let is_turn = match self.is_outdated().await {
            Ok(false) => self.is_at(position).await,
            outdated => outdated.map(|_| false),
        };
        is_turn.map_err(|error| Failure::Engine { action: "cannot read the history", error })
    }

    /// What happens between `BEGIN` and `COMMIT`, once it is clear that it is this migration's turn.
    async fn apply_inside(
        &mut self,
        migration: &Prepared<'_>,
        position: usize,
        started: Instant,
    ) -> Result<(), Failure> {
        self.preflights(migration).await?;
        // the history table may be new
        self.forget_what_is_outdated().await.map_err(cannot_read)?;
        let wanted = self.wanted(migration).await.map_err(cannot_read)?;
        self.try_expressions(&migration.script.statements).await?;
        self.run_checked(&migration.script.statements, &wanted).await?;
        let duration = milliseconds(started);
        self.record(migration, position, duration)
            .await
            .map_err(|error| Failure::Engine { action: "cannot record the migration", error })
    }

    /// Makes a change that is no migration, or nothing at all.
    async fn push_once(&mut self, push: &Push<'_>) -> Result<Step, Failure> {
        let started = Instant::now();
        self.begin().await?;
        let result = self.push_inside(push).await;
        let result = self.end(result, started).await;
        match result {
            Err(failure) => Err(self.pointed_out(failure, &[], &split_all(&push.statements)).await),
            done => done,
        }
    }

    /// The same for a change that is no migration: false if the database is no longer what it was planned on.
    async fn push_inside(&mut self, push: &Push<'_>) -> Result<bool, Failure> {
        self.forget_what_is_outdated().await.map_err(cannot_read)?;
        let tracker = self.tracker().await.map_err(cannot_read)?;
        if tracker.hash() != SchemaHash::of(&push.before.schema) || tracker.unreadable() != push.before.unreadable {
            return Ok(false);
        }
        let found = self.findings(push.preflights).await.map_err(|(query, error)| Failure::Statement {
            number: 0,
            line: 0,
            statement: query,
            error,
        })?;
        if !found.is_empty() {
            return Err(Failure::Contradicted { found });
        }
        let statements = split_all(&push.statements);
        self.try_expressions(&statements).await?;
        let wanted = Wanted {
            hash: Some(SchemaHash::of(push.wanted).to_hex()),
            unreadable: &push.before.unreadable,
            // a view that nobody could use before is no fault of the change
            broken: broken_objects(&self.connection, &push.before.schema).await.map_err(cannot_read)?,
            unchecked: push.wanted.unchecked().cloned().collect(),
            drift: None,
        };
        self.run_checked(&statements, &wanted).await?;
        if let Some(migrations) = push.history {
            let action = "cannot record the migrations";
            history::replace(&self.connection, migrations).await.map_err(|error| Failure::Engine { action, error })?;
        }
        Ok(true)
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

    /// What an adoption does between `BEGIN` and `COMMIT`.
    async fn adopt_inside(&mut self, adoption: &Adoption<'_>) -> Result<Option<Refusal>, EngineError> {
        if !history::read(&self.connection).await?.0.is_empty() {
            return Ok(Some(Refusal::HasHistory));
        }
        if !self.has_schema(&adoption.schema_hash).await? {
            return Ok(Some(Refusal::OtherSchema));
        }
        if let Some(query) = &adoption.expect_none
            && self.connection.first_row(query).await?.is_some()
        {
            return Ok(Some(Refusal::Changed));
        }
        history::create(&self.connection).await?;
        let version = Some(schema_version(&self.connection).await?);
        for (position, migration) in adoption.migrations.iter().enumerate() {
            history::insert(&self.connection, migration, position, 0, adoption.kind, version).await?;
        }
        Ok(None)
    }

    async fn roll_back(&mut self) {
        // what the transaction changed is not in the database, so it must not be in the tracker either
        self.tracker = None;
        self.has_history_table = false;
        self.connection.roll_back().await;
    }
}

/// How often a transaction is begun again that a server took the lock from.
#[cfg(feature = "remote")]
const RETRIES: u32 = 3;

impl Target for Database {
    fn is_rehearsal(&self) -> bool {
        self.is_rehearsal
    }

    fn at_once(&self) -> usize {
        if self.is_rehearsal {
            return usize::MAX;
        }
        #[cfg(feature = "remote")]
        if self.connection.server().is_some() {
            return usize::MAX;
        }
        1
    }

    #[cfg(feature = "remote")]
    fn expect(&mut self, scripts: &[Script<'_>]) {
        if self.connection.server().is_some() {
            let losses = scripts.iter().flat_map(|script| rows::countable(script).map(|(_, query)| query));
            let rebuilt = scripts.iter().flat_map(|script| ahead::rebuilt_tables(&script.statements));
            let queries = losses.chain(rebuilt.map(|table| ahead::rows_query(&table))).collect();
            self.ahead.expect(queries);
        }
    }

    #[cfg(feature = "remote")]
    fn announcements(&self, script: &Script<'_>) -> Vec<Announcement> {
        if self.connection.server().is_some() { self.announced(script) } else { Vec::new() }
    }

    #[cfg(feature = "remote")]
    fn expect_migrations(&mut self, count: usize) {
        self.ahead.migrations = Some(count);
    }

    async fn history(&mut self) -> Result<Vec<Record>, EngineError> {
        #[cfg(feature = "remote")]
        if let Some(history) = self.history_with_schema()? {
            return Ok(history);
        }
        let (history, version) = history::read(&self.connection).await?;
        self.version_with_history = Some(version);
        Ok(history)
    }

    async fn schema(&mut self) -> Result<(Schema, Vec<Unreadable>), EngineError> {
        let tracker = self.tracker().await?;
        Ok((tracker.schema().clone(), tracker.unreadable().to_vec()))
    }

    async fn schema_version(&mut self) -> Result<Option<i64>, EngineError> {
        match self.version_with_history.take() {
            Some(version) => Ok(Some(version)),
            None => schema_version(&self.connection).await.map(Some),
        }
    }

    async fn rows(&mut self, query: &str) -> Result<Vec<Row>, EngineError> {
        self.connection.rows(query).await
    }

    async fn has_schema(&mut self, hash: &str) -> Result<bool, EngineError> {
        // read anew: another runner may have been here
        #[cfg(feature = "remote")]
        let is_fresh = self.is_fresh();
        #[cfg(not(feature = "remote"))]
        let is_fresh = false;
        if !is_fresh {
            self.tracker = None;
        }
        let tracker = self.tracker().await?;
        let is_right = tracker.unreadable().is_empty() && tracker.hash().to_hex() == hash;
        #[cfg(feature = "remote")]
        self.ask_expected().await?;
        Ok(is_right)
    }

    async fn losses(&mut self, script: &Script<'_>) -> Vec<Loss> {
        self.counted_losses(script).await
    }

    async fn introspected(&mut self) -> Result<Introspected, EngineError> {
        introspect_without(&self.connection, &self.ignore).await
    }

    async fn broken(&mut self, schema: &Schema) -> Result<Vec<Broken>, EngineError> {
        broken_objects(&self.connection, schema).await
    }

    async fn ask(&mut self, queries: &[String]) -> Result<Vec<Answer>, EngineError> {
        let answers = self.connection.first_rows_shown(queries).await?;
        let shown = |row: Option<Row>| row.map(|values| values.iter().map(display).collect());
        Ok(answers.into_iter().map(|answer| answer.map(shown)).collect())
    }

    async fn contradictions(&mut self, preflights: &[Preflight]) -> Result<Vec<Finding>, (String, EngineError)> {
        self.findings(preflights).await
    }

    async fn failing_rows(&mut self, statements: &[&str]) -> Result<Vec<FailingRows>, EngineError> {
        self.rows_to_fail(&split_all(statements)).await
    }

    async fn push(&mut self, push: &Push<'_>) -> Result<Step, Failure> {
        #[cfg(feature = "remote")]
        if self.connection.server().is_some() {
            if push.history.is_some() {
                let message = "the history of a database on a server is not replaced".to_owned();
                let error = EngineError { kind: ErrorKind::Statement, message };
                return Err(Failure::Engine { action: "cannot record the migrations", error });
            }
            return self.push_to_server(push).await;
        }
        self.push_once(push).await
    }

    async fn apply(&mut self, migrations: &[Prepared<'_>], position: usize, atomic: bool) -> Attempt {
        // what the second one needs of the first is there only inside of the transaction
        let atomic = atomic || self.is_rehearsal;
        let mut attempt = self.apply_all(migrations, position, atomic).await;
        if let Some(Stop::Failed { at, failure }) = attempt.stopped {
            // those before it that are undone with it
            let undone = migrations.get(attempt.applied.len()..at).unwrap_or_default();
            let before: Vec<Statement<'_>> =
                undone.iter().flat_map(|migration| migration.script.statements.iter().copied()).collect();
            let statements = migrations.get(at).map_or(&[][..], |migration| &migration.script.statements);
            let failure = self.pointed_out(failure, &before, statements).await;
            attempt.stopped = Some(Stop::Failed { at, failure });
        }
        attempt
    }

    async fn apply_without_transaction(&mut self, migration: &Prepared<'_>, position: usize) -> Result<Step, Failure> {
        #[cfg(feature = "remote")]
        if self.connection.server().is_some()
            && let Some((_, failure)) = pipelined::refused(std::slice::from_ref(migration))
        {
            return Err(failure);
        }
        let started = Instant::now();
        let engine = |action| move |error| Failure::Engine { action, error };
        self.turn_foreign_keys_off().await.map_err(engine("cannot turn foreign keys off"))?;
        let is_outdated = self.is_outdated().await.map_err(cannot_read)?;
        if is_outdated || !self.is_at(position).await.map_err(engine("cannot read the history"))? {
            self.tracker = None;
            return Ok(Step::Overtaken);
        }
        self.preflights(migration).await?;
        self.forget_what_is_outdated().await.map_err(cannot_read)?;
        self.tracker().await.map_err(cannot_read)?;
        let wanted = self.wanted(migration).await.map_err(cannot_read)?;
        self.run_statements(&migration.script.statements, 0).await?;
        let duration = milliseconds(started);
        let recorded = match self.check_structure(&wanted, &migration.script.statements).await {
            Ok(()) => self.record(migration, position, duration).await.map_err(engine("cannot record the migration")),
            Err(failure) => Err(failure),
        };
        recorded.map_err(|failure| Failure::NotUndone(Box::new(failure)))?;
        Ok(Step::Applied { milliseconds: duration })
    }

    async fn adopt(&mut self, adoption: &Adoption<'_>) -> Result<Option<Refusal>, EngineError> {
        self.connection.begin().await?;
        let result = match self.adopt_inside(adoption).await {
            Ok(None) => self.connection.commit().await.map(|()| None),
            other => other,
        };
        match &result {
            Ok(None) => self.tracker = None,
            _ => self.roll_back().await,
        }
        result
    }

    async fn finish(&mut self) -> Result<(), EngineError> {
        match self.foreign_keys.take() {
            Some(true) => self.connection.turn_foreign_keys_on().await,
            _ => Ok(()),
        }
    }
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
