//! Blocking work behind a future: on a thread of its own, so that the future is `Send`, blocks no executor and needs
//! none in particular. If the future is dropped, the work stops at the next place where it may stop.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::queue;

/// Whether the future that waits for the work was dropped.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dropped(Arc<AtomicBool>);

impl Dropped {
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Why work has no result.
#[derive(Debug)]
pub(crate) enum NoResult {
    /// No thread could be started.
    NotStarted(std::io::Error),
    /// It panicked, with this message.
    Panicked(String),
}

type Work<T> = Box<dyn FnOnce(&Dropped) -> T + Send>;

/// Where the thread leaves its result.
struct Slot<T> {
    result: Option<Result<T, NoResult>>,
    waker: Option<Waker>,
}

/// How far work is.
enum Stage<T> {
    /// Nobody has begun with it.
    Waiting(Work<T>),
    /// Somebody has.
    Begun,
    /// Nobody will begin with it.
    Withdrawn,
}

/// The future of work that begins when it is first polled.
pub(crate) struct OnThread<T> {
    stage: Arc<Mutex<Stage<T>>>,
    was_polled: bool,
    /// How much of the same kind is done at once, if that is limited.
    at_once: Option<usize>,
    slot: Arc<Mutex<Slot<T>>>,
    dropped: Dropped,
    /// Whether the work is to go on without the future.
    stays: bool,
}

impl<T: Send + 'static> OnThread<T> {
    pub(crate) fn new(work: impl FnOnce(&Dropped) -> T + Send + 'static) -> Self {
        let slot = Arc::new(Mutex::new(Slot { result: None, waker: None }));
        let stage = Arc::new(Mutex::new(Stage::Waiting(Box::new(work) as Work<T>)));
        Self { stage, was_polled: false, at_once: None, slot, dropped: Dropped::default(), stays: false }
    }

    /// Work that waits until less than `at_once` of its kind is done.
    pub(crate) fn queued(at_once: usize, work: impl FnOnce(&Dropped) -> T + Send + 'static) -> Self {
        let mut new = Self::new(work);
        new.at_once = Some(at_once);
        new
    }

    /// Tells the work that nobody waits for it any more.
    pub(crate) fn stop(&self) {
        self.dropped.0.store(true, Ordering::Release);
    }

    /// Takes the work back, unless somebody has begun with it.
    pub(crate) fn withdraw(&self) -> bool {
        let mut stage = lock(&self.stage);
        if matches!(*stage, Stage::Begun) {
            return false;
        }
        let work = std::mem::replace(&mut *stage, Stage::Withdrawn);
        drop(stage);
        drop(work);
        true
    }

    /// Lets the work go on without the future.
    pub(crate) fn leave(mut self) {
        self.stays = true;
    }

    fn start(&self) -> std::io::Result<()> {
        let (stage, slot, dropped) = (Arc::clone(&self.stage), Arc::clone(&self.slot), self.dropped.clone());
        let run = move || {
            let mut stage = lock(&stage);
            let Stage::Waiting(work) = std::mem::replace(&mut *stage, Stage::Begun) else {
                *stage = Stage::Withdrawn;
                return;
            };
            drop(stage);
            let result = catch_unwind(AssertUnwindSafe(|| work(&dropped))).map_err(|panic| message_of(&*panic));
            let mut slot = lock(&slot);
            slot.result = Some(result.map_err(NoResult::Panicked));
            let waker = slot.waker.take();
            drop(slot);
            if let Some(waker) = waker {
                waker.wake();
            }
        };
        match self.at_once {
            None => std::thread::Builder::new().name("dbmigrate".to_owned()).spawn(run).map(drop),
            Some(at_once) => queue::submit(Box::new(run), at_once),
        }
    }
}

impl<T: Send + 'static> Future for OnThread<T> {
    type Output = Result<T, NoResult>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if !self.was_polled {
            self.was_polled = true;
            lock(&self.slot).waker = Some(context.waker().clone());
            if let Err(error) = self.start() {
                return Poll::Ready(Err(NoResult::NotStarted(error)));
            }
        }
        let mut slot = lock(&self.slot);
        if let Some(result) = slot.result.take() {
            return Poll::Ready(result);
        }
        slot.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl<T> Drop for OnThread<T> {
    fn drop(&mut self) {
        if self.stays {
            return;
        }
        self.dropped.0.store(true, Ordering::Release);
        let mut stage = lock(&self.stage);
        if matches!(*stage, Stage::Waiting(_)) {
            let work = std::mem::replace(&mut *stage, Stage::Withdrawn);
            drop(stage);
            drop(work);
        }
    }
}

impl<T> fmt::Debug for OnThread<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnThread").field("was_polled", &self.was_polled).finish_non_exhaustive()
    }
}

/// Nothing that holds the lock can panic, so it is never poisoned.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The message of a panic.
pub(crate) fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_result_arrives_whenever_the_future_is_polled() {
        let now = OnThread::new(|_| 1);
        assert_eq!(pollster::block_on(now).expect("it does not panic"), 1);
        let later = OnThread::new(|_| {
            std::thread::sleep(Duration::from_millis(30));
            2
        });
        assert_eq!(pollster::block_on(later).expect("it does not panic"), 2);
    }

    #[test]
    fn nothing_happens_before_the_first_poll() {
        let (sender, receiver) = mpsc::channel();
        let future = OnThread::new(move |_| sender.send(()).is_ok());
        drop(future);
        assert!(receiver.recv_timeout(Duration::from_secs(5)).is_err());
    }

    #[test]
    fn a_panic_is_an_error_with_its_message() {
        let panicking = OnThread::new(|_| assert!(std::env::args().count() > 1_000, "too few arguments"));
        match pollster::block_on(panicking) {
            Err(NoResult::Panicked(message)) => assert_eq!(message, "too few arguments"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_work_is_told_that_its_future_was_dropped() {
        let (said, heard) = mpsc::channel();
        let mut future = Box::pin(OnThread::new(move |dropped: &Dropped| {
            while !dropped.is_set() {
                std::thread::yield_now();
            }
            said.send(()).is_ok()
        }));
        let mut context = Context::from_waker(Waker::noop());
        assert!(future.as_mut().poll(&mut context).is_pending());
        assert!(heard.recv_timeout(Duration::from_millis(20)).is_err());
        drop(future);
        assert!(heard.recv_timeout(Duration::from_secs(5)).is_ok());
    }
}
