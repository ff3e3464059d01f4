//! What queries of the project's own find: rows of an object and what is wrong with it, before a migration and after it.

use std::collections::BTreeSet;

use super::{Finding, Migration, RuleRef};
use crate::config::Query;
use crate::schema::Schema;
use crate::schema::validate::Place;
use crate::sql::Name;
use crate::sql::path::{parse_path, path};

/// What a query has returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The object: a path of names, as the catalogue has it.
    pub object: String,
    /// What is wrong with it.
    pub message: String,
}

/// What a query finds after a migration and did not find before it.
pub fn introduced(migration: &Migration<'_>, query: &Query, before: &[Row], after: &[Row]) -> Vec<Finding> {
    let known: BTreeSet<String> = before.iter().map(|row| migration.renamed(&row.object)).collect();
    let new = after.iter().filter(|row| !known.contains(&comparable(&row.object)));
    let finding = |row: &Row| {
        let place = place(migration.new, &row.object);
        // as `allow` names it, however the query has written it
        let object = place.as_ref().map_or_else(|| row.object.clone(), |(names, _)| path(names));
        let mut finding = Finding::new(RuleRef::of_query(&query.name), object, &row.message);
        finding.place = place.map(|(_, place)| place);
        finding.help.extend(query.help.clone());
        migration.located(finding)
    };
    new.map(finding).collect()
}

/// A path in one way of writing.
fn comparable(object: &str) -> String {
    match parse_path(object) {
        Some((names, None)) => path(&names).to_ascii_lowercase(),
        _ => object.to_ascii_lowercase(),
    }
}

/// What an object is in a schema, with its path: a table, a view or a trigger, a part of a table, or an index by its name
/// alone.
fn place(schema: &Schema, object: &str) -> Option<(Vec<Name>, Place)> {
    let as_path = parse_path(object).and_then(|(names, rest)| rest.is_none().then_some(names));
    let found = |names: &[Name]| match names {
        [name] => of_name(schema, name),
        [table, part] => of_part(schema, table, part),
        _ => None,
    };
    // a name with a dot in it that was not written as a path
    let whole = || found(&[Name::from(object)]);
    as_path.and_then(|names| found(&names)).or_else(whole)
}

fn of_name(schema: &Schema, name: &Name) -> Option<(Vec<Name>, Place)> {
    let alone = |name: &Name, place: fn(Name) -> Place| Some((vec![name.clone()], place(name.clone())));
    if let Some(table) = schema.table(name) {
        return alone(&table.name, Place::Table);
    }
    if let Some(table) = schema.virtual_tables.get(name) {
        return alone(&table.name, Place::VirtualTable);
    }
    if let Some(view) = schema.views.get(name) {
        return alone(&view.name, Place::View);
    }
    if let Some(trigger) = schema.triggers.get(name) {
        return alone(&trigger.name, Place::Trigger);
    }
    let table = schema.tables.iter().find(|table| table.indexes.contains(name))?;
    of_part(schema, &table.name, name)
}

fn of_part(schema: &Schema, table: &Name, part: &Name) -> Option<(Vec<Name>, Place)> {
    let table = schema.table(table)?;
    let (name, place): (&Name, fn(Name, Name) -> Place) = match (table.column(part), table.indexes.get(part)) {
        (Some(column), _) => (&column.name, Place::Column),
        (None, index) => (&index?.name, Place::Index),
    };
    Some((vec![table.name.clone(), name.clone()], place(table.name.clone(), name.clone())))
}
