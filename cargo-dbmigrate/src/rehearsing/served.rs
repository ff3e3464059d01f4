//! The copy of a database that is on a server.

use std::path::Path;

use crate::error::{CommandError, Result};
use crate::project::Context;
use crate::project::url::DatabaseUrl;

/// Reads all of it into a file.
///
/// # Errors
/// If it cannot be read, or the file cannot be written.
pub(super) fn copy(_context: &Context, url: &DatabaseUrl, _copy: &Path) -> Result<()> {
    Err(CommandError::failed(format!("cannot rehearse on `{url}`: it is on a server")))
}
