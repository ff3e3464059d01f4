//! `strict`.

use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "strict",
    group: Group::Style,
    level: Level::Warn,
    summary: "a table is not STRICT, where `[rules]` wants all of them to be",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    let Some(except) = &migration.rules.strict else { return };
    migration.introduced(found, |_, table, found| {
        if table.strict || except.hides(&table.name) {
            return;
        }
        let object = path([&table.name]);
        let finding = Finding::new(&RULE, &object, format!("the table `{object}` is not STRICT"))
            .at(Place::Table(table.name.clone()))
            .help("declare it so: `#[table(strict)]`");
        found.push(finding);
    });
}
