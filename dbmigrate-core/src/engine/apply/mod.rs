//! Applying migrations: a database is only ever before or after one of them.
//!
//! [`runner`] decides what is to be done, by comparing the folder with the history; a [`Target`] does it, each migration
//! with its record and its checks in one transaction. [`database`] is the target. [`mod@adopt`] records what a database
//! has already, and [`mod@correct`] changes what is recorded.

pub mod adopt;
pub mod compared;
pub mod correct;
pub mod database;
pub mod drift;
mod evaluated;
mod filled;
mod followers;
mod found;
pub mod glance;
mod hidden;
pub mod history;
mod meter;
pub mod phase;
pub mod read;
mod rebuilds;
mod restored;
pub mod runner;
pub mod state;
#[cfg(feature = "remote")]
pub mod states;
mod statistics;
mod work;

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use super::check::Broken;
use super::connection::Row;
use super::engines::Turso;
use super::error::EngineError;
use super::introspect::{Introspected, Unreadable};
use super::progress::Progress;
use crate::folder::script::{Script, ScriptError};
use crate::folder::{FolderError, Migration};
use crate::plan::Preflight;
use crate::schema::Schema;
use crate::sql::Name;

pub use adopt::{AdoptError, Adopted, Adoption, Refusal, adopt};
pub use correct::{Correction, Note, correct};
pub use database::{Database, GivenUp};
pub use drift::{Drift, Drifted, DriftedObject, Tolerated};
pub use evaluated::FailingRows;
pub use filled::{Slot, filled};
pub use found::filled_in;
pub use history::{Record, RecordKind};
pub use meter::{Measured, Meter};
pub use phase::{Phase, is_after_deploy, waiting};
pub use read::{Scripts, Texts};
pub use restored::Restored;
pub use runner::{
    Applied, Observer, Options, Outcome, Standing, Status, apply_pending, apply_pending_with, inspect, status,
};
pub use state::State;
#[cfg(feature = "remote")]
pub use states::{Inspected, Seen, States};
pub use work::Work;

/// A migration with its script at hand, ready to be applied.
#[derive(Debug)]
pub struct Prepared<'a> {
    /// The migration as the lock lists it.
    pub migration: &'a Migration,
    /// The path of its SQL, for messages.
    pub file: PathBuf,
    /// The parsed SQL.
    pub script: Script<'a>,
    /// The drift that it goes on beside, if one was accepted.
    pub drift: Option<Tolerated>,
}

/// Something that a migration loses because it was allowed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The lint that was accepted.
    pub lint: String,
    /// The table, or `table.column`.
    pub object: String,
    /// How many rows of the table, or values that are not NULL in the column, there are.
    pub count: u64,
    /// The hidden table in which they are kept.
    pub kept: Option<String>,
}

/// A change that is no migration, ready to be made.
#[derive(Debug)]
pub struct Push<'a> {
    /// What the database had when the change was planned.
    pub before: &'a Introspected,
    /// What it is to have afterwards, besides the objects that the model cannot represent.
    pub wanted: &'a Schema,
    /// The queries that have to return nothing.
    pub preflights: &'a [Preflight],
    /// The statements, in order.
    pub statements: Vec<&'a str>,
    /// The migrations that the history has afterwards, in the same transaction: those that it has from the first one on
    /// stay recorded as they are, the others are recorded as adopted. For files only.
    pub history: Option<&'a [Migration]>,
}

/// The first row that a query returns, its values as they are shown.
pub type Answer = Result<Option<Vec<String>>, EngineError>;

/// What a preflight has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which preflight, counted from 0.
    pub preflight: usize,
    /// What it found, in one line.
    pub message: String,
}

/// What a preflight of a migration has found, with the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The line of the directive.
    pub line: usize,
    /// What it found, in one line.
    pub message: String,
    /// The keys of the first rows, as they are shown; where the query names no key, the rows that it returns.
    pub keys: Vec<Vec<String>>,
    /// Whether there are more.
    pub has_more: bool,
}

