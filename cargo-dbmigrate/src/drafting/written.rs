//! Whether a migration is what `generate` has written, and with which answers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dbmigrate_core::ddl::{Comments, Object, comments, read};
use dbmigrate_core::diff::diff;
use dbmigrate_core::folder::{Folder, Migration, Script, Snapshot};
use dbmigrate_core::plan::{
    Decisions, HELPER_PREFIX, IN_PLACE, Plan, Said, Trace, WRITTEN_BY, follow, plan, said_types,
};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::Name;

use super::marks::Marks;
use crate::error::Result;

/// How the command of a captured migration begins.
pub(crate) const CAPTURE: &str = "cargo dbmigrate capture";

/// The command of a baseline.
pub(crate) const BASELINE: &str = "cargo dbmigrate pull --baseline";

/// What a generated migration was made of.
pub(crate) struct Written {
    /// The decisions that lead to it.
    pub(crate) decisions: Decisions,
    /// The plan; nothing for the draft of a migration that changes nothing.
    pub(crate) plan: Plan,
    /// The schema behind it, with what no snapshot has and the text tells: documentation, and how values are read.
    pub(crate) schema: Schema,
    /// What it says besides.
    pub(crate) marks: Marks,
}

/// What a migration with this text was made of, if planning it anew leads to the very same text: then nobody has
/// edited it, and no answer was overlooked.
///
/// # Errors
/// If a snapshot cannot be read.
pub(crate) fn is_generated(folder: &Folder, migration: &Migration, text: &str) -> Result<Option<Written>> {
    // a snapshot that is not as it was recorded tells nothing
    let Ok(after) = folder.snapshot_at(migration) else { return Ok(None) };
    let before = snapshot_before(folder, migration)?;
    Ok(generated(migration, &folder.sql_path(migration), (&before, &after), text))
}

/// The same, given the snapshots around it; `file` is where the text is from.
pub(crate) fn generated(
    migration: &Migration,
    file: &Path,
    (before, after): (&Snapshot, &Snapshot),
    text: &str,
) -> Option<Written> {
    let mut after = after.clone();
    let script = Script::parse(text, file).ok()?;
    let allowed = || script.allows.iter().map(|allow| (allow.lint.as_str(), allow.object.as_str()));
    // no snapshot has the documentation, which came from the structs
    after.schema.docs = documentation(&script);
    let mut read = Decisions::read_back(&before.schema, &after.schema, allowed(), &script.statements);
    read.keep = (!script.keeps.is_empty()).then(|| migration.name.sequence());
    read.online = script.online.is_some();
    // nor has it the types of fields
    let said = script.preflights.iter().map(|preflight| Said {
        message: preflight.message.as_deref().unwrap_or_default(),
        query: &preflight.query,
        answers: &preflight.answers,
    });
    after.schema.reads = said_types(&before.schema, &after.schema, &read.renames, &said.collect::<Vec<_>>());
    // what the text does not say: the order of renames that hang on each other, that everything was accepted, and
    // whether the losses of conversions were
    for at in 0..8_u8 {
        let [reversed, lossy, all] = [1, 2, 4].map(|bit| at & bit != 0);
        let mut decisions = read.clone();
        if reversed {
            decisions.renames.tables.reverse();
            decisions.renames.columns.reverse();
        }
        if lossy {
            decisions.accept_conversions();
        }
        decisions.accepted.all = all;
        let Ok(difference) = diff(&before.schema, &after.schema, &decisions.renames) else { continue };
        let Ok(mut plan) = plan(&before.schema, &after.schema, &difference, &decisions) else { continue };
        let name = migration.name.as_str();
        let marks = Marks::of(&script, &plan, (&before.schema, &after.schema));
        marks.put(&mut plan);
        let again = if plan.is_empty() { template(name) } else { marks.text(&plan, name).0 };
        let found = without_command(text);
        if again == found || called_rewrites(&again) == found {
            if all {
                decisions.name_conversions(&difference);
            }
            return Some(Written { decisions, plan, schema: after.schema, marks });
        }
    }
    None
}

/// The text as it was written when all rebuilds were called rewrites.
fn called_rewrites(text: &str) -> String {
    let line = |line: &str| {
        let is_title = line.starts_with("-- rebuild ") || line.starts_with("--   rebuild ");
        if !is_title || !line.contains(IN_PLACE) {
            return line.to_owned();
        }
        line.replacen(IN_PLACE, "", 1).replace(" (scan)\n", " (rewrite)\n")
    };
    text.split_inclusive('\n').map(line).collect()
}

