//! One task migrates a database, and the others of this process that want it wait for that one.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::known::Key;
use crate::error::MigrateError;
use crate::thread::lock;

/// A migration that is under way, or waits for its turn.
#[derive(Debug)]
pub(crate) struct Flight {
    began: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    end: Option<End>,
    wakers: Vec<Option<Waker>>,
}

/// How it ended, for those who waited.
#[derive(Debug, Clone)]
pub(crate) enum End {
    /// Successfully, or nobody wanted it any more: the database has to be looked at again.
    LookAgain,
    /// It failed, and would again.
    Failed(Arc<MigrateError>),
}

/// What a task is to do.
pub(crate) enum Joined {
    Leads(Lead),
    Follows(Follow),
}

static FLIGHTS: Mutex<Option<HashMap<Key, Arc<Flight>>>> = Mutex::new(None);

/// Leads if nobody does.
pub(crate) fn join(key: &Key) -> Joined {
    let mut flights = lock(&FLIGHTS);
    let flights = flights.get_or_insert_default();
    if let Some(flight) = flights.get(key) {
        return Joined::Follows(Follow { flight: Arc::clone(flight), at: None });
    }
    let flight = Arc::new(Flight { began: Instant::now(), state: Mutex::default() });
    flights.insert(key.clone(), Arc::clone(&flight));
    Joined::Leads(Lead { key: key.clone(), flight, end: End::LookAgain })
}

/// Who migrates. When it is dropped, the others go on.
#[derive(Debug)]
pub(crate) struct Lead {
    key: Key,
    flight: Arc<Flight>,
    end: End,
}

impl Lead {
    /// What it is that this one migrates.
    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// Tells the others why it failed.
    pub(crate) fn has_failed(&mut self, error: &MigrateError) {
        self.end = End::Failed(Arc::new(error.for_another()));
    }

    /// Since when.
    pub(crate) fn flight(&self) -> Arc<Flight> {
        Arc::clone(&self.flight)
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        if let Some(flights) = &mut *lock(&FLIGHTS) {
            flights.remove(&self.key);
        }
        let mut state = lock(&self.flight.state);
        state.end = Some(self.end.clone());
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }
}

impl Flight {
    /// How long it has taken so far.
    pub(crate) fn age(&self) -> Duration {
        self.began.elapsed()
    }
}

/// Waits for the one who migrates.
#[derive(Debug)]
pub(crate) struct Follow {
    flight: Arc<Flight>,
    at: Option<usize>,
}

impl Follow {
    pub(crate) fn flight(&self) -> &Flight {
        &self.flight
    }
}

impl Future for Follow {
    type Output = End;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<End> {
        let flight = Arc::clone(&self.flight);
        let mut state = lock(&flight.state);
        if let Some(end) = &state.end {
            return Poll::Ready(end.clone());
        }
        let waker = Some(context.waker().clone());
        if let Some(at) = self.at {
            state.wakers[at] = waker;
        } else {
            self.at = Some(state.wakers.len());
            state.wakers.push(waker);
        }
        Poll::Pending
    }
}

impl Drop for Follow {
    fn drop(&mut self) {
        let mut state = lock(&self.flight.state);
        if let Some(waker) = self.at.and_then(|at| state.wakers.get_mut(at)) {
            *waker = None;
        }
    }
}