/// What became of a change that was to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It was made.
    Applied {
        /// How long it took, in milliseconds.
        milliseconds: u64,
    },
    /// Another runner has changed something since the database was looked at: look again.
    Overtaken,
}

/// What is worth knowing before a migration is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Announcement {
    /// It copies so many rows that a server may give the lock to another writer before it is done.
    LongRebuild {
        /// The table.
        table: Name,
        /// Its rows.
        rows: u64,
    },
    /// Its statements do not fit into one request, and are sent in several while the lock is held.
    Large {
        /// How large they are, in bytes.
        bytes: usize,
    },
}

/// A migration that was applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
    /// What it has brought back of what was kept.
    pub restored: Vec<Restored>,
}

/// A migration that is several transactions has gone on by one.
#[derive(Debug, Clone, PartialEq)]
pub struct Advanced {
    /// The migration.
    pub migration: String,
    /// The line of its statement.
    pub line: usize,
    /// The table that it goes through.
    pub table: Name,
    /// How many rows of the table are done.
    pub visited: u64,
    /// How many rows were written.
    pub changed: u64,
    /// How many rows of the table the piece had.
    pub rows: u64,
    /// How much of the table is done, from 0 to 1, as far as that is known.
    pub part: Option<f64>,
    /// How long the lock was held.
    pub held: Duration,
    /// How long it was waited for.
    pub waited: Duration,
    /// How long nothing happens now.
    pub pause: Duration,
}

/// What became of several migrations that were to be applied, one after the other or all in one transaction.
#[derive(Debug, Default)]
pub struct Attempt {
    /// Those that were applied, from the first one on.
    pub applied: Vec<Done>,
    /// Why the others were not.
    pub stopped: Option<Stop>,
}

impl Attempt {
    /// Nothing was applied: the migration at this place, counted from 0, failed.
    fn failed(at: usize, failure: Failure) -> Self {
        Self { applied: Vec::new(), stopped: Some(Stop::Failed { at, failure }) }
    }
}

impl From<Result<(Step, Vec<Restored>), Failure>> for Attempt {
    /// Of one migration.
    fn from(result: Result<(Step, Vec<Restored>), Failure>) -> Self {
        match result {
            Ok((Step::Applied { milliseconds }, restored)) => {
                Self { applied: vec![Done { milliseconds, restored }], stopped: None }
            }
            Ok((Step::Overtaken, _)) => Self { applied: Vec::new(), stopped: Some(Stop::Overtaken) },
            Err(failure) => Self::failed(0, failure),
        }
    }
}

/// Why no more migrations were applied.
#[derive(Debug)]
pub enum Stop {
    /// Another runner has changed something since the database was looked at: look again.
    Overtaken,
    /// Somebody has said so, in the middle of one that goes on the next time.
    Interrupted,
    /// One of them failed.
    Failed {
        /// Which one, counted from 0.
        at: usize,
        /// Why.
        failure: Failure,
    },
}

/// A database that migrations are applied to.
///
/// The futures of a target need not be `Send`: a runner works on one thread.
#[expect(async_fn_in_trait, reason = "implemented in this crate, called on one thread")]
pub trait Target {
    /// Is told the names that the history ends with if all migrations are applied, before the history is asked for.
    fn expect_last(&mut self, _names: Vec<String>) {}

    /// The first migration is to be applied behind these records only, by name and checksum: compared with the lock held.
    fn expect_history(&mut self, _records: Option<&[(String, String)]>) {}

    /// The recorded migrations, in order; empty if there is no history yet.
    async fn history(&mut self) -> Result<Vec<Record>, EngineError>;

    /// The schema as it is now, and the objects that the model cannot represent.
    async fn schema(&mut self) -> Result<(Schema, Vec<Unreadable>), EngineError>;

    /// A number that is another one after every change of the schema, whoever makes it; `None` if there is none.
    async fn schema_version(&mut self) -> Result<Option<i64>, EngineError>;

