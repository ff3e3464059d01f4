//! `foreign_key_index`.

use super::foreign_key_without_index;
use crate::lint::{Finding, Group, Level, Migration, Rule, RuleRef};

pub(super) static RULE: Rule = Rule {
    name: "foreign_key_index",
    group: Group::Style,
    level: Level::Warn,
    summary: "a foreign key has no index, where `[rules]` wants all of them to have one",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    let Some(except) = &migration.rules.foreign_key_index else { return };
    let begin = found.len();
    migration.introduced(found, |schema, table, found| {
        if except.hides(&table.name) {
            return;
        }
        let begin = found.len();
        foreign_key_without_index::of_table(schema, table, found);
        for finding in &mut found[begin..] {
            finding.rule = RuleRef::from(&RULE);
        }
    });
    foreign_key_without_index::add_fixes(migration.new, &mut found[begin..]);
}
