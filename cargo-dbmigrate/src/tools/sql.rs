//! Plain SQL: whatever a program of one's own runs in the order of the names, counted in `PRAGMA user_version` or not at
//! all. Files (`001_users.sql`, `users.up.sql` with `users.down.sql`), or a folder for each with `up.sql` in it.

use std::path::Path;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::Database;

use super::about::{About, AppliedRow, Marks, Sign};
use super::compare::Applied;
use super::directories::{self, UP};
use super::folder::{Entry, ToolFolder};
use super::listing::{Listing, number};
use super::named::{self, Naming};
use super::settings::Settings;
use super::tool::Tool;
use super::user_version;
use crate::error::Result;

const ABOUT: About = About {
    name: "sql",
    aliases: &["plain", "user_version"],
    folders: &["migrations", "db/migrations", "src/migrations"],
    marks: Marks::NONE,
    table: None,
    apply: None,
    unrecorded: None,
    folder_help: "pass the folder with the SQL files: `cargo dbmigrate pull --from sql=DIR`",
};

const NAMING: Naming = Naming { key: |stem| Some(stem.to_owned()), single: true, pairs: true };

/// A runner of one's own.
pub(super) struct Sql;

impl Tool for Sql {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn sign(&self, listing: &Listing) -> Sign {
        Sign::if_possible(named::any(listing, &NAMING) || listing.with(UP).next().is_some())
    }

    fn read(&self, path: &Path, _: &Settings) -> Result<ToolFolder> {
        let listing = Listing::read(path)?;
        let (mut entries, warnings) = named::read(&listing, &NAMING, None)?;
        for name in listing.with(UP) {
            entries.push(directories::read(&listing, name, name.to_owned())?);
        }
        if entries.is_empty() {
            let lacks = "it has no SQL files";
            return Err(listing.is_none_of("SQL files", lacks, ABOUT.folder_help));
        }
        // numbers before names, and 10 after 9
        let order = |entry: &Entry| (number(&entry.tag).parse::<u128>().unwrap_or(u128::MAX), entry.tag.clone());
        entries.sort_by_cached_key(order);
        by_number(&mut entries);
        Ok(ToolFolder { path: listing.path, entries, warnings })
    }

    fn records(&self, database: &mut Database, _: &str) -> std::result::Result<Option<Vec<AppliedRow>>, EngineError> {
        user_version::records(database)
    }

    fn compare(&self, folder: &ToolFolder, rows: &[AppliedRow], _: &str) -> Result<Applied> {
        Ok(Applied { counts: user_version::counts(folder, rows), warnings: Vec::new() })
    }

    fn changed(&self, rows: &[AppliedRow], _: &str) -> Option<String> {
        Some(user_version::changed(rows))
    }
}

/// Where each name begins with a number of its own, that is the key, as `user_version` has it.
fn by_number(entries: &mut [Entry]) {
    let numbers: Option<Vec<u128>> = entries.iter().map(|entry| number(&entry.tag).parse().ok()).collect();
    let Some(numbers) = numbers else { return };
    if numbers.windows(2).all(|pair| pair[0] < pair[1]) {
        entries.iter_mut().zip(numbers).for_each(|(entry, number)| entry.key = number.to_string());
    }
}
