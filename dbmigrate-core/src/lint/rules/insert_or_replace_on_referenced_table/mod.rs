//! `insert_or_replace_on_referenced_table`.

use crate::lint::copy::target_columns;
use crate::lint::refusal::{list, stored};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{ReferentialAction, Table};
use crate::sql::name::sql_list;
use crate::sql::path::path;
use crate::sql::{Name, Verb};

pub(super) static RULE: Rule = Rule {
    name: "insert_or_replace_on_referenced_table",
    group: Group::DataLoss,
    level: Level::Warn,
    summary: "`REPLACE` deletes the row that is in the way, with what depends on it",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    for (at, write) in migration.writes().iter().filter(|(_, write)| write.verb == Verb::Replace) {
        // only what had rows before the migration has something to lose
        let Some(table) = migration.old.table(&write.table) else { continue };
        let is_emptied = |(other, another): &(usize, crate::lint::write::Write)| {
            other < at
                && another.table == table.name
                && another.verb == Verb::Delete
                && another.condition.as_deref().is_none_or(|condition| condition.eq_ignore_ascii_case("true"))
        };
        if migration.writes().iter().any(is_emptied) {
            continue;
        }
        let named = target_columns(&migration.script.statements[*at]).unwrap_or_else(|| stored(table));
        let lost: Vec<Name> = stored(table).into_iter().filter(|column| !named.contains(column)).collect();
        let children: Vec<String> = children(migration, table);
        let triggers = triggers(migration, table);
        if lost.is_empty() && children.is_empty() && triggers.is_empty() {
            continue;
        }
        let object = path([&table.name]);
        let message = format!("REPLACE deletes the row of `{object}` that is in the way instead of changing it");
        let mut finding =
            Finding::new(&RULE, &object, message).at(Place::Table(table.name.clone())).in_statement(*at);
        let (numbers, values): (Vec<Name>, Vec<Name>) =
            lost.into_iter().partition(|name| table.rowid_alias().is_some_and(|alias| alias.name == *name));
        if !values.is_empty() {
            finding = finding.note(format!("what the row has in ({}) is lost: the new one has the defaults", list(&values)));
        }
        for name in numbers {
            finding = finding.note(format!("the new row has another `{name}`"));
        }
        for child in children {
            finding = finding.note(child);
        }
        for trigger in triggers {
            finding = finding.note(format!("trigger `{trigger}` does not run for the row that is deleted"));
        }
        found.push(finding.help(upsert(table, &named)));
    }
}

/// What becomes of the rows that refer to the table.
fn children(migration: &Migration<'_>, table: &Table) -> Vec<String> {
    let mut said = Vec::new();
    for child in &migration.old.tables {
        for key in child.foreign_keys.iter().filter(|key| key.parent == table.name) {
            let object = path(std::iter::once(&child.name).chain(key.columns.first()));
            let action = match key.on_delete {
                ReferentialAction::NoAction | ReferentialAction::Restrict => String::new(),
                action => format!("; ON DELETE {} does nothing while a migration runs", action.sql()),
            };
            said.push(format!(
                "`{object}` refers to `{}`: where the new row has another key, the migration fails{action}",
                path([&table.name])
            ));
        }
    }
    said
}

/// The triggers that a DELETE would have run (sqlite.org/lang_conflict.html: only with `recursive_triggers`).
fn triggers(migration: &Migration<'_>, table: &Table) -> Vec<Name> {
    let on_delete = |trigger: &&crate::schema::Trigger| {
        trigger.on == table.name && matches!(trigger.event, crate::schema::TriggerEvent::Delete)
    };
    migration.old.triggers.iter().filter(on_delete).map(|trigger| trigger.name.clone()).collect()
}

/// The statement that changes the row in its place.
fn upsert(table: &Table, named: &[Name]) -> String {
    let key = table.unique_keys().find(|key| key.iter().all(|column| named.contains(column)));
    let Some(key) = key else { return "change the row in its place: `INSERT … ON CONFLICT (…) DO UPDATE SET …`".to_owned() };
    let set = named.iter().filter(|column| !key.contains(column));
    let set: Vec<String> = set.map(|column| format!("{0} = excluded.{0}", column.sql())).collect();
    let action = if set.is_empty() { "DO NOTHING".to_owned() } else { format!("DO UPDATE SET {}", set.join(", ")) };
    format!("change the row in its place: `INSERT INTO {} … ON CONFLICT ({}) {action}`", table.name.sql(), sql_list(&key))
}
