//! How far a long statement is, in words.

use std::sync::Arc;

use dbmigrate_core::engine::apply::Work;
pub(crate) use dbmigrate_core::figures::grouped;

/// Fewer rows than these are written before anybody can read how many.
const FEWEST: u64 = 10_000;

/// What is said behind a step of a progress bar while a statement writes rows.
pub(crate) fn within(work: Arc<Work>) -> impl Fn() -> String + Clone + Send + Sync + 'static {
    move || {
        let rows = work.rows();
        match work.of() {
            Some(of) => format!(", {} of {} rows", grouped(rows.min(of)), grouped(of)),
            None if rows >= FEWEST => format!(", {} rows", grouped(rows)),
            None => String::new(),
        }
    }
}
