//! What is said of a migration that is several transactions, in the middle of it.

use std::sync::{Arc, Mutex};

use dbmigrate_core::engine::apply::{Advanced, Work};
use dbmigrate_core::engine::progress::Progress;

use super::rows::{self, grouped};
use super::{counted, lock};

/// How far it is: `12,000 rows are done in 5 transactions`.
pub(crate) fn so_far(progress: &Progress) -> String {
    let transactions = counted(usize::try_from(progress.pieces.max(1)).unwrap_or(usize::MAX), "transaction");
    match progress.visited {
        0 => format!("{transactions} done"),
        rows => format!("{} rows done in {transactions}", grouped(rows)),
    }
}

/// The last piece, for whoever watches from another thread.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pieces(Arc<Mutex<Option<String>>>);

impl Pieces {
    /// Another one is done.
    pub(crate) fn note(&self, advanced: &Advanced) {
        *lock(&self.0) = Some(format!(", {}", rows_of(advanced)));
    }

    /// The same of one of several databases.
    pub(crate) fn note_of(&self, member: &str, advanced: &Advanced) {
        *lock(&self.0) = Some(format!(" ({member}: {})", rows_of(advanced)));
    }

    /// Another migration begins.
    pub(crate) fn forget(&self) {
        *lock(&self.0) = None;
    }

    /// What stands behind a step of a progress bar: the last piece, or else how far the statement is.
    pub(crate) fn within(self, work: Arc<Work>) -> impl Fn() -> String + Clone + Send + Sync + 'static {
        let (pieces, rows) = (self.0, rows::within(work));
        move || lock(&pieces).clone().unwrap_or_else(&rows)
    }
}

/// The rows that are done, and how much of their table that is.
fn rows_of(advanced: &Advanced) -> String {
    let part = advanced.percent().map(|percent| format!(" ({percent}%)"));
    format!("{} rows of {}{}", grouped(advanced.visited), advanced.table, part.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_a_migration_is_is_said_in_rows_where_there_are_any() {
        let progress = Progress { pieces: 0, ..Progress::default() };
        assert_eq!(so_far(&progress), "1 transaction done");
        let progress = Progress { pieces: 5, visited: 12_000, ..Progress::default() };
        assert_eq!(so_far(&progress), "12,000 rows done in 5 transactions");
    }
}
