//! Answers that are waited for while the one before is looked at, and hardly read before they are: pages of rows.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;

use libsql_hrana::proto;

use super::{Patience, State, Stream, Then, gone};
use crate::engine::connection::Row;
use crate::engine::error::EngineError;
use crate::engine::remote::answer::{self, BatchResult, Pipeline};
use crate::engine::remote::batch::{Batch, Outcome};
use crate::engine::remote::client::Encoding;
use crate::engine::remote::flat::{self, FlatRows};
use crate::engine::remote::protobuf;
use crate::engine::remote::request::{Request, Steps};

/// A batch on its way.
pub struct Sent {
    encoding: Encoding,
    answer: JoinHandle<Result<Vec<u8>, (EngineError, bool)>>,
    steps: Vec<proto::BatchStep>,
    /// From where it is told how the answer begins.
    beginning: Option<Receiver<protobuf::Head>>,
    /// Whether that was told, and the stream goes on from there.
    has_begun: bool,
}

/// The answer to a batch, hardly read.
pub struct Arrived {
    body: Body,
    steps: Vec<proto::BatchStep>,
}

enum Body {
    Json(Vec<u8>),
    Protobuf(protobuf::Answer),
}

impl Arrived {
    /// The rows of its first step, if that has succeeded.
    pub fn first_rows(&self) -> Option<Vec<Row>> {
        match &self.body {
            Body::Json(body) => answer::first_rows(body),
            Body::Protobuf(answer) => answer.first_rows(),
        }
    }
}

impl Stream {
    /// Sends a batch that changes nothing, and does not wait for its answer. Until that has [begun](Self::begun) or is
    /// received, nothing else can be sent.
    ///
    /// # Errors
    /// If the stream is gone.
    pub fn send(&mut self, batch: &Batch) -> Result<Sent, EngineError> {
        let steps = batch.steps()?.to_vec();
        let request = [Request::Batch { batch: Steps { steps: &steps } }];
        let encoding = self.encoding;
        let mut post = self.post_of(encoding, &request, Patience::WhileAlive, false)?;
        let mut beginning = None;
        if encoding == Encoding::Protobuf {
            let (tell, told) = mpsc::sync_channel(1);
            post.beginning = Some(Arc::new(move |bytes: &[u8]| {
                let head = protobuf::Head::of(bytes);
                let is_known = head.is_some();
                // nobody may listen any longer
                let _ = head.map(|head| tell.try_send(head));
                is_known
            }));
            beginning = Some(told);
        }
        let client = self.client.clone();
        let answer = std::thread::spawn(move || {
            let was_open = !post.repeatable;
            client.post(&post).map_err(|failed| (failed.error, was_open && failed.sent))
        });
        Ok(Sent { encoding, answer, steps, beginning, has_begun: false })
    }

    /// Waits until the answer to what was sent last begins, and returns the rows of its first step. From here on the next
    /// batch can be sent: the server has done with this one, and hands it over meanwhile. `None` if that cannot be told
    /// before all of it has come.
    pub fn begun(&mut self, sent: &mut Sent) -> Option<Vec<Row>> {
        let head = sent.beginning.take()?.recv().ok()?;
        self.state = self.next_state(Some(head.baton), head.base_url.as_deref(), Then::Keep);
        sent.has_begun = true;
        Some(head.first_rows)
    }

    /// Waits for the answer to what was sent.
    ///
    /// # Errors
    /// If there is none.
    pub fn receive(&mut self, sent: Sent) -> Result<Arrived, EngineError> {
        let was_open = self.is_open();
        let body = match sent.answer.join() {
            Ok(Ok(body)) => body,
            Ok(Err((error, is_gone))) => {
                if is_gone {
                    self.state = State::Gone(gone());
                }
                return Err(error);
            }
            Err(panic) => std::panic::resume_unwind(panic),
        };
        let (body, baton, base_url) = match sent.encoding {
            Encoding::Json => {
                // where it does not stand in front, the end of the answer tells
                let head = answer::head(&body).or_else(|| serde_json::from_slice(&body).ok());
                let Some(answer::Head { baton, base_url }) = head else {
                    self.state = if was_open { State::Gone(gone()) } else { State::Closed };
                    return Err(self.unreadable(false, &body));
                };
                (Body::Json(body), baton, base_url)
            }
            Encoding::Protobuf => {
                let Some(mut answer) = protobuf::Answer::read(body, sent.steps.len()) else {
                    self.state = if was_open { State::Gone(gone()) } else { State::Closed };
                    return Err(self.unreadable(false, b""));
                };
                let (baton, base_url) = (answer.baton.take(), answer.base_url.take());
                (Body::Protobuf(answer), baton, base_url)
            }
        };
        if !sent.has_begun {
            self.state = self.next_state(baton, base_url.as_deref(), Then::Keep);
        }
        Ok(Arrived { body, steps: sent.steps })
    }

    /// What came of the steps of a batch whose answer was received, without the rows of the last one, and those, if it has
    /// succeeded.
    ///
    /// # Errors
    /// As for [`Stream::run`].
    pub fn last_rows(&mut self, arrived: Arrived) -> Result<(Outcome, FlatRows), EngineError> {
        let Arrived { body, steps } = arrived;
        let body = match body {
            Body::Json(body) => body,
            Body::Protobuf(answer) => {
                return answer.last_rows(&steps).unwrap_or_else(|| {
                    self.state = State::Gone(gone());
                    Err(self.unreadable(false, b""))
                });
            }
        };
        match flat::take(body, steps.len().saturating_sub(1)) {
            Ok((rows, body)) => Ok((self.outcome(&body, &steps)?, rows)),
            Err(body) => {
                let mut outcome = self.outcome(&body, &steps)?;
                let rows = match outcome.steps.last_mut() {
                    Some(Some(Ok(last))) => FlatRows::of(std::mem::take(&mut last.rows)),
                    _ => FlatRows::default(),
                };
                Ok((outcome, rows))
            }
        }
    }

    fn outcome(&mut self, body: &[u8], steps: &[proto::BatchStep]) -> Result<Outcome, EngineError> {
        let Ok(answer) = serde_json::from_slice::<Pipeline<BatchResult>>(body) else {
            self.state = State::Gone(gone());
            return Err(self.unreadable(false, body));
        };
        let result = match answer.results.into_iter().next() {
            Some(answered) => self.result_of(answered, false)?,
            None => return Err(self.unreadable(false, b"")),
        };
        result.outcome(steps).ok_or_else(|| self.unreadable(false, b""))
    }
}
