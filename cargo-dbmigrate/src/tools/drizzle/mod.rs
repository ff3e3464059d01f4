//! drizzle-kit: the folder that `drizzle.config.ts` has as `out`, recorded in `__drizzle_migrations`.
//!
//! [`journal`] reads the folder in the two layouts that there have been: a journal beside numbered SQL files up to 0.31
//! (snapshot versions 5 and 6), a directory for each migration from 1.0 on (version 7). [`outline`] reads the
//! snapshots, as far as they can be compared with what the SQL leads to. [`applied`] finds out what of it a database has.
//! The formats are those of the folders and databases in `tests/fixtures/drizzle`, which drizzle-kit and drizzle-orm have
//! written.

mod about;
mod applied;
mod journal;
mod json;
pub(super) mod outline;

use std::path::Path;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::Database;

use about::ABOUT;

use super::about::{About, AppliedRow, Sign};
use super::compare::Applied;
use super::folder::ToolFolder;
use super::listing::Listing;
use super::literals::literal;
use super::settings::Settings;
use super::tool::{Tool, columns, rows_of};
use crate::error::Result;

/// drizzle-kit.
pub(super) struct Drizzle;

impl Tool for Drizzle {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn sign(&self, listing: &Listing) -> Sign {
        journal::sign(listing)
    }

    fn read(&self, path: &Path, _: &Settings) -> Result<ToolFolder> {
        journal::read(path)
    }

    fn settings(&self, root: &Path) -> Settings {
        Settings::of_first(root, ABOUT.marks.files, |text| {
            [literal(text, &["out"]), literal(text, &["migrations", "table"])]
        })
    }

    fn records(
        &self,
        database: &mut Database,
        table: &str,
    ) -> std::result::Result<Option<Vec<AppliedRow>>, EngineError> {
        let has_names = columns(database, table)?.iter().any(|column| column == "name");
        rows_of(database, table, &[], &applied::query(has_names))
    }

    fn compare(&self, folder: &ToolFolder, rows: &[AppliedRow], database: &str) -> Result<Applied> {
        applied::compare(folder, rows, database)
    }
}
