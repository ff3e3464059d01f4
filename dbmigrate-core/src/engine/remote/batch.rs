//! What is sent in one request: statements, each with the condition under which it runs, and what came of them.

use crate::engine::value::Value;
use libsql_hrana::proto;

use super::value;
use crate::engine::error::{EngineError, ErrorKind};

/// When a step runs. Steps are counted from 0; a step that did not run is neither ok nor an error.
pub type Condition = proto::BatchCond;

/// If that step has succeeded.
pub fn ok(step: u32) -> Condition {
    Condition::Ok { step }
}

/// If that step has failed.
pub fn error(step: u32) -> Condition {
    Condition::Error { step }
}

/// If that condition does not hold.
pub fn not(condition: Condition) -> Condition {
    Condition::Not { cond: Box::new(condition) }
}

/// If all of them hold.
pub fn and(conditions: Vec<Condition>) -> Condition {
    Condition::And(proto::BatchCondList { conds: conditions })
}

/// If one of them holds.
pub fn or(conditions: Vec<Condition>) -> Condition {
    Condition::Or(proto::BatchCondList { conds: conditions })
}

/// If no transaction is open.
pub fn is_autocommit() -> Condition {
    Condition::IsAutocommit {}
}

/// What JSON puts around a statement, in bytes.
const STEP_OVERHEAD: usize = 140;
/// The same around a value.
const VALUE_OVERHEAD: usize = 32;
/// The same around a condition.
const CONDITION_OVERHEAD: usize = 28;

/// Statements that are sent together. The server runs them one after the other on one connection, and goes on after a
/// failure: what depends on a step has to say so in its condition.
#[derive(Clone)]
pub struct Batch {
    steps: Vec<proto::BatchStep>,
    writes: bool,
    bytes: usize,
    problem: Option<EngineError>,
}

impl Batch {
    /// One that changes nothing: it may be sent again if no answer comes.
    pub fn reading() -> Self {
        Self { steps: Vec::new(), writes: false, bytes: 0, problem: None }
    }

    /// One that may change something. If no answer comes, nobody knows whether it did
    /// ([`ErrorKind::Lost`]).
    pub fn writing() -> Self {
        Self { writes: true, ..Self::reading() }
    }

    /// Adds a step and returns its number. The SQL, exactly one statement, is sent as it is.
    pub fn step(
        &mut self,
        condition: Option<Condition>,
        sql: impl Into<String>,
        values: Vec<Value>,
        wants_rows: bool,
    ) -> u32 {
        let sql = sql.into();
        let number = self.steps.len();
        self.bytes += STEP_OVERHEAD + escaped_length(&sql) + condition.as_ref().map_or(0, condition_length);
        let mut stmt = proto::Stmt::new(sql, wants_rows);
        for value in values {
            self.bytes += VALUE_OVERHEAD + value_length(&value);
            match value::to_wire(value) {
                Some(value) => stmt.bind(value),
                None => self.refuse("infinity cannot be sent to a server as a value".to_owned()),
            }
        }
        self.steps.push(proto::BatchStep { condition, stmt });
        u32::try_from(number).unwrap_or_else(|_| {
            self.refuse("too many statements for one request".to_owned());
            u32::MAX
        })
    }

    /// Puts another statement, without values, in the place of a step's.
    pub fn replace(&mut self, step: u32, sql: &str) {
        if let Some(step) = usize::try_from(step).ok().and_then(|step| self.steps.get_mut(step)) {
            step.stmt = proto::Stmt::new(sql, false);
        }
    }

    fn refuse(&mut self, message: String) {
        self.problem.get_or_insert(EngineError { kind: ErrorKind::Statement, message });
    }

    /// How many steps there are, which is the number of the next one.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// About how many bytes will be sent.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether it may change something.
    pub fn writes(&self) -> bool {
        self.writes
    }

    /// The statement of a step.
    pub fn sql(&self, step: u32) -> Option<&str> {
        self.steps.get(usize::try_from(step).ok()?)?.stmt.sql.as_deref()
    }

