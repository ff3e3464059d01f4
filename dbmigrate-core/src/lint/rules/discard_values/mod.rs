//! `discard_values`.

use crate::lint::{Finding, Group, Level, Migration, Rule, loss};
use crate::plan::Question;

pub(super) static RULE: Rule = Rule {
    name: "discard_values",
    group: Group::DataLoss,
    level: Level::Warn,
    summary: "a column becomes generated, which discards the values that it has",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    for question in migration.questions() {
        let Question::BecomesGenerated { table, column } = question else { continue };
        let (lint, object) = question.lint();
        let message = format!("`{object}` becomes generated, which discards all its {}s", lint.noun());
        let finding = loss::finding(migration, &RULE, question, message);
        let renames = &migration.diff.renames;
        let names = [renames.old_table(table), renames.old_column(table, column)];
        found.push(loss::note_readers(migration, finding, &names));
    }
}
