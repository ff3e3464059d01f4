//! The way back that a migration has of its own, tried before it is used.

use std::path::Path;

use dbmigrate_core::engine::prove::{Back, BackError, differences, try_back};
use dbmigrate_core::folder::{SQL_FILE, Script, Undo};
use pollster::block_on;

use super::history::Entry;
use super::only::with_later;
use crate::database::failure::statement_error;
use crate::error::{CommandError, Result};
use crate::project::Context;

/// The way back of the last migration as text, and whether it leads to the schema before it by itself. Otherwise it
/// leaves the schema as it is.
///
/// # Errors
/// If it fails, or leads elsewhere.
pub(super) fn whole(context: &Context, entry: &Entry) -> Result<(String, bool)> {
    let file = context.folder_path.join(entry.name()).join(SQL_FILE);
    let script = Script::parse(&entry.text, &file)?;
    let Some(undo) = &script.undo else { return Ok((String::new(), false)) };
    let back = block_on(try_back(&entry.before.schema, &script.statements, &undo.statements()))
        .map_err(|error| failed(&file, undo, error))?;
    said(context, entry, &back);
    let left = differences(&back.schema, &entry.before.schema);
    if left.is_empty() {
        return Ok((undo.sql(), true));
    }
    if differences(&back.schema, &entry.after.schema).is_empty() {
        return Ok((undo.sql(), false));
    }
    let message = format!("the way back of `{}` does not produce the schema before it", entry.name());
    let error = CommandError::failed(message).at(format!("{}:{}", file.display(), undo.line));
    let error = left.iter().fold(error, |error, line| error.note(format!("missing: {line}")));
    Err(error
        .note("nothing was written")
        .help("write the migration by hand: change the structs back, then `cargo dbmigrate generate --custom`"))
}

/// The way back of a migration of rows that others follow, as text.
///
/// # Errors
/// If it changes the schema, or fails with the schema as it is now.
pub(super) fn rows(context: &Context, entry: &Entry, entries: &[Entry]) -> Result<String> {
    let file = context.folder_path.join(entry.name()).join(SQL_FILE);
    let script = Script::parse(&entry.text, &file)?;
    let Some(undo) = &script.undo else { return Ok(String::new()) };
    let head = entries.last().map_or(&entry.after.schema, |last| &last.after.schema);
    let later = entries.len() - 1;
    let together = format!("revert it together with those after it: {}", with_later(entry, later));
    let back = block_on(try_back(head, &[], &undo.statements()))
        .map_err(|error| failed(&file, undo, error).help(together.clone()))?;
    said(context, entry, &back);
    if entry.keeps_the_schema() && differences(&back.schema, head).is_empty() {
        return Ok(undo.sql());
    }
    let message =
        format!("cannot revert `{}` alone: its way back is written for the schema at that time", entry.name());
    Err(CommandError::failed(message)
        .at(format!("{}:{}", file.display(), undo.line))
        .note("nothing was written")
        .help(together))
}

fn said(context: &Context, entry: &Entry, back: &Back) {
    let rows = if back.are_rows_the_same { ", every row is as it was" } else { "" };
    context.printer.detail("Proved", format!("the way back of {} on {} generated rows{rows}", entry.name(), back.rows));
}

fn failed(file: &Path, undo: &Undo, error: BackError) -> CommandError {
    let shown = match error {
        BackError::Statement(line, number, error) => statement_error(file, line, number, &error),
        BackError::ForeignKeys(table) => {
            let message = format!("the way back violates foreign keys of `{table}`");
            CommandError::failed(message).at(format!("{}:{}", file.display(), undo.line))
        }
        BackError::Engine(error) => CommandError::failed(error.to_string()),
        _ => CommandError::failed("the way back fails"),
    };
    shown.note("nothing was written")
}
