//! That a history is not what the folder has, and what to do about it.

use dbmigrate_core::engine::apply::history::HistoryError;
use dbmigrate_core::shell::shell_quoted;

use super::Subject;
use crate::error::CommandError;
use crate::git::Removed;
use crate::{exit, git};

/// That a history is not what the folder has.
pub(super) fn history_error(error: &HistoryError, database: Subject<'_>) -> CommandError {
    let shown = CommandError::new(exit::INCONSISTENT, format!("`{database}`: {error}")).note("nothing was changed");
    let shown = match error {
        HistoryError::Edited { name } => {
            let shown = match git::log_of(name) {
                Some(command) => {
                    shown.help(format!("see what was edited, then restore the applied version: `{command}`"))
                }
                None => shown.help("restore the applied version from another checkout or a backup"),
            };
            shown.help("put changes in a new migration: `cargo dbmigrate generate`").help(format!(
                "if the edit is right, record it there: `cargo dbmigrate repair --edited {} --accept edits`",
                shell_quoted(name)
            ))
        }
        HistoryError::Missing { name } => match git::log_of(name) {
            Some(command) => shown.help(format!("restore it from version control: `{command}`")),
            None => shown.help("restore it from another checkout or a backup: it is not in git here"),
        }
        .help(undone(name))
        .helps(rebased(name)),
        HistoryError::Renamed { listed, .. } => shown
            .help(format!("to record the new name there: `cargo dbmigrate repair --renamed {}`", shell_quoted(listed))),
        HistoryError::Diverged { applied, .. } => {
            let is_target = database.url().and_then(|url| url.target()).is_some_and(|target| target.is_chosen);
            let flag = if is_target { "--target" } else { "--url" };
            shown
                .help(format!("the histories of the database and the folder diverge: check `{flag}`, or the branch"))
                .helps(rebased(applied))
        }
        HistoryError::Newer { first, .. } => match git::log_of(first) {
            Some(command) => shown.help(format!("update this checkout; to find the migration: `{command}`")),
            None if git::has_upstream() => shown.help("update this checkout: `git pull`"),
            None => shown.help("update this checkout to a commit that has it"),
        }
        .help(undone(first)),
        HistoryError::Partly { lacks, .. } => {
            let replaced = lacks.first().map(String::as_str).unwrap_or_default();
            return before_squash(shown, replaced, &["apply the rest of them: `cargo dbmigrate migrate`".to_owned()]);
        }
        HistoryError::Gap { last, .. } => shown.help(format!(
            "if the database has what it and all others up to `{last}` do, record them: `cargo dbmigrate repair \
             --applied {}`",
            shell_quoted(last)
        )),
        _ => shown,
    };
    // never for a server: others use it
    if database.url().is_none_or(|url| url.file().is_none()) {
        return shown;
    }
    shown
        .help(
            "for a development database, keep its rows and switch to this folder's migrations: `cargo dbmigrate \
               reset --keep-data`",
        )
        .help("or recreate it without its rows: `cargo dbmigrate reset`")
}

/// How a database gets along that has migrations of a branch as they were, if git knows of them.
fn rebased(name: &str) -> Option<String> {
    git::log_of(name)?;
    Some("if a rebase has moved it, bring the database along: `cargo dbmigrate rebase --deployed`".to_owned())
}

/// How a migration is taken out of a history whose change is no longer there.
fn undone(name: &str) -> String {
    format!("if its change was undone there by hand: `cargo dbmigrate repair --not-applied {}`", shell_quoted(name))
}

/// How to get the migrations back that another one replaces, what to do then, and how to come back.
pub(crate) fn before_squash(error: CommandError, replaced: &str, then: &[String]) -> CommandError {
    match git::before_removal(replaced) {
        Some(Removed::In(source)) => {
            let error = error.help(format!(
                "take the migrations from before the squash: `git restore --source={} --staged --worktree -- {}`",
                source.commit,
                shell_quoted(&source.folder)
            ));
            let error = then.iter().fold(error, |error, step| error.help(step.clone()));
            if then.is_empty() {
                return error;
            }
            let folder = shell_quoted(&source.folder);
            error.help(format!("then come back: `git restore --source=HEAD --staged --worktree -- {folder}`"))
        }
        Some(Removed::NotCommitted) => error
            .help("the squash is not in a commit: commit it, and run this again for the commands".to_owned())
            .help("or throw it away: restore the migrations and `migrations.lock` from git, and delete its directory"),
        None => error
            .help("start the version of the program from before the squash, which applies the rest of them")
            .help("or take the migrations folder from before the squash, apply them, and come back"),
    }
}
