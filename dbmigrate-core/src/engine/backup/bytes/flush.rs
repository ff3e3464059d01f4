//! A file brought to the disk while more of it is written, so that little is left to be waited for in the end.
//!
//! Nothing is promised by that: what has to be on the disk is waited for where the file gets its name.

use std::fs::File;
use std::sync::mpsc::{self, SyncSender};
use std::thread::JoinHandle;

/// So many bytes are brought there at a time.
const STEP: usize = 16 * 1024 * 1024;

/// The thread that waits for the disk. Dropping it waits for the thread, which has closed the file then.
#[derive(Debug)]
pub(super) struct Flusher {
    /// `None` only while it is dropped.
    steps: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    /// How many bytes were written since the last step.
    written: usize,
}

impl Flusher {
    /// For another handle of the file.
    pub(super) fn start(file: File) -> Self {
        let (steps, wanted) = mpsc::sync_channel(1);
        let thread = std::thread::spawn(move || {
            for () in wanted {
                // whoever gives it its name is told what went wrong
                let _ = file.sync_data();
            }
        });
        Self { steps: Some(steps), thread: Some(thread), written: 0 }
    }

    /// Notes that so many bytes were written.
    pub(super) fn wrote(&mut self, bytes: usize) {
        self.written += bytes;
        if self.written >= STEP
            && let Some(steps) = &self.steps
            // while it is busy, the next step becomes a larger one
            && steps.try_send(()).is_ok()
        {
            self.written = 0;
        }
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.steps = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
