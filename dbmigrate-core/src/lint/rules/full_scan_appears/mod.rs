//! `full_scan_appears`.

use crate::lint::facts::slower;
use crate::lint::{Finding, Group, Level, Migration, Rule};

pub(super) static RULE: Rule = Rule {
    name: "full_scan_appears",
    group: Group::Performance,
    level: Level::Warn,
    summary: "queries read all rows of a table after it, and found those that they want before",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    slower(&RULE, migration, &migration.target.facts.scans, "reads all rows of", found);
}
