//! What is restored, and where.

use std::path::Path;

use dbmigrate_core::engine::backup::Manifest;

use crate::project::Context;
use crate::project::url::DatabaseUrl;

/// A backup on its way into a database.
pub(super) struct Restoring<'r> {
    pub(super) context: &'r Context,
    pub(super) url: &'r DatabaseUrl,
    pub(super) backup: &'r Path,
    pub(super) manifest: &'r Manifest,
    /// The command, to be run again.
    pub(super) command: &'r str,
}
