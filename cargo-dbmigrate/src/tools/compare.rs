//! What of a folder a database has, by a tool's own record.

use dbmigrate_core::shell::shell_word;

use super::about::{About, AppliedRow};
use super::folder::{Entry, ToolFolder};
use super::warning::Warning;
use crate::error::CommandError;
use crate::{exit, git};

/// What a database has.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Applied {
    /// How many migrations, from the first one on. Several numbers if the record can be understood in several ways;
    /// none if there is no record, so that only the schema can tell.
    pub counts: Vec<usize>,
    /// What is odd about them.
    pub warnings: Vec<Warning>,
}

impl Applied {
    /// Nothing but a number.
    pub(super) fn count(count: usize) -> Self {
        Self { counts: vec![count], warnings: Vec::new() }
    }
}

/// Compares the records with the folder: the migrations that have their keys.
///
/// # Errors
/// If something was applied that the folder does not have, was begun only, or something in between was not applied.
pub(super) fn by_key(
    about: &About,
    folder: &ToolFolder,
    rows: &[AppliedRow],
    database: &str,
) -> Result<Applied, CommandError> {
    if let Some((row, why)) = rows.iter().find_map(|row| Some((row, row.unfinished.as_ref()?))) {
        return Err(unfinished(about, row, why, database));
    }
    let mut matched: Vec<Option<&AppliedRow>> = vec![None; folder.entries.len()];
    for row in rows {
        let at = folder.entries.iter().position(|entry| entry.key == row.key);
        match at {
            Some(at) => matched[at] = Some(row),
            None => return Err(unknown(about, folder, row, database)),
        }
    }
    in_order(about, folder, &matched, database)
}

/// What migrations with these records come to.
///
/// # Errors
/// If something in between was not applied.
pub(super) fn in_order(
    about: &About,
    folder: &ToolFolder,
    matched: &[Option<&AppliedRow>],
    database: &str,
) -> Result<Applied, CommandError> {
    let count = matched.iter().rposition(Option::is_some).map_or(0, |at| at + 1);
    if let Some(skipped) = matched[..count].iter().position(Option::is_none) {
        let tag = &folder.entries[skipped].tag;
        let message = format!("`{database}` has migrations after `{tag}`, but not `{tag}` itself");
        let error = CommandError::new(exit::INCONSISTENT, message).note("nothing was changed");
        return Err(match about.apply {
            Some(command) => error.help(format!("let {} apply it: `{command}`, and run this again", about.title())),
            None => error.help("if no database has it, move it behind the others, and run this again"),
        });
    }
    let mut applied = Applied::count(count);
    for (entry, row) in folder.entries.iter().zip(matched.iter().flatten()) {
        if row.checksum.as_ref().is_some_and(|checksum| !entry.checksums.is_empty() && !entry.has_checksum(checksum)) {
            applied.warnings.push(edited(about, entry, database));
        }
    }
    Ok(applied)
}

/// That a file is not what it was when it was applied.
pub(super) fn edited(about: &About, entry: &Entry, database: &str) -> Warning {
    let message = format!("`{}` was edited after {} applied it to `{database}`", entry.tag, about.title());
    Warning::new(message).help("the database must have the schema that the file produces now")
}

fn unfinished(about: &About, row: &AppliedRow, why: &str, database: &str) -> CommandError {
    let name = row.name.as_ref().unwrap_or(&row.key);
    let message = format!("{} did not finish `{name}` in `{database}`: {why}", about.title());
    CommandError::new(exit::INCONSISTENT, message)
        .note("nothing was changed")
        .help(format!("finish it or undo it with {}, then run this again", about.title()))
        .help("or adopt the database as it is: `cargo dbmigrate pull --baseline --out src/schema.rs`")
}

/// That something was applied that the folder does not have.
pub(super) fn unknown(about: &About, folder: &ToolFolder, row: &AppliedRow, database: &str) -> CommandError {
    let name = row.name.as_ref().unwrap_or(&row.key);
    let path = folder.path.display();
    let message = format!("`{database}` has a migration `{name}` that is not in `{path}`");
    let error = CommandError::new(exit::INCONSISTENT, message);
    let error = match about.table {
        Some(table) => error.note(format!("in `{table}`: {}", row.key)),
        None => error,
    };
    where_to_look(error.note("nothing was changed"), folder)
}

/// What to do about a migration that the folder does not have.
pub(super) fn where_to_look(error: CommandError, folder: &ToolFolder) -> CommandError {
    let error = match git::has_log(&folder.path) {
        true => error.help(format!(
            "look for it in version control: `git log --all --name-status -- {}`",
            shell_word(&folder.path)
        )),
        false => error,
    };
    error.help("if the folder belongs to another branch or project, name the right one, or check `--url`")
}
