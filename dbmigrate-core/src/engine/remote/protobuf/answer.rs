//! Answers.

use libsql_hrana::proto;

use super::super::batch::{Outcome, StepRows};
use super::super::failure;
use super::super::flat::{Flat, FlatRows, Span};
use super::read::{Content, Fields, Malformed, unfolded};
use crate::engine::error::EngineError;
use crate::engine::value::Value;

/// The answer to a pipeline whose first request is a batch. Of the rows it is only known where they are.
#[derive(Default)]
pub(in crate::engine::remote) struct Answer {
    body: Vec<u8>,
    pub(in crate::engine::remote) baton: Option<String>,
    pub(in crate::engine::remote) base_url: Option<String>,
    /// Why the batch was not run as a whole, or what came of its steps.
    result: Option<Result<Vec<Step>, proto::Error>>,
}

/// What came of a step: nothing if it did not run.
type Step = Option<Result<Rows, proto::Error>>;

/// Where the rows of a step are.
#[derive(Clone, Default)]
struct Rows {
    columns: Vec<String>,
    changes: u64,
    /// All of the result.
    result: Span,
    count: usize,
}

/// How an answer begins, of which the rest is still on its way.
pub(in crate::engine::remote) struct Head {
    pub(in crate::engine::remote) baton: String,
    pub(in crate::engine::remote) base_url: Option<String>,
    /// The rows of the first step of the batch.
    pub(in crate::engine::remote) first_rows: Vec<Vec<Value>>,
}

impl Head {
    /// `None` if not all of it has come, or the first step has failed.
    pub(in crate::engine::remote) fn of(beginning: &[u8]) -> Option<Self> {
        Self::read(beginning).ok().flatten()
    }

