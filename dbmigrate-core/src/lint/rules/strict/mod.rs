//! `strict`.

use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::{Place, STRICT_TYPES};
use crate::schema::{Column, Table};
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
            .at(Place::Table(table.name.clone()));
        let is_allowed = |column: &Column| {
            STRICT_TYPES.iter().any(|allowed| column.decl_type.as_str().eq_ignore_ascii_case(allowed))
        };
        // rows that are there may be refused, and other types have to be chosen
        found.push(if migration.is_created(table) && table.columns.iter().all(is_allowed) {
            finding.fix("make it STRICT", Table { strict: true, ..table.clone() })
        } else {
            finding.help("declare it so: `#[table(strict)]`")
        });
    });
}
