//! Ctrl-C while members are migrated: what is under way is finished, and nothing else is begun. Who types it again ends it
//! at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often it is looked at while nothing is done.
const LOOKS: Duration = Duration::from_millis(100);

/// Whether somebody wants it to end.
#[derive(Debug, Clone, Default)]
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on.
    pub(super) fn listen() -> Self {
        let interrupt = Self::default();
        #[cfg(unix)]
        crate::database::signals::once(&interrupt.0);
        interrupt
    }

    /// Whether it is to end.
    pub(super) fn is_heard(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Waits for so long, or until it is to end.
    pub(super) fn wait(&self, pause: Duration) {
        let end = Instant::now() + pause;
        while !self.is_heard() && Instant::now() < end {
            std::thread::sleep(LOOKS.min(end.saturating_duration_since(Instant::now())));
        }
    }
}
