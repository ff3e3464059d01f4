//! What of the folder a database has, by drizzle-kit's own record.
//!
//! A record is the hash of a file and the time at which the migration was generated; since 1.0 also its name. Both can
//! have changed since: files are edited, journals are mended after a merge. So they are matched by whatever fits.

use dbmigrate_core::shell::shell_word;

use super::journal::Layout;
use super::journal::{DrizzleFolder, Entry};
use super::warning::Warning;
use crate::error::CommandError;
use crate::report::counted;
use crate::{exit, git};

/// The table in which drizzle-kit and drizzle-orm record what they have applied, unless they are told otherwise.
pub(crate) const TABLE: &str = dbmigrate_core::engine::introspect::DRIZZLE_TABLE;

/// The query for the records; `name` is NULL before 1.0.
pub(crate) fn query(has_names: bool) -> String {
    let name = if has_names { "name" } else { "NULL" };
    format!("SELECT CAST(hash AS TEXT), CAST(created_at AS INTEGER), CAST({name} AS TEXT) FROM {TABLE} ORDER BY rowid")
}

/// A record of an applied migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AppliedRow {
    /// SHA-256 of the file, in hexadecimal digits.
    pub hash: String,
    /// When the migration was generated, in milliseconds since 1970.
    pub created_at: i64,
    /// Its name, since 1.0.
    pub name: Option<String>,
}

/// What a database has.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Applied {
    /// How many migrations, from the first one on.
    pub count: usize,
    /// What is odd about them.
    pub warnings: Vec<Warning>,
}

/// Compares the records with the folder.
///
/// # Errors
/// If something was applied that the folder does not have, or something in between was not applied.
pub(crate) fn compare(folder: &DrizzleFolder, rows: &[AppliedRow], database: &str) -> Result<Applied, CommandError> {
    let entries = &folder.entries;
    let mut matched: Vec<Option<&AppliedRow>> = vec![None; entries.len()];
    for row in rows {
        let free = |at: &usize| matched[*at].is_none();
        let by = |fits: &dyn Fn(&Entry) -> bool| (0..entries.len()).filter(free).find(|at| fits(&entries[*at]));
        let same_name = |entry: &Entry| row.name.as_deref() == Some(entry.tag.as_str());
        // 1.0 counts in seconds
        let same_second = |entry: &Entry| {
            folder.layout == Layout::Directories && entry.when.div_euclid(1000) == row.created_at.div_euclid(1000)
        };
        let found = by(&same_name)
            .or_else(|| by(&|entry| entry.when == row.created_at && entry.has_hash(&row.hash)))
            .or_else(|| by(&|entry| entry.when == row.created_at))
            .or_else(|| by(&|entry| same_second(entry) && entry.has_hash(&row.hash)))
            .or_else(|| by(&same_second))
            .or_else(|| by(&|entry| entry.has_hash(&row.hash)));
        match found {
            Some(at) => matched[at] = Some(row),
            None => return Err(unknown(folder, row, database)),
        }
    }
    let count = matched.iter().rposition(Option::is_some).map_or(0, |at| at + 1);
    if let Some(skipped) = matched[..count].iter().position(Option::is_none) {
        return Err(left_out(folder, skipped, database));
    }
    let mut applied = Applied { count, warnings: Vec::new() };
    for (entry, row) in entries.iter().zip(matched.iter().flatten()) {
        if !entry.has_hash(&row.hash) {
            let message = format!("`{}` was edited after drizzle-kit applied it to `{database}`", entry.tag);
            let help = "the database must have the schema that the file produces now";
            applied.warnings.push(Warning::new(message).help(help));
        }
    }
    if folder.layout == Layout::Journal && count > 0 {
        let last = matched.iter().flatten().map(|row| row.created_at).max().unwrap_or_default();
        let skipped = entries[count..].iter().filter(|entry| entry.when <= last);
        applied.warnings.extend(skipped.map(|entry| {
            let message = format!(
                "drizzle-kit would never apply `{}` to `{database}`: its `when` is not later than the last applied \
                 one",
                entry.tag
            );
            Warning::new(message).help("it is pending now: `cargo dbmigrate migrate`")
        }));
    }
    Ok(applied)
}

fn unknown(folder: &DrizzleFolder, row: &AppliedRow, database: &str) -> CommandError {
    let name = row.name.as_ref().map(|name| format!(" `{name}`")).unwrap_or_default();
    let path = folder.path.display();
    let error =
        CommandError::new(exit::INCONSISTENT, format!("`{database}` has a migration{name} that is not in `{path}`"))
            .note(format!("in `{TABLE}`: created_at {}, hash {}", row.created_at, row.hash))
            .note("nothing was changed");
    let error = match git::has_log(&folder.path) {
        true => error.help(format!(
            "look for it in version control: `git log --all --name-status -- {}`",
            shell_word(&folder.path)
        )),
        false => error,
    };
    error.help("if the folder belongs to another branch or project, name the right one, or check `--url`")
}

fn left_out(folder: &DrizzleFolder, skipped: usize, database: &str) -> CommandError {
    let entry = &folder.entries[skipped];
    let later = &folder.entries[skipped + 1..];
    let tag = &entry.tag;
    let message = format!("`{database}` has migrations after `{tag}`, but not `{tag}` itself");
    let error = CommandError::new(exit::INCONSISTENT, message);
    let newest = folder.entries[..skipped].iter().chain(later).map(|other| other.when).max().unwrap_or_default();
    match folder.layout {
        Layout::Journal if entry.when <= newest => error
            .note(format!(
                "drizzle-kit skips a migration whose `when` is not later than the last applied one: {} in the journal \
                 are later",
                counted(folder.entries.iter().filter(|other| other.when >= entry.when).count() - 1, "migration")
            ))
            .note("nothing was changed")
            .help(format!("give `{tag}` a later `when` in `meta/_journal.json`, {} or more", newest + 1))
            .help("then let drizzle-kit apply it: `npx drizzle-kit migrate`, and run this again"),
        _ => error
            .note("nothing was changed")
            .help("let drizzle-kit apply it: `npx drizzle-kit migrate`, and run this again"),
    }
}
