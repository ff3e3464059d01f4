//! Runs migrations on a thread of their own, with the same runner as the subcommand.

use std::fmt;
use std::future::Future;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use dbmigrate_core::engine::Ignore;
use dbmigrate_core::engine::apply::runner::touched;
use dbmigrate_core::engine::apply::{
    self, Applied, ApplyError, Database, Drifted, Loss, Observer, Options, Phase, apply_pending_with, inspect, waiting,
};
use dbmigrate_core::folder::{Folder, Script};
use dbmigrate_core::sql::Glob;
use pollster::block_on;

use crate::Migrations;
use crate::error::{MigrateError, MigrateErrorKind};
use crate::lent::Together;
use crate::ready;
use crate::report::{AppliedBefore, Plan, Planned, Report, Standing, Status};
use crate::target::sealed::Opening;
use crate::target::{Opened, Source, Target};
use crate::thread::{Dropped, NoResult, OnThread, message_of};
use crate::trace::{Caller, Trace};

/// Migrations, and the options to run them with.
#[derive(Debug, Clone)]
#[must_use = "does nothing until it is run"]
pub struct Runner {
    migrations: Migrations,
    to: Option<String>,
    phase: Option<Phase>,
    accept_drift: bool,
    atomic: bool,
    ignore: Vec<String>,
    busy_timeout: Duration,
    at_once: Option<usize>,
    patience: Option<Duration>,
}

/// A run, as a future: nothing happens before it is polled.
///
/// The work runs on a thread of its own, so it blocks no executor, and needs none in particular. If the future is
/// dropped, the thread finishes its current migration as a whole (on a server, all of one request), begins no other,
/// and restores the settings of the connection. An application that continues to use the connection should await the
/// future instead.
///
/// A connection that is borrowed for `'t` stays in the task that awaits the future, which runs the statements there: a
/// `rusqlite::Connection` blocks that task while it does. Dropping such a future blocks until the current migration is
/// done, so that the connection comes back as it was.
#[must_use = "futures do nothing unless they are polled"]
pub struct Running<'t, T>(Pin<Box<dyn Future<Output = Result<T, MigrateError>> + Send + 't>>);

impl<'t, T> Running<'t, T> {
    pub(crate) fn of(future: impl Future<Output = Result<T, MigrateError>> + Send + 't) -> Self {
        Self(Box::pin(future))
    }

    /// Blocks this thread until it is done: for applications without an executor. A pool of `sqlx` needs one.
    ///
    /// # Errors
    /// Those of the run.
    pub fn wait(self) -> Result<T, MigrateError> {
        block_on(self)
    }
}

impl<T> Future for Running<'_, T> {
    type Output = Result<T, MigrateError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

impl<T> fmt::Debug for Running<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}

impl Runner {
    pub(crate) fn new(migrations: Migrations) -> Self {
        Self {
            migrations,
            to: None,
            phase: None,
            accept_drift: false,
            atomic: false,
            ignore: migrations.ignore.iter().map(ToString::to_string).collect(),
            busy_timeout: Duration::from_secs(migrations.busy_timeout),
            at_once: None,
            patience: None,
        }
    }

    /// The last migration to apply, by its name or number: `0003_posts`, `0003`, `3`.
    pub fn to(mut self, name: impl Into<String>) -> Self {
        self.to = Some(name.into());
        self
    }

    /// Applies what this release needs, and leaves what waits until no older release runs (`-- dbmigrate: after-deploy`),
    /// like `cargo dbmigrate migrate --phase before`: for applications of which several versions run at once while one
    /// replaces the other. By default everything is applied.
    pub fn before_deployment(mut self) -> Self {
        self.phase = Some(Phase::Before);
        self
    }

    /// Applies what has waited until no older release runs, like `cargo dbmigrate migrate --phase after`.
    pub fn after_deployment(mut self) -> Self {
        self.phase = Some(Phase::After);
        self
    }

    /// Migrates despite schema changes made by hand, like `cargo dbmigrate migrate --accept drift`.
    pub fn accept_drift(mut self) -> Self {
        self.accept_drift = true;
        self
    }

    /// Applies all pending migrations in one transaction, or none of them.
    pub fn atomic(mut self) -> Self {
        self.atomic = true;
        self
    }

