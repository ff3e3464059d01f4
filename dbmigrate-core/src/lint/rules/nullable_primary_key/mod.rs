//! `nullable_primary_key`.

use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::Table;
use crate::schema::validate::Place;
use crate::sql::Name;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "nullable_primary_key",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "a primary key can be NULL, in as many rows as there are",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    migration.introduced(found, |_, table, found| of_table(migration, table, found));
}

fn of_table(migration: &Migration<'_>, table: &Table, found: &mut Vec<Finding>) {
    let Some(key) = &table.primary_key else { return };
    let columns = key.parts.iter().filter_map(|part| table.column(&part.column));
    let nullable: Vec<&Name> =
        columns.filter(|column| !table.rejects_null(column)).map(|column| &column.name).collect();
    let Some(first) = nullable.first() else { return };
    let object = path([&table.name, first]);
    let names: Vec<String> = nullable.iter().map(|name| format!("`{name}`")).collect();
    let names = names.join(" and ");
    let message = match nullable.len() {
        1 => format!("`{object}` is a primary key and can be NULL"),
        _ => format!("{names} of the primary key of `{}` can be NULL", path([&table.name])),
    };
    let mut finding = Finding::new(&RULE, &object, message)
        .at(Place::PrimaryKey(table.name.clone()))
        .note("SQLite keeps NULL out of `INTEGER PRIMARY KEY` and of tables that are STRICT or WITHOUT ROWID only")
        .note("NULLs are never the same, so that any number of such rows is possible");
    // with rows in it, the table may have such keys
    if migration.is_created(table) {
        let mut fixed = table.clone();
        for column in fixed.columns.iter_mut().filter(|column| nullable.contains(&&column.name)) {
            column.not_null = true;
        }
        finding = finding.fix(format!("make {names} NOT NULL"), fixed);
    } else {
        finding = finding.help(format!("make {names} NOT NULL, if no row has NULL there"));
    }
    found.push(finding);
}
