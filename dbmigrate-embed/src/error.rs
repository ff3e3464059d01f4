//! Why migrations were not applied, worded for the log of an application.

use std::error::Error;
use std::fmt;
use std::fmt::Write as _;
use std::time::Duration;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::history::HistoryError;
use dbmigrate_core::engine::apply::{ApplyError, Failure, Phase};
use dbmigrate_core::engine::error::ErrorKind;
use dbmigrate_core::folder::FolderError;

use crate::report::Report;

/// The most seconds after which somebody is told to try again.
const LONGEST_RETRY: u64 = 60;

/// How many differences are named.
const MOST_SHOWN: usize = 5;

/// Why migrations were not applied. Its text is one line; [`MigrateError::help`] says what to do about it, and
/// [`MigrateError::report`] what was applied before.
#[derive(Debug)]
pub struct MigrateError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: MigrateErrorKind,
    message: String,
    help: Vec<String>,
    report: Report,
    source: Option<Box<dyn Error + Send + Sync>>,
    retry_after: Option<Duration>,
}

/// The kind of a [`MigrateError`], to match on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MigrateErrorKind {
    /// This database cannot be migrated from here: a remote one, an embedded replica.
    Target,
    /// The connection is inside a transaction.
    InTransaction,
    /// An option is invalid: a migration that does not exist, a wrong pattern.
    Option,
    /// Another program holds the lock for longer than the busy timeout, or the server gave the lock to another client.
    Locked,
    /// The server cannot be reached, or fails. Nothing was changed.
    Unreachable,
    /// The connection to the server was lost, and it is unknown whether the migration was applied. The next run finds
    /// out.
    Lost,
    /// The server does not accept the token for this, or has no such database.
    Access,
    /// The database could not be read or written.
    Database,
    /// A newer version of the application has migrated the database: it has all of these migrations, and more.
    Newer,
    /// The database has other migrations than these.
    History,
    /// The database has tables, but was never migrated.
    NotEmpty,
    /// The schema was changed by hand.
    Drift,
    /// A migration failed, or was refused because of existing rows. The database is as it was before the migration.
    Migration,
    /// The migrations in the program do not match the lock.
    Embedded,
    /// The database is being migrated, or waits for its turn, for longer than [`Runner::patience`]:
    /// [`MigrateError::retry_after`].
    ///
    /// [`Runner::patience`]: crate::Runner::patience
    Maintenance,
    /// There is something already where a new database is to be made.
    Exists,
    /// What new databases are to be copied from has not exactly these migrations.
    Template,
    /// The engine panicked, or no thread could be started. The database is as it was before the migration.
    Internal,
}

impl MigrateError {
    pub(crate) fn new(kind: MigrateErrorKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self(Box::new(Inner {
            kind,
            message,
            help: Vec::new(),
            report: Report::default(),
            source: None,
            retry_after: None,
        }))
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.0.help.push(help.into());
        self
    }