    /// Further patterns for tables and views of other programs, in addition to `ignore` in `dbmigrate.toml`:
    /// `legacy_*`.
    pub fn ignore<P: Into<String>>(mut self, patterns: impl IntoIterator<Item = P>) -> Self {
        self.ignore.extend(patterns.into_iter().map(Into::into));
        self
    }

    /// How long to wait for others that have the database locked, instead of `busy_timeout` in `dbmigrate.toml` (10
    /// seconds by default). A connection that already waits longer keeps its own timeout.
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// How many databases [`Runner::ready`] migrates at once in this process, whatever their migrations; the others wait
    /// for their turn. By default as many as the machine has processors, and at least two. The largest number that
    /// somebody asks for counts.
    pub fn at_once(mut self, databases: usize) -> Self {
        self.at_once = Some(databases);
        self
    }

    /// How long [`Runner::ready`] waits for a database that is being migrated before it fails with
    /// [`MigrateErrorKind::Maintenance`]; by default until it is done. The migration goes on, and the next call finds it
    /// further. Only a connection that is borrowed is never left alone by the call that migrates over it.
    pub fn patience(mut self, most: Duration) -> Self {
        self.patience = Some(most);
        self
    }

    /// Applies the pending migrations unless there are none, as an application with many databases does whenever it
    /// opens one: with nothing to do, it costs one small read.
    ///
    /// Tasks and threads that want the same database at the same time wait for the one of them that migrates it, and get
    /// its error if it fails. The read runs where the future is polled, as the connection's own calls do; what is more
    /// than a read runs on a thread.
    ///
    /// # Errors
    /// As for [`Runner::run`], and after [`Runner::patience`].
    pub fn ready<'t>(self, target: impl Target<'t>) -> Running<'t, Report> {
        Running::of(ready::ready(self, target.open()))
    }

    /// Applies the pending migrations, each with its record and its checks in one transaction. If others do the same at
    /// the same time, one of them applies each migration.
    ///
    /// # Errors
    /// At the first migration that cannot be applied. Those before it stay applied: [`MigrateError::report`].
    pub fn run<'t>(self, target: impl Target<'t>) -> Running<'t, Report> {
        self.on_thread(target, apply)
    }

    /// The status of the database. Changes nothing.
    ///
    /// # Errors
    /// If the database has other migrations than these, or cannot be read.
    pub fn status<'t>(self, target: impl Target<'t>) -> Running<'t, Status> {
        self.on_thread(target, |database, folder, _, _| status(database, folder))
    }

    /// What [`Runner::run`] would do. Changes nothing, and only reads rows to count what would be lost.
    ///
    /// # Errors
    /// What [`Runner::run`] would refuse before its first migration.
    pub fn plan<'t>(self, target: impl Target<'t>) -> Running<'t, Plan> {
        self.on_thread(target, |database, folder, runner, _| plan(database, folder, runner))
    }

    fn on_thread<'t, T: Send + 'static>(
        self,
        target: impl Target<'t>,
        work: fn(&mut Database, &Folder, &Runner, &Dropped) -> Result<T, MigrateError>,
    ) -> Running<'t, T> {
        let opening = target.open();
        Running(Box::pin(async move {
            // when it is polled, and not before: a span around the future is entered then
            let caller = Caller::current(self.migrations.folder);
            let (source, answering) = match opening {
                Opening::Owned { driver, is_own } => (Source::Driver(driver, is_own), None),
                Opening::Lent(lender) => {
                    let (driver, answering) = lender.lend().await?.into_parts();
                    (Source::Driver(driver, false), Some(answering))
                }
                #[cfg(feature = "remote")]
                Opening::Server(server) => (Source::Server(server), None),
                Opening::Refused(error) => return Err(error),
            };
            let on_thread = OnThread::new(move |dropped| caller.within(|| self.with_database(source, dropped, work)));
            let result = match answering {
                None => on_thread.await,
                Some(answering) => Together::new(on_thread, answering).await,
            };
            result.unwrap_or_else(|reason| Err(no_result(reason)))
        }))
    }

    pub(crate) fn with_database<T>(
        &self,
        source: Source,
        dropped: &Dropped,
        work: fn(&mut Database, &Folder, &Runner, &Dropped) -> Result<T, MigrateError>,
    ) -> Result<T, MigrateError> {
        let folder = self.migrations.open(source.scratch()).map_err(ApplyError::from)?;
        let mut opened = Opened::new(source, self.ignored()?, self.busy_timeout)?.with_steps(self.migrations.steps);
        // the libsql crate panics on some answers of SQLite; the connection is the application's
        let result = catch_unwind(AssertUnwindSafe(|| work(&mut opened.database, &folder, self, dropped)));
        let result = result.unwrap_or_else(|panic| Err(no_result(NoResult::Panicked(message_of(&*panic)))));
        let result = result.map_err(|error| opened.explained(error));
        opened.close();
        result
    }

    pub(crate) fn migrations(&self) -> Migrations {
        self.migrations
    }

    /// What tells runners from each other that could find a database ready or not.
    pub(crate) fn identity(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.migrations.identity(), &self.to, self.accept_drift, &self.ignore).hash(&mut hasher);
        hasher.finish()
    }

    pub(crate) fn goes_to_the_end(&self) -> bool {
        self.to.is_none()
    }

    pub(crate) fn most_patience(&self) -> Option<Duration> {
        self.patience
    }

    pub(crate) fn most_at_once(&self) -> usize {
        let default = || std::thread::available_parallelism().map_or(2, |count| count.get().max(2));
        self.at_once.unwrap_or_else(default)
    }

    /// The report about a database that has everything.
    pub(crate) fn nothing_to_do(&self) -> Report {
        Report { before: Some(self.migrations.sql.len()), ..Report::default() }
    }

    fn ignored(&self) -> Result<Ignore, MigrateError> {
        let patterns = self.ignore.iter().map(|pattern| pattern.parse::<Glob>());
        let patterns = patterns.collect::<Result<Vec<Glob>, _>>();
        patterns.map(Ignore::new).map_err(|error| MigrateError::new(MigrateErrorKind::Option, error.to_string()))
    }
}

