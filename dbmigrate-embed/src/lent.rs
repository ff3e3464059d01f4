//! A connection that stays where it is while a run uses it: in the task that waits for the run.
//!
//! The runner's thread asks, the future answers: what is borrowed is not moved to a thread that could outlive it, and a
//! connection whose calls need an executor has the one that polls the future. A future that is dropped goes on until
//! the run has come to an end with the current migration, so that the connection is given back as it was.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::driver::{Driver, Scratch};
use dbmigrate_core::engine::error::ErrorKind;
use dbmigrate_core::engine::value::{Row, Value};
use pollster::block_on;

use crate::driver::AsyncDriver;
use crate::error::MigrateError;
use crate::thread::{NoResult, OnThread};

/// Where an answer goes.
type Answer<T> = SyncSender<Result<T, EngineError>>;

/// What the runner's thread asks of a connection.
enum Request {
    Execute(String, Vec<Value>, Answer<()>),
    Query(String, Vec<Value>, usize, Answer<Vec<Row>>),
    Columns(String, Answer<Vec<String>>),
    IsAutocommit(Answer<bool>),
}

/// The way of the requests: there is never more than one.
#[derive(Default)]
struct Line(Mutex<State>);

#[derive(Default)]
struct State {
    request: Option<Request>,
    waker: Option<Waker>,
    is_closed: bool,
}

impl Line {
    fn state(&self) -> MutexGuard<'_, State> {
        // nothing that holds the lock can panic
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The next request; `None` when there will be none.
    async fn next(&self) -> Option<Request> {
        poll_fn(|context| {
            let mut state = self.state();
            if let Some(request) = state.request.take() {
                return Poll::Ready(Some(request));
            }
            if state.is_closed {
                return Poll::Ready(None);
            }
            state.waker = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }
}

/// The driver of the runner's thread.
struct Asking {
    line: Arc<Line>,
    scratch: Option<Scratch>,
}

impl Asking {
    fn ask<T>(&self, request: impl FnOnce(Answer<T>) -> Request) -> Result<T, EngineError> {
        let (answer, answered) = sync_channel(1);
        self.line.change(|state| state.request = (!state.is_closed).then(|| request(answer)));
        // who answers has panicked
        answered.recv().unwrap_or_else(|_| Err(no_answer()))
    }
}

fn no_answer() -> EngineError {
    EngineError { kind: ErrorKind::Io, message: "the connection no longer answers".to_owned() }
}

impl Driver for Asking {
    fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<(), EngineError> {
        self.ask(|answer| Request::Execute(sql.to_owned(), values, answer))
    }

    fn query(&mut self, sql: &str, values: Vec<Value>, most: usize) -> Result<Vec<Row>, EngineError> {
        self.ask(|answer| Request::Query(sql.to_owned(), values, most, answer))
    }

    fn columns(&mut self, sql: &str) -> Result<Vec<String>, EngineError> {
        self.ask(|answer| Request::Columns(sql.to_owned(), answer))
    }

    fn is_autocommit(&mut self) -> Result<bool, EngineError> {
        self.ask(Request::IsAutocommit)
    }

    fn scratch(&self) -> Option<Scratch> {
        self.scratch.clone()
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.line.change(|state| state.is_closed = true);
    }
}

/// When nobody answers any more, nobody waits for an answer.
struct Closes(Arc<Line>);

impl Drop for Closes {
    fn drop(&mut self) {
        self.0.change(|state| {
            state.is_closed = true;
            state.request = None;
        });
    }
}

/// Something that does not outlive what it borrows.
type Boxed<'t, T> = Pin<Box<dyn Future<Output = T> + Send + 't>>;

/// A connection that a run can have, once it is asked for.
pub struct Lender<'t>(Boxed<'t, Result<Lent<'t>, MigrateError>>);

/// What a lender gives.
pub(crate) struct Lent<'t> {
    /// For the runner's thread.
    driver: Box<dyn Driver>,
    /// For the task.
    answering: Boxed<'t, ()>,
    /// The way between them.
    line: Arc<Line>,
}

impl<'t> Lender<'t> {
    /// Lends a connection that is there.
    pub(crate) fn of(driver: impl AsyncDriver + 't) -> Self {
        Self::acquiring(async { Ok(driver) })
    }

