//! `int_primary_key`.

use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::Table;
use crate::sql::DeclType;
use crate::sql::expr::Affinity;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "int_primary_key",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "a primary key is an integer, and not the rowid: only the word `INTEGER` makes it that",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    migration.introduced(found, |_, table, found| of_table(migration, table, found));
}

fn of_table(migration: &Migration<'_>, table: &Table, found: &mut Vec<Finding>) {
    let Some([part]) = table.primary_key.as_ref().map(|key| &key.parts[..]) else { return };
    let Some(column) = table.column(&part.column).filter(|_| !table.without_rowid && table.rowid_alias().is_none()) else {
        return;
    };
    let declared = column.decl_type.as_str().to_ascii_uppercase();
    let is_serial = declared.ends_with("SERIAL");
    let is_integer = column.decl_type.affinity() == Affinity::Integer && !column.decl_type.is_integer_word();
    // a key that refers to another table gets its numbers from there
    let is_foreign = table.foreign_keys.iter().any(|key| key.columns.contains(&column.name));
    if !(is_serial || is_integer) || is_foreign || column.effective_default().is_some() {
        return;
    }
    let object = path([&table.name, &column.name]);
    let message = format!("`{object}` is `{} PRIMARY KEY`, which is not the rowid", column.decl_type);
    let leaves_out = if table.rejects_null(column) { "fails" } else { "stores NULL" };
    let mut finding = Finding::new(&RULE, &object, message)
        .at(Place::PrimaryKey(table.name.clone()))
        .note(format!("SQLite does not number its rows: an INSERT without `{}` {leaves_out}", column.name))
        .note("the key is an index of its own, besides the rowid");
    // rows that are there may have what no rowid can be
    if migration.is_created(table) {
        let mut fixed = table.clone();
        fixed.columns.iter_mut().filter(|one| one.name == column.name).for_each(|column| {
            column.decl_type = DeclType::new("INTEGER");
        });
        fixed.primary_key.iter_mut().flat_map(|key| &mut key.parts).for_each(|part| part.descending = false);
        finding = finding.fix(format!("declare `{}` as `INTEGER`", column.name), fixed);
    } else {
        finding = finding.help("declare it `INTEGER PRIMARY KEY`");
    }
    found.push(finding);
}
