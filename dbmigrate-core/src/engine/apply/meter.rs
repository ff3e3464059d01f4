//! What the statements of a migration take and write, for whoever measures.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What one statement took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// Which one of its script, counted from 0.
    pub statement: usize,
    /// How long.
    pub duration: Duration,
    /// How many rows it has inserted, updated or deleted, if that is what it is for.
    pub rows: u64,
}

/// The statements that have run since somebody has looked.
#[derive(Debug, Default)]
pub struct Meter(Mutex<Vec<Measured>>);

impl Meter {
    /// What has run since the last time.
    pub fn take(&self) -> Vec<Measured> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How much has run since then.
    pub(super) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Forgets all but the first so many: they have run for nothing.
    pub(super) fn forget_from(&self, count: usize) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).truncate(count);
    }

    pub(super) fn note(&self, statement: usize, duration: Duration, rows: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Measured { statement, duration, rows });
    }
}
