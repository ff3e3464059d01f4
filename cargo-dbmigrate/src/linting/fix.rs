//! `check --fix`: the structs changed so that they declare what lints have one safe answer for.

use std::collections::BTreeSet;
use std::path::Path;

use dbmigrate_core::folder::Script;
use dbmigrate_core::lint::{self, Finding, Migration, Prepared, Target};
use dbmigrate_core::plan::Trace;
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::Name;

use super::{Linted, Set};
use crate::error::{CommandError, Result};
use crate::project::Context;
use crate::report::counted;
use crate::source::Declared;
use crate::{git, rewriting};

/// How many files are named that are not committed.
const MOST_FILES: usize = 5;

/// Refuses to change a package in which something is not committed, as cargo does: what is changed could not be told from
/// what was there. Without git there is nothing to tell it by.
///
/// # Errors
/// Exit code 2 if something is not committed.
pub(crate) fn refuse_uncommitted(context: &Context) -> Result<()> {
    let changed = git::changed(&context.package.root).unwrap_or_default();
    if changed.is_empty() {
        return Ok(());
    }
    let error = CommandError::usage("the package has changes that are not committed, and `--fix` changes files");
    let error = changed.iter().take(MOST_FILES).fold(error, |error, file| error.note(format!("`{file}`")));
    let error = match changed.len().checked_sub(MOST_FILES) {
        Some(more @ 1..) => error.note(format!("and {}", counted(more, "more file"))),
        _ => error,
    };
    Err(error.help("commit them, or fix nevertheless: `cargo dbmigrate check --fix --allow-dirty`"))
}

/// Changes the structs. What is fixed is no finding any more; returns whether anything is.
///
/// # Errors
/// If a file cannot be written.
pub(crate) fn fix(context: &Context, set: &Set, declared: Declared, linted: &mut [Linted]) -> Result<(Declared, bool)> {
    let before = declared.schema.clone();
    let (target, says, answered) = fixed(&before, set, linted);
    if says.is_empty() {
        return Ok((declared, false));
    }
    let declared = rewriting::fit(context, declared, &target, &Trace::of_same(&before))?;
    // a struct that does not come out as it should is left as it was
    let same = |name: &Name| {
        let text = |schema: &Schema| schema.table(name).map(|table| schema.canonical_table(table));
        text(&declared.schema) == text(&target)
    };
    let done: Vec<&Fixed> = says.iter().filter(|fixed| same(&fixed.table)).collect();
    for one in linted.iter_mut() {
        one.found.retain(|found| {
            let key = key_of(&found.finding);
            !answered.contains(&key) && !done.iter().any(|fixed| fixed.key == key)
        });
    }
    for fixed in &done {
        context.printer.status("Fixed", format!("`{}`: {}", fixed.key.1, fixed.says));
    }
    for fixed in says.iter().filter(|fixed| !same(&fixed.table)) {
        context.printer.warning(&format!("`{}` must be fixed by hand: {}", fixed.key.1, fixed.says), &[]);
    }
    if done.is_empty() {
        return Ok((declared, false));
    }
    context.printer.next(&["write the migration: `cargo dbmigrate generate`".to_owned()]);
    Ok((declared, true))
}

/// Of what is found once more in the same migrations, what was left by [`fix`].
pub(crate) fn left(mut again: Vec<Linted>, linted: &[Linted]) -> Vec<Linted> {
    for (one, before) in again.iter_mut().zip(linted) {
        let is_left = |finding: &Finding| {
            before
                .found
                .iter()
                .any(|found| found.finding.rule == finding.rule && found.finding.object == finding.object)
        };
        one.found.retain(|found| is_left(&found.finding));
    }
    again
}

/// A fix, and what it was for.
struct Fixed {
    key: Key,
    table: Name,
    says: String,
}

/// The schema after the fixes of what was found, as far as it is still so, one after the other: each is of the schema that
/// those before have made, so that several on one table come together. With it what was fixed, and what is found no more
/// because of that: rule and object.
fn fixed(declared: &Schema, set: &Set, linted: &[Linted]) -> (Schema, Vec<Fixed>, BTreeSet<Key>) {
    let mut schema = declared.clone();
    let mut now = of_schema(&schema, set);
    let keys = |found: &[Finding]| found.iter().map(key_of).collect::<BTreeSet<Key>>();
    let with_fix = linted.iter().flat_map(|one| &one.found).filter(|found| found.finding.fix.is_some());
    // the structs may have gone on since
    let mut wanted: BTreeSet<Key> = with_fix.map(|found| key_of(&found.finding)).collect();
    wanted = &wanted & &keys(&now);
    let mut done = Vec::new();
    loop {
        let before = done.len();
        // those of other tables do not touch each other, unless they give something new one name
        let (mut tables, mut names) = (BTreeSet::new(), BTreeSet::new());
        for finding in &now {
            let key = key_of(finding);
            let Some(fix) = finding.fix.as_ref().filter(|_| wanted.contains(&key)) else { continue };
            let was = schema.table(&fix.table.name);
            let indexes = fix.table.indexes.iter().map(|index| &index.name);
            let new: Vec<Name> =
                indexes.filter(|name| was.is_none_or(|was| !was.indexes.contains(name))).cloned().collect();
            if tables.contains(&fix.table.name) || new.iter().any(|name| names.contains(name)) {
                continue;
            }
            tables.insert(fix.table.name.clone());
            names.extend(new);
            wanted.remove(&key);
            schema.tables.insert(fix.table.clone());
            done.push(Fixed { key, table: fix.table.name.clone(), says: fix.says.clone() });
        }
        if done.len() == before {
            break;
        }
        now = of_schema(&schema, set);
    }
    let left = keys(&now);
    wanted.retain(|wanted| !left.contains(wanted));
    (schema, done, wanted)
}

/// The rule and the object of a finding.
type Key = (String, String);

fn key_of(finding: &Finding) -> Key {
    (finding.rule.name.to_string(), finding.object.clone())
}

/// What rules find in a schema as a whole.
fn of_schema(schema: &Schema, set: &Set) -> Vec<Finding> {
    let nothing = Schema::default();
    let Ok(script) = Script::parse("", Path::new("")) else { return Vec::new() };
    let (prepared, target) = (Prepared::of(&nothing, schema, &script), Target::default());
    let migration = Migration::new(&nothing, schema, &prepared, &script, &target).under(&set.rules);
    let report = lint::lint(&migration, &set.levels, Vec::new());
    report.findings.into_iter().map(|(_, finding)| finding).collect()
}
