//! What is rehearsed, for all parts of a rehearsal.

use std::path::Path;

use dbmigrate_core::engine::apply::Options;
use dbmigrate_core::engine::{Connection, EngineError};
use dbmigrate_core::folder::Folder;
use pollster::block_on;

use crate::database::failure::engine_error;
use crate::error::CommandError;
use crate::project::Context;
use crate::project::url::DatabaseUrl;

/// What is rehearsed, and where.
#[derive(Clone, Copy)]
pub(crate) struct Plan<'a> {
    /// The package and its configuration.
    pub context: &'a Context,
    /// The migrations.
    pub folder: &'a Folder,
    /// The database.
    pub url: &'a DatabaseUrl,
    /// How the real run would go.
    pub options: Options<'a>,
    /// The folder that the copy is to be made in.
    pub place: Option<&'a Path>,
}

/// That the copy cannot be used.
pub(super) fn cannot(error: &EngineError, url: &DatabaseUrl) -> CommandError {
    engine_error("cannot rehearse the migrations", error, url.into()).note("nothing was changed")
}

/// A second connection to the copy, to look at it between the migrations.
pub(super) fn beside(path: &Path) -> std::result::Result<Connection, EngineError> {
    block_on(Connection::open(path, false))
}
