//! `temp_b_tree_appears`.

use crate::lint::facts::slower;
use crate::lint::{Finding, Group, Level, Migration, Rule};

pub(super) static RULE: Rule = Rule {
    name: "temp_b_tree_appears",
    group: Group::Performance,
    level: Level::Warn,
    summary: "queries sort rows after it that came sorted before",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    slower(&RULE, migration, &migration.target.facts.sorts, "sorts rows of", found);
}
