//! wrangler, for D1: `migrations/0001_users.sql`, recorded by the name of the file in `d1_migrations`.
//!
//! The format is that of `wrangler` 3.114, `d1/migrations/helpers.ts` (names, order, the table).

use std::path::Path;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::Database;

use super::about::{About, AppliedRow, Marks, Sign};
use super::folder::ToolFolder;
use super::listing::{Listing, number};
use super::literals::literal;
use super::named::{self, Naming};
use super::settings::{Settings, text};
use super::tool::{Tool, rows_of};
use crate::error::Result;

const ABOUT: About = About {
    name: "wrangler",
    aliases: &["d1"],
    folders: &["migrations"],
    marks: Marks { files: &["wrangler.toml", "wrangler.json", "wrangler.jsonc"], crates: &["worker"] },
    table: Some("d1_migrations"),
    apply: Some("npx wrangler d1 migrations apply DATABASE"),
    unrecorded: Some("wrangler d1 execute"),
    folder_help: "pass the folder that `migrations_dir` names: `cargo dbmigrate pull --from wrangler=DIR`",
};

const NAMING: Naming = Naming { key: |stem| Some(format!("{stem}.sql")), single: true, pairs: false };

/// wrangler.
pub(super) struct Wrangler;

impl Tool for Wrangler {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn sign(&self, listing: &Listing) -> Sign {
        Sign::if_possible(listing.stems(".sql").any(|stem| !number(stem).is_empty()))
    }

    fn read(&self, path: &Path, _: &Settings) -> Result<ToolFolder> {
        let listing = Listing::read(path)?;
        let (mut entries, warnings) = named::read(&listing, &NAMING, None)?;
        if entries.is_empty() {
            let lacks = "it has no file such as `0001_users.sql`";
            return Err(listing.is_none_of(ABOUT.title(), lacks, ABOUT.folder_help));
        }
        // by their numbers, and where those are the same by their names
        entries
            .sort_by_cached_key(|entry| (number(&entry.tag).parse::<u128>().unwrap_or(u128::MAX), entry.tag.clone()));
        Ok(ToolFolder { path: listing.path, entries, warnings })
    }

    fn settings(&self, root: &Path) -> Settings {
        const KEYS: [&str; 2] = ["migrations_dir", "migrations_table"];
        // the order in which wrangler looks for its configuration
        let json = ["wrangler.json", "wrangler.jsonc"];
        if json.iter().any(|file| root.join(file).is_file()) {
            let of = |text: &str| KEYS.map(|key| literal(text, &["d1_databases", "0", key]));
            return Settings::of_first(root, &json, of);
        }
        Settings::read(root, "wrangler.toml", |settings| {
            let databases = settings.get("d1_databases").and_then(toml::Value::as_array);
            let database = databases.and_then(|databases| databases.first()?.as_table());
            KEYS.map(|key| text(database?, key))
        })
    }

    fn records(
        &self,
        database: &mut Database,
        table: &str,
    ) -> std::result::Result<Option<Vec<AppliedRow>>, EngineError> {
        rows_of(database, table, &["name"], "SELECT name FROM {table} ORDER BY id")
    }
}
