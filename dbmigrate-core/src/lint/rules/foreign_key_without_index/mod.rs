//! `foreign_key_without_index`.

use std::collections::BTreeSet;

use crate::declare::naming::index_name;
use crate::lint::ways::{Way, collation, ways};
use crate::lint::{Finding, Fix, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{ForeignKey, Index, IndexPart, Schema, Table};
use crate::sql::path::path;
use crate::sql::{Expr, Name};

pub(super) static RULE: Rule = Rule {
    name: "foreign_key_without_index",
    group: Group::Performance,
    level: Level::Warn,
    summary: "a foreign key has no index, so that each change of a parent row reads the whole table",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    // where the project has a rule for it, that says it
    if migration.rules.foreign_key_index.is_none() {
        let begin = found.len();
        migration.introduced(found, of_table);
        add_fixes(migration.new, &mut found[begin..]);
    }
}

/// As many findings as it takes to sort all names.
const FEW: usize = 16;

/// Adds the indexes that are missing: whether a name is taken takes all names of the schema, and most of what is found of
/// tables was there before.
pub(super) fn add_fixes(schema: &Schema, found: &mut [Finding]) {
    // few findings are looked for among all names, and all names of many are at hand
    let all: Option<BTreeSet<&Name>> = (found.len() > FEW).then(|| schema.object_names().collect());
    let is_taken = |name: &Name| match &all {
        Some(all) => all.contains(name),
        None => schema.object_names().any(|taken| taken == name),
    };
    for finding in found {
        let Some(Place::ForeignKey(table, at)) = &finding.place else { continue };
        let Some(table) = schema.table(table) else { continue };
        let Some(key) = table.foreign_keys.get(*at) else { continue };
        let columns = schema.table(&key.parent).and_then(|parent| compared(schema, key, parent));
        let Some(columns) = columns else { continue };
        let mut fixed = table.clone();
        fixed.indexes.insert(index(is_taken, table, &columns));
        finding.fix = Some(Fix { says: format!("add an index on `{}`", list(&key.columns)), table: fixed });
    }
}

pub(super) fn of_table(schema: &Schema, table: &Table, found: &mut Vec<Finding>) {
    if table.foreign_keys.is_empty() {
        return;
    }
    let ways = ways(table);
    for (at, key) in table.foreign_keys.iter().enumerate() {
        let (Some(first), Some(parent)) = (key.columns.first(), schema.table(&key.parent)) else { continue };
        let Some(columns) = compared(schema, key, parent) else { continue };
        if ways.iter().any(|way| finds(way, &columns, key, schema, parent)) {
            continue;
        }
        // one index is enough for two keys on the same columns
        if table.foreign_keys[..at].iter().any(|before| before.columns == key.columns) {
            continue;
        }
        let object = path([&table.name, first]);
        let said = match &key.columns[..] {
            [_] => format!("`{object}`"),
            columns => format!("`{}` ({})", path([&table.name]), list(columns)),
        };
        let (child, parent_name) = (path([&table.name]), path([&key.parent]));
        let mut finding = Finding::new(&RULE, &object, format!("the foreign key on {said} has no index"))
            .at(Place::ForeignKey(table.name.clone(), at));
        finding = match partly(&ways, &columns) {
            Some((way, few)) => finding.note(format!(
                "{} begins with {few} only: each DELETE and each change of a key in `{parent_name}` reads every row of `{child}` \
                 with the same value there",
                way.describe(table)
            )),
            None => {
                finding.note(format!("each DELETE and each change of a key in `{parent_name}` reads every row of `{child}`"))
            }
        };
        if let Some(note) = near_miss(table, &ways, &columns) {
            finding = finding.note(note);
        }
        found.push(finding);
    }
}

fn list(columns: &[Name]) -> String {
    columns.iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
}

/// The columns with the collations in which SQLite compares them: those of the parent's columns
/// (sqlite.org/foreignkeys.html#fk_indexes).
fn compared<'k>(schema: &Schema, key: &'k ForeignKey, parent: &Table) -> Option<Vec<(&'k Name, String)>> {
    let referenced = schema.referenced_columns(key).filter(|columns| columns.len() == key.columns.len())?;
    Some(key.columns.iter().zip(&referenced).map(|(column, other)| (column, collation(parent, other))).collect())
}

/// Whether the rows that refer to a key are found this way without reading others: by all columns, in any order; or by some
/// that are a key by themselves, here or in the parent.
fn finds(way: &Way<'_>, columns: &[(&Name, String)], key: &ForeignKey, schema: &Schema, parent: &Table) -> bool {
    if !way.covers_values_of(columns) {
        return false;
    }
    let begun = way.begins_with(columns);
    let is_whole = |parts: usize| parts == way.parts.len();
    if begun == 0 {
        return false;
    }
    if columns.iter().all(|(column, _)| way.parts[..begun].iter().any(|part| part.column.as_ref() == Some(*column))) {
        return true;
    }
    if way.is_unique && is_whole(begun) {
        return true;
    }
    let referenced = schema.referenced_columns(key).unwrap_or_default();
    let searched = |column: &Name| {
        let mut pairs = key.columns.iter().zip(&referenced);
        pairs.any(|(child, of_parent)| {
            of_parent == column && way.parts[..begun].iter().any(|part| part.column.as_ref() == Some(child))
        })
    };
    parent.unique_keys().any(|unique| !unique.is_empty() && unique.iter().all(searched))
}

/// The way that begins with the most of the columns, and those.
fn partly<'w, 't>(ways: &'w [Way<'t>], columns: &[(&Name, String)]) -> Option<(&'w Way<'t>, String)> {
    let usable = ways.iter().filter(|way| way.covers_values_of(columns) && way.begins_with(columns) > 0);
    let way = usable.max_by_key(|way| way.begins_with(columns))?;
    let begun = way.parts[..way.begins_with(columns)].iter().filter_map(|part| part.column.as_ref());
    Some((way, begun.map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ")))
}

/// Why an index that seems to be for it is none.
fn near_miss(table: &Table, ways: &[Way<'_>], columns: &[(&Name, String)]) -> Option<String> {
    ways.iter().find_map(|way| {
        let part = way.parts.first()?;
        let (_, collation) = columns.iter().find(|(column, _)| part.column.as_ref() == Some(*column))?;
        let what = way.describe(table);
        if way.begins_with(columns) == 0 {
            let wanted = collation.to_ascii_uppercase();
            return Some(format!("{what} does not help: the key is compared in the collation {wanted} of its parent"));
        }
        (!way.covers_values_of(columns)).then(|| format!("{what} does not help: it covers some of the rows only"))
    })
}

/// The index that is missing, as the structs would name it.
fn index(is_taken: impl Fn(&Name) -> bool, table: &Table, columns: &[(&Name, String)]) -> Index {
    let name = Name::from(index_name(table.name.as_str(), columns.iter().map(|(column, _)| column.as_str()), false));
    let names = std::iter::once(name.clone()).chain((2..).map(|number| Name::from(format!("{name}{number}"))));
    let name = names.into_iter().find(|name| !is_taken(name)).unwrap_or(name);
    let part = |(column, wanted): &(&Name, String)| IndexPart {
        expr: Expr::new(column.sql()),
        collate: (collation(table, column) != *wanted).then(|| Name::from(wanted.to_ascii_uppercase())),
        descending: false,
    };
    Index { name, unique: false, parts: columns.iter().map(part).collect(), predicate: None }
}
