//! What is said of a migration that is several transactions, in the middle of it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use dbmigrate_core::engine::apply::{Advanced, Work};
use dbmigrate_core::engine::progress::Progress;

use super::rows::{self, grouped};
use super::{counted, lock};

/// How far it is: `12,000 of 30,000 rows done in 5 transactions`.
pub(crate) fn so_far(progress: &Progress) -> String {
    let transactions = counted(usize::try_from(progress.pieces.max(1)).unwrap_or(usize::MAX), "transaction");
    match (progress.visited, progress.of) {
        (0, _) => format!("{transactions} done"),
        (rows, Some(of)) if of >= rows => {
            format!("{} of {} rows done in {transactions}", grouped(rows), grouped(of))
        }
        (rows, _) => format!("{} rows done in {transactions}", grouped(rows)),
    }
}

/// The last piece, for whoever watches from another thread.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pieces(Arc<Mutex<Seen>>);

/// What was seen of the pieces of a migration.
#[derive(Debug, Default)]
struct Seen {
    last: Option<String>,
    /// When the first of them was done, and how much of the table with it.
    since: Option<(Instant, f64)>,
}

impl Pieces {
    /// Another one is done.
    pub(crate) fn note(&self, advanced: &Advanced) {
        let mut seen = lock(&self.0);
        let left = advanced.part.and_then(|part| {
            let (since, from) = *seen.since.get_or_insert((Instant::now(), part));
            left(since.elapsed(), from, part)
        });
        seen.last = Some(format!(", {}", rows_of(advanced, left)));
    }

    /// The same of one of several databases.
    pub(crate) fn note_of(&self, member: &str, advanced: &Advanced) {
        lock(&self.0).last = Some(format!(" ({member}: {})", rows_of(advanced, None)));
    }

    /// Another migration begins.
    pub(crate) fn forget(&self) {
        *lock(&self.0) = Seen::default();
    }

    /// What stands behind a step of a progress bar: the last piece, or else how far the statement is.
    pub(crate) fn within(self, work: Arc<Work>) -> impl Fn() -> String + Clone + Send + Sync + 'static {
        let (pieces, rows) = (self.0, rows::within(work));
        move || lock(&pieces).last.clone().unwrap_or_else(&rows)
    }
}

/// How much of a table is done, and how long the rest will take; how many rows, where that is not known. The line is to fit a
/// narrow terminal.
fn rows_of(advanced: &Advanced, left: Option<Duration>) -> String {
    match (advanced.percent(), left) {
        // behind the rows comes what is left of the old table, of which nothing is known
        (Some(percent), Some(left)) if percent < 100 => format!("{percent}%, {} left", roughly(left)),
        (Some(percent), _) => format!("{percent}% of {}", advanced.table),
        (None, _) => format!("{} rows of {}", grouped(advanced.visited), advanced.table),
    }
}

/// How long the rest takes, if it goes on as it has since; nothing before that can be told.
fn left(elapsed: Duration, from: f64, part: f64) -> Option<Duration> {
    let done = part - from;
    let is_known = elapsed >= Duration::from_secs(2) && done > 0.002;
    is_known.then(|| elapsed.mul_f64(((1.0 - part) / done).clamp(0.0, 1e6)))
}

/// A duration in one number.
fn roughly(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..90 => format!("{seconds} s"),
        seconds @ 90..5400 => format!("{} min", (seconds + 30) / 60),
        seconds => format!("{} h", (seconds + 1800) / 3600),
    }
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
        let progress = Progress { of: Some(30_000), ..progress };
        assert_eq!(so_far(&progress), "12,000 of 30,000 rows done in 5 transactions");
        // rows that have come since are no part of what there was
        let progress = Progress { of: Some(11_000), ..progress };
        assert_eq!(so_far(&progress), "12,000 rows done in 5 transactions");
    }

    #[test]
    fn the_rest_is_estimated_from_what_was_done_since() {
        let seconds = Duration::from_secs;
        assert_eq!(left(seconds(1), 0.0, 0.5), None);
        assert_eq!(left(seconds(100), 0.5, 0.5), None);
        assert_eq!(left(seconds(60), 0.25, 0.5), Some(seconds(120)));
        assert_eq!(left(seconds(60), 0.0, 1.0), Some(seconds(0)));
        let said = [7, 89, 100, 3600, 5400, 10_000].map(|time| roughly(seconds(time)));
        assert_eq!(said, ["7 s", "89 s", "2 min", "60 min", "2 h", "3 h"]);
    }

    #[test]
    fn how_far_a_piece_has_come_is_said_in_few_words() {
        let advanced = Advanced {
            migration: "0002_label".to_owned(),
            line: 1,
            table: "items".into(),
            visited: 33_085_610,
            changed: 0,
            rows: 100,
            part: Some(0.249),
            held: Duration::ZERO,
            waited: Duration::ZERO,
            pause: Duration::ZERO,
        };
        assert_eq!(rows_of(&advanced, Some(Duration::from_secs(240))), "24%, 4 min left");
        assert_eq!(rows_of(&advanced, None), "24% of items");
        assert_eq!(rows_of(&Advanced { part: None, ..advanced }, None), "33,085,610 rows of items");
    }
}
