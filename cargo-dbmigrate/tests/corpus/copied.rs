//! What the reader of the file format says of a database is what the engine says of it, and its copy has it all.

use std::cell::OnceCell;
use std::path::Path;
use std::time::Duration;

use dbmigrate_core::engine::Connection;
use dbmigrate_core::engine::backup::{Contents, Source, contents, copy_to};
use pollster::block_on;
use tempfile::TempDir;

use crate::place::Place;

thread_local! {
    /// A folder for one thread: a file that was read as bytes stays open, so it is the same one each time.
    static FOLDER: OnceCell<TempDir> = const { OnceCell::new() };
}

/// Reads a database both ways, and copies it. One on a server is left alone.
pub(crate) fn read_both_ways(place: &Place) -> Result<(), String> {
    let Place::File(file) = place else { return Ok(()) };
    FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| tempfile::tempdir().expect("a folder")).path();
        compare(file, folder).map_err(|error| format!("read both ways: {error}"))
    })
}

fn compare(file: &Path, folder: &Path) -> Result<(), String> {
    let (both, copy) = (folder.join("both.db"), folder.join("copy.db"));
    std::fs::copy(file, &both).map_err(|error| error.to_string())?;
    let read = || contents(&both, Duration::ZERO, &()).map_err(|error| error.to_string());
    // as bytes, and then, because its log may have more, through the engine
    let by_bytes = read()?;
    let _ = std::fs::remove_file(&copy);
    let source = Source::File { path: &both, busy_timeout: Duration::ZERO };
    let copied = copy_to(source, &copy, &()).map_err(|error| error.to_string())?;
    let connection = block_on(Connection::open(&both, false)).map_err(|error| error.to_string())?;
    block_on(connection.rows("PRAGMA journal_mode = WAL")).map_err(|error| error.to_string())?;
    let by_engine = read()?;
    drop(connection);
    same(&by_engine, &by_bytes)?;
    same(&by_engine, &copied)
}

fn same(ours: &Contents, theirs: &Contents) -> Result<(), String> {
    let differences = ours.differences(theirs);
    if differences.is_empty() { Ok(()) } else { Err(format!("they differ in {}", differences.join(", "))) }
}
