//! The structs after a migration that was not made of them: which lines do not fit, and the lines changed where that is
//! mechanical.

use std::path::PathBuf;

use dbmigrate_core::diff::{Change, Renames, diff};
use dbmigrate_core::engine::{Connection, ViewColumns, view_columns};
use dbmigrate_core::plan::{Trace, create_all};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::schema::canonical::ObjectKind;
use dbmigrate_core::sql::Name;
use pollster::block_on;

use super::edit::Edit;
use super::edits::{edits as edits_of, write};
use crate::codegen::parts;
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
///
/// Where the structs were written and it is missing nevertheless, what to write is said as well.
pub(crate) fn say_missing(
    context: &Context,
    declared: &Declared,
    target: &Schema,
    trace: &Trace,
    is_written: bool,
) -> bool {
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
    let view_columns = if is_written { columns_of_views(&declared.schema, target) } else { ViewColumns::default() };
    let shown =
        changes.iter().zip(lines(declared, &changes, LACKING)).map(|(change, diagnostic)| {
            match what_to_write(change, target, &view_columns).filter(|_| is_written) {
                Some(text) => diagnostic.help(format!("write it by hand:\n{}", text.trim_end())),
                None => diagnostic,
            }
        });
    context.printer.diagnostics(&shown.collect::<Vec<_>>());
    !changes.is_empty()
}

/// The part of a struct that has a change, as it would be written.
fn what_to_write(change: &Change, target: &Schema, view_columns: &ViewColumns) -> Option<String> {
    let of = |kind, name: &Name| parts(target, (kind, name), view_columns);
    match change {
        Change::CreateTable(name) => Some(of(ObjectKind::Table, name)?.write(name)),
        Change::AddColumn(table, column) => Some(of(ObjectKind::Table, table)?.field(column)?.write("pub ")),
        Change::Create("view", name) | Change::Alter("view", name) => Some(of(ObjectKind::View, name)?.write(name)),
        Change::Create("virtual table", name) | Change::Alter("virtual table", name) => {
            Some(of(ObjectKind::VirtualTable, name)?.write(name))
        }
        _ => None,
    }
}

/// Says changes at their lines. Returns whether there are any.
pub(crate) fn say(context: &Context, declared: &Declared, changes: &[Change], what: &str) -> bool {
    context.printer.diagnostics(&lines(declared, changes, what).collect::<Vec<_>>());
    !changes.is_empty()
}

/// Changes at their lines.
fn lines(declared: &Declared, changes: &[Change], what: &str) -> impl Iterator<Item = Diagnostic> {
    structs::without_migration(declared, changes).into_iter().zip(changes).map(move |(diagnostic, change)| {
        let message = format!("{what}: {change}");
        Diagnostic { level: Level::Warning, message, help: Vec::new(), ..diagnostic }
    })
}

/// Changes the structs, and returns them as they are then. One that does not come out as it should is left as it was.
///
/// # Errors
/// If a file cannot be written.
pub(crate) fn fit(context: &Context, declared: Declared, target: &Schema, trace: &Trace) -> Result<Declared> {
    let view_columns = columns_of_views(&declared.schema, target);
    let differing = wrong(&declared, target, trace, &view_columns);
    let (mut whole, mut given_up): (Vec<Name>, Vec<Name>) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let mut edits = edits_of(&declared, (target, &view_columns), trace, &whole);
        edits.retain(|name, _| !given_up.contains(name));
        let is_missed = |name: &&Name| !edits.contains_key(*name) && !whole.contains(name) && !given_up.contains(name);
        let missed: Vec<Name> = differing.iter().filter(is_missed).cloned().collect();
        if !missed.is_empty() {
            whole.extend(missed);
            continue;
        }
        let all: Vec<Edit> = edits.values().flatten().cloned().collect();
        if all.is_empty() {
            break;
        }
        let before = write(&all)?;
        let read = structs::again(context);
        let found = read.as_ref().map(|read| wrong(read, target, trace, &view_columns));
        let is_wrong = |name: &&Name| found.as_ref().is_none_or(|found| found.contains(name));
        let mut wrong: Vec<Name> = edits.keys().filter(is_wrong).cloned().collect();
        if let Some(read) = read.filter(|_| wrong.is_empty()) {
            for (file, _) in &before {
                context.printer.status("Changed", path::for_display(file).display());
                context.printer.wrote(file, FileAction::Updated);
            }
            return Ok(read);
        }
        restore(before)?;
        if found.is_none() && edits.len() > 1 {
            // one that makes a file unreadable says nothing of the others in it
            let mut alone = Vec::new();
            for (name, edits) in &edits {
                let before = write(edits)?;
                alone.extend(structs::again(context).is_none().then(|| name.clone()));
                restore(before)?;
            }
            if !alone.is_empty() {
                wrong = alone;
            }
        }
        let (again, new): (Vec<Name>, Vec<Name>) = wrong.into_iter().partition(|name| whole.contains(name));
        given_up.extend(again);
        whole.extend(new);
    }
    Ok(declared)
}

