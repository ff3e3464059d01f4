//! The answers of a server, read from JSON.

use libsql_hrana::proto;
use serde::Deserialize;

use super::batch::{Outcome, StepRows};
use super::failure;
use super::value::Received;
use crate::engine::connection::Row;

/// The answer to a pipeline of requests whose first is of a kind that is answered with `T`.
#[derive(Deserialize)]
pub(super) struct Pipeline<T> {
    pub(super) baton: Option<String>,
    #[serde(default)]
    pub(super) base_url: Option<String>,
    pub(super) results: Vec<Answered<T>>,
}

/// The answer to one request: a response or an error.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub(super) struct Answered<T> {
    #[serde(default = "none")]
    pub(super) response: Option<Response<T>>,
    #[serde(default)]
    pub(super) error: Option<proto::Error>,
}

/// A response; that to closing the stream has no result.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub(super) struct Response<T> {
    #[serde(default = "none")]
    pub(super) result: Option<T>,
}

/// What stands before the results of a pipeline.
#[derive(Deserialize)]
pub(super) struct Head {
    pub(super) baton: Option<String>,
    #[serde(default)]
    pub(super) base_url: Option<String>,
}

/// In front of the results of a pipeline, and of those of a batch.
const RESULTS: &[u8] = br#""results":["#;
const STEPS: &[u8] = br#""step_results":["#;
/// How far into an answer these are looked for: batons are not long.
const FAR: usize = 4096;

/// The place behind the first `what`.
fn behind(body: &[u8], what: &[u8]) -> Option<usize> {
    let start = &body[..body.len().min(FAR)];
    start.windows(what.len()).position(|one| one == what).map(|at| at + what.len())
}

/// The head of an answer, if it stands before its results, which are not read.
pub(super) fn head(body: &[u8]) -> Option<Head> {
    let mut head = body[..behind(body, RESULTS)?].to_vec();
    head.extend_from_slice(b"]}");
    serde_json::from_slice(&head).ok()
}

/// The rows of the first step of a batch; what comes behind them is not read.
pub(super) fn first_rows(body: &[u8]) -> Option<Vec<Row>> {
    let steps = &body[behind(body, STEPS)?..];
    let first = serde_json::Deserializer::from_slice(steps).into_iter::<StepResult>().next()?.ok()?;
    Some(first.into_rows().rows)
}

fn none<T>() -> Option<T> {
    None
}

/// The result of a batch.
#[derive(Deserialize)]
pub(super) struct BatchResult {
    step_results: Vec<Option<StepResult>>,
    step_errors: Vec<Option<proto::Error>>,
    /// Hrana calls it so, and has it as text.
    #[serde(default)]
    replication_index: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct StepResult {
    cols: Vec<proto::Col>,
    rows: Vec<Vec<Received>>,
    #[serde(default)]
    affected_row_count: u64,
}

impl BatchResult {
    /// What came of each step. `None` if the answer is not one to these steps.
    pub(super) fn outcome(self, steps: &[proto::BatchStep]) -> Option<Outcome> {
        if self.step_results.len() != steps.len() || self.step_errors.len() != steps.len() {
            return None;
        }
        let answers = self.step_results.into_iter().zip(self.step_errors);
        let outcomes = steps.iter().zip(answers).map(|(step, answer)| match answer {
            (_, Some(error)) => Some(Err(failure::of_step(&error, step.stmt.sql.as_deref().unwrap_or_default()))),
            (Some(result), None) => Some(Ok(result.into_rows())),
            (None, None) => None,
        });
        let committed = self.replication_index.and_then(|index| match index {
            serde_json::Value::String(text) => text.parse().ok(),
            other => other.as_u64(),
        });
        Some(Outcome { steps: outcomes.collect(), committed })
    }
}

impl StepResult {
    fn into_rows(self) -> StepRows {
        StepRows {
            columns: self.cols.into_iter().map(|column| column.name.unwrap_or_default()).collect(),
            rows: self.rows.into_iter().map(|row| row.into_iter().map(|value| value.0).collect()).collect(),
            changes: self.affected_row_count,
        }
    }
}
