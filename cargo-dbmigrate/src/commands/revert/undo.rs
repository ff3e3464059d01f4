//! The way back that a migration has of its own, tried before it is used.

use dbmigrate_core::engine::prove::{differences, try_back};
use dbmigrate_core::folder::{SQL_FILE, Script};
use pollster::block_on;

use super::history::Entry;
use super::only::with_later;
use crate::drafting::{WayBack, say_way_back, way_back_failed};
use crate::error::{CommandError, Result};
use crate::project::Context;

const UNTOUCHED: &str = "nothing was written";
const BY_HAND: &str = "write the migration by hand: change the structs back, then `cargo dbmigrate generate --custom`";

/// The way back of the last migration as text, and whether it leads to the schema before it by itself. Otherwise it
/// leaves the schema as it is.
///
/// # Errors
/// If it fails, or leads elsewhere.
pub(super) fn whole(context: &Context, entry: &Entry) -> Result<(String, bool)> {
    let file = context.folder_path.join(entry.name()).join(SQL_FILE);
    let script = Script::parse(&entry.text, &file)?;
    let Some(undo) = &script.undo else { return Ok((String::new(), false)) };
    let way_back = WayBack {
        name: entry.name(),
        file: &file,
        schemas: (&entry.before.schema, &entry.after.schema),
        script: &script,
        undo,
        otherwise: (UNTOUCHED, BY_HAND),
    };
    Ok((undo.sql(), way_back.try_out(context)?))
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
        .map_err(|error| way_back_failed(&file, undo, error, UNTOUCHED).help(together.clone()))?;
    say_way_back(context, entry.name(), &back, script.rust.is_some());
    if entry.keeps_the_schema() && differences(&back.schema, head).is_empty() {
        return Ok(undo.sql());
    }
    let message =
        format!("cannot revert `{}` alone: its way back is written for the schema at that time", entry.name());
    Err(CommandError::failed(message).at(format!("{}:{}", file.display(), undo.line)).note(UNTOUCHED).help(together))
}
