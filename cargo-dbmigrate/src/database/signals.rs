//! The signals that tell this process to end, and who hears them.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// Whether the first signal is one to finish what is under way.
static FINISHES: AtomicBool = AtomicBool::new(false);

/// Those that end it, without those that it was told to ignore.
pub(crate) fn heard() -> impl Iterator<Item = i32> {
    let ignored = ignored();
    [SIGHUP, SIGINT, SIGTERM].into_iter().filter(move |signal| ignored & (1 << (signal - 1)) == 0)
}

/// From now on the first signal only raises this flag, and the next one ends the process.
pub(crate) fn once(raised: &Arc<AtomicBool>) {
    FINISHES.store(true, Ordering::SeqCst);
    for signal in heard() {
        // in this order: what is raised by the first is looked at by the second. Where they cannot be heard, they end it
        let _ = flag::register_conditional_default(signal, Arc::clone(raised));
        let _ = flag::register(signal, Arc::clone(raised));
    }
}

/// Whether the process ends by itself after a signal.
pub(super) fn is_finishing() -> bool {
    FINISHES.load(Ordering::SeqCst)
}

/// The signals that this process was told to ignore, as `nohup` does, a bit for each: they end nothing.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
