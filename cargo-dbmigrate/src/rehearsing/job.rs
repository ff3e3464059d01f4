//! What all parts of a rehearsal share.

use std::path::Path;

use dbmigrate_core::engine::{Connection, EngineError};
use pollster::block_on;

use crate::database::failure::engine_error;
use crate::error::CommandError;
use crate::project::url::DatabaseUrl;

/// That the copy cannot be used.
pub(super) fn cannot(error: &EngineError, url: &DatabaseUrl) -> CommandError {
    engine_error("cannot rehearse the migrations", error, url.into()).note("nothing was changed")
}

/// A second connection to the copy, to look at it between the migrations.
pub(super) fn beside(path: &Path) -> std::result::Result<Connection, EngineError> {
    block_on(Connection::open(path, false))
}