    pub(super) fn steps(&self) -> Result<&[proto::BatchStep], EngineError> {
        match &self.problem {
            Some(problem) => Err(problem.clone()),
            None => Ok(&self.steps),
        }
    }
}

/// The rows that a step returned.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StepRows {
    /// The names of its columns.
    pub columns: Vec<String>,
    /// Its rows; none if they were not wanted.
    pub rows: Vec<Vec<Value>>,
    /// How many rows it inserted, updated or deleted.
    pub changes: u64,
}

/// What came of a batch.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// For each step its rows or its error; `None` if it did not run.
    pub steps: Vec<Option<Result<StepRows, EngineError>>>,
    /// How much has ever been committed to the database, as far as the server says so: another number after every
    /// commit, whoever makes it.
    pub committed: Option<u64>,
}

impl Outcome {
    /// What came of a step.
    pub fn step(&self, step: u32) -> Option<&Result<StepRows, EngineError>> {
        self.steps.get(usize::try_from(step).ok()?)?.as_ref()
    }

    /// Sets what came of a step.
    pub fn set(&mut self, step: u32, result: Result<StepRows, EngineError>) {
        if let Some(step) = usize::try_from(step).ok().and_then(|step| self.steps.get_mut(step)) {
            *step = Some(result);
        }
    }

    /// Whether a step has succeeded.
    pub fn is_ok(&self, step: u32) -> bool {
        matches!(self.step(step), Some(Ok(_)))
    }

    /// The rows of a step, if it has succeeded.
    pub fn rows(&self, step: u32) -> Option<&[Vec<Value>]> {
        self.step(step)?.as_ref().ok().map(|rows| rows.rows.as_slice())
    }

    /// The error of a step, if it has failed.
    pub fn error(&self, step: u32) -> Option<&EngineError> {
        self.step(step)?.as_ref().err()
    }

    /// The first step that failed, and its error.
    pub fn first_error(&self) -> Option<(u32, &EngineError)> {
        self.errors().next()
    }

    /// All steps that failed, each with its error.
    pub fn errors(&self) -> impl Iterator<Item = (u32, &EngineError)> {
        (0_u32..).zip(&self.steps).filter_map(|(number, step)| match step {
            Some(Err(error)) => Some((number, error)),
            _ => None,
        })
    }
}

fn escaped_length(text: &str) -> usize {
    let escapes = text.bytes().map(|byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 1,
        0..0x20 => 5,
        _ => 0,
    });
    text.len() + escapes.sum::<usize>()
}

fn value_length(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::Integer(_) | Value::Real(_) => 20,
        Value::Text(text) => escaped_length(text),
        Value::Blob(blob) => blob.len().div_ceil(3) * 4,
    }
}

fn condition_length(condition: &Condition) -> usize {
    CONDITION_OVERHEAD
        + match condition {
            Condition::Not { cond } => condition_length(cond),
            Condition::And(list) | Condition::Or(list) => list.conds.iter().map(condition_length).sum(),
            _ => 0,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_a_batch_is_about_that_of_its_json() {
        let mut batch = Batch::writing();
        for at in 0..200 {
            let condition = and(vec![ok(at), not(error(at)), or(vec![is_autocommit()])]);
            let values = vec![Value::Integer(7), Value::Blob(vec![1; 300]), Value::Text("\n".repeat(50)), Value::Null];
            assert_eq!(batch.step(Some(condition), "INSERT INTO t\n\tVALUES (\"é\")", values, false), at);
        }
        let json = serde_json::to_string(batch.steps().unwrap()).unwrap().len();
        assert!(batch.bytes() > json * 9 / 10 && batch.bytes() < json * 5 / 4, "{} {json}", batch.bytes());
    }

    #[test]
    fn infinity_is_refused_before_anything_is_sent() {
        let mut batch = Batch::reading();
        batch.step(None, "SELECT ?", vec![Value::Real(f64::INFINITY)], true);
        assert_eq!(batch.steps().unwrap_err().kind, ErrorKind::Statement);
    }
}
