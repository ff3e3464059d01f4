//! The structs after a migration that was not made of them: which lines do not fit, and the lines changed where that is
//! mechanical.

use dbmigrate_core::diff::{Change, Renames, diff};
use dbmigrate_core::plan::Trace;
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::Name;

use super::edit::Edit;
use super::edits::{edits as edits_of, write};
use crate::diagnostic::{Diagnostic, Level};
use crate::error::{CommandError, Result};
use crate::messages::FileAction;
use crate::project::{Context, path};
use crate::source::Declared;
use crate::structs;

/// What is said where structs lack a change of the schema.
pub(crate) const LACKING: &str = "the structs lack this change";

/// What the structs declare that is not in the schema, and the other way round.
fn changes(declared: &Declared, target: &Schema, trace: &Trace) -> Vec<Change> {
    let mut renames = trace.inverse().renames();
    let has = |schema: &Schema, name: &Name| schema.tables.contains(name) || schema.virtual_tables.contains(name);
    renames.tables.retain(|(from, to)| has(target, from) && has(&declared.schema, to));
    renames
        .columns
        .retain(|(table, _, to)| declared.schema.table(table).is_some_and(|table| table.column(to).is_some()));
    let found =
        diff(target, &declared.schema, &renames).or_else(|_| diff(target, &declared.schema, &Renames::default()));
    found.map(|found| found.changes()).unwrap_or_default()
}

/// Says which lines of which structs do not fit the schema any more. Returns whether there are any.
pub(crate) fn say_left(context: &Context, declared: &Declared, target: &Schema, trace: &Trace) -> bool {
    say(context, declared, &changes(declared, target, trace), "the structs still have this change")
}

/// Says at which structs something of the schema is missing. Returns whether there is anything.
pub(crate) fn say_missing(context: &Context, declared: &Declared, target: &Schema, trace: &Trace) -> bool {
    let mut renames = trace.renames();
    let has = |schema: &Schema, name: &Name| schema.tables.contains(name) || schema.virtual_tables.contains(name);
    renames.tables.retain(|(from, to)| has(&declared.schema, from) && has(target, to));
    let is_there =
        |table: &Name, column: &Name| declared.schema.table(table).is_some_and(|one| one.column(column).is_some());
    let before = renames.clone();
    renames.columns.retain(|(table, from, _)| is_there(before.old_table(table), from));
    let found =
        diff(&declared.schema, target, &renames).or_else(|_| diff(&declared.schema, target, &Renames::default()));
    let changes = found.map(|found| found.changes()).unwrap_or_default();
    say(context, declared, &changes, LACKING)
}

/// Says changes at their lines. Returns whether there are any.
pub(crate) fn say(context: &Context, declared: &Declared, changes: &[Change], what: &str) -> bool {
    let lines = structs::without_migration(declared, changes).into_iter().zip(changes);
    let lines = lines.map(|(diagnostic, change)| {
        let message = format!("{what}: {change}");
        Diagnostic { level: Level::Warning, message, help: Vec::new(), ..diagnostic }
    });
    context.printer.diagnostics(&lines.collect::<Vec<_>>());
    !changes.is_empty()
}

/// Changes the structs, and returns them as they are then. A table whose struct does not come out as it should is left
/// as it was.
///
/// # Errors
/// If a file cannot be written.
pub(crate) fn fit(context: &Context, declared: Declared, target: &Schema, trace: &Trace) -> Result<Declared> {
    let mut edits = edits_of(&declared, target, trace);
    for _ in 0..3 {
        let all: Vec<Edit> = edits.values().flatten().cloned().collect();
        if all.is_empty() {
            break;
        }
        let before = write(&all)?;
        let read = structs::again(context);
        let wrong = match &read {
            Some(read) => wrong(read, target, trace),
            None => edits.keys().cloned().collect(),
        };
        let is_right = !edits.keys().any(|table| wrong.contains(table));
        if let Some(read) = read.filter(|_| is_right) {
            for (file, _) in &before {
                context.printer.status("Changed", path::for_display(file).display());
                context.printer.wrote(file, FileAction::Updated);
            }
            return Ok(read);
        }
        for (file, text) in before {
            std::fs::write(&file, text).map_err(|error| CommandError::io("write", &file, &error))?;
        }
        edits.retain(|table, _| !wrong.contains(table));
    }
    Ok(declared)
}

/// The tables, by all names that they have or had, that the structs do not declare as the schema has them.
fn wrong(declared: &Declared, target: &Schema, trace: &Trace) -> Vec<Name> {
    let mut names: Vec<Name> =
        declared.schema.tables.iter().chain(&target.tables).map(|table| table.name.clone()).collect();
    names.retain(|name| {
        let text = |schema: &Schema| schema.table(name).map(|table| schema.canonical_table(table));
        text(&declared.schema) != text(target)
    });
    let renamed = declared.renamed_tables.iter().map(|(_, to)| to.clone());
    names.extend(renamed.filter(|name| target.table(name).is_some()));
    let before: Vec<Name> = names.iter().filter_map(|name| trace.inverse().table(name).cloned()).collect();
    names.extend(before);
    names
}