pub(crate) fn no_result(reason: NoResult) -> MigrateError {
    let message = match reason {
        NoResult::NotStarted(error) => format!("cannot start a thread: {error}"),
        NoResult::Panicked(message) => format!("the engine panicked: {message}"),
    };
    MigrateError::new(MigrateErrorKind::Internal, message)
}

pub(crate) fn apply(
    database: &mut Database,
    folder: &Folder,
    runner: &Runner,
    dropped: &Dropped,
) -> Result<Report, MigrateError> {
    let mut observer = Watch { folder, dropped, report: Report::default(), trace: Trace::default() };
    let options = Options {
        to: runner.to.as_deref(),
        phase: runner.phase,
        accept_drift: runner.accept_drift,
        atomic: runner.atomic,
        ..Options::default()
    };
    let result = block_on(apply_pending_with(database, folder, options, &mut observer));
    let Watch { mut report, trace, .. } = observer;
    let result = match result {
        Ok(outcome) => {
            report.before = Some(outcome.before);
            Ok(report)
        }
        Err(error) => Err(MigrateError::from(error).after(report)),
    };
    trace.done(result.as_ref());
    result
}

pub(crate) fn status(database: &mut Database, folder: &Folder) -> Result<Status, MigrateError> {
    let (status, standing) = block_on(inspect(database, folder))?;
    let pending = &folder.migrations()[status.applied..];
    let applied = status.history.into_iter().map(|record| AppliedBefore { name: record.name, at: record.applied_at });
    Ok(Status {
        applied: applied.collect(),
        pending: pending.iter().map(|migration| migration.name.to_string()).collect(),
        standing: match standing {
            apply::Standing::AsRecorded => Standing::AsRecorded,
            apply::Standing::Drifted(drifted) => Standing::Drifted(drifted.lines()),
            apply::Standing::NotEmpty(objects) => Standing::NotEmpty(objects),
        },
    })
}

fn plan(database: &mut Database, folder: &Folder, runner: &Runner) -> Result<Plan, MigrateError> {
    let (status, standing) = block_on(inspect(database, folder))?;
    let options = Options { to: runner.to.as_deref(), phase: runner.phase, ..Options::default() };
    let waiting = waiting(folder, status.applied, options)?;
    let mut drift = Vec::new();
    match standing {
        apply::Standing::Drifted(drifted) if runner.accept_drift => {
            drift = drifted.lines();
            waiting.iter().try_for_each(|migration| touched(&drifted, folder, migration))?;
        }
        other => {
            if let Some(error) = other.into_error() {
                return Err(error.into());
            }
        }
    }
    let mut planned = Vec::with_capacity(waiting.len());
    for migration in waiting {
        let sql = folder.sql(migration).map_err(ApplyError::from)?;
        let script = Script::parse(&sql, &folder.sql_path(migration)).map_err(ApplyError::from)?;
        let losses = block_on(apply::losses(database, (folder, migration), &script));
        let has_step = script.rust.is_some();
        planned.push(Planned { name: migration.name.to_string(), sql, losses, has_step });
    }
    Ok(Plan { before: status.applied, pending: planned, drift })
}

