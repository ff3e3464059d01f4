//! golang-migrate: `migrations/000001_users.up.sql` and `.down.sql`; `schema_migrations` has one row with the last version,
//! and whether it is dirty: a migration that was begun and did not finish.
//!
//! The format is that of `github.com/golang-migrate/migrate/v4`, `source/parse.go` (names), and
//! `database/sqlite3/sqlite3.go` (`version uint64, dirty bool`, with the index `version_unique`).

use std::path::Path;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::Database;

use super::about::{About, AppliedRow, Marks, Sign};
use super::compare::{self, Applied};
use super::folder::ToolFolder;
use super::listing::Listing;
use super::named::{self, Naming};
use super::settings::Settings;
use super::tool::{Tool, quoted, rows_of};
use crate::error::Result;

const ABOUT: About = About {
    name: "golang-migrate",
    aliases: &["migrate", "go-migrate"],
    folders: &["migrations", "db/migrations"],
    marks: Marks::NONE,
    table: Some("schema_migrations"),
    apply: Some("migrate up"),
    unrecorded: None,
    folder_help: "pass the folder with the migrations: `cargo dbmigrate pull --from golang-migrate=DIR`",
};

const NAMING: Naming = Naming { key: named::number_before_underscore, single: false, pairs: true };

/// golang-migrate.
pub(super) struct GolangMigrate;

impl Tool for GolangMigrate {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn sign(&self, listing: &Listing) -> Sign {
        Sign::if_possible(named::any(listing, &NAMING))
    }

    fn read(&self, path: &Path, _: &Settings) -> Result<ToolFolder> {
        named::folder(path, &ABOUT, &NAMING, None, "000001_users.up.sql")
    }

    fn records(
        &self,
        database: &mut Database,
        table: &str,
    ) -> std::result::Result<Option<Vec<AppliedRow>>, EngineError> {
        let query = "SELECT CAST(version AS TEXT), '', '', iif(dirty, 'it is marked as dirty', '') FROM {table} \
                     WHERE version >= 0";
        rows_of(database, table, &["version", "dirty"], query)
    }

    /// All up to the version that is recorded.
    fn compare(&self, folder: &ToolFolder, rows: &[AppliedRow], database: &str) -> Result<Applied> {
        let last = rows.first().and_then(|row| folder.entries.iter().position(|entry| entry.key == row.key));
        let Some(last) = last else { return compare::by_key(&ABOUT, folder, rows, database) };
        let row = |key: &String| AppliedRow { key: key.clone(), ..rows[0].clone() };
        let rows: Vec<AppliedRow> = folder.entries[..=last].iter().rev().map(|entry| row(&entry.key)).collect();
        compare::by_key(&ABOUT, folder, &rows, database)
    }

    fn changed(&self, rows: &[AppliedRow], table: &str) -> Option<String> {
        let version = rows.first().map_or("-1", |row| row.key.as_str());
        Some(format!("SELECT 1 FROM {} WHERE version <> {version} OR dirty", quoted(table)))
    }
}