/// Writes files as they were.
fn restore(before: Vec<(PathBuf, String)>) -> Result<()> {
    for (file, text) in before {
        std::fs::write(&file, text).map_err(|error| CommandError::io("write", &file, &error))?;
    }
    Ok(())
}

/// The columns of the views of a schema, as far as structs do not declare them already. They are in no database that
/// could be asked, so it is made in memory.
fn columns_of_views(declared: &Schema, target: &Schema) -> ViewColumns {
    let (own, wanted) = (declared.canonical(), target.canonical());
    let of_views = |(kind, _): &&(ObjectKind, String)| matches!(kind, ObjectKind::View | ObjectKind::Trigger);
    if target.views.is_empty()
        || own.keys().chain(wanted.keys()).filter(of_views).all(|key| own.get(key) == wanted.get(key))
    {
        return ViewColumns::default();
    }
    let found = block_on(async {
        let connection = Connection::in_memory().await?;
        for statement in create_all(target) {
            // what takes a function of the application has the columns that it lists
            let _ = connection.run(&statement).await;
        }
        view_columns(&connection, target).await
    });
    // no struct is written for a view of which they are not known
    let mut found = found.unwrap_or_default();
    found.retain(|_, columns| !columns.is_empty());
    found
}

/// The tables and views, by all names that they have or had, that the structs do not declare as the schema has them.
fn wrong(declared: &Declared, target: &Schema, trace: &Trace, view_columns: &ViewColumns) -> Vec<Name> {
    let (own, wanted) = (declared.schema.canonical(), target.canonical());
    let differs = |key: &&(ObjectKind, String)| own.get(*key) != wanted.get(*key);
    let owner = |(kind, name): &(ObjectKind, String)| {
        let name = Name::from(name.as_str());
        let trigger = || target.triggers.get(&name).or_else(|| declared.schema.triggers.get(&name));
        match kind {
            ObjectKind::Trigger => trigger().map_or(name.clone(), |trigger| trigger.on.clone()),
            _ => name,
        }
    };
    let mut names: Vec<Name> = own.keys().chain(wanted.keys()).filter(differs).map(owner).collect();
    let lacks_fields = |(view, fields): &&(Name, Vec<Name>)| {
        let columns = view_columns.get(view).filter(|_| target.views.get(view).is_some_and(|view| !view.unchecked));
        columns.is_some_and(|columns| {
            columns.len() != fields.len() || columns.iter().any(|(column, _)| !fields.contains(column))
        })
    };
    names.extend(declared.view_columns.iter().filter(lacks_fields).map(|(view, _)| view.clone()));
    let renamed = declared.renamed_tables.iter().map(|(_, to)| to.clone());
    names.extend(renamed.filter(|name| target.table(name).is_some()));
    let before: Vec<Name> = names.iter().filter_map(|name| trace.inverse().table(name).cloned()).collect();
    names.extend(before);
    names
}
