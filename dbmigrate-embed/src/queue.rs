//! Threads for work of which only so much is done at once: the rest waits, in the order in which it came.

use std::collections::VecDeque;
use std::io;
use std::sync::Mutex;
use std::thread;

use crate::thread::lock;

/// Something to do. It must not panic.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

struct Queue {
    waiting: VecDeque<Job>,
    threads: usize,
}

static QUEUE: Mutex<Queue> = Mutex::new(Queue { waiting: VecDeque::new(), threads: 0 });

/// Does something as soon as fewer than `at_once` are at it in this process.
///
/// # Errors
/// If no thread can be started, and there is none.
pub(crate) fn submit(job: Job, at_once: usize) -> io::Result<()> {
    let mut queue = lock(&QUEUE);
    queue.waiting.push_back(job);
    if queue.threads >= at_once.max(1) {
        return Ok(());
    }
    // it begins with taking the lock
    match thread::Builder::new().name("dbmigrate".to_owned()).spawn(work) {
        Ok(_) => queue.threads += 1,
        Err(error) if queue.threads == 0 => {
            let job = queue.waiting.pop_back();
            drop(queue);
            drop(job);
            return Err(error);
        }
        // one of the others will come to it
        Err(_) => {}
    }
    Ok(())
}

/// Works until there is nothing to do.
fn work() {
    loop {
        let mut queue = lock(&QUEUE);
        let Some(job) = queue.waiting.pop_front() else {
            queue.threads -= 1;
            return;
        };
        drop(queue);
        job();
    }
}
