//! The part of a schema that a change can reach, so that a proof costs what the change is large.
//!
//! For every `CREATE`, SQLite goes through all that is there, so that a proof on all of a schema is quadratic. What the
//! statements of a plan name, what refers to that, and the views and triggers that use it, transitively, are proven as
//! they are. What those refer to in their turn is there too, without its own foreign keys. The rest cannot matter: no
//! statement names it, and nothing that is named leads there. In doubt, and where the part fails, the whole decides.

use std::collections::BTreeSet;

use crate::diff::Renames;
use crate::engine::check::{names_used, reached_from};
use crate::plan::Plan;
use crate::schema::canonical::{canonical_trigger, canonical_view, canonical_virtual_table};
use crate::schema::{Named, NamedMap, Schema, Table};
use crate::sql::{Name, StatementKind, split, tokenize};

/// So few objects that a part of them saves nothing.
const FEW: usize = 16;

/// Whether schemas are so large that a part of them may save something.
pub(super) fn are_large(old: &Schema, new: &Schema) -> bool {
    size(old).max(size(new)) > FEW
}

/// The parts of both schemas that the plan can reach. `None` if that may be all of them.
pub(super) fn of_plan(old: &Schema, new: &Schema, renames: &Renames, plan: &Plan) -> Option<(Schema, Schema)> {
    // what does not compile is in the way of every `ALTER TABLE` that compiles
    if old.unchecked().chain(new.unchecked()).next().is_some() {
        return None;
    }
    let mut words: BTreeSet<Name> = BTreeSet::new();
    let queries = plan.preflights.iter().map(|preflight| preflight.query.as_str());
    for text in plan.statements().chain(queries) {
        let is_known =
            |kind| !matches!(kind, StatementKind::Pragma | StatementKind::Transaction | StatementKind::Other);
        if !split(text).iter().all(|statement| is_known(statement.kind)) {
            return None;
        }
        words.extend(tokenize(text).filter_map(|token| token.identifier()).map(Name::from));
    }
    words.extend(plan.preflights.iter().map(|preflight| preflight.table.clone()));
    words.extend(plan.unforeseen.iter().cloned());
    words.extend(renames.tables.iter().flat_map(|(from, to)| [from.clone(), to.clone()]));
    words.extend(renames.columns.iter().map(|(table, _, _)| table.clone()));
    let mut seeds = differing(old, new);
    for schema in [old, new] {
        seeds.extend(schema.object_names().filter(|name| words.contains(*name)).cloned());
        seeds.extend(
            schema.tables.iter().filter(|table| has_index_among(table, &words)).map(|table| table.name.clone()),
        );
    }
    if words.contains(&Name::from("sqlite_sequence")) {
        seeds.extend(old.tables.iter().filter(|table| table.is_autoincrement()).map(|table| table.name.clone()));
    }
    let reached = reached(&[old, new], seeds);
    let (part_of_old, part_of_new) = (part(old, &reached), part(new, &reached));
    let is_less = size(&part_of_old) < size(old) || size(&part_of_new) < size(new);
    is_less.then_some((part_of_old, part_of_new))
}

/// The part of a declared schema that differs from the one `before`, which was found good, with what it reaches and with
/// the views of these names.
pub(super) fn of_declaration(new: &Schema, before: &Schema, views: &[&Name]) -> Option<Schema> {
    if size(new) <= FEW || before.is_empty() {
        return None;
    }
    let mut seeds = differing(before, new);
    let mut claimed = seeds.clone();
    let tables = new.tables.iter().filter(|table| seeds.contains(&table.name));
    claimed.extend(tables.flat_map(|table| table.indexes.iter().map(|index| index.name.clone())));
    let is_claimed = |table: &&Table| claimed.contains(&table.name) || has_index_among(table, &claimed);
    seeds.extend(new.tables.iter().filter(is_claimed).map(|table| table.name.clone()));
    seeds.extend(views.iter().map(|name| (*name).clone()));
    let part = part(new, &reached(&[new], seeds));
    (size(&part) < size(new)).then_some(part)
}

fn size(schema: &Schema) -> usize {
    schema.object_names().count()
}

fn has_index_among(table: &Table, names: &BTreeSet<Name>) -> bool {
    table.indexes.iter().any(|index| names.contains(&index.name))
}

/// The names of what is not the same in both. Tables that both share are not compared, unless they refer to the primary
/// key of another one, whatever that is.
fn differing(old: &Schema, new: &Schema) -> BTreeSet<Name> {
    let by_key = |table: &&Table| table.foreign_keys.iter().any(|key| key.parent_columns.is_empty());
    let unshared = old.tables.unshared(&new.tables);
    let mut differing: BTreeSet<Name> = unshared
        .iter()
        .filter(|both| match both {
            (Some(one), Some(other)) => old.canonical_table(one) != new.canonical_table(other),
            _ => true,
        })
        .filter_map(|(one, other)| Some(one.or(*other)?.name.clone()))
        .collect();
    for table in old.tables.iter().filter(by_key) {
        let other = new.table(&table.name);
        if other.is_some_and(|other| old.canonical_table(table) != new.canonical_table(other)) {
            differing.insert(table.name.clone());
        }
    }
    differing.extend(others(&old.virtual_tables, &new.virtual_tables, canonical_virtual_table));
    differing.extend(others(&old.views, &new.views, canonical_view));
    differing.extend(others(&old.triggers, &new.triggers, canonical_trigger));
    differing
}

