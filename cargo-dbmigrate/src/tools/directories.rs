//! A folder for each migration, with `up.sql` and perhaps `down.sql` in it: what diesel, rusqlite_migration and hand-made
//! runners have in common.

use super::folder::{Down, Entry};
use super::listing::{Listing, title};
use super::text::Text;
use crate::error::Result;

/// The file that applies a migration.
pub(super) const UP: &str = "up.sql";
/// The one that undoes it.
const DOWN: &str = "down.sql";

/// Reads the migration in a folder.
///
/// # Errors
/// If a file cannot be read.
pub(super) fn read(listing: &Listing, name: &str, key: String) -> Result<Entry> {
    let directory = listing.path.join(name);
    let (file, undo) = (directory.join(UP), directory.join(DOWN));
    let down = if undo.is_file() { Some(Down { sql: Text::read(&undo, None)?.sql, file: undo }) } else { None };
    let sql = Text::read(&file, None)?.sql;
    let (tag, title) = (name.to_owned(), title(name));
    Ok(Entry { tag, title, key, file, sql, down, checksums: Vec::new(), outline: None })
}
