//! A transaction that is one request: each statement runs only if the one before it has succeeded.

use std::time::Duration;

use crate::engine::value::Value;

use super::Row;
use super::server::{ServerConnection, of_commit, stolen};
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::pieces::Bound;
use crate::engine::remote::{Batch, is_autocommit, not, ok};

impl ServerConnection {
    /// Runs statements as one transaction, all of them or none.
    pub(super) fn transact(
        &self,
        statements: Vec<(String, Vec<Value>)>,
    ) -> Result<Vec<u64>, (Option<usize>, EngineError)> {
        let mut batch = Batch::writing();
        let begun = batch.step(None, "BEGIN IMMEDIATE", Vec::new(), false);
        let mut last = batch.step(Some(ok(begun)), "PRAGMA defer_foreign_keys = ON", Vec::new(), false);
        let first = last + 1;
        for (sql, values) in statements {
            last = batch.step(Some(ok(last)), sql, values, false);
        }
        let commit = batch.step(Some(ok(last)), "COMMIT", Vec::new(), false);
        // after a failure; not if the lock was never had
        let is_open = crate::engine::remote::and(vec![ok(begun), not(is_autocommit())]);
        batch.step(Some(is_open), "ROLLBACK", Vec::new(), false);
        let number = |step: u32| step.checked_sub(first).filter(|_| step < commit).and_then(|at| at.try_into().ok());
        let outcome = self.send(&batch).map_err(|error| match self.refused(&batch, &error) {
            Some((step, error)) => (u32::try_from(step).ok().and_then(number), error),
            None => (None, error),
        })?;
        match outcome.first_error() {
            Some((step, error)) if step == commit => Err((None, of_commit(error))),
            Some((step, error)) => Err((number(step), error.clone())),
            None if outcome.is_ok(commit) => {
                let changes =
                    |step| outcome.step(step).and_then(|step| step.as_ref().ok()).map_or(0, |step| step.changes);
                Ok((first..commit).map(changes).collect())
            }
            None => Err((None, stolen())),
        }
    }

    /// The rows of a query behind statements of which nothing stays.
    pub(in crate::engine) fn rows_behind_undone(
        &self,
        statements: &[String],
        (sql, values): Bound,
    ) -> Result<Vec<Row>, EngineError> {
        let mut batch = Batch::writing();
        let mut last = batch.step(None, "BEGIN IMMEDIATE", Vec::new(), false);
        for statement in statements {
            last = batch.step(Some(ok(last)), statement, Vec::new(), false);
        }
        let asked = batch.step(Some(ok(last)), sql, values, true);
        batch.step(Some(not(is_autocommit())), "ROLLBACK", Vec::new(), false);
        let outcome = self.send_within(&batch, self.patience(Duration::ZERO)).map_err(|error| match error.kind {
            // whatever has become of it, nothing of it is there
            ErrorKind::Lost => EngineError { kind: ErrorKind::Unreachable, ..error },
            _ => error,
        })?;
        match outcome.first_error() {
            Some((_, error)) => Err(error.clone()),
            None => outcome.rows(asked).map(<[Row]>::to_vec).ok_or_else(stolen),
        }
    }
}
