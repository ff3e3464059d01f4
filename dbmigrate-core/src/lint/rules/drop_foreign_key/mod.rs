//! `drop_foreign_key`.

use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::ForeignKey;
use crate::schema::validate::Place;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "drop_foreign_key",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "a foreign key is dropped, so that rows may refer to what does not exist",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    for diff in migration.diff.tables.iter().filter(|table| !table.dropped_foreign_keys.is_empty()) {
        let Some(table) = migration.new.table(&diff.name) else { continue };
        for key in &diff.dropped_foreign_keys {
            let Some(first) = key.columns.first() else { continue };
            // with its column or its parent, or for another key of the same columns, it goes as it should
            let is_gone = key.columns.iter().any(|column| table.column(column).is_none());
            let has_parent = migration.new.table(&key.parent).is_some();
            let is_replaced = |other: &ForeignKey| other.columns.iter().any(|column| key.columns.contains(column));
            if is_gone || !has_parent || table.foreign_keys.iter().any(is_replaced) {
                continue;
            }
            let object = path([&diff.name, first]);
            let parent = path([&key.parent]);
            let finding = Finding::new(&RULE, &object, format!("the foreign key on `{object}` is dropped"))
                .at(Place::Column(diff.name.clone(), first.clone()))
                .note(format!("from then on, rows of `{}` can refer to rows of `{parent}` that do not exist", path([&diff.name])))
                .note("such rows must be deleted or changed before the key can come back");
            found.push(migration.located(finding));
        }
    }
}
