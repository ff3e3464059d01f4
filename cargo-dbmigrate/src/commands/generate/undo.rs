//! `generate --undo`: takes the last migration back, if no database has it.

use dbmigrate_core::engine::apply::is_after_deploy;
use dbmigrate_core::folder::{Folder, FolderError, Migration, Script, Verify};

use super::applied;
use super::arguments::Generate;
use crate::database::history::before_squash;
use crate::drafting::{is_generated, kind};
use crate::error::{CommandError, Result};
use crate::messages::{self, FileAction, LogKind};
use crate::project::{Context, path};
use crate::report::counted;
use crate::{exit, git};

/// The word that lets SQL go which somebody has written and git does not have.
const EDITS: &str = "edits";

/// Runs it and returns the exit code.
///
/// # Errors
/// If it was applied somewhere, or something would be lost that nobody else has.
pub(super) fn run(context: &Context, arguments: &Generate) -> Result<u8> {
    let mut folder = context.folder_as_listed()?;
    let Some(last) = folder.head().cloned() else {
        // without its lock, a folder lists nothing
        folder.verify(Verify::Sql)?;
        let message = format!("no migrations in `{}`", folder.path().display());
        return Err(CommandError::usage(message).help("write one from your structs: `cargo dbmigrate generate`"));
    };
    let directory = path::for_display(&folder.path().join(&last.name));
    let is_recorded = verify(&folder, &last)?;
    refuse_squash(&last)?;
    applied::refuse(context, arguments, &folder, &last)?;
    let is_in_git = git::is_committed(&directory);
    if !is_in_git {
        refuse_edits(context, arguments, &folder, &last, is_recorded)?;
    }
    let name = last.name.as_str();
    if arguments.dry_run {
        context.printer.result(format!("remove {}", directory.display()));
        context.printer.message(|| messages::Undone { name: name.to_owned(), dry_run: true, in_git: is_in_git });
        return Ok(exit::DONE);
    }
    let was_second = is_after_deploy(&folder, &last).unwrap_or(false);
    folder.take_back_last()?;
    let left = counted(folder.migrations().len(), "migration");
    let where_else = if is_in_git { ", it is in git" } else { "" };
    context.printer.status("Removed", format!("{}{where_else} ({left} left)", directory.display()));
    context.printer.message(|| messages::Undone { name: name.to_owned(), dry_run: false, in_git: is_in_git });
    context.wrote_migration(&folder, name, FileAction::Removed);
    let mut next = vec![
        "the structs did not change: write their changes again with `cargo dbmigrate \
                         generate`"
            .to_owned(),
    ];
    if let Some(first) = folder.head().filter(|first| was_second && last.name.slug().starts_with(first.name.slug())) {
        next.insert(0, format!("remove its first half, `{}`, too: `cargo dbmigrate generate --undo`", first.name));
    }
    next.extend(is_in_git.then(|| "to undo this: restore it together with `migrations.lock`".to_owned()));
    context.printer.next(&next);
    Ok(exit::DONE)
}

/// What a squash replaces is not in the folder any more, and databases that have it have the squash.
pub(super) fn refuse_squash(last: &Migration) -> Result<()> {
    let Some(first) = last.replaces.first() else { return Ok(()) };
    let replaced = counted(last.replaces.len(), "migration");
    let message = format!("`{}` replaces {replaced}, which are no longer in the folder", last.name);
    let error = CommandError::new(exit::INCONSISTENT, message).note("nothing was changed");
    Err(before_squash(error, first.name.as_str(), &[]))
}

/// Whether the last migration is as it was recorded. All others have to be.
fn verify(folder: &Folder, last: &Migration) -> Result<bool> {
    match folder.verify(Verify::Sql) {
        Ok(()) => Ok(true),
        Err(error) if error.path().starts_with(folder.path().join(&last.name)) => match error {
            FolderError::Unlisted { .. } | FolderError::NotReadable { .. } => Err(error.into()),
            _ => Ok(false),
        },
        Err(error) => Err(error.into()),
    }
}

/// SQL that somebody has written is not deleted without a word, unless git has it.
fn refuse_edits(
    context: &Context,
    arguments: &Generate,
    folder: &Folder,
    last: &Migration,
    is_recorded: bool,
) -> Result<()> {
    let file = folder.sql_path(last);
    if !file.exists() || is_recorded && is_generated(folder, last, &folder.sql(last)?)?.is_some() {
        return Ok(());
    }
    let accepted = arguments.answers.accept.iter().any(|word| word == EDITS || word == "all");
    if accepted {
        return Ok(());
    }
    let what = match is_recorded {
        false => "was edited",
        true if is_revert(folder, last)? => "was written by `revert`",
        true => "was written by hand",
    };
    let message = format!("`{}` {what} and is not in git: it would be lost", file.display());
    let question = format!("{message}. Continue?");
    if context.printer.can_ask() && crate::decisions::ask::confirmed(context, &question)? {
        return Ok(());
    }
    Err(CommandError::new(exit::DECISION, message)
        .note("nothing was changed")
        .help(format!("to discard it: `{} --accept {EDITS}`", arguments.command_line()))
        .help("to keep it, commit or copy it first"))
}

/// Whether `revert` has written a migration.
fn is_revert(folder: &Folder, migration: &Migration) -> Result<bool> {
    let text = folder.sql(migration)?;
    let script = Script::parse(&text, &folder.sql_path(migration));
    Ok(script.is_ok_and(|script| kind(migration, &text, &script) == LogKind::Revert))
}
