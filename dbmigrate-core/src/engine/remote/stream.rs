//! A connection to the database at the other end, kept from request to request by its baton.

mod ahead;

pub use ahead::{Arrived, Sent};

use std::time::Duration;

use crate::engine::value::Value;
use libsql_hrana::proto;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::answer::{Answered, BatchResult, Pipeline};
use super::batch::{self, Batch, Outcome, StepRows};
use super::client::{Client, Encoding, Post};
use super::failure::{self, Answer};
use super::protobuf;
use super::request::{self, Request, Steps};
use super::url::RemoteUrl;
use crate::engine::error::{EngineError, ErrorKind};

/// What becomes of a stream after a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It stays open, with its transaction. The server closes it if it hears nothing for 10 s.
    Keep,
    /// It is closed in the same request; an open transaction is rolled back.
    Close,
}

/// How long an answer is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Patience {
    /// Up to the timeout of the options.
    Timeout,
    /// Up to this time, or the timeout if that is shorter.
    Short(Duration),
    /// As long as the server shows, each time that the timeout has passed, that it is alive: statements may run longer.
    WhileAlive,
    /// The same for what takes no longer than this. A server may show that it is alive and let nothing be written any more.
    UpTo(Duration),
}

/// How long closing a stream that nobody needs any more may take.
const CLOSING: Duration = Duration::from_secs(2);

/// A stream. It is opened by the first request, and closed when it is dropped, if it is open then.
#[derive(Debug)]
pub struct Stream {
    client: Client,
    /// How batches are written.
    encoding: Encoding,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The next request opens it.
    Closed,
    /// The server waits for this baton, at this address if it named one.
    Open { baton: String, base: Option<RemoteUrl> },
    /// It was open and cannot be gone on with, for this reason.
    Gone(EngineError),
}

/// What a statement is, without running it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// The names of its columns.
    pub columns: Vec<String>,
    /// How many parameters it has.
    pub parameters: usize,
    /// Whether it cannot change anything.
    pub is_readonly: bool,
}

impl Stream {
    pub(super) fn new(client: Client, encoding: Encoding) -> Self {
        Self { client, encoding, state: State::Closed }
    }

    /// Whether the server keeps it for the next batch.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    /// Sends a batch and returns what came of each of its steps.
    ///
    /// # Errors
    /// If the batch as a whole was not executed or not answered. If its answer is too large, some of it was executed,
    /// and a transaction may be open. After [`ErrorKind::Lost`], and [`ErrorKind::StreamExpired`], the stream is gone.
    pub fn run(&mut self, batch: &Batch, then: Then, patience: Patience) -> Result<Outcome, EngineError> {
        let steps = batch.steps()?;
        if self.encoding == Encoding::Protobuf {
            if let Some(outcome) = self.run_in_protobuf(batch, then, patience)? {
                return Ok(outcome);
            }
            self.encoding = Encoding::Json;
            let outcome = self.run(batch, then, patience)?;
            self.client.only_json();
            return Ok(outcome);
        }
        let result: BatchResult =
            self.request(Request::Batch { batch: Steps { steps } }, then, patience, batch.writes())?;
        result.outcome(steps).ok_or_else(|| self.unreadable(batch.writes(), b""))
    }

    /// The same as protobuf. `None` if the server does not seem to have that, and nothing has happened.
    fn run_in_protobuf(
        &mut self,
        batch: &Batch,
        then: Then,
        patience: Patience,
    ) -> Result<Option<Outcome>, EngineError> {
        let steps = batch.steps()?;
        let mut requests = vec![Request::Batch { batch: Steps { steps } }];
        if then == Then::Close {
            requests.push(Request::Close {});
        }
        let post = self.post_of(self.encoding, &requests, patience, batch.writes())?;
        let is_first = post.repeatable && !post.writes;
        let answer = match self.client.post(&post) {
            Ok(body) => protobuf::Answer::read(body, steps.len()),
            Err(failed) if is_first && failed.answered => None,
            Err(failed) => {
                if !post.repeatable && failed.sent {
                    self.state = State::Gone(gone());
                }
                return Err(failed.error);
            }
        };
        let Some(answer) = answer else {
            if is_first {
                return Ok(None);
            }
            self.state = if post.repeatable { State::Closed } else { State::Gone(gone()) };
            return Err(self.unreadable(batch.writes(), b""));
        };
        self.state = self.next_state(answer.baton.clone(), answer.base_url.as_deref(), then);
        answer.outcome(steps).unwrap_or_else(|| Err(self.unreadable(batch.writes(), b""))).map(Some)
    }

