//! Servers for tests: the libSQL server itself, tokens for it, what stands between it and a client, and a way to ask
//! it without the product. And the linter of workflows, and a browser.
//!
//! | module | has |
//! |---|---|
//! | [`browser`] | headless Chromium, driven |
//! | [`sqld`] | servers: started, paused, killed, restarted, and gone when the test is |
//! | [`token`] | a key pair, and tokens with any claims |
//! | `fleet` | fleets of thousands of members, files or databases on a server, and everything that happens to them |
//! | [`hand`] | SQL by hand, and everything that a database has in it |
//! | [`lint`] | what actionlint says of workflows |
//! | [`proxy`] | latency, counts, and every way in which a connection can fail |
//! | [`turso`] | a stand-in for Turso Cloud: its platform API, and databases behind host names |
//! | [`turso_database`] | Turso Database, the newer engine: a server, and files that it writes |
//!
//! Everything here panics when it does not work: a test that cannot do what it wants to has failed. It knows nothing of
//! the product, so that a mistake there is not made here again.

#![allow(clippy::missing_panics_doc, reason = "see above")]

mod binary;
pub mod browser;
#[cfg(feature = "fleet")]
pub mod fleet;
pub mod hand;
mod http;
pub mod lint;
mod listening;
pub mod proxy;
pub mod sqld;
pub mod token;
pub mod turso;
pub mod turso_database;

/// Says something that has to be seen also of tests that pass: only what the print macros write is held back.
pub fn say(line: &str) {
    use std::io::Write as _;
    // a closed pipe is no reason to fail
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Says that something is not tested, and why.
pub fn skipped(why: &str) {
    say(&format!("SKIPPED: {why}"));
}

/// Whether this is a run that must not skip anything (`CI=true`).
pub fn must_not_skip() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

/// How long the thread computes while this runs (proc(5), to a hundredth of a second), which is the same on a busy machine.
/// Where that is not known, how long it takes.
pub fn work_of(run: impl FnOnce()) -> std::time::Duration {
    let now = || sqld::computed("/proc/thread-self/stat");
    let (before, begin) = (now(), std::time::Instant::now());
    run();
    match (before, now()) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => begin.elapsed(),
    }
}

/// A time by which anything that a test waits for has happened, also on a busy machine.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);