fn others<'s, T: Named>(
    old: &'s NamedMap<T>,
    new: &'s NamedMap<T>,
    canonical: fn(&T) -> String,
) -> impl Iterator<Item = Name> {
    let both = old.unshared(new).into_iter();
    let differing = both.filter(move |both| match both {
        (Some(one), Some(other)) => canonical(one) != canonical(other),
        _ => true,
    });
    differing.filter_map(|(one, other)| Some(one.or(other)?.name().clone()))
}

/// What is reached from these: to be taken as it is.
fn reached(schemas: &[&Schema], mut names: BTreeSet<Name>) -> BTreeSet<Name> {
    // modules make tables of their own, whose names may be in the way
    for schema in schemas {
        names.extend(schema.virtual_tables.iter().map(|table| table.name.clone()));
        let prefixes: Vec<String> =
            schema.virtual_tables.iter().map(|table| format!("{}_", table.name.folded())).collect();
        let is_near_module = |table: &&Table| {
            let name = table.name.folded();
            let parts = table.indexes.iter().flat_map(|index| &index.parts);
            name.ends_with("_shadow")
                || prefixes.iter().any(|prefix| name.starts_with(prefix))
                || parts.into_iter().any(|part| part.expr.mentions(&Name::from("libsql_vector_idx")))
        };
        names.extend(schema.tables.iter().filter(is_near_module).map(|table| table.name.clone()));
    }
    let mut children = BTreeSet::new();
    for schema in schemas {
        let refers = |table: &&Table| table.foreign_keys.iter().any(|key| names.contains(&key.parent));
        children.extend(schema.tables.iter().filter(refers).map(|table| table.name.clone()));
    }
    names.extend(children);
    loop {
        let before = names.len();
        for schema in schemas {
            names = reached_from(schema, names);
            // a trigger writes elsewhere, where others fire
            let fired = schema.triggers.iter().filter(|trigger| names.contains(&trigger.name));
            let used: BTreeSet<Name> = fired.flat_map(|trigger| names_used(trigger.body.as_str())).collect();
            names.extend(used.into_iter().filter(|name| has_object(schema, name)));
        }
        if names.len() == before {
            return names;
        }
    }
}

fn has_object(schema: &Schema, name: &Name) -> bool {
    schema.tables.contains(name) || schema.virtual_tables.contains(name) || schema.views.contains(name)
}

/// What is `reached` of a schema, with what that refers to: tables without their foreign keys, views with what they read.
fn part(schema: &Schema, reached: &BTreeSet<Name>) -> Schema {
    let is_reached = |name: &Name| reached.contains(name);
    let mut context: BTreeSet<Name> = BTreeSet::new();
    let tables = schema.tables.iter().filter(|table| is_reached(&table.name));
    context.extend(tables.flat_map(|table| table.foreign_keys.iter().map(|key| key.parent.clone())));
    for trigger in schema.triggers.iter().filter(|trigger| is_reached(&trigger.name)) {
        context.extend(trigger.when.iter().flat_map(|when| names_used(when.as_str())));
        context.extend(names_used(trigger.body.as_str()));
        context.insert(trigger.on.clone());
    }
    loop {
        let before = context.len();
        let is_in = |name: &Name| is_reached(name) || context.contains(name);
        let views = schema.views.iter().filter(|view| is_in(&view.name));
        let mut more: BTreeSet<Name> = views.flat_map(|view| names_used(view.query.as_str())).collect();
        let tables = schema.virtual_tables.iter().filter(|table| is_in(&table.name));
        more.extend(tables.flat_map(|table| &table.arguments).flat_map(|argument| names_used(argument.as_str())));
        context.extend(more.into_iter().filter(|name| has_object(schema, name)));
        if context.len() == before {
            break;
        }
    }
    let is_in = |name: &Name| is_reached(name) || context.contains(name);
    let mut part = Schema::default();
    for table in schema.tables.iter().filter(|table| is_in(&table.name)) {
        let mut table = table.clone();
        if !is_reached(&table.name) {
            table.foreign_keys.clear();
        }
        part.tables.insert(table);
    }
    for table in schema.virtual_tables.iter().filter(|table| is_in(&table.name)) {
        part.virtual_tables.insert(table.clone());
    }
    for view in schema.views.iter().filter(|view| is_in(&view.name)) {
        part.views.insert(view.clone());
    }
    for trigger in schema.triggers.iter().filter(|trigger| is_reached(&trigger.name)) {
        part.triggers.insert(trigger.clone());
    }
    let docs = schema.docs.iter().filter(|(name, _)| is_in(name));
    part.docs = docs.map(|(name, docs)| (name.clone(), docs.clone())).collect();
    part
}
