//! Views and triggers that change, or that stand in the way of a change.
//!
//! `ALTER TABLE … RENAME` and `DROP COLUMN` compile every view and trigger of the database and fail on one that is
//! broken at that moment. So those that mention a table in motion are dropped first and recreated last, as the new
//! schema declares them. So are those with a string in double quotes where a column goes or gets another name, because
//! SQLite then writes it in single quotes in every view and trigger.

use std::collections::{BTreeMap, BTreeSet};

use super::reading::{Reader, in_order_of_reading};
use super::{Cost, Input, Step, Strategy, list};
use crate::ddl::render;
use crate::diff::{TableDiff, in_order_of_references};
use crate::schema::{Schema, Trigger, View, VirtualTable};
use crate::sql::{Expr, Name};

/// The views and triggers to drop first and to create last.
pub(super) struct Dependents {
    dropped_views: Vec<View>,
    dropped_triggers: Vec<Trigger>,
    created_views: Vec<View>,
    created_triggers: Vec<Trigger>,
}

impl Dependents {
    pub(super) fn of(input: &Input<'_>, strategies: &[(&TableDiff, Strategy)]) -> Self {
        let moving = moving_tables(input, strategies);
        let diff = input.diff;
        let replaced = |objects: &crate::diff::ObjectsDiff, name: &Name| {
            objects.dropped.contains(name) || objects.changed.contains(name)
        };
        // what does not compile is in the way of every `ALTER TABLE` that compiles
        let unchecked = Unchecked::of(input);
        let mut views = if moving.is_empty() { BTreeSet::new() } else { unchecked.views };
        let requoted = Requoted::of(input, strategies);
        views.extend(requoted.views);
        loop {
            let mentions = |view: &View| moving.iter().chain(&views).any(|name| view.query.mentions(name));
            let more: Vec<Name> = input
                .old
                .views
                .iter()
                .filter(|view| !views.contains(&view.name) && (replaced(&diff.views, &view.name) || mentions(view)))
                .map(|view| view.name.clone())
                .collect();
            if more.is_empty() {
                break;
            }
            views.extend(more);
        }
        let is_written = |table: &Name| strategies.iter().any(|(diff, _)| diff.name == *table);
        let stands_in_the_way = |trigger: &&Trigger| {
            (unchecked.triggers.contains(&trigger.name) && (!moving.is_empty() || is_written(&trigger.on)))
                || replaced(&diff.triggers, &trigger.name)
                || requoted.triggers.contains(&trigger.name)
                || moving.iter().chain(&views).any(|name| trigger.mentions(name))
        };
        let dropped_triggers: Vec<Trigger> = input.old.triggers.iter().filter(stands_in_the_way).cloned().collect();
        let was_dropped = |name: &Name| dropped_triggers.iter().any(|trigger| trigger.name == *name);
        let created_triggers = input
            .new
            .triggers
            .iter()
            .filter(|trigger| was_dropped(&trigger.name) || diff.triggers.created.contains(&trigger.name))
            .cloned()
            .collect();
        let created_views =
            input.new.views.iter().filter(|view| views.contains(&view.name) || diff.views.created.contains(&view.name));
        Self {
            created_views: created_views.cloned().collect(),
            created_triggers,
            dropped_views: reversed(in_order_of_mention(
                input.old.views.iter().filter(|view| views.contains(&view.name)),
            )),
            dropped_triggers,
        }
    }

    pub(super) fn drop_step(&self) -> Option<Step> {
        let triggers = self.dropped_triggers.iter().map(|trigger| format!("DROP TRIGGER {}", trigger.name.sql()));
        let views = self.dropped_views.iter().map(|view| format!("DROP VIEW {}", view.name.sql()));
        let statements: Vec<String> = triggers.chain(views).collect();
        let names = [list(&self.dropped_triggers), list(&self.dropped_views)];
        let names: Vec<String> = names.into_iter().filter(|names| !names.is_empty()).collect();
        (!statements.is_empty()).then(|| Step {
            title: format!("drop dependent triggers and views: {}", names.join(", ")),
            cost: Cost::Instant,
            statements,
            rebuilds: None,
        })
    }

    /// The names of what is created and not compiled.
    pub(super) fn unchecked(&self) -> Vec<Name> {
        let views = self.created_views.iter().filter(|view| view.unchecked).map(|view| view.name.clone());
        let triggers = self.created_triggers.iter().filter(|trigger| trigger.unchecked);
        views.chain(triggers.map(|trigger| trigger.name.clone())).collect()
    }

