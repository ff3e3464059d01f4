//! `reserved_word`.

use crate::keyword::is_reserved;
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{Schema, Table};
use crate::sql::Name;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "reserved_word",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "a table or column has a name that SQL reads as a keyword unless it stands in quotes",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    migration.introduced(found, of_table);
    // what is only renamed is not among the tables that change
    let is_changed = |table: &Name| migration.touched().iter().any(|touched| touched.name == *table);
    for (from, to) in &migration.diff.renames.tables {
        if is_reserved(to.as_str()) && !is_reserved(from.as_str()) && !is_changed(to) {
            found.push(migration.located(of_name("table", &path([to]), to, Place::Table(to.clone()))));
        }
    }
    for (table, from, to) in &migration.diff.renames.columns {
        if is_reserved(to.as_str()) && !is_reserved(from.as_str()) && !is_changed(table) {
            let place = Place::Column(table.clone(), to.clone());
            found.push(migration.located(of_name("column", &path([table, to]), to, place)));
        }
    }
    let views = migration.diff.views.created.iter().map(|name| ("view", name, Place::View(name.clone())));
    let triggers = migration.diff.triggers.created.iter().map(|name| ("trigger", name, Place::Trigger(name.clone())));
    let tables = migration.diff.virtual_tables.created.iter();
    let tables = tables.map(|name| ("virtual table", name, Place::VirtualTable(name.clone())));
    let objects = views.chain(triggers).chain(tables).filter(|(_, name, _)| is_reserved(name.as_str()));
    found.extend(objects.map(|(what, name, place)| migration.located(of_name(what, &path([name]), name, place))));
}

fn of_table(_: &Schema, table: &Table, found: &mut Vec<Finding>) {
    if is_reserved(table.name.as_str()) {
        found.push(of_name("table", &path([&table.name]), &table.name, Place::Table(table.name.clone())));
    }
    for column in table.columns.iter().filter(|column| is_reserved(column.name.as_str())) {
        let place = Place::Column(table.name.clone(), column.name.clone());
        found.push(of_name("column", &path([&table.name, &column.name]), &column.name, place));
    }
    for index in table.indexes.iter().filter(|index| is_reserved(index.name.as_str())) {
        let place = Place::Index(table.name.clone(), index.name.clone());
        found.push(of_name("index", &path([&table.name, &index.name]), &index.name, place));
    }
}

fn of_name(what: &str, object: &str, name: &Name, place: Place) -> Finding {
    Finding::new(&RULE, object, format!("the {what} `{object}` has a keyword of SQL as its name"))
        .at(place)
        .note(format!("each statement must write `\"{name}\"`; `{name}` without quotes is a syntax error, or something else"))
        .help("give it another name as long as nothing uses it")
}
