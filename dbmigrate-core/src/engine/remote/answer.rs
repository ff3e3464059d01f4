//! The answers of a server, read from JSON.

use libsql_hrana::proto;
use serde::Deserialize;

use super::batch::{Outcome, StepRows};
use super::failure;
use super::value::Received;

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
