//! geni: `migrations/1709395165_users.up.sql` and `.down.sql`, recorded in `schema_migrations`.
//!
//! The format is that of `geni` 1.3, `lib/utils.rs` (names, order), `lib/migrate.rs`, and `lib/database_drivers/libsql.rs`
//! (the table, with a column `id`); `bin/geni/config.rs` has the variables that say otherwise.

use std::path::Path;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::Database;

use super::about::{About, AppliedRow, Marks, Sign};
use super::folder::ToolFolder;
use super::listing::Listing;
use super::named::{self, Naming};
use super::settings::Settings;
use super::tool::{Tool, rows_of};
use crate::error::Result;

const ABOUT: About = About {
    name: "geni",
    aliases: &[],
    folders: &["migrations"],
    marks: Marks { files: &["geni.toml"], crates: &["geni"] },
    table: Some("schema_migrations"),
    apply: Some("geni up"),
    unrecorded: None,
    folder_help: "pass the folder with the migrations: `cargo dbmigrate pull --from geni=DIR`",
};

const NAMING: Naming = Naming { key: named::number_before_underscore, single: false, pairs: true };

/// geni.
pub(super) struct Geni;

impl Tool for Geni {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn sign(&self, listing: &Listing) -> Sign {
        Sign::if_possible(named::any(listing, &NAMING))
    }

    fn read(&self, path: &Path, _: &Settings) -> Result<ToolFolder> {
        named::folder(path, &ABOUT, &NAMING, None, "1709395165_users.up.sql")
    }

    fn settings(&self, root: &Path) -> Settings {
        Settings::of_variables(root, ["DATABASE_MIGRATIONS_FOLDER", "DATABASE_MIGRATIONS_TABLE"])
    }

    fn records(
        &self,
        database: &mut Database,
        table: &str,
    ) -> std::result::Result<Option<Vec<AppliedRow>>, EngineError> {
        let query = "SELECT CAST(CAST(id AS INTEGER) AS TEXT) FROM {table} ORDER BY id";
        rows_of(database, table, &["id"], query)
    }
}