    /// The rows of a query that changes nothing.
    ///
    /// # Errors
    /// As for [`Stream::run`], and if the query fails.
    pub fn query(&mut self, sql: &str, values: Vec<Value>, then: Then) -> Result<StepRows, EngineError> {
        let mut batch = Batch::reading();
        batch.step(None, sql, values, true);
        let mut outcome = self.run(&batch, then, Patience::Timeout)?;
        outcome.steps.pop().flatten().unwrap_or_else(|| Err(self.unreadable(false, b"")))
    }

    /// What statements are, or why the server cannot compile them.
    ///
    /// # Errors
    /// As for [`Stream::run`].
    pub fn describe_all(
        &mut self,
        statements: &[&str],
        then: Then,
    ) -> Result<Vec<Result<Described, EngineError>>, EngineError> {
        let requests = statements.iter().map(|sql| Request::Describe { sql }).collect();
        let answers: Vec<Result<proto::DescribeResult, EngineError>> =
            self.requests(requests, then, Patience::Timeout, false)?;
        let described = answers.into_iter().map(|answer| {
            answer.map(|described| Described {
                columns: described.cols.into_iter().map(|column| column.name).collect(),
                parameters: described.params.len(),
                is_readonly: described.is_readonly,
            })
        });
        Ok(described.collect())
    }

    /// The steps of a batch that the server cannot read or does not run, with the reason. It refuses a batch with one
    /// of them as a whole, and does not say which it is. Nothing of the batch is run.
    ///
    /// # Errors
    /// As for [`Stream::run`].
    pub fn refused(&mut self, batch: &Batch, then: Then) -> Result<Vec<(u32, EngineError)>, EngineError> {
        // each is read before its condition is looked at, and the condition never holds
        let never = |step: &proto::BatchStep| {
            [proto::BatchStep { condition: Some(batch::or(Vec::new())), stmt: step.stmt.clone() }]
        };
        let steps: Vec<[proto::BatchStep; 1]> = batch.steps()?.iter().map(never).collect();
        let requests = steps.iter().map(|steps| Request::Batch { batch: Steps { steps } }).collect();
        let answers: Vec<Result<IgnoredAny, EngineError>> = self.requests(requests, then, Patience::Timeout, false)?;
        let errors = (0_u32..).zip(answers).filter_map(|(step, answer)| Some((step, answer.err()?)));
        Ok(errors.filter(|(_, error)| error.kind == ErrorKind::Statement).collect())
    }

    /// Closes it if it is open, which rolls an open transaction back. Whether that reached the server does not matter:
    /// it does the same by itself after 10 s.
    pub fn close(&mut self) {
        if let State::Open { baton, base } = std::mem::replace(&mut self.state, State::Closed) {
            let encoding = Encoding::Json;
            let Ok(body) = request::body(encoding, Some(&baton), &[Request::Close {}]) else { return };
            let patience = Patience::Short(CLOSING);
            let (body, beginning) = (body.into(), None);
            let post = Post { encoding, body, base, writes: false, repeatable: false, patience, beginning };
            let _ = self.client.post_once(&post);
        }
    }