    /// The rows of a query, for what other tools have recorded in the database.
    async fn rows(&mut self, query: &str) -> Result<Vec<Row>, EngineError>;

    /// Whether the schema is the one with this hash.
    async fn has_schema(&mut self, hash: &str) -> Result<bool, EngineError>;

    /// What the migration is about to lose with permission: how many rows or values there are now.
    async fn losses(&mut self, script: &Script<'_>) -> Vec<Loss>;

    /// Everything that the database has.
    async fn introspected(&mut self) -> Result<Introspected, EngineError>;

    /// The views and triggers of a schema that do not compile in it.
    async fn broken(&mut self, schema: &Schema) -> Result<Vec<Broken>, EngineError>;

    /// The first row of each query, its values as they are shown. Fails if the database cannot be asked.
    async fn ask(&mut self, queries: &[String]) -> Result<Vec<Answer>, EngineError>;

    /// What the rows have against a change. Fails with the query that fails.
    async fn contradictions(&mut self, preflights: &[Preflight]) -> Result<Vec<Finding>, (String, EngineError)>;

    /// The rows on which expressions fail that these statements evaluate, as far as they are sure to fail.
    async fn failing_rows(&mut self, statements: &[&str]) -> Result<Vec<FailingRows>, EngineError>;

    /// What Turso Database has to do with it, once its history and its schema were read.
    fn turso(&self) -> Option<Turso> {
        None
    }

    /// Makes a change that is no migration, or nothing at all, if the database is no longer what it was planned on.
    async fn push(&mut self, push: &Push<'_>) -> Result<Step, Failure>;

    /// Whether nothing of what is applied stays.
    fn is_rehearsal(&self) -> bool {
        false
    }

    /// Whether it cannot run the step in Rust of a migration that has one.
    fn lacks_step(&self, _migration: &str) -> bool {
        false
    }

    /// How many migrations it takes at once.
    fn at_once(&self) -> usize {
        1
    }

    /// What is worth saying before a migration is applied.
    fn announcements(&self, _script: &Script<'_>) -> Vec<Announcement> {
        Vec::new()
    }

    /// Is told what is to be applied, before the schema and the losses are asked for.
    fn expect(&mut self, _scripts: &[Script<'_>]) {}

    /// Applies migrations behind `position` others: each as a whole or not at all, one after the other. With `atomic`,
    /// all of them or none.
    async fn apply(&mut self, migrations: &[Prepared<'_>], position: usize, atomic: bool) -> Attempt;

    /// Runs a migration that is not for a transaction, then records it.
    async fn apply_without_transaction(&mut self, migration: &Prepared<'_>, position: usize) -> Result<Step, Failure>;

    /// The migration that is under way, if one is: it is several transactions, and not all of them are done.
    async fn under_way(&mut self) -> Result<Option<Progress>, EngineError>;

    /// Applies a migration that is several transactions behind `position` others, from where it stands. Whoever is told of
    /// each says whether it goes on.
    async fn apply_in_pieces(
        &mut self,
        migration: &Prepared<'_>,
        position: usize,
        told: &mut dyn FnMut(&Advanced) -> bool,
    ) -> Attempt;

    /// Records migrations as applied whose schema the database has already, in one transaction and without executing
    /// any of their statements. `None` if that was done, else why nothing was.
    async fn adopt(&mut self, adoption: &Adoption<'_>) -> Result<Option<Refusal>, EngineError>;

    /// Changes what is recorded, in one transaction and without executing a statement of a migration. `None` if that was
    /// done, else why nothing was.
    async fn correct(&mut self, correction: &Correction<'_>) -> Result<Option<Refusal>, EngineError>;

    /// Puts everything that was set for the migrations back.
    async fn finish(&mut self) -> Result<(), EngineError>;
}

/// Why one migration was not applied. The database is as it was before it, except for [`Failure::NotUndone`], and
/// perhaps [`Failure::Lost`].
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Failure {
    /// A statement failed.
    #[error("{error}")]
    Statement {
        /// Which one, counted from 1.
        number: usize,
        /// The line of its file on which it begins.
        line: usize,
        /// Its text.
        statement: String,
        /// The engine's error.
        error: EngineError,
    },
    /// A preflight found rows that the migration would fail on or change.
    #[error("{message}")]
    Preflight {
        /// The line of the directive.
        line: usize,
        /// What was found.
        message: String,
    },
    /// It rewrites tables, and promises not to.
    #[error("it rewrites {}, and `expect-rewrites 0` promises not to", tables.join(", "))]
    Rewrites {
        /// The line of the directive.
        line: usize,
        /// The tables.
        tables: Vec<String>,
    },
    /// Expressions fail on rows.
    #[error("{}", found.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    PreflightExpressions {
        /// The line of the statement that evaluates the first of them.
        line: usize,
        /// All that was found.
        found: Vec<FailingRows>,
    },
    /// Rows contradict a change that is no migration.
    #[error("{}", found.iter().map(|found| found.message.as_str()).collect::<Vec<_>>().join("; "))]
    Contradicted {
        /// All that was found.
        found: Vec<Finding>,
    },
    /// The schema afterwards is not that of the snapshot.
    #[error("the schema after the migration does not match its snapshot")]
    Structure {
        /// The schema that came out.
        found: Box<Schema>,
        /// Objects that cannot be represented.
        unreadable: Vec<Unreadable>,
    },
    /// The migration would change, or has changed, what was changed by hand before.
    #[error("it changes {}, which was changed by hand", list(objects))]
    TouchesDrift {
        /// What was changed by hand.
        objects: Vec<DriftedObject>,
    },
    /// It has a step in Rust, and whoever applies it has not.
    #[error("it has a step in Rust, which only the application can run")]
    NoStep {
        /// The line of the directive.
        line: usize,
    },
    /// Its step in Rust failed.
    #[error("its step in Rust failed: {message}")]
    Step {
        /// The line of the directive.
        line: usize,
        /// What it says.
        message: String,
    },
    /// Rows are not those that were looked at before: another connection has written.
    #[error("the database was written to since it was copied")]
    OtherRows,
    /// A view or trigger does not compile afterwards.
    #[error("{kind} `{name}` does not compile after the migration: {message}")]
    Broken {
        /// `view` or `trigger`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// The engine's message.
        message: String,
    },
    /// Rows violate foreign keys that did not before.
    #[error(
        "`{table}` has {count} dangling {} to `{parent}` after the migration, the first at rowid {rowid}",
        if *count == 1 { "reference" } else { "references" }
    )]
    ForeignKeys {
        /// The referring table.
        table: String,
        /// The table referred to.
        parent: String,
        /// The rowid of the first row.
        rowid: String,
        /// How many rows.
        count: usize,
    },
    /// Values are kept of rows that could not be told apart any more.
    #[error("`{kept}` has kept values of `{table}`, and {why} after the migration")]
    KeptRows {
        /// The table with the rows.
        table: String,
        /// The table with the kept values.
        kept: String,
        /// What happens to the key: "`users.id` is gone".
        why: String,
    },
    /// The engine failed outside of the migration's statements: `BEGIN`, a check, `COMMIT`.
    #[error("{action}: {error}")]
    Engine {
        /// What was being done.
        action: &'static str,
        /// The engine's error.
        error: EngineError,
    },
    /// The connection was lost while it was applied.
    #[error("{error}")]
    Lost {
        /// How.
        error: EngineError,
        /// Whether the history says that it was not applied. If not, nobody can tell.
        is_known: bool,
    },
    /// Something failed in a migration that is several transactions: those before it stay, and it goes on behind them.
    #[error("{failure}")]
    UnderWay {
        /// What.
        failure: Box<Failure>,
        /// How far it is.
        progress: Box<Progress>,
    },
    /// A rebuild cannot be made online.
    #[error("it cannot be rebuilt online: {why}")]
    NotOnline {
        /// The line of the directive.
        line: usize,
        /// Why.
        why: String,
    },
    /// The old and the new table of a rebuild online differ: somebody writes without the triggers that note it.
    #[error("the rows of `{table}` and of its copy differ")]
    Differs {
        /// The table.
        table: Name,
    },
    /// A statement cannot be run in batches.
    #[error("{message}")]
    NotBatched {
        /// The line of the directive.
        line: usize,
        /// Why.
        message: String,
        /// What to do about it.
        help: Option<String>,
    },
    /// Something failed after the statement of a migration that runs outside of a transaction: what the statement did
    /// stays, and is not recorded.
    #[error("{0}")]
    NotUndone(Box<Failure>),
}

impl Failure {
    /// The engine's error, if it is one.
    pub fn engine_error(&self) -> Option<&EngineError> {
        match self {
            Self::Statement { error, .. } | Self::Engine { error, .. } | Self::Lost { error, .. } => Some(error),
            Self::NotUndone(failure) | Self::UnderWay { failure, .. } => failure.engine_error(),
            _ => None,
        }
    }
}

fn list(objects: &[DriftedObject]) -> String {
    objects.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Why a run stopped.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// The folder is not consistent.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A migration's SQL is not one that can be run.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// The database could not be read.
    #[error("{action}: {error}")]
    Engine {
        /// What was being done.
        action: &'static str,
        /// The engine's error.
        error: EngineError,
    },
    /// The history and the folder disagree.
    #[error(transparent)]
    History(#[from] history::HistoryError),
    /// The database has tables but no history.
    #[error("the database has tables but no migration history")]
    NotEmpty {
        /// Some of what is there.
        objects: Vec<String>,
    },
    /// The database is not what the last applied migration left.
    #[error("the database does not match its last applied migration")]
    Drift {
        /// The last applied migration.
        migration: String,
        /// What has changed since.
        differences: Vec<String>,
    },
    /// The database is not in the state that was asked for.
    #[error("the database has changed")]
    OtherState {
        /// The state that it should be in.
        expected: Box<State>,
        /// The state that it is in.
        found: Box<State>,
    },
    /// A migration failed; those before it are applied.
    #[error("migration `{name}` failed: {failure}")]
    Migration {
        /// Its name.
        name: String,
        /// Its file.
        file: PathBuf,
        /// Why.
        failure: Box<Failure>,
        /// What differs from the snapshot, if that is the reason.
        differences: Vec<String>,
    },
    /// A migration is under way in the database that the folder does not have next, or not as it began.
    #[error("migration `{}` is under way in the database, and {why}", progress.name)]
    UnderWay {
        /// How far it is.
        progress: Box<Progress>,
        /// What is in the way of going on.
        why: &'static str,
    },
    /// A migration that is not for a transaction, or several of them, was to be part of one.
    #[error("migration `{name}` is not one transaction and cannot be part of an atomic run")]
    NotAtomic {
        /// Its name.
        name: String,
    },
    /// There is no migration of that name.
    #[error("no migration named `{name}`")]
    Unknown {
        /// The name.
        name: String,
    },
    /// The migration of that name was replaced by another one.
    #[error("`{name}` is no longer a migration of its own: `{by}` replaces it")]
    Replaced {
        /// The name.
        name: String,
        /// The one that replaces it.
        by: String,
    },
    /// The wanted migration lies before the last applied one.
    #[error("`{name}` is already applied, and so are {later} later migrations")]
    Behind {
        /// The name.
        name: String,
        /// How many were applied after it.
        later: usize,
    },
    /// A migration of the wanted phase stands behind one of the other phase.
    #[error("`{name}` is for {} a deployment, and stands behind `{waits}`, which is not", phase.word())]
    BehindPhase {
        /// Its name.
        name: String,
        /// The one before it.
        waits: String,
        /// The wanted phase.
        phase: Phase,
    },
}
