//! Why one migration was not applied.

use std::time::Duration;

use thiserror::Error;

use super::{DriftedObject, FailingRows, Finding};
use crate::engine::error::EngineError;
use crate::engine::introspect::Unreadable;
use crate::engine::progress::Progress;
use crate::figures::About;
use crate::schema::Schema;
use crate::sql::Name;

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
        /// Why what might have been made in place was not, if that is it.
        why: Option<String>,
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
    /// A rebuild online would have others wait for longer than they may.
    #[error("{why}: other clients wait {} for that, longer than {lag:?}", About(*wait))]
    WaitsTooLong {
        /// The line of the directive.
        line: usize,
        /// What for.
        why: String,
        /// About how long.
        wait: Duration,
        /// How long they may wait.
        lag: Duration,
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
