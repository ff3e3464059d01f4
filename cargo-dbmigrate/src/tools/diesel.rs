//! diesel: `migrations/2024-01-01-120000_users/up.sql` and `down.sql`, recorded in `__diesel_schema_migrations`.
//!
//! The format is that of `diesel_migrations` 2.3, `file_based_migrations.rs`, of `migrations_internals` 2.3 (the version is
//! what stands before the first `_`, without `-`), and of `diesel` 2.3, `migration/setup_migration_table.sql`.
//! `metadata.toml` says only whether a migration runs in a transaction, which is the runner's business here.

use std::path::Path;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::Database;

use super::about::{About, AppliedRow, Marks, Sign};
use super::directories::{self, UP};
use super::folder::ToolFolder;
use super::listing::Listing;
use super::settings::{Settings, text};
use super::tool::{Tool, rows_of};
use super::warning::Warning;
use crate::error::Result;

const ABOUT: About = About {
    name: "diesel",
    aliases: &["diesel_migrations"],
    folders: &["migrations"],
    marks: Marks { files: &["diesel.toml"], crates: &["diesel", "diesel_migrations"] },
    table: Some("__diesel_schema_migrations"),
    apply: Some("diesel migration run"),
    unrecorded: None,
    folder_help: "pass the folder with the migrations: `cargo dbmigrate pull --from diesel=DIR`",
};

/// diesel.
pub(super) struct Diesel;

impl Tool for Diesel {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn sign(&self, listing: &Listing) -> Sign {
        // runners of one's own have it so too
        Sign::if_possible(listing.with(UP).any(|name| name.starts_with(|char: char| char.is_ascii_digit())))
    }

    fn read(&self, path: &Path, _: &Settings) -> Result<ToolFolder> {
        let listing = Listing::read(path)?;
        let mut entries = Vec::new();
        for name in listing.with(UP) {
            entries.push(directories::read(&listing, name, version(name))?);
        }
        if entries.is_empty() {
            let lacks = "it has no folder such as `2024-01-01-120000_users` with an `up.sql`";
            return Err(listing.is_none_of(ABOUT.title(), lacks, ABOUT.folder_help));
        }
        // the order of texts, not of numbers
        entries.sort_by(|one, other| one.key.cmp(&other.key));
        let left_out = listing.directories.iter().filter(|name| !listing.path.join(name).join(UP).is_file());
        let warnings = left_out.map(|name| Warning::new(format!("skipped `{name}`: it has no `{UP}`"))).collect();
        Ok(ToolFolder { path: listing.path, entries, warnings })
    }

    fn settings(&self, root: &Path) -> Settings {
        Settings::read(root, "diesel.toml", |settings| {
            let directory = settings.get("migrations_directory").and_then(toml::Value::as_table);
            [directory.and_then(|directory| text(directory, "dir")), None]
        })
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

fn version(name: &str) -> String {
    name.split('_').next().unwrap_or_default().replace('-', "")
}