/// Collects what happens, and stops between migrations once the future is dropped.
struct Watch<'a> {
    folder: &'a Folder,
    dropped: &'a Dropped,
    report: Report,
    trace: Trace,
}

impl Watch<'_> {
    /// The place of a migration, counted from 1.
    fn position(&self, name: &str) -> usize {
        self.folder.find(name).map_or(0, |migration| migration.index + 1)
    }
}

impl Observer for Watch<'_> {
    fn begin(&mut self, name: &str, _: usize, _: usize) {
        let position = self.position(name);
        self.report.before.get_or_insert(position.saturating_sub(1));
        self.trace.begin(name, position);
    }

    fn loses(&mut self, loss: &Loss) {
        Trace::loses(loss);
        self.report.losses.push(loss.clone());
    }

    fn applied(&mut self, applied: &Applied) {
        self.trace.applied(applied, self.position(&applied.name));
        self.report.applied.push(applied.clone());
    }

    fn drifted(&mut self, drifted: &Drifted) {
        self.report.drift = drifted.lines();
        Trace::drifted(&self.report.drift);
    }

    fn is_stopped(&self) -> bool {
        self.dropped.is_set()
    }
}

#[cfg(all(test, feature = "libsql"))]
mod tests {
    use dbmigrate_core::engine::Connection;
    use dbmigrate_core::engine::connection::integer;
    use dbmigrate_core::engine::driver::from_libsql;

    use super::*;

    const MIGRATIONS: Migrations = dbmigrate_macros::embed_migrations!("../migrations", crate = crate);

    /// Panics when a migration is applied, as the engine might, and foreign keys are off.
    struct Panics;

    impl Observer for Panics {
        fn begin(&mut self, _: &str, _: usize, _: usize) {}
        fn loses(&mut self, _: &Loss) {}
        fn applied(&mut self, applied: &Applied) {
            assert!(applied.name.is_empty(), "out of order");
        }
    }

    #[test]
    fn a_panic_leaves_the_connection_as_it_was() {
        let database = block_on(libsql::Builder::new_local(":memory:").build()).expect("memory is there");
        let inner = database.connect().expect("memory is there");
        let work: fn(&mut Database, &Folder, &Runner, &Dropped) -> Result<(), MigrateError> =
            |database, folder, _, _| {
                let result = catch_unwind(AssertUnwindSafe(|| {
                    block_on(apply_pending_with(database, folder, Options::default(), &mut Panics))
                }));
                assert!(result.is_err(), "the observer panics");
                let foreign_keys =
                    block_on(database.connection().first_row("PRAGMA foreign_keys")).expect("it answers");
                assert_eq!(foreign_keys.map(|row| integer(&row[0])), Some(0));
                block_on(database.connection().run("BEGIN IMMEDIATE")).expect("there is none");
                block_on(database.connection().run("CREATE TABLE half (id INTEGER)")).expect("there is none");
                panic!("in the middle");
            };
        let error = MIGRATIONS
            .runner()
            .with_database(Source::Driver(from_libsql(inner.clone()), false), &Dropped::default(), work)
            .expect_err("it panics");
        assert_eq!(error.kind(), MigrateErrorKind::Internal);
        assert_eq!(error.to_string(), "the engine panicked: in the middle");
        assert!(inner.is_autocommit());
        let connection = Connection::from_libsql(inner);
        let number =
            |query: &str| block_on(connection.first_row(query)).expect("it answers").map(|row| integer(&row[0]));
        assert_eq!(number("PRAGMA foreign_keys"), Some(1));
        assert_eq!(number("PRAGMA busy_timeout"), Some(0));
        assert_eq!(number("SELECT count(*) FROM sqlite_schema WHERE name = 'half'"), Some(0));
        assert_eq!(number("SELECT count(*) FROM _dbmigrate_history"), Some(1));
    }
}
