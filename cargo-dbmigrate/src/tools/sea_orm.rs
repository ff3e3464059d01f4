//! sea-orm, whose migrations are written in Rust: only a database tells what they do. What was applied is recorded in `seaql_migrations`.
//!
//! The table is that of `sea-orm-migration` 2.0, `seaql_migrations.rs`.

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
    name: "sea-orm",
    aliases: &["sea-orm-migration", "seaorm"],
    folders: &[],
    marks: Marks::NONE,
    table: Some("seaql_migrations"),
    apply: Some("sea-orm-cli migrate up"),
    unrecorded: None,
    folder_help: "its migrations are written in Rust, so name no folder: `cargo dbmigrate pull --from sea-orm`",
};

/// sea-orm.
pub(super) struct SeaOrm;

impl Tool for SeaOrm {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn sign(&self, _: &Listing) -> Sign {
        Sign::No
    }

    fn read(&self, _: &Path, _: &Settings) -> Result<ToolFolder> {
        Err(CommandError::usage("migrations of sea-orm have no SQL files").help(ABOUT.folder_help))
    }

    fn records(
        &self,
        database: &mut Database,
        table: &str,
    ) -> std::result::Result<Option<Vec<AppliedRow>>, EngineError> {
        let query = "SELECT CAST(version AS TEXT) FROM {table} ORDER BY version";
        rows_of(database, table, &["version"], query)
    }
}
