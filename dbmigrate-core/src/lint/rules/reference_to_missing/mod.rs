//! `reference_to_missing`.

use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{Schema, Table};
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "reference_to_missing",
    group: Group::Correctness,
    // a later migration may make it
    level: Level::Warn,
    summary: "a foreign key refers to a table or column that does not exist, so that each write fails",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    migration.introduced(found, of_table);
}

fn of_table(schema: &Schema, table: &Table, found: &mut Vec<Finding>) {
    for (at, key) in table.foreign_keys.iter().enumerate() {
        let Some(first) = key.columns.first() else { continue };
        let object = path([&table.name, first]);
        let parent = path([&key.parent]);
        let (missing, error) = match schema.table(&key.parent) {
            None if schema.views.contains(&key.parent) => (format!("`{parent}`, which is a view"), "foreign key mismatch"),
            None if schema.virtual_tables.contains(&key.parent) => {
                (format!("`{parent}`, which is a virtual table"), "foreign key mismatch")
            }
            None => (format!("table `{parent}`, which does not exist"), "no such table"),
            Some(table) => {
                let Some(column) = key.parent_columns.iter().find(|column| table.column(column).is_none()) else { continue };
                (format!("`{}`, which does not exist", path([&table.name, column])), "foreign key mismatch")
            }
        };
        let finding = Finding::new(&RULE, &object, format!("`{object}` references {missing}"))
            .at(Place::ForeignKey(table.name.clone(), at))
            .note(format!("each INSERT and UPDATE of `{}` fails with `{error}`", path([&table.name])))
            .help("create it in the same migration, or refer to what exists");
        found.push(finding);
    }
}
