//! `required_columns`.

use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "required_columns",
    group: Group::Style,
    level: Level::Warn,
    summary: "a table lacks a column that `[rules]` wants in every table",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    let required = &migration.rules.required_columns;
    if required.is_empty() {
        return;
    }
    migration.introduced(found, |_, table, found| {
        for (column, except) in required {
            if table.column(column).is_some() || except.hides(&table.name) {
                continue;
            }
            let (object, table_path) = (path([&table.name, column]), path([&table.name]));
            let message = format!("the table `{table_path}` has no column `{column}`, which every table has here");
            let finding = Finding::new(&RULE, object, message)
                .at(Place::Table(table.name.clone()))
                .help("add it, or leave the table out in `[rules.required_columns]`");
            found.push(finding);
        }
    });
}
