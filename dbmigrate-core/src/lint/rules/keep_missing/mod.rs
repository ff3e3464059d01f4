//! `keep_missing`.

use crate::lint::{Finding, Group, Level, Migration, Rule, loss};
use crate::plan::{Lint, can_keep};
use crate::sql::path::parse_path;

pub(super) static RULE: Rule = Rule {
    name: "keep_missing",
    group: Group::DataLoss,
    level: Level::Allow,
    summary: "rows or values are lost that `--keep` would keep for a revert",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    for question in migration.questions() {
        let (lint, object) = question.lint();
        let parts = parse_path(&object);
        let is_kept = migration.script.keeps.iter().any(|keep| parse_path(&keep.object()) == parts);
        let schemas = (migration.old, migration.new);
        if lint == Lint::NotNullWithoutDefault
            || is_kept
            || !can_keep(schemas, migration.diff, migration.decisions, question)
        {
            continue;
        }
        let message = format!("the {}s of `{object}` are not kept, so that `revert` cannot bring them back", lint.noun());
        found.push(loss::finding(migration, &RULE, question, message));
    }
}
