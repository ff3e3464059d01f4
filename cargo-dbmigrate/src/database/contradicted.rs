//! Rows that contradict a migration: all that its preflights find, and how else it could be made.

use std::ffi::OsStr;
use std::path::Path;

use dbmigrate_core::engine::apply::{ApplyError, Database, Failure};
use dbmigrate_core::folder::{SQL_FILE, Script};
use dbmigrate_core::lint::to_amend;
use dbmigrate_core::plan::WRITTEN_BY;
use pollster::block_on;

use crate::drafting::is_captured;
use crate::error::CommandError;
use crate::project::SECOND_HALF;

/// What goes before a migration is made once more by the command that has written it.
const TAKE_BACK: &str = "`cargo dbmigrate generate --undo`";

/// What else rows have against a migration that was refused for the first of it, so that all can be answered at once.
#[derive(Debug, Default)]
pub(crate) struct Others {
    notes: Vec<String>,
    helps: Vec<String>,
}

impl Others {
    /// Asks the database, once nothing of the migration is left in it. What cannot be asked is left out.
    pub(crate) fn of(database: &Database, error: &ApplyError) -> Self {
        let ApplyError::Migration { file, failure, .. } = error else { return Self::default() };
        let Failure::Preflight { line: first, .. } = **failure else { return Self::default() };
        let Ok(text) = std::fs::read_to_string(file) else { return Self::default() };
        let Ok(script) = Script::parse(&text, file) else { return Self::default() };
        let found = block_on(database.contradictions(&script)).unwrap_or_default();
        let mut others = Self::default();
        for (line, message) in found.into_iter().filter(|(line, _)| *line != first) {
            others.notes.push(format!("also on line {line}: {message}"));
            others.helps.extend(made_anew(file, line));
        }
        others
    }

    /// The error of the first with all of them.
    pub(crate) fn behind(self, error: CommandError) -> CommandError {
        self.notes.into_iter().fold(error, CommandError::note).helps(self.helps)
    }
}

/// How else a migration could be made that rows contradict, as it says itself behind the preflight on this line.
pub(super) fn made_anew(file: &Path, line: usize) -> Vec<String> {
    if !is_newest(file) {
        return halves_anew(file).into_iter().collect();
    }
    // what was captured is recorded where the change was made, and is not taken back
    let text = std::fs::read_to_string(file).ok().filter(|text| !is_captured(text));
    let Some(text) = text else { return Vec::new() };
    let Ok(script) = Script::parse(&text, file) else { return Vec::new() };
    let found = script.preflights.into_iter().find(|preflight| preflight.line == line);
    let answers = found.map(|preflight| preflight.answers).unwrap_or_default();
    match text.lines().find_map(|line| line.strip_prefix(WRITTEN_BY)) {
        Some(by) => {
            answers.into_iter().map(|(words, flag)| format!("{words}: {TAKE_BACK}, then `{by} {flag}`")).collect()
        }
        None => answers.iter().map(to_amend).collect(),
    }
}

/// How else the halves of a change around a deployment could be made, if this is the first one and only the second one comes
/// after it.
fn halves_anew(file: &Path) -> Option<String> {
    let own = file.parent()?;
    let (number, slug) = own.file_name()?.to_str()?.split_once('_')?;
    let second = format!("{:0width$}_{slug}_{SECOND_HALF}", number.parse::<u32>().ok()? + 1, width = number.len());
    let second = own.with_file_name(second).join(SQL_FILE);
    (second.is_file() && is_newest(&second)).then(|| {
        let words = "or say what becomes of them: take both halves back, and write them again with that";
        format!("{words}: {TAKE_BACK}")
    })
}

/// Whether no migration comes after the one of this file: only the last one can be taken back or written again.
pub(super) fn is_newest(file: &Path) -> bool {
    let Some((own, folder)) = file.parent().and_then(|own| Some((own.file_name()?, own.parent()?))) else {
        return false;
    };
    let others = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_later = |name: &OsStr| name > own && folder.join(name).join(SQL_FILE).is_file();
    !others.into_iter().any(|other| is_later(&other.file_name()))
}