    fn read(beginning: &[u8]) -> Result<Option<Self>, Malformed> {
        let (mut baton, mut base_url) = (None, None);
        let mut fields = Fields::arriving(beginning);
        while let Some(field) = fields.next()? {
            match field {
                (1, Content::Bytes(text)) => baton = Some(text.arrived()?.text()?.to_owned()),
                (2, Content::Bytes(text)) => base_url = Some(text.arrived()?.text()?.to_owned()),
                (3, Content::Bytes(result)) => {
                    let first_rows = Self::first_rows(only(only(only(result, 1)?, 3)?, 1)?, beginning)?;
                    return Ok(baton.zip(first_rows).map(|(baton, first_rows)| Self { baton, base_url, first_rows }));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// The rows of the first step in the result of a batch.
    fn first_rows(mut fields: Fields<'_>, beginning: &[u8]) -> Result<Option<Vec<Vec<Value>>>, Malformed> {
        while let Some((field, content)) = fields.next()? {
            let (1, Content::Bytes(entry)) = (field, content) else { continue };
            if let (0, rows) = entry_of(entry)? {
                return Ok(rows_of(rows.arrived()?)?.read(beginning).map(|step| step.rows));
            }
        }
        Ok(None)
    }
}

impl Answer {
    /// Reads the answer to a batch of so many steps. `None` if it is none.
    pub(in crate::engine::remote) fn read(body: Vec<u8>, steps: usize) -> Option<Self> {
        let mut answer = Self::default();
        answer.fill(&body, steps).ok()?;
        answer.body = body;
        Some(answer)
    }

    fn fill(&mut self, body: &[u8], steps: usize) -> Result<(), Malformed> {
        let mut fields = Fields::of(body);
        while let Some(field) = fields.next()? {
            match field {
                (1, Content::Bytes(baton)) => self.baton = Some(baton.text()?.to_owned()),
                (2, Content::Bytes(base)) => self.base_url = Some(base.text()?.to_owned()),
                (3, Content::Bytes(result)) if self.result.is_none() => self.result = Some(result_of(result, steps)?),
                _ => {}
            }
        }
        Ok(())
    }

    /// The rows of the first step. `None` if it has failed.
    pub(in crate::engine::remote) fn first_rows(&self) -> Option<Vec<Vec<Value>>> {
        let Some(Ok(rows)) = self.result.as_ref()?.as_ref().ok()?.first()? else { return None };
        Some(rows.read(&self.body)?.rows)
    }

    /// What came of each step. `None` if the answer is not one to these steps.
    pub(in crate::engine::remote) fn outcome(&self, sent: &[proto::BatchStep]) -> Option<Result<Outcome, EngineError>> {
        let steps = match self.result.as_ref()? {
            Ok(steps) => steps,
            Err(error) => return Some(Err(failure::of_hrana(error))),
        };
        let outcomes = steps.iter().zip(sent).map(|(step, sent)| {
            Some(match step {
                None => None,
                Some(Err(error)) => Some(Err(failure::of_step(error, sent.stmt.sql.as_deref().unwrap_or_default()))),
                Some(Ok(rows)) => Some(Ok(rows.read(&self.body)?)),
            })
        });
        // how much was ever committed is not said in this way
        Some(Ok(Outcome { steps: outcomes.collect::<Option<_>>()?, committed: None }))
    }

    /// The same, and the rows of the last step, if it has succeeded; the outcome is without them.
    pub(in crate::engine::remote) fn last_rows(
        mut self,
        sent: &[proto::BatchStep],
    ) -> Option<Result<(Outcome, FlatRows), EngineError>> {
        let mut last = Rows::default();
        if let Some(Ok(steps)) = &mut self.result
            && let Some(Some(Ok(rows))) = steps.last_mut()
        {
            last = std::mem::take(rows);
        }
        let outcome = match self.outcome(sent)? {
            Ok(outcome) => outcome,
            Err(error) => return Some(Err(error)),
        };
        let (values, width) = last.flat(&self.body).ok()?;
        Some(Ok((outcome, FlatRows::in_place(self.body, values, width))))
    }
}

/// The result of the first request of a pipeline.
fn result_of(mut fields: Fields<'_>, steps: usize) -> Result<Result<Vec<Step>, proto::Error>, Malformed> {
    let mut result = Err(Malformed);
    while let Some(field) = fields.next()? {
        match field {
            (1, Content::Bytes(response)) => {
                let batch = only(only(response, 3)?, 1)?;
                result = Ok(Ok(steps_of(batch, steps)?));
            }
            (2, Content::Bytes(error)) => result = Ok(Err(error_of(error)?)),
            _ => {}
        }
    }
    result
}

/// The message that is a field of another one.
fn only(mut fields: Fields<'_>, number: u64) -> Result<Fields<'_>, Malformed> {
    while let Some((field, content)) = fields.next()? {
        if let (true, Content::Bytes(inner)) = (field == number, content) {
            return Ok(inner);
        }
    }
    Err(Malformed)
}

/// Results and errors, each with the number of its step.
fn steps_of(mut fields: Fields<'_>, count: usize) -> Result<Vec<Step>, Malformed> {
    let mut steps: Vec<Step> = Vec::new();
    steps.resize_with(count, || None);
    while let Some((field, content)) = fields.next()? {
        let (1 | 2, Content::Bytes(entry)) = (field, content) else { continue };
        let (step, message) = entry_of(entry)?;
        let came = if field == 1 { Ok(rows_of(message)?) } else { Err(error_of(message)?) };
        *steps.get_mut(step).ok_or(Malformed)? = Some(came);
    }
    Ok(steps)
}

/// The number of a step, which is not written if it is 0, and what came of it.
fn entry_of(mut entry: Fields<'_>) -> Result<(usize, Fields<'_>), Malformed> {
    let mut step = 0;
    while let Some(part) = entry.next()? {
        match part {
            (1, Content::Number(number)) => step = usize::try_from(number).map_err(|_| Malformed)?,
            // nothing is behind it
            (2, Content::Bytes(message)) => return Ok((step, message)),
            _ => {}
        }
    }
    Err(Malformed)
}

fn rows_of(mut fields: Fields<'_>) -> Result<Rows, Malformed> {
    let mut rows = Rows { result: fields.span(), ..Rows::default() };
    while let Some(field) = fields.next()? {
        match field {
            (1, Content::Bytes(mut column)) => {
                let mut name = String::new();
                while let Some(part) = column.next()? {
                    if let (1, Content::Bytes(text)) = part {
                        text.text()?.clone_into(&mut name);
                    }
                }
                rows.columns.push(name);
            }
            (2, Content::Bytes(_)) => rows.count += 1,
            (3, Content::Number(changes)) => rows.changes = changes,
            _ => {}
        }
    }
    Ok(rows)
}

impl Rows {
    /// The values of all rows, and how many each has.
    fn flat(&self, body: &[u8]) -> Result<(Vec<Flat>, usize), Malformed> {
        let mut values = Vec::with_capacity(self.count * self.columns.len());
        let (mut fields, mut width) = (Fields::within(body, self.result), None);
        while let Some(field) = fields.next()? {
            if let (2, Content::Bytes(one)) = field {
                let before = values.len();
                row(one, &mut values)?;
                if *width.get_or_insert(values.len() - before) != values.len() - before {
                    return Err(Malformed);
                }
            }
        }
        Ok((values, width.unwrap_or_default()))
    }

    fn read(&self, body: &[u8]) -> Option<StepRows> {
        let (values, width) = self.flat(body).ok()?;
        let value = |value: &Flat| {
            Some(match *value {
                Flat::Null => Value::Null,
                Flat::Integer(integer) => Value::Integer(integer),
                Flat::Real(real) => Value::Real(real),
                Flat::Text(span) => Value::Text(std::str::from_utf8(span.of(body)).ok()?.to_owned()),
                Flat::Blob(span) => Value::Blob(span.of(body).to_vec()),
            })
        };
        let rows = values.chunks_exact(width.max(1)).map(|row| row.iter().map(value).collect());
        Some(StepRows { columns: self.columns.clone(), rows: rows.collect::<Option<_>>()?, changes: self.changes })
    }
}

/// Adds the values of a row.
#[inline]
fn row(mut fields: Fields<'_>, values: &mut Vec<Flat>) -> Result<(), Malformed> {
    loop {
        while let Some(value) = fields.short_value()? {
            values.push(value);
        }
        let Some((field, content)) = fields.next()? else { return Ok(()) };
        let (1, Content::Bytes(mut value)) = (field, content) else { continue };
        values.push(match value.next()? {
            Some((1, Content::Bytes(_))) => Flat::Null,
            Some((2, Content::Number(bits))) => Flat::Integer(unfolded(bits)),
            Some((3, Content::Fixed(bits))) => Flat::Real(f64::from_bits(bits)),
            Some((4, Content::Bytes(text))) => {
                text.text()?;
                Flat::Text(text.span())
            }
            Some((5, Content::Bytes(bytes))) => Flat::Blob(bytes.span()),
            _ => return Err(Malformed),
        });
    }
}

fn error_of(mut fields: Fields<'_>) -> Result<proto::Error, Malformed> {
    let mut error = proto::Error { message: String::new(), code: String::new() };
    while let Some(field) = fields.next()? {
        match field {
            (1, Content::Bytes(message)) => message.text()?.clone_into(&mut error.message),
            (2, Content::Bytes(code)) => code.text()?.clone_into(&mut error.code),
            _ => {}
        }
    }
    Ok(error)
}

/// What a server answers instead of a result, as it would say it in JSON.
pub(in crate::engine::remote) fn error_text(body: &[u8]) -> Option<Vec<u8>> {
    let error = error_of(Fields::of(body)).ok().filter(|error| !error.code.is_empty())?;
    serde_json::to_vec(&error).ok()
}