    fn source_is(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    pub(crate) fn after(mut self, report: Report) -> Self {
        self.0.report = report;
        self
    }

    /// The kind of the error.
    pub fn kind(&self) -> MigrateErrorKind {
        self.0.kind
    }

    /// What to do about it, one suggestion per line.
    pub fn help(&self) -> &[String] {
        &self.0.help
    }

    /// What the run did before: these migrations stay applied.
    pub fn report(&self) -> &Report {
        &self.0.report
    }

    /// When it is worth to try again, in whole seconds, as the header `Retry-After` has it. For
    /// [`MigrateErrorKind::Maintenance`]: as long again as it has taken so far, but not more than a minute.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// That a database cannot be had now, because it has been migrated for so long.
    pub(crate) fn maintenance(what: &str, age: Duration) -> Self {
        let mut error = Self::new(MigrateErrorKind::Maintenance, format!("`{what}` is being migrated"))
            .with_help("try again later: `error.retry_after()`");
        error.0.retry_after = Some(Duration::from_secs((age.as_secs() + 1).min(LONGEST_RETRY)));
        error
    }

    /// The same error for somebody who has waited for the run that failed.
    pub(crate) fn for_another(&self) -> Self {
        let Inner { kind, message, help, retry_after, .. } = &*self.0;
        let mut error = Self::new(*kind, message.clone());
        error.0.help.clone_from(help);
        error.0.retry_after = *retry_after;
        error
    }

    /// Whether the engine has failed in this way.
    pub(crate) fn is_of(&self, kind: ErrorKind) -> bool {
        let source = self.0.source.as_deref();
        source.and_then(|source| source.downcast_ref::<EngineError>()).is_some_and(|error| error.kind == kind)
    }

    /// An error of the engine outside a migration's statements.
    pub(crate) fn engine(action: &str, error: EngineError) -> Self {
        let (kind, help) = sort(&error).unwrap_or((MigrateErrorKind::Database, None));
        let shown = Self::new(kind, format!("{action}: {error}")).source_is(error);
        help.into_iter().fold(shown, Self::with_help)
    }
}

impl fmt::Display for MigrateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl Error for MigrateError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

impl From<ApplyError> for MigrateError {
    fn from(error: ApplyError) -> Self {
        match error {
            // it is only asked for in order to say what differs
            ApplyError::Folder(error @ FolderError::NotEmbedded { .. }) => {
                let message = "the database does not match its last migration, and the differences cannot be listed";
                let shown = Self::new(MigrateErrorKind::Drift, format!("{message}: {error}"));
                error.help().into_iter().fold(shown, Self::with_help).source_is(error)
            }
            ApplyError::Folder(error) => {
                let shown = Self::new(MigrateErrorKind::Embedded, error.to_string());
                error.help().into_iter().fold(shown, Self::with_help).source_is(error)
            }
            ApplyError::Script(error) => {
                let help = error.help.clone();
                Self::new(MigrateErrorKind::Embedded, error.to_string()).with_help(help).source_is(error)
            }
            ApplyError::Engine { action, error } => Self::engine(action, error),
            ApplyError::History(error) => history(error),
            ApplyError::NotEmpty { objects } => {
                let message = format!("the database has tables but no migration history: {}", shown(&objects, ", "));
                Self::new(MigrateErrorKind::NotEmpty, message)
                    .with_help("if it has the schema of these migrations: `cargo dbmigrate baseline`")
                    .with_help("if another program owns the tables: `ignore = […]` in `dbmigrate.toml`")
            }
            ApplyError::Drift { migration, differences } => {
                let message = format!(
                    "the database was changed by hand after its last migration `{migration}`: {}",
                    shown(&differences, "; ")
                );
                Self::new(MigrateErrorKind::Drift, message)
                    .with_help(format!(
                        "to undo the change, print its SQL: \
                         `cargo dbmigrate diff --from database --to {migration} --sql`"
                    ))
                    .with_help("to keep it, and bring it to every database: `cargo dbmigrate capture`")
                    .with_help("to leave it, and apply the migrations beside it: `MIGRATIONS.runner().accept_drift()`")
            }
            ApplyError::Migration { name, file, failure, differences } => {
                migration(&name, &file.display().to_string(), *failure, &differences)
            }
            ApplyError::BehindPhase { phase, .. } => {
                let help = match phase {
                    Phase::Before => "once no older release runs: `MIGRATIONS.runner().after_deployment()`",
                    Phase::After => "what that release needs comes first: `MIGRATIONS.runner().before_deployment()`",
                };
                Self::new(MigrateErrorKind::Option, error.to_string()).source_is(error).with_help(help)
            }
            ApplyError::Unknown { .. }
            | ApplyError::Replaced { .. }
            | ApplyError::Behind { .. }
            | ApplyError::NotAtomic { .. } => Self::new(MigrateErrorKind::Option, error.to_string()).source_is(error),
            other => Self::new(MigrateErrorKind::Database, other.to_string()).source_is(other),
        }
    }
}

fn history(error: HistoryError) -> MigrateError {
    let (kind, help) = match &error {
        HistoryError::Newer { .. } => {
            (MigrateErrorKind::Newer, "start the version of the application that migrated it, or a later one")
        }
        HistoryError::Edited { .. } => {
            (MigrateErrorKind::History, "restore the applied version of the migration from version control")
        }
        HistoryError::Partly { .. } => (
            MigrateErrorKind::History,
            "start the version of the application from before these migrations were squashed first: it applies the others",
        ),
        _ => (
            MigrateErrorKind::History,
            "the histories of the database and the program diverge: is this the right database?",
        ),
    };
    MigrateError::new(kind, error.to_string()).with_help(help).source_is(error)
}

fn migration(name: &str, file: &str, failure: Failure, differences: &[String]) -> MigrateError {
    let (failure, state) = match failure {
        Failure::NotUndone(failure) => {
            (*failure, "what its statement did outside a transaction is kept, but not recorded")
        }
        Failure::UnderWay { failure, .. } => (*failure, "it is under way, and the next run continues from there"),
        failure @ Failure::Lost { is_known: false, .. } => (failure, "it is unknown whether it was applied"),
        failure => (failure, "the database is as it was before"),
    };
    let mut message = format!("migration `{name}` failed");
    let place = match &failure {
        Failure::Statement { line, number: 0, .. } => format!(", in a preflight at {file}:{line}"),
        Failure::Statement { line, number, .. } => format!(", in statement {number} at {file}:{line}"),
        Failure::Preflight { line, .. } | Failure::PreflightExpressions { line, .. } => {
            format!(", refused at {file}:{line}")
        }
        Failure::NoStep { line } | Failure::Step { line, .. } => format!(", at {file}:{line}"),
        _ => String::new(),
    };
    let _ = write!(message, "{place}: {failure}");
    if !differences.is_empty() {
        let _ = write!(message, " ({})", shown(differences, "; "));
    }
    let _ = write!(message, "; {state}");
    let of_engine = failure.engine_error().and_then(sort);
    let (kind, help) = match &failure {
        Failure::Lost { is_known: false, .. } => {
            (MigrateErrorKind::Lost, Some("restart the application: it checks the history first"))
        }
        Failure::Lost { .. } => (MigrateErrorKind::Unreachable, Some("restart the application")),
        Failure::Statement { .. } => of_engine.unwrap_or((MigrateErrorKind::Migration, None)),
        Failure::Engine { .. } => of_engine.unwrap_or((MigrateErrorKind::Database, None)),
        Failure::Preflight { .. } | Failure::PreflightExpressions { .. } | Failure::ForeignKeys { .. } => {
            (MigrateErrorKind::Migration, Some("fix the rows, then restart the application"))
        }
        _ => (MigrateErrorKind::Migration, None),
    };
    let error = MigrateError::new(kind, message).source_is(failure);
    help.into_iter().fold(error, MigrateError::with_help)
}

/// The kind of an error of the engine, and what to do about it, where that does not depend on what was being done.
fn sort(error: &EngineError) -> Option<(MigrateErrorKind, Option<&'static str>)> {
    Some(match error.kind {
        ErrorKind::Locked => (MigrateErrorKind::Locked, Some("wait longer: `MIGRATIONS.runner().busy_timeout(…)`")),
        ErrorKind::Stolen => (
            MigrateErrorKind::Locked,
            Some(
                "a server takes the lock from transactions that run over 5 seconds: run it when no other client \
                  writes",
            ),
        ),
        ErrorKind::Unreachable => (MigrateErrorKind::Unreachable, Some("check the URL, the server and the network")),
        ErrorKind::Lost => (MigrateErrorKind::Lost, Some("restart the application: it checks the history first")),
        ErrorKind::Unauthorized | ErrorKind::Forbidden | ErrorKind::NoSuchDatabase => (MigrateErrorKind::Access, None),
        _ => return None,
    })
}

/// The first few, and how many more there are.
fn shown(all: &[String], separator: &str) -> String {
    let first = all[..all.len().min(MOST_SHOWN)].join(separator);
    match all.len().saturating_sub(MOST_SHOWN) {
        0 => first,
        more => format!("{first}{separator}{more} more"),
    }
}
