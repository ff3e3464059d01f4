//! `drop_column_in_use`.

use crate::lint::release::{column_path, with_places};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::merge::Reader;
use crate::schema::canonical::{canonical_trigger, canonical_view};
use crate::schema::validate::Place;
use crate::sql::Name;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "drop_column_in_use",
    group: Group::Compatibility,
    level: Level::Warn,
    summary: "a column is dropped that queries of the application, views or triggers use",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    let renames = &migration.diff.renames;
    for table in &migration.diff.tables {
        let was = renames.old_table(&table.name);
        for column in &table.dropped {
            let places = migration.places_of(was, Some(column));
            let is_known = !migration.target.unreleased.has_column(was, column);
            let readers = if is_known { readers(migration, was, column) } else { Vec::new() };
            let object = column_path(&table.name, column);
            let message = match (places.first(), readers.first()) {
                (Some(place), _) => format!("`{object}` is dropped, and `{place}` still names it"),
                (None, Some(reader)) => format!("`{object}` is dropped, and {reader} used it until now"),
                (None, None) => continue,
            };
            let mut finding =
                Finding::new(&RULE, &object, message).at(Place::Column(table.name.clone(), column.clone()));
            finding = with_places(finding, places.get(1..).unwrap_or_default(), &object);
            for reader in readers.iter().skip(usize::from(places.is_empty())) {
                finding = finding.note(format!("{reader} used it until now"));
            }
            let help = "release a version that does not use it first, and drop it in a later one";
            found.push(migration.located(finding.help(help)));
        }
    }
    for table in &migration.diff.dropped_tables {
        let places = migration.places_of(table, None);
        let Some(place) = places.first() else { continue };
        let object = path([table]);
        let finding = Finding::new(&RULE, &object, format!("`{object}` is dropped, and `{place}` still names it"));
        let finding = with_places(finding.at(Place::Table(table.clone())), &places[1..], &object);
        let help = "release a version that does not use it first, and drop it in a later one";
        found.push(migration.located(finding.help(help)));
    }
}

/// The views and triggers that use a column and stay: changed along with it, or left as they are, so that they fail.
/// What is dropped as well was there for the column, as when a change is brought to its end.
fn readers(migration: &Migration<'_>, table: &Name, column: &Name) -> Vec<String> {
    let (old, new) = (migration.old, migration.new);
    let wanted = (table.clone(), Some(column.clone()));
    let mut readers = Vec::new();
    for view in old.views.iter().filter(|view| view.query.mentions(column)) {
        let changed = new.views.get(&view.name).filter(|now| canonical_view(now) != canonical_view(view));
        if changed.is_some() && view.names(old).contains(&wanted) {
            readers.push(format!("view `{}`", path([&view.name])));
        }
    }
    for trigger in &old.triggers {
        let Some(now) = new.triggers.get(&trigger.name) else { continue };
        let is_changed = canonical_trigger(now) != canonical_trigger(trigger);
        let still_names = now.names(old).contains(&wanted);
        if (is_changed || still_names) && trigger.names(old).contains(&wanted) {
            readers.push(format!("trigger `{}`", path([&trigger.name])));
        }
    }
    readers
}
