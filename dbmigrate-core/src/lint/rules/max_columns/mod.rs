//! `max_columns`.

use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "max_columns",
    group: Group::Style,
    level: Level::Warn,
    summary: "a table has more columns than `[rules]` allows",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    let Some((most, except)) = &migration.rules.max_columns else { return };
    migration.introduced(found, |_, table, found| {
        let count = table.columns.len();
        if count <= *most || except.hides(&table.name) {
            return;
        }
        let object = path([&table.name]);
        let finding = Finding::new(&RULE, &object, format!("the table `{object}` has {count} columns, more than {most}"))
            .at(Place::Table(table.name.clone()))
            .help("move columns that belong together into a table of their own");
        found.push(finding);
    });
}
