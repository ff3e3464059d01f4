//! `no_primary_key`.

use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{Schema, Table};
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "no_primary_key",
    group: Group::Correctness,
    // a table of settings or of measurements may do without
    level: Level::Allow,
    summary: "a table has no primary key, so that nothing lasting names its rows",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    migration.introduced(found, of_table);
}

fn of_table(_: &Schema, table: &Table, found: &mut Vec<Finding>) {
    if table.primary_key.is_some() {
        return;
    }
    let object = path([&table.name]);
    let finding = Finding::new(&RULE, &object, format!("`{object}` has no primary key"))
        .at(Place::Table(table.name.clone()))
        .note("two rows can be the same in everything, and a rowid that is not declared changes with VACUUM")
        .help("add a column `id INTEGER PRIMARY KEY`, which costs nothing, or declare the columns that are unique");
    found.push(finding);
}
