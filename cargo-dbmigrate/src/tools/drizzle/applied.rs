//! What of the folder a database has, by drizzle-kit's own record.
//!
//! A record is the hash of a file and the time at which the migration was generated; since 1.0 also its name. Both can
//! have changed since: files are edited, journals are mended after a merge. So they are matched by whatever fits.

use super::about::ABOUT;
use super::journal::{Layout, when};
use crate::error::CommandError;
use crate::exit;
use crate::report::counted;
use crate::tools::about::AppliedRow;
use crate::tools::compare::{self, Applied, edited};
use crate::tools::folder::{Entry, ToolFolder};
use crate::tools::warning::Warning;

/// The query for the records; `name` is NULL before 1.0.
pub(super) fn query(has_names: bool) -> String {
    let name = if has_names { "name" } else { "NULL" };
    format!(
        "SELECT CAST(CAST(created_at AS INTEGER) AS TEXT), CAST(hash AS TEXT), CAST({name} AS TEXT) \
         FROM {{table}} ORDER BY rowid"
    )
}

/// When a migration was generated that was applied.
fn created_at(row: &AppliedRow) -> i64 {
    row.key.parse().unwrap_or_default()
}

/// The checksum of its file.
fn hash(row: &AppliedRow) -> &str {
    row.checksum.as_deref().unwrap_or_default()
}

/// Compares the records with the folder.
///
/// # Errors
/// If something was applied that the folder does not have, or something in between was not applied.
pub(super) fn compare(folder: &ToolFolder, rows: &[AppliedRow], database: &str) -> Result<Applied, CommandError> {
    let (entries, layout) = (&folder.entries, Layout::of(folder));
    let mut matched: Vec<Option<&AppliedRow>> = vec![None; entries.len()];
    for row in rows {
        let free = |at: &usize| matched[*at].is_none();
        let by = |fits: &dyn Fn(&Entry) -> bool| (0..entries.len()).filter(free).find(|at| fits(&entries[*at]));
        let same_name = |entry: &Entry| row.name.as_deref() == Some(entry.tag.as_str());
        // 1.0 counts in seconds
        let same_second = |entry: &Entry| {
            layout == Layout::Directories && when(entry).div_euclid(1000) == created_at(row).div_euclid(1000)
        };
        let found = by(&same_name)
            .or_else(|| by(&|entry| when(entry) == created_at(row) && entry.has_checksum(hash(row))))
            .or_else(|| by(&|entry| when(entry) == created_at(row)))
            .or_else(|| by(&|entry| same_second(entry) && entry.has_checksum(hash(row))))
            .or_else(|| by(&same_second))
            .or_else(|| by(&|entry| entry.has_checksum(hash(row))));
        match found {
            Some(at) => matched[at] = Some(row),
            None => return Err(unknown(folder, row, database)),
        }
    }
    let count = matched.iter().rposition(Option::is_some).map_or(0, |at| at + 1);
    if let Some(skipped) = matched[..count].iter().position(Option::is_none) {
        return Err(left_out(folder, skipped, database));
    }
    let mut applied = Applied::count(count);
    for (entry, row) in entries.iter().zip(matched.iter().flatten()) {
        if !entry.has_checksum(hash(row)) {
            applied.warnings.push(edited(&ABOUT, entry, database));
        }
    }
    if layout == Layout::Journal && count > 0 {
        let last = matched.iter().flatten().map(|row| created_at(row)).max().unwrap_or_default();
        let skipped = entries[count..].iter().filter(|entry| when(entry) <= last);
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

fn unknown(folder: &ToolFolder, row: &AppliedRow, database: &str) -> CommandError {
    let name = row.name.as_ref().map(|name| format!(" `{name}`")).unwrap_or_default();
    let path = folder.path.display();
    let error =
        CommandError::new(exit::INCONSISTENT, format!("`{database}` has a migration{name} that is not in `{path}`"))
            .note(format!("in `__drizzle_migrations`: created_at {}, hash {}", row.key, hash(row)))
            .note("nothing was changed");
    compare::where_to_look(error, folder)
}

fn left_out(folder: &ToolFolder, skipped: usize, database: &str) -> CommandError {
    let entry = &folder.entries[skipped];
    let later = &folder.entries[skipped + 1..];
    let tag = &entry.tag;
    let message = format!("`{database}` has migrations after `{tag}`, but not `{tag}` itself");
    let error = CommandError::new(exit::INCONSISTENT, message);
    let newest = folder.entries[..skipped].iter().chain(later).map(when).max().unwrap_or_default();
    match Layout::of(folder) {
        Layout::Journal if when(entry) <= newest => error
            .note(format!(
                "drizzle-kit skips a migration whose `when` is not later than the last applied one: {} in the journal \
                 are later",
                counted(folder.entries.iter().filter(|other| when(other) >= when(entry)).count() - 1, "migration")
            ))
            .note("nothing was changed")
            .help(format!("give `{tag}` a later `when` in `meta/_journal.json`, {} or more", newest + 1))
            .help("then let drizzle-kit apply it: `npx drizzle-kit migrate`, and run this again"),
        _ => error
            .note("nothing was changed")
            .help("let drizzle-kit apply it: `npx drizzle-kit migrate`, and run this again"),
    }
}
