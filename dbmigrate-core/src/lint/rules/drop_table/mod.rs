//! `drop_table`.

use crate::lint::copy::plain_column;
use crate::lint::refusal::stored;
use crate::lint::{Finding, Group, Level, Migration, Rule, loss};
use crate::plan::Question;
use crate::sql::Name;

pub(super) static RULE: Rule = Rule {
    name: "drop_table",
    group: Group::DataLoss,
    level: Level::Warn,
    summary: "a table is dropped with all its rows",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    for question in migration.questions() {
        let Question::TableGone { table, .. } = question else { continue };
        let (lint, object) = question.lint();
        if is_copied_whole(migration, table) && !migration.allows(&RULE, &object) {
            continue;
        }
        let message = format!("`{object}` is dropped with all its {}s", lint.noun());
        let finding = loss::finding(migration, &RULE, question, message);
        found.push(loss::note_readers(migration, finding, &[table]));
    }
}

/// Whether all columns of all rows are in another table afterwards.
fn is_copied_whole(migration: &Migration<'_>, name: &Name) -> bool {
    let Some(table) = migration.old.table(name) else { return false };
    let mut passages = migration.passages().iter().filter(|passage| passage.old == *name);
    let columns = stored(table);
    passages.any(|passage| {
        passage.elsewhere.iter().any(|(_, copy)| {
            let values = copy.values.as_ref().map(|values| values.iter().filter_map(|value| plain_column(value)));
            let copied: Vec<Name> = values.map_or_else(|| columns.clone(), Iterator::collect);
            copy.from == *name && copy.filters.is_empty() && columns.iter().all(|column| copied.contains(column))
        })
    })
}
