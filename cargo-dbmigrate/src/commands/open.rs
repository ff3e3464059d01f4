//! Opens the database that a command is for.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::Database;
use dbmigrate_core::engine::apply::database::OpenError;
use dbmigrate_core::engine::error::ErrorKind;
use dbmigrate_core::plan::decide::shell_quoted;
use pollster::block_on;

use super::replay::engine_error;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::package;
use crate::url::DatabaseUrl;

/// Opens the database.
///
/// # Errors
/// If it is not a database, a replica, or cannot be opened.
pub(super) fn open(context: &Context, url: &DatabaseUrl, create: bool) -> Result<Database> {
    let timeout = Duration::from_secs(context.config.busy_timeout);
    check_place(url)?;
    let opened = block_on(Database::open(url.path(), create, timeout));
    let ignore = || context.config.ignore.clone();
    opened.map(|database| database.ignoring(ignore())).map_err(|error| match error {
        OpenError::Engine(engine) => {
            let shown = url.to_string();
            let known = not_a_database(url.path(), &shown, &engine);
            known
                .unwrap_or_else(|| engine_error("cannot open the database", &engine, &shown))
                .note("nothing was changed")
        }
        OpenError::Replica { .. } => {
            CommandError::failed(format!("`{url}` is an embedded replica: schema changes there would be lost"))
                .note("nothing was changed")
                .help("migrate the primary database, from which the replica is synchronized")
        }
        _ => CommandError::failed(error.to_string()),
    })
}

/// What SQLite takes for no database, told apart by the header of the file (sqlite.org/fileformat.html#the_database_header).
fn not_a_database(path: &Path, shown: &str, error: &EngineError) -> Option<CommandError> {
    const MAGIC: &[u8] = b"SQLite format 3\0";
    /// Where the version is that a program has to know to read the file, and three bytes that no version changes.
    const READ_VERSION: usize = 19;
    const FIXED: (usize, [u8; 3]) = (21, [64, 32, 32]);
    let newer = || {
        CommandError::failed(format!("`{shown}` has a newer file format than this version of libSQL can read"))
            .help("update cargo-dbmigrate: a later version comes with a later libSQL")
    };
    // SQLite's whole message for a schema format above 4, for which it has no code of its own
    if error.kind == ErrorKind::Statement && error.message == "unsupported file format" {
        return Some(newer());
    }
    if error.kind != ErrorKind::NotADatabase {
        return None;
    }
    let mut header = [0; 100];
    let has_header = File::open(path).and_then(|mut file| file.read_exact(&mut header)).is_ok();
    let begins_as_one = has_header && header.starts_with(MAGIC);
    if begins_as_one && header[FIXED.0..].starts_with(&FIXED.1) && header[READ_VERSION] > 2 {
        return Some(newer());
    }
    let message = match begins_as_one {
        true => format!("`{shown}` begins as a database, but cannot be read: it is damaged or encrypted"),
        false => format!("`{shown}` is not a database, or it is encrypted"),
    };
    Some(CommandError::failed(message).help("name the right file: `--url PATH`"))
}

/// SQLite says no more than that it cannot open a file; here is why, where it is not a question of rights. A pipe it
/// would wait for.
pub(super) fn check_place(url: &DatabaseUrl) -> Result<()> {
    let what = match std::fs::metadata(url.path()) {
        Ok(place) if place.is_dir() => Some("a folder"),
        Ok(place) if !place.is_file() => Some("a pipe or a device"),
        _ => None,
    };
    if let Some(what) = what {
        return Err(
            CommandError::failed(format!("`{url}` is {what}, not a database")).help("name the file: `--url PATH`")
        );
    }
    match url.path().parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        Some(folder) => {
            let folder = package::for_display(folder).display().to_string();
            Err(CommandError::failed(format!("cannot make `{url}`: there is no folder `{folder}`"))
                .help(format!("make it: `mkdir -p {}`", shell_quoted(&folder))))
        }
        None => Ok(()),
    }
}

/// A file that this run made, and that nothing was written to, is not left behind.
pub(super) fn remove_if_empty(path: &Path) {
    if std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() == 0) {
        // best effort: an empty file does no harm
        let _ = std::fs::remove_file(path);
    }
}