    /// Lends a connection that has to be waited for.
    pub(crate) fn acquiring<D: AsyncDriver + 't>(
        acquired: impl Future<Output = Result<D, MigrateError>> + Send + 't,
    ) -> Self {
        Self(Box::pin(async {
            let driver = acquired.await?;
            let line = Arc::new(Line::default());
            let asking = Asking { line: Arc::clone(&line), scratch: driver.scratch() };
            let answering = Box::pin(answer(driver, Closes(Arc::clone(&line))));
            Ok(Lent { driver: Box::new(asking), answering, line })
        }))
    }

    pub(crate) async fn lend(self) -> Result<Lent<'t>, MigrateError> {
        self.0.await
    }
}

/// Answers until nobody asks any more. Who asked may be gone.
async fn answer(mut driver: impl AsyncDriver, line: Closes) {
    while let Some(request) = line.0.next().await {
        match request {
            Request::Execute(sql, values, answer) => drop(answer.send(driver.execute(&sql, values).await)),
            Request::Query(sql, values, most, answer) => drop(answer.send(driver.query(&sql, values, most).await)),
            Request::Columns(sql, answer) => drop(answer.send(driver.columns(&sql).await)),
            Request::IsAutocommit(answer) => drop(answer.send(driver.is_autocommit().await)),
        }
    }
}

/// A run on a thread of its own, on a connection that stays here.
pub(crate) struct Together<'t, T: Send + 'static> {
    thread: OnThread<T>,
    answering: Option<Boxed<'t, ()>>,
    has_begun: bool,
}

impl<'t, T: Send + 'static> Together<'t, T> {
    pub(crate) fn new(thread: OnThread<T>, answering: Boxed<'t, ()>) -> Self {
        Self { thread, answering: Some(answering), has_begun: false }
    }

    /// Takes the work back, unless somebody has begun with it.
    pub(crate) fn withdraw(&self) -> bool {
        self.thread.withdraw()
    }
}

impl<'t> Lent<'t> {
    pub(crate) fn into_parts(self) -> (Box<dyn Driver>, Boxed<'t, ()>) {
        (self.driver, self.answering)
    }

    /// The first rows of a query, at most so many, asked for in the task itself.
    pub(crate) async fn rows(&mut self, sql: &str, most: usize) -> Result<Vec<Row>, EngineError> {
        let (answer, answered) = sync_channel(1);
        self.line.change(|state| state.request = Some(Request::Query(sql.to_owned(), Vec::new(), most, answer)));
        let answering = &mut self.answering;
        poll_fn(move |context| {
            let is_over = answering.as_mut().poll(context).is_ready();
            match answered.try_recv() {
                Ok(rows) => Poll::Ready(rows),
                Err(_) if is_over => Poll::Ready(Err(no_answer())),
                Err(_) => Poll::Pending,
            }
        })
        .await
    }
}

impl<T: Send + 'static> Future for Together<'_, T> {
    type Output = Result<T, NoResult>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        this.has_begun = true;
        if let Poll::Ready(result) = Pin::new(&mut this.thread).poll(context) {
            this.answering = None;
            return Poll::Ready(result);
        }
        if let Some(answering) = &mut this.answering
            && answering.as_mut().poll(context).is_ready()
        {
            this.answering = None;
        }
        Poll::Pending
    }
}

impl<T: Send + 'static> Drop for Together<'_, T> {
    fn drop(&mut self) {
        // the connection is in a transaction, and has other settings than its owner's
        let is_unfinished = self.has_begun && self.answering.is_some();
        if is_unfinished && !self.thread.withdraw() && !std::thread::panicking() {
            self.thread.stop();
            let _ = block_on(poll_fn(|context| Pin::new(&mut *self).poll(context)));
        }
    }
}
