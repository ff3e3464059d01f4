//! Whether a copy is one. A copy that is not complete yet is waited for; one that never is, is none.

use std::thread;
use std::time::{Duration, Instant};

use dbmigrate_core::engine::error::ErrorKind;
use dbmigrate_core::engine::{Connection, EngineError};

use super::fingerprint::Fingerprint;
use crate::database::failure::engine_error;
use crate::error::{CommandError, Result};
use crate::project::url::DatabaseUrl;

/// The pause between two looks; it doubles with each, up to the other.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How many times the timeout of a database its copy may take until it is complete.
const TIMEOUTS: u32 = 4;

/// Until when a copy is waited for.
pub(super) fn deadline(url: &DatabaseUrl) -> Instant {
    Instant::now() + url.timeout() * TIMEOUTS
}

/// Waits until a copy answers, and returns what is in it.
///
/// # Errors
/// If it does not, or refuses.
pub(crate) fn answers(copy: &Connection, url: &DatabaseUrl) -> Result<Fingerprint> {
    repeated(deadline(url), || match Fingerprint::read(copy) {
        Ok(found) => Look::Done(Ok(found)),
        Err(error) if is_not_yet(&error) => Look::NotYet(unreadable(&error, url)),
        Err(error) => Look::Done(Err(unreadable(&error, url))),
    })
}

/// Compares a copy with what the original had before it was copied, until both are the same. Returns what is in it.
///
/// # Errors
/// If they are not the same in the end.
pub(crate) fn verify(
    (original, original_url): (&Connection, &DatabaseUrl),
    before: &Fingerprint,
    (copy, url): (&Connection, &DatabaseUrl),
) -> Result<Fingerprint> {
    repeated(deadline(url), || {
        let found = match Fingerprint::read(copy) {
            Ok(found) => found,
            Err(error) if is_not_yet(&error) => return Look::NotYet(unreadable(&error, url)),
            Err(error) => return Look::Done(Err(unreadable(&error, url))),
        };
        if found == *before {
            return Look::Done(Ok(found));
        }
        // others may have written to it meanwhile
        let now = match Fingerprint::read(original) {
            Ok(now) => now,
            Err(error) => {
                let action = "cannot read the database again";
                return Look::Done(Err(engine_error(action, &error, original_url.into())));
            }
        };
        if !now.has_schema_of(before) {
            let message = format!("the schema of `{original_url}` was changed while it was copied");
            return Look::Done(Err(CommandError::failed(message).help("run again when no one else changes it")));
        }
        let differences = found.differences(before, &now);
        if differences.is_empty() {
            return Look::Done(Ok(found));
        }
        let message = format!("the copy of `{original_url}` is not complete: {}", differences.join(", "));
        Look::NotYet(CommandError::failed(message))
    })
}

/// A look at a copy.
pub(super) enum Look<T> {
    /// Nothing changes any more.
    Done(Result<T>),
    /// This is what is wrong, if it stays so.
    NotYet(CommandError),
}

/// Looks again and again until it is done, or the time is up.
pub(super) fn repeated<T>(deadline: Instant, mut look: impl FnMut() -> Look<T>) -> Result<T> {
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match look() {
            Look::Done(result) => return result,
            Look::NotYet(error) => error,
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(error);
        }
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Whether a database that was just made may be on its way: its name is not known yet, or whoever stands before it does
/// not know it.
fn is_not_yet(error: &EngineError) -> bool {
    matches!(error.kind, ErrorKind::Unreachable | ErrorKind::NoSuchDatabase | ErrorKind::Protocol | ErrorKind::Lost)
}

fn unreadable(error: &EngineError, url: &DatabaseUrl) -> CommandError {
    CommandError::failed(format!("the copy at `{url}` cannot be read: {error}"))
}