/// The text of a migration that another command than `generate` has planned, with the line that names it.
pub(crate) fn with_command(plan: &Plan, name: &str, command: &str) -> String {
    let title = format!("-- {name}\n");
    let planned = plan.to_sql(name);
    match planned.strip_prefix(&title) {
        Some(rest) => format!("{title}{WRITTEN_BY}{command}\n{rest}"),
        None => planned,
    }
}

/// Whether `capture` has written a migration with this text.
pub(crate) fn is_captured(text: &str) -> bool {
    is_by(text, CAPTURE)
}

/// Whether a migration is a baseline.
pub(crate) fn is_baseline(text: &str) -> bool {
    is_by(text, BASELINE)
}

/// Whether the line that names a command names this one, with or without arguments.
fn is_by(text: &str, wanted: &str) -> bool {
    let mut by = text.lines().filter_map(|line| line.strip_prefix(WRITTEN_BY));
    by.any(|command| command == wanted || command.strip_prefix(wanted).is_some_and(|rest| rest.starts_with(' ')))
}

/// The text without the line that names a command.
fn without_command(text: &str) -> String {
    text.split_inclusive('\n').filter(|line| !line.starts_with(WRITTEN_BY)).collect()
}

/// What the `CREATE` statements of a script say of tables and views, by the names that those have in the end.
fn documentation(script: &Script<'_>) -> BTreeMap<Name, Comments> {
    let mut found = BTreeMap::new();
    for statement in &script.statements {
        let name = match read(statement.text) {
            Ok(Object::Table(table)) => table.name,
            Ok(Object::View(view)) => view.name,
            Ok(Object::VirtualTable(table)) => table.name,
            _ => continue,
        };
        let said = comments(statement.text);
        // a rebuild makes the table under another name first
        let name = name.as_str().strip_prefix(HELPER_PREFIX).map_or(name.clone(), Name::from);
        if said != Comments::default() {
            found.insert(name, said);
        }
    }
    found
}

/// The snapshot that a migration starts from.
pub(crate) fn snapshot_before(folder: &Folder, migration: &Migration) -> Result<Snapshot> {
    match migration.index.checked_sub(1).and_then(|at| folder.migrations().get(at)) {
        Some(before) => Ok(folder.snapshot_at(before)?),
        None => Ok(Snapshot::default()),
    }
}

/// A migration on the way through a history: its SQL, the file that it is from, and the schema behind it.
pub(crate) type Step = (String, PathBuf, Schema);

/// What becomes of the names of a schema behind these migrations.
///
/// # Errors
/// If one of them cannot be read.
pub(crate) fn traced(schema: Schema, steps: impl IntoIterator<Item = Result<Step>>) -> Result<Trace> {
    let mut trace = Trace::of_same(&schema);
    let mut before = schema;
    for step in steps {
        let (text, file, after) = step?;
        let script = Script::parse(&text, &file)?;
        trace = trace.then(&follow(&before, &after, &script.statements).0);
        before = after;
    }
    Ok(trace)
}

/// What a migration that is written by hand starts from.
pub(crate) fn template(name: &str) -> String {
    format!(
        "-- {name}\n--\n-- Write the statements here, each ending in a semicolon. They run in one transaction with \
         foreign keys off;\n\
         -- the migration fails if it adds foreign key violations.\n-- Then record the edit: cargo dbmigrate generate --custom\n\
         -- For `cargo dbmigrate revert`, write how to take rows back at the end, below the line `-- dbmigrate: undo`.\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_of_before_is_told_from_an_edit() {
        let now = "-- 0002_a\n--   rebuild users, in place where possible: change type of a (scan)\n--   create index i (scan)\n\n\
                   -- rebuild users, in place where possible: change type of a\nSELECT ' (scan)\n';\n";
        let before = "-- 0002_a\n--   rebuild users: change type of a (rewrite)\n--   create index i (scan)\n\n\
                      -- rebuild users: change type of a\nSELECT ' (scan)\n';\n";
        assert_eq!(called_rewrites(now), before);
        assert_eq!(called_rewrites(before), before);
    }
}
