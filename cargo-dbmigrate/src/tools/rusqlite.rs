//! rusqlite_migration: `migrations/01-users/up.sql` and `down.sql`, numbered from 1 without a gap, counted in
//! `PRAGMA user_version`.
//!
//! The format is that of `rusqlite_migration` 2.5, `loader.rs` (`Migrations::from_directory`) and `lib.rs`.

use std::path::Path;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::Database;

use super::about::{About, AppliedRow, Marks, Sign};
use super::compare::Applied;
use super::directories::{self, UP};
use super::folder::ToolFolder;
use super::listing::Listing;
use super::settings::Settings;
use super::tool::Tool;
use super::user_version;
use crate::error::{CommandError, Result};
use crate::exit;

const ABOUT: About = About {
    name: "rusqlite_migration",
    aliases: &["rusqlite"],
    folders: &["migrations", "src/migrations"],
    marks: Marks { files: &[], crates: &["rusqlite_migration"] },
    table: None,
    apply: None,
    unrecorded: None,
    folder_help: "pass the folder that `include_dir!` names: `cargo dbmigrate pull --from rusqlite_migration=DIR`",
};

/// `rusqlite_migration`.
pub(super) struct Rusqlite;

impl Tool for Rusqlite {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn sign(&self, listing: &Listing) -> Sign {
        Sign::if_sure(is_numbered(listing))
    }

    fn read(&self, path: &Path, _: &Settings) -> Result<ToolFolder> {
        let listing = Listing::read(path)?;
        let mut entries = Vec::new();
        for name in listing.with(UP) {
            let Some(number) = number(name) else { continue };
            entries.push((number, directories::read(&listing, name, number.to_string())?));
        }
        if entries.is_empty() {
            let lacks = "it has no folder such as `01-users` with an `up.sql`";
            return Err(listing.is_none_of(ABOUT.title(), lacks, ABOUT.folder_help));
        }
        entries.sort_by_key(|(number, _)| *number);
        if let Some(at) = (0..entries.len()).find(|at| entries[*at].0 != at + 1) {
            let message = format!("`{}` is not migration {}", entries[at].1.tag, at + 1);
            return Err(CommandError::new(exit::INCONSISTENT, message)
                .at(listing.path.display())
                .note("nothing was changed")
                .help("number the folders from 1 on without a gap, as rusqlite_migration does"));
        }
        let entries = entries.into_iter().map(|(_, entry)| entry).collect();
        Ok(ToolFolder { path: listing.path, entries, warnings: Vec::new() })
    }

    fn records(&self, database: &mut Database, _: &str) -> std::result::Result<Option<Vec<AppliedRow>>, EngineError> {
        user_version::records(database)
    }

    fn compare(&self, folder: &ToolFolder, rows: &[AppliedRow], database: &str) -> Result<Applied> {
        let counts = user_version::counts(folder, rows);
        if let (true, Some(row)) = (counts.is_empty(), rows.first()) {
            let (count, path) = (folder.entries.len(), folder.path.display());
            let message = format!("`{database}` has `user_version` {}, but `{path}` ends with {count}", row.key);
            return Err(super::compare::where_to_look(
                CommandError::new(exit::INCONSISTENT, message).note("nothing was changed"),
                folder,
            ));
        }
        Ok(Applied { counts, warnings: Vec::new() })
    }

    fn changed(&self, rows: &[AppliedRow], _: &str) -> Option<String> {
        Some(user_version::changed(rows))
    }
}

/// The number before the first `-`.
fn number(name: &str) -> Option<usize> {
    name.split_once('-')?.0.parse().ok()
}

/// Whether the folders are numbered as they have to be.
fn is_numbered(listing: &Listing) -> bool {
    let mut numbers: Vec<Option<usize>> = listing.with(UP).map(number).collect();
    numbers.sort_unstable();
    !numbers.is_empty() && numbers.iter().enumerate().all(|(at, number)| *number == Some(at + 1))
}
