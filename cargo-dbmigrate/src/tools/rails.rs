//! Rails, whose migrations are written in Ruby: only a database tells what they do. What was applied is recorded in `schema_migrations`.
//!
//! The table is that of `activerecord` 7.1, `lib/active_record/schema_migration.rs`, beside `ar_internal_metadata`.

use std::path::Path;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::Database;

use super::about::{About, AppliedRow, Marks, Sign};
use super::folder::ToolFolder;
use super::listing::Listing;
use super::settings::Settings;
use super::tool::{Tool, columns, rows_of};
use crate::error::{CommandError, Result};

const ABOUT: About = About {
    name: "rails",
    aliases: &[],
    folders: &[],
    marks: Marks::NONE,
    table: Some("schema_migrations"),
    apply: Some("bin/rails db:migrate"),
    unrecorded: None,
    folder_help: "its migrations are written in Ruby, so name no folder: `cargo dbmigrate pull --from rails`",
};

/// Rails.
pub(super) struct Rails;

impl Tool for Rails {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn sign(&self, _: &Listing) -> Sign {
        Sign::No
    }

    fn read(&self, _: &Path, _: &Settings) -> Result<ToolFolder> {
        Err(CommandError::usage("migrations of Rails have no SQL files").help(ABOUT.folder_help))
    }

    fn records(
        &self,
        database: &mut Database,
        table: &str,
    ) -> std::result::Result<Option<Vec<AppliedRow>>, EngineError> {
        // others have a table of that name too
        if columns(database, "ar_internal_metadata")?.is_empty() {
            return Ok(None);
        }
        let query = "SELECT CAST(version AS TEXT) FROM {table} ORDER BY version";
        rows_of(database, table, &["version"], query)
    }
}
