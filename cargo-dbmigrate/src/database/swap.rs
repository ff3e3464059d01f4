//! A new file in the place of a database: nobody else may use the old one then, and nothing of it may stay beside the new
//! one, which SQLite would take for its own
//! (sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_file_while_in_use).

use std::path::{Path, PathBuf};
use std::{fs, io};

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::Database;
pub(crate) use dbmigrate_core::engine::backup::{BESIDE, beside};
use dbmigrate_core::engine::connection::text;
use dbmigrate_core::engine::error::ErrorKind;
use pollster::block_on;

use crate::database::failure::engine_error;
use crate::error::{CommandError, Result};
use crate::project::url::DatabaseUrl;

/// Makes sure that nobody else uses the database: in a log, that no other connection is open, otherwise that none reads
/// or writes.
pub(crate) fn lock_out(old: &Database, url: &DatabaseUrl, is_wal: bool, command: &str) -> Result<()> {
    let in_use = || {
        CommandError::failed(format!("`{url}` is in use: another program has it open"))
            .note("nothing was changed")
            .help(format!("stop that program, then run `{command}` again"))
    };
    let refused = |error: EngineError| match error.kind {
        ErrorKind::Locked => in_use(),
        _ => engine_error("cannot lock the database", &error, url.into()).note("nothing was changed"),
    };
    if is_wal {
        let row = block_on(old.connection().first_row("PRAGMA journal_mode = DELETE")).map_err(refused)?;
        if row.is_none_or(|row| !text(&row[0]).eq_ignore_ascii_case("delete")) {
            return Err(in_use());
        }
    }
    block_on(old.connection().run("BEGIN EXCLUSIVE")).map_err(refused)
}

/// Undoes [`lock_out`] where the old database stays.
pub(crate) fn let_in(old: &Database, is_wal: bool) {
    block_on(old.connection().roll_back());
    if is_wal {
        // best effort: it works without as well
        let _ = block_on(old.connection().rows("PRAGMA journal_mode = WAL"));
    }
}

/// What makes a database write ahead, and leaves nothing in its log.
pub(crate) const WRITE_AHEAD: [&str; 2] = ["PRAGMA journal_mode = WAL", "PRAGMA wal_checkpoint(TRUNCATE)"];

/// A new file beside a database, which goes again unless it takes its place.
pub(crate) struct NewFile {
    path: PathBuf,
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // best effort; when it has its name there is none
        remove_with_files_beside(&self.path);
    }
}

impl NewFile {
    /// One that will take the place of `path`. There is nothing yet.
    pub(crate) fn beside(path: &Path) -> Self {
        let path = beside(path, &format!(".{}.new", std::process::id()));
        // of a process that had our number and died
        remove_with_files_beside(&path);
        Self { path }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Sees to it that all of it is in this one file, and on the disk. Nobody may have it open.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn settle(&self) -> io::Result<()> {
        remove_beside(&self.path);
        fs::File::open(&self.path).and_then(|file| file.sync_all())
    }

    /// Whoever may use the file at `path` may use this one.
    pub(crate) fn take_rights_of(&self, path: &Path) {
        let rights = fs::metadata(path).map(|file| file.permissions());
        // best effort: otherwise it has those of a new file
        let _ = rights.and_then(|rights| fs::set_permissions(&self.path, rights));
    }

    /// Gives it its name, in the place of what has that name.
    ///
    /// # Errors
    /// If it cannot be renamed.
    pub(crate) fn publish(&self, path: &Path) -> Result<()> {
        remove_beside(path);
        fs::rename(&self.path, path).map_err(|error| CommandError::io("replace", path, &error))?;
        sync_folder(path);
        Ok(())
    }
}

/// How a database writes: `wal`, `delete`, …
pub(crate) fn journal_mode(database: &Database, url: &DatabaseUrl) -> Result<String> {
    let row = block_on(database.connection().first_row("PRAGMA journal_mode"));
    let row = row.map_err(|error| engine_error("cannot read the database", &error, url.into()))?;
    Ok(row.map(|row| text(&row[0]).to_ascii_lowercase()).unwrap_or_default())
}

/// Removes what SQLite keeps beside a database.
fn remove_beside(path: &Path) {
    for suffix in BESIDE {
        // mostly there is none
        let _ = fs::remove_file(beside(path, suffix));
    }
}

/// Removes a database with it.
pub(crate) fn remove_with_files_beside(path: &Path) {
    let _ = fs::remove_file(path);
    remove_beside(path);
}

/// Sees to it that the names in the folder of a file are on the disk.
fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) {
        // best effort: it is there, if not yet on the disk
        let _ = fs::File::open(folder).and_then(|folder| folder.sync_all());
    }
}
