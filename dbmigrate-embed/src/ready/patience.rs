//! Waiting for something only so long, without an executor: one thread for all who wait, while somebody does.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use crate::thread::lock;

/// How long somebody waits, from when it first has to.
#[derive(Debug)]
pub(crate) struct Patience {
    most: Option<Duration>,
    alarm: Option<Alarm>,
}

impl Patience {
    /// Without end if there is no limit.
    pub(crate) fn new(most: Option<Duration>) -> Self {
        Self { most, alarm: None }
    }

    /// What something comes to, or `None` if it takes too long.
    pub(crate) async fn within<F: Future + Unpin>(&mut self, future: &mut F) -> Option<F::Output> {
        let Some(most) = self.most else { return Some(future.await) };
        let alarm = self.alarm.get_or_insert_with(|| Alarm::new(Instant::now() + most));
        let mut alarm = pin!(alarm);
        poll_fn(|context| {
            if let Poll::Ready(output) = Pin::new(&mut *future).poll(context) {
                return Poll::Ready(Some(output));
            }
            alarm.as_mut().poll(context).map(|()| None)
        })
        .await
    }
}

/// Ends at a time.
#[derive(Debug)]
struct Alarm {
    at: Instant,
    /// Who is to be woken, once the thread knows of it.
    waker: Option<Arc<Mutex<Option<Waker>>>>,
}

impl Alarm {
    fn new(at: Instant) -> Self {
        Self { at, waker: None }
    }
}

impl Future for Alarm {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.at {
            return Poll::Ready(());
        }
        let waker = Some(context.waker().clone());
        if let Some(known) = &self.waker {
            *lock(known) = waker;
            return Poll::Pending;
        }
        let entry = Arc::new(Mutex::new(waker));
        self.waker = Some(Arc::clone(&entry));
        // no thread, no waiting
        if set(self.at, entry) { Poll::Pending } else { Poll::Ready(()) }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Some(waker) = &self.waker {
            *lock(waker) = None;
        }
    }
}

struct Entry(Instant, Arc<Mutex<Option<Waker>>>);

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

struct Alarms {
    entries: BinaryHeap<Reverse<Entry>>,
    has_thread: bool,
}

static ALARMS: Mutex<Alarms> = Mutex::new(Alarms { entries: BinaryHeap::new(), has_thread: false });
static CHANGED: Condvar = Condvar::new();

/// Wakes somebody at a time. False if nobody can.
fn set(at: Instant, waker: Arc<Mutex<Option<Waker>>>) -> bool {
    let mut alarms = lock(&ALARMS);
    if !alarms.has_thread {
        // it begins with taking the lock
        if thread::Builder::new().name("dbmigrate-alarm".to_owned()).spawn(ring).is_err() {
            return false;
        }
        alarms.has_thread = true;
    }
    alarms.entries.push(Reverse(Entry(at, waker)));
    drop(alarms);
    CHANGED.notify_one();
    true
}

/// Wakes everybody whose time has come, until nobody waits.
fn ring() {
    let mut alarms = lock(&ALARMS);
    loop {
        let Some(Reverse(next)) = alarms.entries.peek() else {
            alarms.has_thread = false;
            return;
        };
        let now = Instant::now();
        if next.0 > now {
            let left = next.0 - now;
            alarms = CHANGED.wait_timeout(alarms, left).unwrap_or_else(PoisonError::into_inner).0;
            continue;
        }
        let Some(Reverse(Entry(_, waker))) = alarms.entries.pop() else { continue };
        drop(alarms);
        let waker = lock(&waker).take();
        if let Some(waker) = waker {
            waker.wake();
        }
        alarms = lock(&ALARMS);
    }
}
