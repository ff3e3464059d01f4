//! What became of a migration in a request, read off the first of its steps that failed.

use super::super::{Done, Failure, Prepared, found::fill};
use super::steps::Purpose;
use crate::engine::assertion::ASSERTION;
use crate::engine::connection::as_shown;
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::remote::Outcome;

/// What became of a migration in a request.
#[derive(Debug)]
pub(super) enum Result {
    /// It was applied.
    Applied(Done),
    /// It was not its turn.
    Overtaken,
    /// Somebody else got the lock.
    Stolen(EngineError),
    /// It has to be looked at more closely.
    Doubtful,
    /// It failed.
    Failed(Failure),
    /// Another one came first, and it was not tried.
    NotTried,
}

impl Result {
    /// Whether it says what to do next.
    pub(super) fn says_something(&self) -> bool {
        !matches!(self, Self::NotTried)
    }
}

/// What became of a migration in which this step failed.
pub(super) fn judge(
    step: u32,
    purpose: Purpose,
    error: &EngineError,
    outcome: &Outcome,
    migration: &Prepared<'_>,
) -> Result {
    let is_assertion = error.message.contains(ASSERTION);
    let statement = |number: usize, line: usize, text: &str, error: &EngineError| {
        Result::Failed(Failure::Statement { number, line, statement: text.to_owned(), error: error.clone() })
    };
    let engine = |action| Result::Failed(Failure::Engine { action, error: error.clone() });
    if error.kind == ErrorKind::Stolen {
        return Result::Stolen(error.clone());
    }
    match purpose {
        Purpose::Frame(action) => engine(action),
        Purpose::KeysAreOff => engine("foreign keys cannot be turned off"),
        Purpose::Turn if is_assertion => Result::Overtaken,
        Purpose::Claim if error.kind == ErrorKind::Constraint => Result::Overtaken,
        // the history may be gone, or another than it was
        Purpose::Turn | Purpose::Claim | Purpose::Check | Purpose::Restored | Purpose::Together => Result::Doubtful,
        Purpose::Preflight(number) | Purpose::Finding(number) => {
            let preflight = &migration.script.preflights[number];
            let finding = outcome.rows(step + 1).and_then(|rows| rows.first());
            if let Some(row) = finding {
                let message = fill(preflight.message.as_deref(), &as_shown(row));
                Result::Failed(Failure::Preflight { line: preflight.line, message })
            } else {
                let error = outcome.error(step + 1).unwrap_or(error);
                statement(0, preflight.line, &preflight.query, error)
            }
        }
        Purpose::Expressions(line) => statement(0, line, "", error),
        Purpose::Statement(number) => {
            let failed = &migration.script.statements[number];
            statement(number + 1, failed.line, failed.text, error)
        }
        // the structure is not as foreseen
        Purpose::Record if error.kind == ErrorKind::Constraint => Result::Doubtful,
        Purpose::Record => engine("cannot record the migration"),
    }
}
