//! Where sets of rows are: the folders in `seeds/` beside `Cargo.toml`. What is in them is the subcommand's.

use std::io;
use std::path::Path;

/// The folder of the sets.
pub const FOLDER: &str = "seeds";

/// The names of the sets in such a folder, sorted; none if it does not exist.
///
/// # Errors
/// If it cannot be read.
pub fn sets(seeds: &Path) -> io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(seeds) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut sets: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.starts_with(['.', '_']))
        .collect();
    sets.sort();
    Ok(sets)
}
