//! `integer_primary_key_desc`.

use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::Table;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "integer_primary_key_desc",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "`INTEGER PRIMARY KEY DESC` is not the rowid, which `INTEGER PRIMARY KEY` is",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    migration.introduced(found, |_, table, found| of_table(migration, table, found));
}

fn of_table(migration: &Migration<'_>, table: &Table, found: &mut Vec<Finding>) {
    let Some([part]) = table.primary_key.as_ref().map(|key| &key.parts[..]) else { return };
    let column = table.column(&part.column).filter(|column| part.descending && column.decl_type.is_integer_word());
    let Some(column) = column.filter(|_| !table.without_rowid) else { return };
    let object = path([&table.name, &column.name]);
    let leaves_out = if table.rejects_null(column) { "fails" } else { "stores NULL" };
    let mut finding = Finding::new(&RULE, &object, format!("`{object}` is `INTEGER PRIMARY KEY DESC`, which is not the rowid"))
        .at(Place::PrimaryKey(table.name.clone()))
        .note(format!("SQLite does not number its rows: an INSERT without `{}` {leaves_out}", column.name));
    let says = "remove DESC: a rowid is read in either direction";
    // rows that are there may have what no rowid can be
    if migration.is_created(table) {
        let mut fixed = table.clone();
        fixed.primary_key.iter_mut().flat_map(|key| &mut key.parts).for_each(|part| part.descending = false);
        finding = finding.fix(says, fixed);
    } else {
        finding = finding.help(says);
    }
    found.push(finding);
}
