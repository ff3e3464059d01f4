//! `enum_value_removed`.

use std::collections::BTreeSet;

use crate::lint::release::column_path;
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::sql::condition::listed_values;

pub(super) static RULE: Rule = Rule {
    name: "enum_value_removed",
    group: Group::Compatibility,
    level: Level::Warn,
    summary: "a column takes fewer values than the release that runs may write",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    for table in migration.kept_tables() {
        if table.diff.dropped_checks.is_empty() {
            continue;
        }
        let after: Vec<_> = table.after.checks.iter().map(|check| listed_values(&check.expr)).collect();
        for check in &table.diff.dropped_checks {
            for (column, values) in listed_values(&check.expr) {
                let now: Vec<&BTreeSet<String>> = after.iter().filter_map(|listed| listed.get(&column)).collect();
                if now.is_empty() || table.after.column(&column).is_none() || table.is_unknown(&column) {
                    continue;
                }
                let lost: Vec<&str> =
                    values.iter().filter(|value| !now.iter().any(|now| now.contains(*value))).map(String::as_str).collect();
                if lost.is_empty() {
                    continue;
                }
                let object = column_path(&table.after.name, &column);
                let (verb, it) = if lost.len() == 1 { ("is", "it") } else { ("are", "them") };
                let values = lost.join(", ");
                let message = format!("{values} {verb} no longer allowed in `{object}`, and the running release may write {it}");
                let finding = Finding::new(&RULE, &object, message)
                    .at(Place::Column(table.after.name.clone(), column.clone()))
                    .help("release a version that does not write it first, and remove it from the list in a later one");
                found.push(migration.located(finding));
            }
        }
    }
}
