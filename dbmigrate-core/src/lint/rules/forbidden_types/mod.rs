//! `forbidden_types`.

use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::Column;
use crate::schema::validate::Place;
use crate::sql::Name;
use crate::sql::glob::Glob;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "forbidden_types",
    group: Group::Style,
    level: Level::Warn,
    summary: "a column has a type that `[rules]` forbids",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    let (forbidden, except) = (&migration.rules.forbidden_types, &migration.rules.forbidden_types_except);
    if forbidden.is_empty() {
        return;
    }
    migration.introduced(found, |_, table, found| {
        if except.hides(&table.name) {
            return;
        }
        for column in &table.columns {
            let Some(pattern) = forbidden.iter().find(|pattern| is_of(column, pattern)) else { continue };
            let (object, said) = (path([&table.name, &column.name]), column.decl_type.as_str());
            let message = if said.eq_ignore_ascii_case(pattern.as_str()) {
                format!("the column `{object}` has the type `{said}`, which the project forbids")
            } else {
                format!("the column `{object}` has the type `{said}`, which the project forbids as `{pattern}`")
            };
            let place = Place::Column(table.name.clone(), column.name.clone());
            found.push(Finding::new(&RULE, object, message).at(place));
        }
    });
}

/// Whether a pattern stands for the type of a column, with or without what is in its parentheses.
fn is_of(column: &Column, pattern: &Glob) -> bool {
    let said = column.decl_type.as_str();
    let bare = said.split('(').next().unwrap_or_default().trim_end();
    [said, bare].into_iter().any(|text| pattern.matches(&Name::from(text)))
}
