//! The schema in between: what both releases know, as loose as the looser one of them has it.

use super::carry;
use super::link::{Fill, Link};
use super::stand_in::{self, StandIn};
use super::{Input, PhasedError};
use crate::diff::{Renames, TableDiff, rename::unused};
use crate::plan::decide::needs_backfill;
use crate::schema::{Column, Index, IndexPart, Schema, Table, Unique};
use crate::sql::path::path;
use crate::sql::{Expr, Name};

mod columns;

/// The schema in between, and what happens there.
pub(super) struct Between {
    pub(super) schema: Schema,
    /// The tables that are renamed on the way there.
    pub(super) renames: Renames,
    pub(super) links: Vec<Link>,
    pub(super) fills: Vec<Fill>,
    pub(super) stand_ins: Vec<StandIn>,
}

impl Between {
    /// The columns that become NOT NULL when it is left, without a default, and that have a value in each row by then.
    fn in_each_row(&self) -> impl Iterator<Item = (&Name, &Name)> {
        let links = self.links.iter().flat_map(|link| link.news.iter().map(|side| (&link.table, &side.name)));
        links.chain(self.fills.iter().map(|fill| (&fill.table, &fill.column)))
    }

    /// The paths of those of them that `new` wants to be so.
    pub(super) fn required(&self, new: &Schema) -> impl Iterator<Item = String> {
        self.in_each_row().filter_map(|(table, name)| {
            let (before, after) = (self.schema.table(table)?, new.table(table)?);
            let is_new = !before.rejects_null(before.column(name)?) && needs_backfill(after, after.column(name)?);
            is_new.then(|| path([table, name]))
        })
    }
}

/// Makes it.
pub(super) fn between(input: &Input<'_>) -> Result<Between, PhasedError> {
    refuse_taken_names(input)?;
    let renames = Renames { tables: input.diff.renames.tables.clone(), columns: Vec::new() };
    let mut schema = renames.apply(input.old);
    schema.docs.clone_from(&input.new.docs);
    schema.reads.clear();
    if let Some(name) = input.diff.virtual_tables.changed.first() {
        return Err(PhasedError::cannot(format!("the virtual table `{name}` changes"), "and has one form at a time"));
    }
    for name in &input.diff.created_tables {
        if let Some(table) = input.new.table(name) {
            schema.tables.insert(table.clone());
        }
    }
    for name in &input.diff.virtual_tables.created {
        if let Some(table) = input.new.virtual_tables.get(name) {
            schema.virtual_tables.insert(table.clone());
        }
    }
    let (mut links, mut fills) = (Vec::new(), Vec::new());
    for changed in changed_tables(input) {
        let changed = &changed;
        let (Some(before), Some(after)) = (schema.table(&changed.name), input.new.table(&changed.name)) else {
            continue;
        };
        let mut merged = columns::merged(input, changed, before, after)?;
        constraints(&mut merged.table, (before, changed, after), &merged.links);
        indexes(&mut merged.table, (before, input.old, input.new), changed, after, &merged.links);
        links.append(&mut merged.links);
        fills.append(&mut merged.fills);
        schema.tables.insert(merged.table);
    }
    // what is new is there for the release that comes; what changes or goes stays for the one that runs
    for name in &input.diff.views.created {
        if let Some(view) = input.new.views.get(name) {
            schema.views.insert(view.clone());
        }
    }
    for name in &input.diff.triggers.created {
        if let Some(trigger) = input.new.triggers.get(name) {
            schema.triggers.insert(trigger.clone());
        }
    }
    follow_tables(&mut schema, input, &renames);
    let stand_ins = stand_in::add(&mut schema, input, &renames)?;
    carry::add(&mut schema, (&links, &fills), input.number)?;
    Ok(Between { schema, renames, links, fills, stand_ins })
}

/// The tables that differ, those of which only columns are renamed included.
fn changed_tables(input: &Input<'_>) -> Vec<TableDiff> {
    let mut all = input.diff.tables.clone();
    for (table, _, _) in &input.diff.renames.columns {
        if !all.iter().any(|changed| changed.name == *table) {
            all.push(TableDiff::nothing(table));
        }
    }
    all
}

/// A name that the other release gives to something else can mean only one thing at a time.
fn refuse_taken_names(input: &Input<'_>) -> Result<(), PhasedError> {
    let has = |schema: &Schema, name: &Name| schema.object_names().any(|other| other == name);
    for (from, to) in &input.diff.renames.tables {
        let taken = if has(input.old, to) { Some(to) } else { has(input.new, from).then_some(from) };
        if let Some(taken) = taken {
            let what = format!("the table `{from}` is renamed to `{to}`");
            return Err(PhasedError::cannot(what, format!("and `{taken}` is something else for one of the releases")));
        }
    }
    Ok(())
}

