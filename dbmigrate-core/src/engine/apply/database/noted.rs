//! How far a rebuild online is, as it is written down and read.

use crate::engine::connection::{Row, integer, text};
use crate::engine::error::EngineError;
use crate::engine::online::chunk::At;
use crate::engine::online::{AT, Stage};
use crate::engine::pieces::Bound;
use crate::engine::progress::PROGRESS_TABLE;

/// What is noted with the position, so that it is told from one in batches.
pub(super) const NOTE: &str = "online";

/// The statement with which another stage begins.
pub(super) fn to_stage(stage: Stage) -> String {
    format!("UPDATE {AT} SET stage = '{}', chunk = chunk + 1", stage.name())
}

/// Writes down in the table of all progress how far it is, for whoever looks there.
pub(super) fn mirrored(size: u64) -> Bound {
    let stages: Vec<String> =
        Stage::ALL.iter().enumerate().map(|(at, stage)| format!("WHEN '{}' THEN {at}", stage.name())).collect();
    let sql = format!(
        "UPDATE {PROGRESS_TABLE} SET (stage, pieces, visited, changed) = \
         (SELECT CASE stage {} END, chunk, done, done FROM {AT}), size = {size}, \
         moved_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
        stages.join(" ")
    );
    (sql, Vec::new())
}

/// Statements without values.
pub(super) fn bound(statements: Vec<String>) -> Vec<Bound> {
    statements.into_iter().map(|sql| (sql, Vec::new())).collect()
}

/// The answer to the query for how far it is.
pub(super) fn read_at(row: &Row) -> Option<At> {
    let number = |at: usize| row.get(at).map_or(0, |value| integer(value).unsigned_abs());
    Some(At {
        migration: text(row.first()?).to_owned(),
        stage: Stage::of(text(row.get(1)?))?,
        chunk: number(2),
        done: number(3),
        is_first: number(4) == 1,
        is_last: number(5) == 1,
        logged: number(6),
    })
}

/// Whether a table is not there that a query asks.
pub(super) fn is_missing(error: &EngineError) -> bool {
    error.message.contains("no such table")
}

/// How much of the whole is done, from 0 to 1: comparing takes about a quarter of it.
#[expect(clippy::cast_precision_loss, reason = "it is shown as a percentage")]
pub(super) fn part(stage: Stage, done: u64, of: u64) -> Option<f64> {
    let of_stage = if of == 0 { return None } else { (done as f64 / of as f64).min(1.0) };
    Some(if stage == Stage::Copy { 0.75 * of_stage } else { 0.75 + 0.25 * of_stage })
}
