//! A thread beside each thread that waits for servers: it hands a request over and gets the answer, while the other one
//! watches whether the server is alive. It is kept for the next request, because many databases are asked one after the
//! other, and a thread for each request costs more memory than the answers.

use std::cell::RefCell;
use std::sync::mpsc::{self, Sender};
use std::thread;

type Job = Box<dyn FnOnce() + Send>;

thread_local! {
    static KEPT: RefCell<Option<Helper>> = const { RefCell::new(None) };
}

/// The thread. It ends when this is dropped, after what it is at.
pub(super) struct Helper(Sender<Job>);

impl Helper {
    /// Starts a job on a thread that has none.
    pub(super) fn start(job: impl FnOnce() + Send + 'static) -> Self {
        let mut job: Job = Box::new(job);
        if let Some(kept) = KEPT.with(|kept| kept.borrow_mut().take()) {
            match kept.0.send(job) {
                Ok(()) => return kept,
                Err(returned) => job = returned.0,
            }
        }
        let (sender, jobs) = mpsc::channel::<Job>();
        thread::spawn(move || {
            job();
            for job in jobs {
                job();
            }
        });
        Self(sender)
    }

    /// Keeps it, once what it was at is done.
    pub(super) fn keep(self) {
        KEPT.with(|kept| *kept.borrow_mut() = Some(self));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_of_helper(keep: bool) -> thread::ThreadId {
        let (done, answered) = mpsc::channel();
        let helper = Helper::start(move || {
            let _ = done.send(thread::current().id());
        });
        let id = answered.recv().expect("it is done");
        if keep {
            helper.keep();
        }
        id
    }

    #[test]
    fn a_helper_that_is_kept_does_the_next_job_and_one_that_is_not_does_none() {
        let first = id_of_helper(true);
        let second = id_of_helper(false);
        assert_eq!(first, second);
        assert_ne!(second, id_of_helper(true));
        assert_ne!(first, thread::current().id());
    }
}
