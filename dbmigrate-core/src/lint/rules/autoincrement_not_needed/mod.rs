//! `autoincrement_not_needed`.

use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{Schema, Table};
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "autoincrement_not_needed",
    group: Group::Performance,
    // whether the number of a deleted row may come back is for its author to say
    level: Level::Allow,
    summary: "`AUTOINCREMENT` writes a second table for each new row; `INTEGER PRIMARY KEY` numbers rows without it",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    migration.introduced(found, of_table);
}

fn of_table(_: &Schema, table: &Table, found: &mut Vec<Finding>) {
    let Some(alias) = table.rowid_alias().filter(|_| table.is_autoincrement()) else { return };
    let object = path([&table.name, &alias.name]);
    let message = format!("`{object}` is AUTOINCREMENT: each INSERT reads and writes `sqlite_sequence` as well");
    let finding = Finding::new(&RULE, object, message)
        .at(Place::PrimaryKey(table.name.clone()))
        .note("without it, a new row gets the largest number of all rows plus one")
        .help("remove AUTOINCREMENT, unless the number of a deleted row must never be given to another one");
    found.push(finding);
}
