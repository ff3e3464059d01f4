//! `reference_of_other_type`.

use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{Schema, Table};
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "reference_of_other_type",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "a foreign key is of another type than the column that it refers to",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    migration.introduced(found, of_table);
}

fn of_table(schema: &Schema, table: &Table, found: &mut Vec<Finding>) {
    for (at, key) in table.foreign_keys.iter().enumerate() {
        let Some((child, parent)) = schema.unlike_columns(table, key) else { continue };
        let (object, referenced) = (path([&table.name, &child.name]), path([&key.parent, &parent.name]));
        let message =
            format!("`{object}` is {} and references `{referenced}`, which is {}", child.decl_type, parent.decl_type);
        let finding = Finding::new(&RULE, &object, message)
            .at(Place::ForeignKey(table.name.clone(), at))
            .note("SQLite converts one to compare them, so that an index on it is not used, and '007' is 7")
            .help(format!("give `{object}` the type {}", parent.decl_type));
        found.push(finding);
    }
}