    fn request<T: for<'de> Deserialize<'de>>(
        &mut self,
        request: Request<'_>,
        then: Then,
        patience: Patience,
        writes: bool,
    ) -> Result<T, EngineError> {
        let answers = self.requests(vec![request], then, patience, writes)?;
        answers.into_iter().next().unwrap_or_else(|| Err(self.unreadable(writes, b"")))
    }

    /// Sends requests that are answered with a `T` each, and returns their answers or errors.
    fn requests<T: for<'de> Deserialize<'de>>(
        &mut self,
        mut requests: Vec<Request<'_>>,
        then: Then,
        patience: Patience,
        writes: bool,
    ) -> Result<Vec<Result<T, EngineError>>, EngineError> {
        let count = requests.len();
        if then == Then::Close {
            requests.push(Request::Close {});
        }
        let post = self.post_of(Encoding::Json, &requests, patience, writes)?;
        let was_open = !post.repeatable;
        let answer = match self.client.post(&post) {
            Ok(answer) => answer,
            Err(failed) => {
                // the baton is as good as before only if it has not arrived
                if was_open && failed.sent {
                    self.state = State::Gone(gone());
                }
                return Err(failed.error);
            }
        };
        let Ok(answer) = serde_json::from_slice::<Pipeline<T>>(&answer) else {
            self.state = if was_open { State::Gone(gone()) } else { State::Closed };
            return Err(self.unreadable(writes, &answer));
        };
        self.state = self.next_state(answer.baton, answer.base_url.as_deref(), then);
        if answer.results.len() < count {
            return Err(self.unreadable(writes, b""));
        }
        Ok(answer.results.into_iter().take(count).map(|answered| self.result_of(answered, writes)).collect())
    }

    /// What is sent so that the stream goes on with these requests.
    fn post_of(
        &self,
        encoding: Encoding,
        requests: &[Request<'_>],
        patience: Patience,
        writes: bool,
    ) -> Result<Post, EngineError> {
        let (baton, base) = match &self.state {
            State::Closed => (None, None),
            State::Open { baton, base } => (Some(baton.as_str()), base.clone()),
            State::Gone(error) => return Err(error.clone()),
        };
        let body = request::body(encoding, baton, requests)?;
        let (body, repeatable) = (body.into(), baton.is_none());
        Ok(Post { encoding, body, base, writes, repeatable, patience, beginning: None })
    }

    fn result_of<T>(&self, answered: Answered<T>, writes: bool) -> Result<T, EngineError> {
        match (answered.response.and_then(|response| response.result), answered.error) {
            (Some(result), _) => Ok(result),
            (None, Some(error)) => Err(failure::of_hrana(&error)),
            (None, None) => Err(self.unreadable(writes, b"")),
        }
    }

    fn next_state(&self, baton: Option<String>, base: Option<&str>, then: Then) -> State {
        let Some(baton) = baton else {
            return if then == Then::Close { State::Closed } else { State::Gone(gone()) };
        };
        let Some(text) = base.filter(|text| !text.is_empty()) else {
            let base = match &self.state {
                State::Open { base, .. } => base.clone(),
                _ => None,
            };
            return State::Open { baton, base };
        };
        let url = self.client.url();
        match RemoteUrl::parse(text) {
            Ok((base, None)) if !self.client.has_secret() || url.trusts(&base) => {
                State::Open { baton, base: Some(base) }
            }
            parsed => {
                let to = parsed.map(|(base, _)| format!(" at `{base}`")).unwrap_or_default();
                let message = format!("`{url}` redirects{to}, which is another host: the token is not sent there");
                State::Gone(EngineError { kind: ErrorKind::Protocol, message })
            }
        }
    }

    fn unreadable(&self, writes: bool, body: &[u8]) -> EngineError {
        self.client.asked(writes).error(&Answer { status: 200, body, location: None, retry_after: None })
    }
}

fn gone() -> EngineError {
    let message = "the connection to the database was lost, and its transaction with it".to_owned();
    EngineError { kind: ErrorKind::StreamExpired, message }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.close();
    }
}
