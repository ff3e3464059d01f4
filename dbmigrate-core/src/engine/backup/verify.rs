//! Whether a copy is what was read, and sound in itself.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use super::absent::{Absent, Uncompared};
use super::bytes::follow::Followed;
use super::bytes::{self, Also, Seen, still};
use super::error::BackupError;
use super::fingerprint::Contents;
use super::local::{CACHE, Local};
use crate::engine::connection::{Row, text};
use crate::engine::error::EngineError;

/// What a file has in it, if it is sound.
///
/// # Errors
/// If it is damaged, or cannot be read.
pub(super) fn sound_contents(path: &Path, busy_timeout: Duration) -> Result<Contents, BackupError> {
    let local = Local::open(path, false, busy_timeout).map_err(BackupError::of_source)?;
    local.begin_reading().map_err(BackupError::of_source)?;
    // what is in a log may be more by now
    let file = still::still(path, || false);
    sound((path, busy_timeout), &local, file.as_deref(), None, BackupError::of_source)
}

/// What a copy has in it, of which nobody else knows, if it is sound. What was `followed` while it was written has to be the
/// same as then, or is read once more.
///
/// # Errors
/// If it is damaged, or cannot be read.
pub(super) fn sound_copy(path: &Path, followed: Option<Followed>) -> Result<Contents, BackupError> {
    let failed = BackupError::copy(path);
    let local = Local::open(path, false, Duration::ZERO).map_err(&failed)?;
    local.begin_reading().map_err(&failed)?;
    let file = still::of_nobody_else(path);
    std::thread::scope(|scope| {
        // the disk has time for it meanwhile; whether it is there is asked for where the file gets its name
        scope.spawn(|| File::open(path).and_then(|file| file.sync_all()));
        sound((path, Duration::ZERO), &local, file.as_ref(), followed, failed)
    })
}

/// What is read for hashes and what is checked is read at the same time.
fn sound(
    (path, busy_timeout): (&Path, Duration),
    local: &Local,
    file: Option<&File>,
    followed: Option<Followed>,
    failed: impl Fn(EngineError) -> BackupError,
) -> Result<Contents, BackupError> {
    std::thread::scope(|scope| {
        let first = if file.is_some() { QUICK } else { FULL };
        let checked = scope.spawn(move || check(path, busy_timeout, &[first]));
        let seen = bytes::seen(local, file, Also::Checks, threads(), followed);
        let uncompared = joined(checked)?;
        let Seen { mut contents, unchecked } = seen.map_err(failed)?;
        contents.uncompared = match unchecked {
            None if first == FULL => uncompared,
            None => check(path, busy_timeout, &[FULL])?,
            Some(tables) => {
                let checks: Option<Vec<String>> = tables.iter().map(|table| bytes::check_of(table)).collect();
                match checks {
                    Some(checks) if checks.is_empty() => Vec::new(),
                    Some(checks) => check(path, busy_timeout, &checks.iter().map(String::as_str).collect::<Vec<_>>())?,
                    None => check(path, busy_timeout, &[FULL])?,
                }
            }
        };
        Ok(contents)
    })
}

/// How many threads read a file.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(4)
}

/// What a thread came to; one that panicked panics here.
pub(super) fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Everything that the engine checks.
const FULL: &str = "SELECT CAST(integrity_check AS TEXT) FROM pragma_integrity_check";

/// The same but for what is in indexes.
const QUICK: &str = "SELECT CAST(quick_check AS TEXT) FROM pragma_quick_check";

/// Returns the indexes whose entries nobody but the application can tell from the rows.
///
/// # Errors
/// If one of these checks finds damage.
fn check(path: &Path, busy_timeout: Duration, checks: &[&str]) -> Result<Vec<Uncompared>, BackupError> {
    let mut absent = Absent::default();
    let (lines, uncompared) = loop {
        match checked(path, busy_timeout, checks, &absent) {
            Err(error) if absent.learns(&error) => {}
            done => break done.map_err(BackupError::of_source)?,
        }
    };
    let problems: Vec<String> = lines.into_iter().filter(|line| line != "ok" && !is_about_values(line)).collect();
    if problems.is_empty() { Ok(uncompared) } else { Err(BackupError::Damaged { problems }) }
}

/// What checks say, and which indexes they say nothing of because of functions that the engine does not have.
fn checked(
    path: &Path,
    busy_timeout: Duration,
    checks: &[&str],
    absent: &Absent,
) -> Result<(Vec<String>, Vec<Uncompared>), EngineError> {
    let local = absent.open_looking_away(path, busy_timeout)?;
    // whether rows meet a CHECK is no question of damage, and is compared with the source as everything else
    local.run("PRAGMA ignore_check_constraints = ON")?;
    if checks.iter().any(|check| *check != QUICK) {
        // looking for rows in indexes takes long, and longer if their pages have to be read again and again
        local.rows(CACHE)?;
    }
    let mut uncompared = Vec::new();
    let rows = if absent.is_empty() {
        checks.iter().map(|check| local.rows(check)).collect::<Result<Vec<_>, _>>()?.concat()
    } else {
        uncompared = absent.indexes(&local)?;
        let check = if checks == [QUICK] { "quick_check" } else { "integrity_check" };
        // it would end with the first hundred lines, which may all say nothing
        let all = format!("PRAGMA {check}({})", i32::MAX);
        local.connection.wanted(&all, &|row| row.first().is_some_and(|line| holds(text(line), &uncompared)))?
    };
    let line = |row: &Row| row.first().map(|value| text(value).to_owned());
    Ok((rows.iter().filter_map(line).collect(), uncompared))
}

/// Whether a line says something although functions answer `NULL`.
fn holds(line: &str, uncompared: &[Uncompared]) -> bool {
    let is_about = |Uncompared { index, is_partial, .. }: &Uncompared| {
        // how many entries there are does not depend on the values
        let is_count = || line.strip_prefix("wrong # of entries in index ").is_some_and(|name| name == index.as_str());
        line.strip_suffix(index.as_str()).is_some_and(|start| start.ends_with(" index "))
            && (*is_partial || !is_count())
    };
    !is_about_values(line) && !uncompared.iter().any(is_about)
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
