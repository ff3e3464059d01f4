//! Alembic, whose migrations are written in Python: only a database tells what they do. What was applied is recorded in `alembic_version`.
//!
//! The table is that of `alembic` 1.13, `runtime/migration.py`.

use std::path::Path;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::Database;

use super::about::{About, AppliedRow, Marks, Sign};
use super::folder::ToolFolder;
use super::listing::Listing;
use super::settings::Settings;
use super::tool::{Tool, rows_of};
use crate::error::{CommandError, Result};

const ABOUT: About = About {
    name: "alembic",
    aliases: &[],
    folders: &[],
    marks: Marks::NONE,
    table: Some("alembic_version"),
    apply: Some("alembic upgrade head"),
    unrecorded: None,
    folder_help: "its migrations are written in Python, so name no folder: `cargo dbmigrate pull --from alembic`",
};

/// Alembic.
pub(super) struct Alembic;

impl Tool for Alembic {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn sign(&self, _: &Listing) -> Sign {
        Sign::No
    }

    fn read(&self, _: &Path, _: &Settings) -> Result<ToolFolder> {
        Err(CommandError::usage("migrations of Alembic have no SQL files").help(ABOUT.folder_help))
    }

    fn records(
        &self,
        database: &mut Database,
        table: &str,
    ) -> std::result::Result<Option<Vec<AppliedRow>>, EngineError> {
        let query = "SELECT CAST(version_num AS TEXT) FROM {table} ORDER BY version_num";
        rows_of(database, table, &["version_num"], query)
    }
}
