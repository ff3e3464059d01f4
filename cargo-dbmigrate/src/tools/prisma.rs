//! Prisma: `prisma/migrations/20240101120000_users/migration.sql` beside `migration_lock.toml`, recorded in
//! `_prisma_migrations`.
//!
//! The format is that of `prisma-engines`, `schema-engine/connectors/schema-connector/src/migrations_directory.rs` and
//! `checksum.rs` (SHA-256 of the text), and `schema-engine/connectors/sql-schema-connector/src/flavour/sqlite`
//! (the table).

use std::path::Path;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::Database;

use super::about::{About, AppliedRow, Marks, Sign};
use super::folder::{Entry, ToolFolder};
use super::listing::{Listing, title};
use super::literals::literal;
use super::settings::Settings;
use super::text::{Text, sha256};
use super::tool::{Tool, quoted, rows_of};
use crate::error::{CommandError, Result};

const ABOUT: About = About {
    name: "prisma",
    aliases: &[],
    folders: &["prisma/migrations"],
    marks: Marks { files: &["prisma/schema.prisma", "schema.prisma", "prisma.config.ts"], crates: &[] },
    table: Some("_prisma_migrations"),
    apply: Some("npx prisma migrate deploy"),
    unrecorded: Some("prisma db push"),
    folder_help: "pass the folder beside `schema.prisma`: `cargo dbmigrate pull --from prisma=prisma/migrations`",
};

const CONFIGURATIONS: [&str; 4] = ["prisma.config.ts", "prisma.config.mts", "prisma.config.js", "prisma.config.mjs"];
const SQL_FILE: &str = "migration.sql";
const LOCK_FILE: &str = "migration_lock.toml";

/// Prisma.
pub(super) struct Prisma;

impl Tool for Prisma {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn sign(&self, listing: &Listing) -> Sign {
        if listing.has(LOCK_FILE) {
            return Sign::if_sure(listing.with(SQL_FILE).next().is_some());
        }
        // drizzle-kit and this tool put a snapshot beside it
        let is_alone = |name: &str| !listing.path.join(name).join("snapshot.json").exists();
        Sign::if_possible(listing.with(SQL_FILE).any(is_alone))
    }

    fn read(&self, path: &Path, _: &Settings) -> Result<ToolFolder> {
        let listing = Listing::read(path)?;
        let lock = listing.path.join(LOCK_FILE);
        if let Ok(text) = std::fs::read_to_string(&lock)
            && let Some(provider) = provider(&text).filter(|provider| provider != "sqlite")
        {
            let message = format!("the folder is for `{provider}`, not SQLite");
            return Err(CommandError::usage(message).at(lock.display()));
        }
        let mut entries = Vec::new();
        for name in listing.with(SQL_FILE) {
            let file = listing.path.join(name).join(SQL_FILE);
            let text = Text::read(&file, None)?;
            entries.push(Entry {
                tag: name.to_owned(),
                title: title(name),
                key: name.to_owned(),
                checksums: text.checksums(sha256),
                sql: text.sql,
                file,
                down: None,
                outline: None,
            });
        }
        if entries.is_empty() {
            let lacks = "it has no folder such as `20240101120000_users` with a `migration.sql`";
            return Err(listing.is_none_of(ABOUT.title(), lacks, ABOUT.folder_help));
        }
        Ok(ToolFolder { path: listing.path, entries, warnings: Vec::new() })
    }

    /// `prisma.config.ts` names the folder, or the file with the models, beside which it is; so does `package.json`.
    fn settings(&self, root: &Path) -> Settings {
        let beside = |schema: Option<String>| {
            let schema = schema.filter(|schema| schema.ends_with(".prisma"))?;
            Some(Path::new(&schema).with_file_name("migrations").to_string_lossy().into_owned())
        };
        let configured = Settings::of_first(root, &CONFIGURATIONS, |text| {
            [literal(text, &["migrations", "path"]).or_else(|| beside(literal(text, &["schema"]))), None]
        });
        match configured.folder {
            Some(_) => configured,
            None => {
                Settings::of_first(root, &["package.json"], |text| [beside(literal(text, &["prisma", "schema"])), None])
            }
        }
    }

    fn records(
        &self,
        database: &mut Database,
        table: &str,
    ) -> std::result::Result<Option<Vec<AppliedRow>>, EngineError> {
        // one that failed and was tried again has several rows
        let query = "SELECT migration_name, max(lower(checksum)), '', \
                     iif(count(finished_at) = 0, 'the record has no `finished_at`', '') \
                     FROM {table} WHERE rolled_back_at IS NULL GROUP BY migration_name ORDER BY migration_name";
        let needed = ["migration_name", "checksum", "finished_at", "rolled_back_at"];
        rows_of(database, table, &needed, query)
    }

    fn changed(&self, rows: &[AppliedRow], table: &str) -> Option<String> {
        Some(format!(
            "SELECT 1 FROM (SELECT count(DISTINCT migration_name) AS n FROM {} WHERE rolled_back_at IS NULL) \
             WHERE n <> {}",
            quoted(table),
            rows.len()
        ))
    }
}

/// The database that a folder is for.
fn provider(text: &str) -> Option<String> {
    text.parse::<toml::Table>().ok()?.get("provider")?.as_str().map(str::to_owned)
}
