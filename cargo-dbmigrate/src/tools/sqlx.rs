//! sqlx: `migrations/20240101120000_users.sql`, or pairs that end in `.up.sql` and `.down.sql`, recorded in
//! `_sqlx_migrations`.
//!
//! The format is that of `sqlx-core` 0.9, `migrate/source.rs` (names, order) and `migrate/migration.rs` (SHA-384 of the
//! text), and of `sqlx-sqlite` 0.9, `migrate.rs` (the table).

use std::path::Path;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::Database;
use sha2::{Digest as _, Sha384};

use super::about::{About, AppliedRow, Marks, Sign};
use super::folder::ToolFolder;
use super::listing::Listing;
use super::named::{self, Naming};
use super::settings::{Settings, text};
use super::text::hex;
use super::tool::{Tool, rows_of};
use crate::error::Result;

const ABOUT: About = About {
    name: "sqlx",
    aliases: &["sqlx-cli"],
    folders: &["migrations"],
    marks: Marks { files: &[".sqlx", "sqlx.toml"], crates: &["sqlx"] },
    table: Some("_sqlx_migrations"),
    apply: Some("sqlx migrate run"),
    unrecorded: None,
    folder_help: "pass the folder that `sqlx::migrate!` names: `cargo dbmigrate pull --from sqlx=DIR`",
};

const NAMING: Naming = Naming { key: named::number_before_underscore, single: true, pairs: true };

/// sqlx.
pub(super) struct Sqlx;

impl Tool for Sqlx {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn sign(&self, listing: &Listing) -> Sign {
        Sign::if_possible(named::any(listing, &NAMING))
    }

    fn read(&self, path: &Path, settings: &Settings) -> Result<ToolFolder> {
        let checksum = |text: &str| match &settings.ignored[..] {
            [] => checksum(text),
            ignored => checksum(&text.replace(ignored, "")),
        };
        named::folder(path, &ABOUT, &NAMING, Some(&checksum), "20240101120000_users.sql")
    }

    fn settings(&self, root: &Path) -> Settings {
        let mut ignored = Vec::new();
        let settings = Settings::read(root, "sqlx.toml", |settings| {
            let migrate = settings.get("migrate").and_then(toml::Value::as_table);
            let chars = migrate.and_then(|migrate| migrate.get("ignored-chars")?.as_array());
            ignored.extend(chars.into_iter().flatten().filter_map(toml::Value::as_str).flat_map(str::chars));
            ["migrations-dir", "table-name"].map(|key| text(migrate?, key))
        });
        Settings { ignored, ..settings }
    }

    fn records(
        &self,
        database: &mut Database,
        table: &str,
    ) -> std::result::Result<Option<Vec<AppliedRow>>, EngineError> {
        let query = "SELECT CAST(version AS TEXT), lower(hex(checksum)), version || '_' || replace(description, ' ', '_'), \
                     iif(success, '', 'the record has `success` 0') FROM {table} ORDER BY version";
        rows_of(database, table, &["version", "checksum", "success", "description"], query)
    }
}

fn checksum(text: &str) -> String {
    hex(&Sha384::digest(text.as_bytes()))
}
