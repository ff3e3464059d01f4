//! Whether a copy is what was read, and sound in itself.

use std::path::Path;
use std::time::Duration;

use super::error::BackupError;
use super::fingerprint::Contents;
use super::local::Local;
use crate::engine::connection::text;
use crate::engine::error::EngineError;

/// What a file has in it, if it is sound. What is read for hashes and what is checked is read at the same time.
///
/// # Errors
/// If it is damaged, or cannot be read.
pub(super) fn sound_contents(path: &Path, busy_timeout: Duration) -> Result<Contents, BackupError> {
    std::thread::scope(|scope| {
        let checked = scope.spawn(|| is_sound(path, busy_timeout));
        let contents = Local::open(path, false, busy_timeout).and_then(|local| {
            local.begin_reading()?;
            local.contents()
        });
        joined(checked)?;
        contents.map_err(BackupError::of_source)
    })
}

/// What a thread came to; one that panicked panics here.
pub(super) fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// # Errors
/// If `integrity_check` finds damage.
pub(super) fn is_sound(path: &Path, busy_timeout: Duration) -> Result<(), BackupError> {
    let checked = || -> Result<Vec<String>, EngineError> {
        let local = Local::open(path, false, busy_timeout)?;
        // whether rows meet a CHECK is no question of damage, and is compared with the source as everything else
        local.run("PRAGMA ignore_check_constraints = ON")?;
        let rows = local.rows("SELECT CAST(integrity_check AS TEXT) FROM pragma_integrity_check")?;
        Ok(rows.iter().filter_map(|row| row.first()).map(|value| text(value).to_owned()).collect())
    };
    let problems: Vec<String> = checked()
        .map_err(BackupError::of_source)?
        .into_iter()
        .filter(|line| line != "ok" && !is_about_values(line))
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(BackupError::Damaged { problems }) }
}

/// Whether a line of `integrity_check` is about a value that its column does not allow. Such rows come about when a
/// column gets a constraint that its rows do not meet, and have to be copied as they are.
fn is_about_values(line: &str) -> bool {
    let value = |line: &str| {
        ["NULL value in ", "NUMERIC value in ", "TEXT value in "].iter().any(|start| line.starts_with(start))
    };
    value(line)
        || (line.starts_with("non-") && line.contains(" value in "))
        || line.starts_with("CHECK constraint failed in ")
}