/// The constraints of the table: those that one of the releases does not know wait, or are gone.
fn constraints(table: &mut Table, (before, changed, after): (&Table, &TableDiff, &Table), links: &[Link]) {
    // what a trigger makes of a value must not make the statement fail that has written it
    let is_new = |name: &Name| before.column(name).is_none() && !links.iter().any(|link| link.converts(name));
    let gone = |unique: &Unique| changed.dropped_uniques.iter().any(|other| other.parts == unique.parts);
    table.uniques.retain(|unique| !gone(unique));
    table.checks.retain(|check| !changed.dropped_checks.iter().any(|other| other.expr == check.expr));
    let is_dropped = |key: &crate::schema::ForeignKey| {
        changed.dropped_foreign_keys.iter().any(|other| other.columns == key.columns && other.parent == key.parent)
            && !changed.added_foreign_keys.iter().any(|other| other.columns == key.columns)
    };
    table.foreign_keys.retain(|key| !is_dropped(key));
    // of columns that only the new release writes they are as strict as they will be
    let own = changed.added_foreign_keys.iter().filter(|key| key.columns.iter().all(is_new));
    table.foreign_keys.extend(own.cloned());
    table.strict = before.strict && after.strict;
}

/// The indexes: those of the release that runs, those that are new and refuse nothing, and those of a renamed column by
/// both of its names.
fn indexes(
    table: &mut Table,
    (before, old, new): (&Table, &Schema, &Schema),
    changed: &TableDiff,
    after: &Table,
    links: &[Link],
) {
    let converts = |name: &Name| links.iter().any(|link| link.converts(name));
    let is_new = |name: &Name| before.column(name).is_none() && !converts(name);
    for name in &changed.dropped_indexes {
        if table.indexes.get(name).is_some_and(|index| index.unique) {
            table.indexes.remove(name);
        }
    }
    for index in changed.created_indexes.iter().filter_map(|name| after.indexes.get(name)) {
        let only_new = index.parts.iter().all(|part| part.expr.as_column().as_ref().is_some_and(is_new));
        if !index.unique || only_new {
            table.indexes.insert(index.clone());
        }
    }
    let renamed: Vec<&Name> =
        links.iter().filter(|link| link.same().is_some()).flat_map(|link| &link.news).map(|side| &side.name).collect();
    let mut taken: Vec<Name> = old.object_names().chain(new.object_names()).cloned().collect();
    let mut own = |base: &str| {
        let name = unused(base, |name| taken.contains(name));
        taken.push(name.clone());
        name
    };
    let mentions = |index: &Index| renamed.iter().any(|name| index.mentions(name));
    let news = || links.iter().flat_map(|link| &link.news).map(|side| &side.name);
    // of converted values nobody knows yet whether they are unique
    let is_converted = |index: &Index| news().any(|name| converts(name) && index.mentions(name));
    for index in before.indexes.iter().filter_map(|index| after.indexes.get(&index.name)) {
        if mentions(index) || is_converted(index) {
            let unique = index.unique && !is_converted(index);
            table.indexes.insert(Index { name: own(&format!("{}_between", index.name)), unique, ..index.clone() });
        }
    }
    let is_made = |unique: &Unique| unique.parts.iter().any(|part| converts(&part.column));
    let is_of = |unique: &&Unique| is_made(unique) || unique.parts.iter().any(|part| renamed.contains(&&part.column));
    let is_added = |unique: &&Unique| changed.added_uniques.iter().any(|other| other.parts == unique.parts);
    for unique in after.uniques.iter().filter(is_of).filter(|unique| !is_added(unique)) {
        let columns: Vec<&str> = unique.parts.iter().map(|part| part.column.as_str()).collect();
        let parts = unique.parts.iter().map(|part| IndexPart {
            expr: Expr::new(part.column.sql()),
            collate: part.collate.clone(),
            descending: part.descending,
        });
        let name = own(&format!("{}_{}_between", table.name, columns.join("_")));
        table.indexes.insert(Index { name, unique: !is_made(unique), parts: parts.collect(), predicate: None });
    }
}

/// Views and triggers that name a renamed table are those of the release that comes, where it has them: the old name is
/// a view from then on, which no trigger of a table can be on.
fn follow_tables(schema: &mut Schema, input: &Input<'_>, renames: &Renames) {
    for (from, _) in &renames.tables {
        let on: Vec<Name> =
            schema.triggers.iter().filter(|one| one.mentions(from)).map(|one| one.name.clone()).collect();
        for name in on {
            match input.new.triggers.get(&name) {
                Some(trigger) => drop(schema.triggers.insert(trigger.clone())),
                None => drop(schema.triggers.remove(&name)),
            }
        }
        let reading: Vec<Name> =
            schema.views.iter().filter(|view| view.query.mentions(from)).map(|view| view.name.clone()).collect();
        for view in reading.iter().filter_map(|name| input.new.views.get(name)) {
            schema.views.insert(view.clone());
        }
    }
}

/// A column that may be NULL, without what it said about that.
pub(super) fn nullable(column: &mut Column) {
    column.not_null = false;
    column.not_null_name = None;
    column.not_null_conflict = None;
}
