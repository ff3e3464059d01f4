//! dbmate: `db/migrations/20240101120000_users.sql` with a section `-- migrate:up` and one `-- migrate:down`, recorded in
//! `schema_migrations`.
//!
//! The format is that of `github.com/amacneil/dbmate/v2`, `pkg/dbmate/migration.go` (sections) and
//! `pkg/driver/sqlite/sqlite.go` (`version varchar(128) primary key`); `main.go` has the variables that say otherwise, and
//! that `.env` is read.

use std::path::Path;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::Database;
use dbmigrate_core::sql::split;

use super::about::{About, AppliedRow, Marks, Sign};
use super::folder::{Down, ToolFolder};
use super::listing::{Listing, number};
use super::named::{self, Naming};
use super::settings::Settings;
use super::tool::{Tool, columns, rows_of};
use crate::error::{CommandError, Result};
use crate::exit;

const ABOUT: About = About {
    name: "dbmate",
    aliases: &[],
    folders: &["db/migrations"],
    marks: Marks { files: &[".dbmate"], crates: &[] },
    table: Some("schema_migrations"),
    apply: Some("dbmate migrate"),
    unrecorded: None,
    folder_help: "pass the folder with the migrations: `cargo dbmigrate pull --from dbmate=DIR`",
};

/// The digits, as they are.
const NAMING: Naming = Naming {
    key: |stem| Some(number(stem).to_owned()).filter(|number| !number.is_empty()),
    single: true,
    pairs: false,
};

/// dbmate.
pub(super) struct Dbmate;

impl Tool for Dbmate {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn sign(&self, listing: &Listing) -> Sign {
        let has_section = |stem: &str| {
            let text = std::fs::read_to_string(listing.path.join(format!("{stem}.sql")));
            text.is_ok_and(|text| text.lines().any(|line| section(line) == Some(Section::Up)))
        };
        Sign::if_sure(listing.stems(".sql").any(|stem| (NAMING.key)(stem).is_some() && has_section(stem)))
    }

    fn read(&self, path: &Path, _: &Settings) -> Result<ToolFolder> {
        let listing = Listing::read(path)?;
        let (mut entries, warnings) = named::read(&listing, &NAMING, None)?;
        if entries.is_empty() {
            let lacks = "it has no file such as `20240101120000_users.sql`";
            return Err(listing.is_none_of(ABOUT.title(), lacks, ABOUT.folder_help));
        }
        for entry in &mut entries {
            let Some((up, down)) = sections(&entry.sql) else {
                let message = format!("`{}` has no section `-- migrate:up`", entry.file.display());
                return Err(CommandError::new(exit::INCONSISTENT, message)
                    .note("nothing was changed")
                    .help("for files of plain SQL: `cargo dbmigrate pull --from sql=DIR`"));
            };
            entry.down = (!split(&down).is_empty()).then(|| Down { file: entry.file.clone(), sql: down });
            entry.sql = up;
        }
        entries.sort_by(|one, other| one.tag.cmp(&other.tag));
        Ok(ToolFolder { path: listing.path, entries, warnings })
    }

    fn settings(&self, root: &Path) -> Settings {
        Settings::of_variables(root, ["DBMATE_MIGRATIONS_DIR", "DBMATE_MIGRATIONS_TABLE"])
    }

    fn records(
        &self,
        database: &mut Database,
        table: &str,
    ) -> std::result::Result<Option<Vec<AppliedRow>>, EngineError> {
        // others have a table of that name too
        let is_of_another =
            columns(database, table)?.len() > 1 || !columns(database, "ar_internal_metadata")?.is_empty();
        if is_of_another {
            return Ok(None);
        }
        let query = "SELECT CAST(version AS TEXT) FROM {table} ORDER BY version";
        rows_of(database, table, &["version"], query)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Up,
    Down,
}

/// The section that a line begins; options such as `transaction:false` may follow, which are the runner's business here.
fn section(line: &str) -> Option<Section> {
    let text = line.strip_prefix("--")?.trim_start().strip_prefix("migrate:")?;
    match text.split_whitespace().next()? {
        "up" => Some(Section::Up),
        "down" => Some(Section::Down),
        _ => None,
    }
}

/// The two sections, each line at its place in the file.
fn sections(text: &str) -> Option<(String, String)> {
    let (mut up, mut down) = (String::new(), String::new());
    let (mut now, mut has_up) = (None, false);
    for line in text.split_inclusive('\n') {
        let begins = section(line);
        has_up |= begins == Some(Section::Up);
        now = begins.or(now);
        let (own, other) = if now == Some(Section::Down) { (&mut down, &mut up) } else { (&mut up, &mut down) };
        own.push_str(if begins.is_some() { "\n" } else { line });
        other.push('\n');
    }
    has_up.then_some((up, down))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_told_apart_and_stay_on_their_lines() {
        let text =
            "-- a comment\n-- migrate:up transaction:false\nCREATE TABLE a (id);\n\n-- migrate:down\nDROP TABLE a;\n";
        let (up, down) = sections(text).expect("it has both");
        assert_eq!(up, "-- a comment\n\nCREATE TABLE a (id);\n\n\n\n");
        assert_eq!(down, "\n\n\n\n\nDROP TABLE a;\n");
        assert_eq!(sections("CREATE TABLE a (id);"), None);
    }
}
