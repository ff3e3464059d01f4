//! The copy of a database that is on a server: read in one read transaction, and verified.

use std::path::Path;

use dbmigrate_core::engine::Connection;
use dbmigrate_core::engine::backup::{BackupError, Source, copy_to};

use crate::database::failure::engine_error;
use crate::error::{CommandError, Result};
use crate::project::url::DatabaseUrl;

/// Reads all of it into a file.
///
/// # Errors
/// If it cannot be read, or the file cannot be written.
pub(super) fn copy(original: &Connection, url: &DatabaseUrl, copy: &Path) -> Result<()> {
    let Some(client) = original.client() else { return Ok(()) };
    let copied = copy_to(Source::Server(client), copy, &());
    copied.map(drop).map_err(|error| {
        let shown = match &error {
            BackupError::Source(engine) => engine_error("cannot copy the database", engine, url.into()),
            _ => CommandError::failed(format!("cannot copy `{url}` to rehearse on it: {error}")),
        };
        shown.note("nothing was changed")
    })
}
