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
mod error;
mod evaluated;
mod failure;
mod filled;
mod followers;
mod found;
pub mod glance;
mod hidden;
pub mod history;
mod losses;
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

use super::check::Broken;
use super::connection::Row;
use super::engines::Turso;
use super::error::EngineError;
use super::introspect::{Introspected, Unreadable};
use super::progress::Progress;
use crate::folder::Migration;
use crate::folder::script::Script;
use crate::plan::Preflight;
use crate::schema::Schema;
use crate::sql::Name;

pub use adopt::{AdoptError, Adopted, Adoption, Refusal, adopt};
pub use correct::{Correction, Note, correct};
pub use database::{Database, GivenUp};
pub use drift::{Drift, Drifted, DriftedObject, Tolerated};
pub use error::ApplyError;
pub use evaluated::FailingRows;
pub use failure::Failure;
pub use filled::{Slot, filled};
pub use found::filled_in;
pub use history::{Record, RecordKind};
pub use losses::losses;
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
    /// The columns that have the values as well, where two releases have shared the schema before.
    pub carried_to: Vec<String>,
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
    /// Whether it has rebuilds, and all of them were made without writing a row.
    pub in_place: bool,
    /// For how much of that rows were asked while others could write, in milliseconds.
    pub unlocked_milliseconds: u64,
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

impl Advanced {
    /// How much of the table is done, of a hundred.
    pub fn percent(&self) -> Option<u8> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between 0 and 100")]
        self.part.map(|part| (part * 100.0).clamp(0.0, 100.0) as u8)
    }
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
                Self { applied: vec![Done { milliseconds, restored, ..Done::default() }], stopped: None }
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

    /// What the migration is about to lose with permission: how many rows or values there are now. [`losses()`] knows as
    /// well what was carried over.
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