    /// Creates what is created last. `virtual_tables` are the steps that make or fill a virtual table, by its name: each
    /// comes behind the views that it reads, and before those that read it.
    pub(super) fn create_steps(&self, input: &Input<'_>, mut virtual_tables: BTreeMap<Name, Step>) -> Vec<Step> {
        let recreated = |was: bool| if was { "recreate" } else { "create" };
        let tables: Vec<&VirtualTable> =
            virtual_tables.keys().filter_map(|name| input.new.virtual_tables.get(name)).collect();
        let mut steps = Vec::new();
        for reader in in_order_of_reading(tables, &self.created_views) {
            match reader {
                Reader::Virtual(table) => steps.extend(virtual_tables.remove(&table.name)),
                Reader::View(view) => steps.push(Step {
                    title: format!("{} view {}", recreated(input.old.views.contains(&view.name)), view.name),
                    cost: Cost::Instant,
                    statements: vec![render::create_view_with(view, input.new.docs(&view.name))],
                    rebuilds: None,
                }),
            }
        }
        steps.extend(self.created_triggers.iter().map(|trigger| Step {
            title: format!("{} trigger {}", recreated(input.old.triggers.contains(&trigger.name)), trigger.name),
            cost: Cost::Instant,
            statements: vec![render::create_trigger(trigger)],
            rebuilds: None,
        }));
        steps
    }
}

/// The views and triggers with strings that would be written in other quotes.
#[derive(Default)]
struct Requoted {
    views: BTreeSet<Name>,
    triggers: BTreeSet<Name>,
}

impl Requoted {
    fn of(input: &Input<'_>, strategies: &[(&TableDiff, Strategy)]) -> Self {
        let drops = |(table, strategy): &(&TableDiff, Strategy)| {
            matches!(strategy, Strategy::Native) && !table.dropped.is_empty()
        };
        if input.diff.renames.columns.is_empty() && !strategies.iter().any(drops) {
            return Self::default();
        }
        let schema = input.old;
        // an alias is taken for a string, and its view made anew for nothing
        let is_name = |name: &Name| {
            schema.tables.iter().any(|table| table.name == *name || table.column(name).is_some())
                || schema.views.iter().any(|view| view.name == *name || view.columns.contains(name))
                || schema.virtual_tables.contains(name)
        };
        let has_strings = |text: &Expr| text.has_string_in_double_quotes(is_name);
        let views = schema.views.iter().filter(|view| has_strings(&view.query));
        let triggers = schema
            .triggers
            .iter()
            .filter(|trigger| has_strings(&trigger.body) || trigger.when.as_ref().is_some_and(has_strings));
        Self {
            views: views.map(|view| view.name.clone()).collect(),
            triggers: triggers.map(|trigger| trigger.name.clone()).collect(),
        }
    }
}

/// The views and triggers of the old schema that were not compiled, or need not be any more.
struct Unchecked {
    views: BTreeSet<Name>,
    triggers: BTreeSet<Name>,
}

impl Unchecked {
    fn of(input: &Input<'_>) -> Self {
        let Input { old, new, .. } = input;
        let views = old
            .views
            .iter()
            .filter(|view| view.unchecked || new.views.get(&view.name).is_some_and(|view| view.unchecked));
        let triggers = old.triggers.iter().filter(|trigger| {
            trigger.unchecked || new.triggers.get(&trigger.name).is_some_and(|trigger| trigger.unchecked)
        });
        Self {
            views: views.map(|view| view.name.clone()).collect(),
            triggers: triggers.map(|trigger| trigger.name.clone()).collect(),
        }
    }
}

/// The names, old and new, of all tables that are renamed, rebuilt, dropped, or lose or rename a column.
pub(super) fn moving_tables(input: &Input<'_>, strategies: &[(&TableDiff, Strategy)]) -> BTreeSet<Name> {
    let diff = input.diff;
    let mut moving: BTreeSet<Name> = diff.dropped_tables.iter().cloned().collect();
    moving.extend(diff.virtual_tables.dropped.iter().chain(&diff.virtual_tables.changed).cloned());
    for (from, to) in &diff.renames.tables {
        moving.extend([from.clone(), to.clone()]);
    }
    for (table, _, _) in &diff.renames.columns {
        moving.extend([table.clone(), diff.renames.old_table(table).clone()]);
    }
    for (table, strategy) in strategies {
        if matches!(strategy, Strategy::Rebuild(_)) || !table.dropped.is_empty() {
            moving.insert(table.name.clone());
        }
    }
    moving
}

/// Views in an order in which each comes after those that it mentions.
pub fn in_order_of_mention<'v>(views: impl IntoIterator<Item = &'v View>) -> Vec<View> {
    let order = in_order_of_reading([], views);
    let view = |reader| if let Reader::View(view) = reader { Some(view.clone()) } else { None };
    order.into_iter().filter_map(view).collect()
}

fn reversed(mut views: Vec<View>) -> Vec<View> {
    views.reverse();
    views
}

/// The statements that create a whole schema, in an order that works.
pub fn create_all(schema: &Schema) -> Vec<String> {
    let mut statements: Vec<String> = in_order_of_references(schema.tables.iter())
        .iter()
        .filter_map(|name| schema.table(name))
        .flat_map(|table| super::create_table_step(schema, table).statements)
        .collect();
    statements.extend(in_order_of_reading(&schema.virtual_tables, &schema.views).into_iter().map(
        |reader| match reader {
            Reader::Virtual(table) => render::create_virtual_table_with(table, schema.docs(&table.name)),
            Reader::View(view) => render::create_view_with(view, schema.docs(&view.name)),
        },
    ));
    statements.extend(schema.triggers.iter().map(render::create_trigger));
    statements
}
