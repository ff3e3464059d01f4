//! One migration taken back, with later ones left as they are.

use dbmigrate_core::engine::prove::{ProofError, check_changes};
use dbmigrate_core::folder::Snapshot;
use dbmigrate_core::plan::{Conflict, History, Trace, without};
use dbmigrate_core::schema::canonical::canonical_column;
use dbmigrate_core::shell::shell_flag;
use dbmigrate_core::sql::Name;
use pollster::block_on;

use super::history::{Entry, combined};
use crate::error::{CommandError, Result};

/// The snapshot without the first of the entries, and what the names of the head are in it.
///
/// # Errors
/// If later ones have changed something again, or need it.
pub(super) fn target(entries: &[Entry]) -> Result<(Snapshot, Trace)> {
    let [only, later @ ..] = entries else { return Ok((Snapshot::default(), Trace::default())) };
    let head = later.last().map_or(&only.after, |entry| &entry.after);
    let since = if later.is_empty() { Trace::of_same(&only.after.schema) } else { combined(later) };
    let history = History {
        before: &only.before.schema,
        behind: &only.after.schema,
        head: &head.schema,
        made: &only.trace,
        since: &since,
    };
    let (schema, trace) = without(&history).map_err(|conflicts| refused(only, later, &conflicts))?;
    let mut broken: Vec<Conflict> = Vec::new();
    if let Err(ProofError::Declaration { kind, name, message }) = block_on(check_changes(&head.schema, &schema, &[])) {
        let what = format!("{kind} `{name}`, which then fails ({message}),");
        broken.push(Conflict { what, object: name.as_str().into(), column: None });
    }
    broken.extend(schema.new_problems(&head.schema).into_iter().map(|problem| {
        let object =
            schema.tables.iter().map(|table| &table.name).find(|name| problem.message.contains(&format!("`{name}")));
        Conflict { what: problem.message, object: object.cloned().unwrap_or_else(|| "".into()), column: None }
    }));
    if !broken.is_empty() {
        return Err(needed(only, later, &broken));
    }
    // what an attribute has renamed by that migration may be renamed again
    let (was, is) = (&only.before.renamed_from, &only.after.renamed_from);
    let stays = |text: &&String| !is.contains(text) || was.contains(text);
    let renamed_from = head.renamed_from.iter().filter(stays).cloned().collect();
    Ok((Snapshot { schema, renamed_from }, trace))
}

/// The command that takes back a migration and everything after it.
pub(super) fn with_later(only: &Entry, later: usize) -> String {
    match &only.previous {
        Some(previous) => format!("`cargo dbmigrate revert {}`", shell_flag("--to", previous)),
        None => format!("`cargo dbmigrate revert --last {}`", later + 1),
    }
}

fn refused(only: &Entry, later: &[Entry], conflicts: &[Conflict]) -> CommandError {
    let said: Vec<(String, &str)> = conflicts
        .iter()
        .filter_map(|conflict| {
            Some((conflict.what.clone(), culprit(later, &conflict.object, conflict.column.as_ref())?.name()))
        })
        .collect();
    let again = |(what, who): &(String, &str)| format!("{what} was changed again in `{who}`");
    error(only, later, said.iter().map(again).collect())
}

fn needed(only: &Entry, later: &[Entry], conflicts: &[Conflict]) -> CommandError {
    let said = conflicts.iter().map(|conflict| match culprit(later, &conflict.object, None) {
        Some(entry) => format!("{} is of `{}`", conflict.what, entry.name()),
        None => conflict.what.clone(),
    });
    error(only, later, said.collect())
}

fn error(only: &Entry, later: &[Entry], said: Vec<String>) -> CommandError {
    let name = only.name();
    let mut said = said.into_iter();
    let first = said.next().map(|first| format!(": {first}")).unwrap_or_default();
    let error = CommandError::failed(format!("cannot revert `{name}` alone{first}"));
    let error = said.fold(error, CommandError::note).note("nothing was written");
    error.help(format!("revert it together with those after it: {}", with_later(only, later.len())))
}

/// The first of these that changes something, by its name before them.
fn culprit<'a>(later: &'a [Entry], object: &Name, column: Option<&Name>) -> Option<&'a Entry> {
    let (mut table, mut column) = (object.clone(), column.cloned());
    for entry in later {
        let (before, after) = (&entry.before.schema, &entry.after.schema);
        let now = entry.trace.table(&table).cloned();
        let is_changed = match (&column, &now) {
            (Some(name), Some(now)) => match entry.trace.column(&table, name) {
                None => true,
                Some((_, to)) => {
                    let text = |schema: &dbmigrate_core::schema::Schema, table: &Name, column: &Name| {
                        let table = schema.table(table)?;
                        Some(canonical_column(table, table.column(column)?))
                    };
                    !to.same_spelling(name) || text(before, &table, name) != text(after, now, to)
                }
            },
            (Some(_), None) => before.table(&table).is_some(),
            (None, _) => {
                let texts = |schema: &dbmigrate_core::schema::Schema, name: &Name| {
                    let all = schema.canonical().into_iter();
                    let index = schema.tables.iter().filter(|one| one.indexes.contains(name)).count();
                    (all.filter(|((_, one), _)| *one == name.folded()).collect::<Vec<_>>(), index)
                };
                let now = now.as_ref().unwrap_or(&table);
                texts(before, &table) != texts(after, now)
            }
        };
        if is_changed {
            return Some(entry);
        }
        let moved = column.as_ref().and_then(|name| entry.trace.column(&table, name)).map(|(_, to)| to.clone());
        column = moved.or(column);
        table = now.unwrap_or(table);
    }
    None
}
