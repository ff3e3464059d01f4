//! Files that nobody writes to while they are read as bytes.
//!
//! A lock on a file belongs to a process, and is lost when the process closes the file, through whichever descriptor
//! (`man 2 fcntl`): a database whose locks the engine holds must not be opened and closed besides it. So what is opened
//! here is never closed, and is opened once.
//!
//! What a connection sees that has begun to read is in the file itself, and stays there as long as it reads:
//! - With a journal that undoes: nobody writes to the file of whom somebody reads.
//! - With a write-ahead log: if all that was committed before it began was written from the log to the file. What comes
//!   later is written to the file only as far as no reader needs what was before; so nothing is.

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::pager::{Log, log_of};
use crate::engine::backup::local::Local;
use crate::engine::connection::integer;
use crate::engine::error::EngineError;

/// What tells a file from others: its device, and its number there.
#[cfg(unix)]
type Key = (u64, u64);

/// The files that were opened.
#[cfg(unix)]
static OPENED: Mutex<Vec<(Key, Arc<File>)>> = Mutex::new(Vec::new());

/// A file, opened once and for good.
#[cfg(unix)]
fn opened(path: &Path) -> Option<Arc<File>> {
    use std::os::unix::fs::MetadataExt;
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    let key = |metadata: std::fs::Metadata| -> Key { (metadata.dev(), metadata.ino()) };
    let wanted = key(std::fs::metadata(path).ok()?);
    if let Some((_, file)) = opened.iter().find(|(key, _)| *key == wanted) {
        return Some(Arc::clone(file));
    }
    let file = Arc::new(File::open(path).ok()?);
    // somebody may have put another one there
    let found = file.metadata().map(key).unwrap_or_default();
    opened.push((found, Arc::clone(&file)));
    (found == wanted).then_some(file)
}

#[cfg(not(unix))]
fn opened(_: &Path) -> Option<Arc<File>> {
    None
}

/// A file of which a connection has begun to read, if what the connection sees is all in it. `write_back` writes what is
/// in the log to the file, where nobody can have written since then, and returns whether it was all.
pub(in crate::engine::backup) fn still(path: &Path, write_back: impl FnOnce() -> bool) -> Option<Arc<File>> {
    let file = opened(path)?;
    match log_of(&file).ok()? {
        Log::Journal => Some(file),
        Log::WriteAhead => write_back().then_some(file),
    }
}

/// Writes what is in the log to the file, as far as that is possible now, through a connection that reads nothing.
/// Returns whether it was all.
pub(in crate::engine::backup) fn write_back(idle: &Local) -> Result<bool, EngineError> {
    let row = idle.rows("PRAGMA wal_checkpoint(PASSIVE)")?;
    let numbers: Vec<i64> = row.first().map(|row| row.iter().map(integer).collect()).unwrap_or_default();
    Ok(matches!(numbers[..], [0, pages, written] if pages == written && pages >= 0))
}

/// A file that nobody else has opened or ever will before it is closed, if it is all that there is.
pub(in crate::engine::backup) fn of_nobody_else(path: &Path) -> Option<File> {
    let file = File::open(path).ok()?;
    (log_of(&file) == Ok(Log::Journal)).then_some(file)
}
