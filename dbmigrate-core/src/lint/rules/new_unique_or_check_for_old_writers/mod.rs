//! `new_unique_or_check_for_old_writers`.

use crate::lint::release::{AROUND, Kept, column_path};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{Check, Index, KeyPart};
use crate::sql::Name;
use crate::sql::path::path;
use crate::lint::checks::differ_in_values;
use crate::sql::condition::is_looser;

pub(super) static RULE: Rule = Rule {
    name: "new_unique_or_check_for_old_writers",
    group: Group::Compatibility,
    level: Level::Warn,
    summary: "a table gets a `UNIQUE` or `CHECK` that the release that runs does not know of",
    explanation: include_str!("explanation.md"),
    find,
};

const HELP: &str = "release a version that only writes what fits first, and add it in a later one";

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    for table in migration.kept_tables() {
        let (diff, name) = (table.diff, &table.after.name);
        let table_path = path([name]);
        for check in diff.added_checks.iter().filter(|check| is_news(&table, check)) {
            let mut columns = table.after.columns.iter().map(|column| &column.name);
            let first = columns.find(|column| check.expr.mentions(column));
            let object = first.map_or_else(|| path([name]), |first| column_path(name, first));
            let message = format!("`{}` must hold in `{table_path}` from now on, and the running release does not know that", check.expr.said());
            let place = first.map_or_else(|| Place::Table(name.clone()), |first| Place::Column(name.clone(), first.clone()));
            found.push(migration.located(Finding::new(&RULE, &object, message).at(place).help(HELP).help(AROUND)));
        }
        let columns = |parts: &[KeyPart]| parts.iter().map(|part| part.column.clone()).collect::<Vec<_>>();
        let mut keys: Vec<Vec<Name>> = diff.added_uniques.iter().map(|unique| columns(&unique.parts)).collect();
        if diff.primary_key {
            keys.extend(table.after.primary_key.iter().map(|key| columns(&key.parts)));
        }
        for key in keys.iter().filter(|key| !is_unique_already(&table, key)) {
            let Some(first) = key.first() else { continue };
            let what = said(name, key.iter().map(|column| column.as_str().to_owned()));
            let object = column_path(name, first);
            let message = format!("{what} must be unique from now on, and the running release does not know that");
            let place = Place::Column(name.clone(), first.clone());
            found.push(migration.located(Finding::new(&RULE, &object, message).at(place).help(HELP).help(AROUND)));
        }
        for index in diff.created_indexes.iter().chain(&diff.changed_indexes) {
            let Some(index) = table.after.indexes.get(index).filter(|index| index.unique) else { continue };
            if is_index_known(&table, index) {
                continue;
            }
            let object = path([name, &index.name]);
            let what = said(name, index.parts.iter().map(|part| part.expr.said()));
            let message = format!("{what} must be unique from now on, and the running release does not know that");
            let place = Place::Index(name.clone(), index.name.clone());
            found.push(migration.located(Finding::new(&RULE, &object, message).at(place).help(HELP).help(AROUND)));
        }
    }
}

/// What is unique, in words: `users.email`, or `users` (`team`, `email`).
fn said(table: &Name, parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<String> = parts.collect();
    match &parts[..] {
        [only] if only.chars().all(|char| char.is_alphanumeric() || char == '_') => format!("`{}.{only}`", path([table])),
        parts => {
            let parts = parts.iter().map(|part| format!("`{part}`")).collect::<Vec<_>>().join(", ");
            format!("`{}` ({parts})", path([table]))
        }
    }
}

/// Whether a check refuses something that a release may write that does not know of it.
fn is_news(table: &Kept<'_>, check: &Check) -> bool {
    let old = &table.diff.dropped_checks;
    // a list with fewer values is what `enum_value_removed` is about
    let is_known = |old: &Check| is_looser(&old.expr, &check.expr) || differ_in_values(&old.expr, &check.expr);
    // what it does not write has its default
    let is_about_old =
        table.after.columns.iter().any(|column| !table.is_unknown(&column.name) && check.expr.mentions(&column.name));
    is_about_old && !old.iter().any(is_known)
}

/// Whether rows with the same values for these columns could not be written before either, or are not written by a
/// release that leaves NULL in one of them.
fn is_unique_already(table: &Kept<'_>, columns: &[Name]) -> bool {
    let is_rowid = |name: &Name| table.after.rowid_alias().is_some_and(|alias| alias.name == *name);
    let is_new_rowid = |name: &Name| table.is_unknown(name) && is_rowid(name);
    let is_null = |name: &Name| table.is_null_for_old_writers(name);
    columns.iter().any(|name| is_null(name) || is_new_rowid(name))
        || table.before.unique_keys().any(|key| key.iter().all(|column| columns.contains(column)))
}

fn is_index_known(table: &Kept<'_>, index: &Index) -> bool {
    let columns: Vec<Name> = index.parts.iter().filter_map(|part| part.expr.as_column()).collect();
    let is_plain = columns.len() == index.parts.len();
    // the same for all rows, or for the same ones
    let covers = |old: &Index| {
        let is_within = old.parts.iter().all(|part| {
            index.parts.iter().any(|now| now.expr == part.expr && now.collate == part.collate)
        });
        old.unique && is_within && (old.predicate.is_none() || old.predicate == index.predicate)
    };
    (is_plain && is_unique_already(table, &columns)) || table.before.indexes.iter().any(covers)
}
