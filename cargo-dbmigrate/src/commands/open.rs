//! Opens the database that a command is for.

use std::path::Path;
use std::time::Duration;

use dbmigrate_core::engine::apply::LocalDatabase;
use dbmigrate_core::engine::apply::local::OpenError;
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
pub(super) fn open(context: &Context, url: &DatabaseUrl, create: bool) -> Result<LocalDatabase> {
    let timeout = Duration::from_secs(context.config.busy_timeout);
    check_place(url)?;
    let opened = block_on(LocalDatabase::open(url.path(), create, timeout));
    let ignore = || context.config.ignore.clone();
    opened.map(|database| database.ignoring(ignore())).map_err(|error| match error {
        OpenError::Engine(engine) => {
            engine_error("cannot open the database", &engine, &url.to_string()).note("nothing was changed")
        }
        OpenError::Replica { .. } => {
            CommandError::failed(format!("`{url}` is an embedded replica: schema changes there would be lost"))
                .note("nothing was changed")
                .help("migrate the primary database, from which the replica is synchronized")
        }
        _ => CommandError::failed(error.to_string()),
    })
}

/// SQLite says no more than that it cannot open a file; here is why, where it is not a question of rights.
fn check_place(url: &DatabaseUrl) -> Result<()> {
    if url.path().is_dir() {
        return Err(
            CommandError::failed(format!("`{url}` is a folder, not a database")).help("name the file: `--url PATH`")
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
