//! A schema with the names of the end, without what needs something that is gone.

use std::collections::BTreeSet;

use super::branch::{columns_in, with_names};
use super::mentions::Reader;
use crate::plan::Trace;
use crate::schema::{Named, NamedMap, Schema, Table};
use crate::sql::Name;

/// The schema, and the objects whose text may or may not name what is renamed.
pub(super) struct Pruned {
    pub(super) schema: Schema,
    pub(super) unsure: Vec<(Name, String)>,
    /// Views, triggers and virtual tables that are left out.
    pub(super) left_out: BTreeSet<Name>,
}

/// `names` leads to the end; what is not in it is gone.
pub(super) fn pruned(schema: &Schema, names: &Trace) -> Pruned {
    let (mut renamed, unsure) = with_names(schema, names);
    for table in &schema.tables {
        let Some(name) = names.table(&table.name) else { continue };
        if let Some(now) = renamed.tables.get_mut(name) {
            prune(schema, table, now, names);
        }
    }
    // one whose name another of the schema takes is gone already
    let stays: BTreeSet<&Name> = names.tables.values().collect();
    renamed.tables = renamed.tables.into_iter().filter(|table| stays.contains(&table.name)).collect();
    let mut left_out = BTreeSet::new();
    drop_readers(&schema.views, &mut renamed.views, schema, names, &mut left_out);
    drop_readers(&schema.triggers, &mut renamed.triggers, schema, names, &mut left_out);
    let indexing = schema.virtual_tables.iter().filter(|table| reads_gone(*table, schema, names));
    left_out.extend(indexing.map(|table| names.table(&table.name).unwrap_or(&table.name).clone()));
    renamed.virtual_tables = renamed
        .virtual_tables
        .into_iter()
        .filter(|table| stays.contains(&table.name) && !left_out.contains(&table.name))
        .collect();
    Pruned { schema: renamed, unsure, left_out }
}

fn drop_readers<T: Reader + Named>(
    before: &NamedMap<T>,
    after: &mut NamedMap<T>,
    schema: &Schema,
    names: &Trace,
    left_out: &mut BTreeSet<Name>,
) {
    for object in before {
        // what reads a view that is left out goes with it
        let reads_left_out =
            object.names(schema).iter().any(|(one, _)| left_out.contains(one) && schema.views.contains(one));
        if reads_left_out || reads_gone(object, schema, names) {
            after.remove(object.name());
            left_out.insert(object.name().clone());
        }
    }
}

fn reads_gone<T: Reader>(object: &T, schema: &Schema, names: &Trace) -> bool {
    object.names(schema).iter().any(|(table, column)| match column {
        None => is_table(schema, table) && names.table(table).is_none(),
        Some(column) => schema.tables.contains(table) && names.column(table, column).is_none(),
    })
}

fn is_table(schema: &Schema, name: &Name) -> bool {
    schema.tables.contains(name) || schema.virtual_tables.contains(name)
}

/// Takes out of a table what needs something that is gone. `was` is the table as the schema has it, `now` the same with
/// other names; their parts are in the same order.
fn prune(schema: &Schema, was: &Table, now: &mut Table, names: &Trace) {
    let is_gone = |column: &Name| was.column(column).is_some() && names.column(&was.name, column).is_none();
    let any_gone = |columns: Vec<Name>| columns.iter().any(is_gone);
    let mut gone: Vec<bool> = was
        .columns
        .iter()
        .map(|column| {
            let computed = column.generated.as_ref();
            is_gone(&column.name)
                || computed.is_some_and(|made| any_gone(columns_in(was, |name| made.expr.mentions(name))))
        })
        .collect();
    keep(&mut now.columns, gone);
    if was.primary_key.as_ref().is_some_and(|key| key.parts.iter().any(|part| is_gone(&part.column))) {
        now.primary_key = None;
    }
    gone = was.uniques.iter().map(|unique| unique.parts.iter().any(|part| is_gone(&part.column))).collect();
    keep(&mut now.uniques, gone);
    gone = was.checks.iter().map(|check| any_gone(columns_in(was, |name| check.expr.mentions(name)))).collect();
    keep(&mut now.checks, gone);
    gone = was
        .foreign_keys
        .iter()
        .map(|key| {
            let parents = schema.referenced_columns(key).unwrap_or_default();
            let has_lost_parent = schema.tables.contains(&key.parent)
                && (names.table(&key.parent).is_none()
                    || parents.iter().any(|column| {
                        let is_there = schema.table(&key.parent).is_some_and(|table| table.column(column).is_some());
                        is_there && names.column(&key.parent, column).is_none()
                    }));
            has_lost_parent || key.columns.iter().any(is_gone)
        })
        .collect();
    keep(&mut now.foreign_keys, gone);
    for index in &was.indexes {
        if any_gone(columns_in(was, |name| index.mentions(name))) {
            now.indexes.remove(&index.name);
        }
    }
}

fn keep<T>(all: &mut Vec<T>, gone: Vec<bool>) {
    let mut gone = gone.into_iter();
    all.retain(|_| !gone.next().unwrap_or_default());
}
