//! `ignored_length`.

use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{Column, Schema, Table};
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "ignored_length",
    group: Group::Correctness,
    // `VARCHAR(255)` is what many programs write without meaning it
    level: Level::Allow,
    summary: "a type has a length that SQLite does not enforce, and no check does",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    migration.introduced(found, of_table);
}

fn of_table(_: &Schema, table: &Table, found: &mut Vec<Finding>) {
    for column in &table.columns {
        let Some(length) = length(column) else { continue };
        // a check of the column is taken for one of its length
        if table.checks.iter().any(|check| check.expr.mentions(&column.name) && check.expr.mentions(&"length".into())) {
            continue;
        }
        let object = path([&table.name, &column.name]);
        let message = format!("`{object}` is `{}`, and takes texts of any length", column.decl_type);
        let name = column.name.sql();
        let finding = Finding::new(&RULE, &object, message)
            .at(Place::Column(table.name.clone(), column.name.clone()))
            .help(format!("add `CHECK (length({name}) <= {length})` if it matters, or declare it `TEXT`"));
        found.push(finding);
    }
}

/// The length of a type for text.
fn length(column: &Column) -> Option<u32> {
    let upper = column.decl_type.as_str().to_ascii_uppercase();
    let (name, rest) = upper.split_once('(')?;
    let is_text = ["CHAR", "TEXT", "CLOB"].iter().any(|part| name.contains(part));
    rest.trim_end_matches(')').trim().parse().ok().filter(|_| is_text)
}
