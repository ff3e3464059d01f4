//! Changes that `ALTER TABLE` makes without touching rows, or with less work than a rebuild
//! (sqlite.org/lang_altertable.html; where it is more lenient on an empty table, this is not).

use super::{Cost, Input, Step, decide, rebuild};
use crate::ddl::render;
use crate::diff::TableDiff;
use crate::schema::{Check, Column, ForeignKey, Table};
use crate::sql::Name;

/// Each `DROP COLUMN` writes all rows anew; from this many on, one rebuild is cheaper.
const DROPS_WORTH_A_REBUILD: usize = 2;

/// Whether all changes of the table can be made by `ALTER TABLE`, `CREATE INDEX` and `DROP INDEX`.
pub(super) fn is_possible(input: &Input<'_>, diff: &TableDiff) -> bool {
    let (before, after) = (input.before(&diff.name), input.after(&diff.name));
    let added = additions(diff, after);
    let constraints_stay = diff.changed.is_empty()
        && !diff.primary_key
        && !diff.options
        && diff.added_uniques.is_empty()
        && diff.dropped_uniques.is_empty()
        && diff.dropped_foreign_keys.is_empty()
        && diff.dropped_checks.is_empty();
    let converts = input.decisions.conversions.keys().any(|(table, _)| *table == after.name);
    constraints_stay
        && !converts
        && diff.added_foreign_keys.iter().all(|key| matches!(&key.columns[..], [only] if diff.added.contains(only)))
        && diff.added_checks.iter().all(|check| carrier(&added, check).is_some())
        && added.iter().all(|column| can_add(input, after, column))
        && diff.dropped.len() < if input.decisions.online { 1 } else { DROPS_WORTH_A_REBUILD }
        && diff.dropped.iter().all(|name| can_drop(before, name))
        // a table may lose its last old column only to a rebuild
        && diff.dropped.len() < before.columns.len()
}

/// The columns to add as they are declared, but each behind those that its expression mentions.
fn additions<'a>(diff: &TableDiff, after: &'a Table) -> Vec<&'a Column> {
    let mut waiting: Vec<&Column> = after.columns.iter().filter(|column| diff.added.contains(&column.name)).collect();
    let mut order = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let mentions = |column: &Column, other: &Column| {
            let expr = column.generated.as_ref().map(|generated| &generated.expr);
            other.name != column.name && expr.is_some_and(|expr| expr.mentions(&other.name))
        };
        let free = waiting.iter().position(|column| !waiting.iter().any(|other| mentions(column, other)));
        // names that only look like mentions may form a cycle: then any of them may be first
        order.push(waiting.remove(free.unwrap_or_default()));
    }
    order
}

/// The added column whose definition carries the check: the last that it mentions, since all must exist by then.
fn carrier<'a>(added: &[&'a Column], check: &Check) -> Option<&'a Name> {
    added.iter().rev().map(|column| &column.name).find(|name| check.expr.mentions(name))
}

/// Section 4 of the documentation, as it applies to a table that has rows.
fn can_add(input: &Input<'_>, table: &Table, column: &Column) -> bool {
    let has_constant_default = column.default.as_ref().is_none_or(crate::sql::Expr::is_literal);
    input.decisions.backfill(&table.name, &column.name).is_none()
        && !table.is_primary_key(&column.name)
        && !decide::needs_backfill(table, column)
        && has_constant_default
        && column.not_null_conflict.is_none()
        && column.generated.as_ref().is_none_or(|generated| !generated.stored)
}

/// Section 5 of the documentation, where the constraints of the database may be written on the column or on the table.
fn can_drop(table: &Table, name: &Name) -> bool {
    let in_key = |parts: &[crate::schema::KeyPart]| parts.iter().any(|part| part.column == *name);
    !table.is_primary_key(name)
        && !table.uniques.iter().any(|unique| in_key(&unique.parts))
        && !table.foreign_keys.iter().any(|key| key.columns.contains(name))
        && !table.checks.iter().any(|check| check.expr.mentions(name))
        && !table
            .columns
            .iter()
            .any(|column| column.generated.as_ref().is_some_and(|generated| generated.expr.mentions(name)))
        && !table.foreign_keys.iter().any(|key| key.parent == table.name && key.parent_columns.contains(name))
}

/// The statements for the table.
pub(super) fn steps(input: &Input<'_>, diff: &TableDiff) -> Vec<Step> {
    let after = input.after(&diff.name);
    let table = diff.name.sql();
    let mut steps = Vec::new();
    let added = additions(diff, after);
    for column in &added {
        let keys: Vec<&ForeignKey> =
            diff.added_foreign_keys.iter().filter(|key| key.columns == [column.name.clone()]).collect();
        let checks: Vec<&Check> =
            diff.added_checks.iter().filter(|check| carrier(&added, check) == Some(&column.name)).collect();
        // existing rows are tested against a check, and against NOT NULL of a generated column
        let scans = !checks.is_empty() || column.generated.is_some() && column.not_null;
        let definition = render::added_column(column, &keys, &checks, input.new.docs(&diff.name));
        steps.push(Step {
            title: format!("add column {}.{}", diff.name, column.name),
            cost: if scans { Cost::Scan } else { Cost::Instant },
            statements: vec![format!("ALTER TABLE {table} ADD COLUMN {definition}")],
            rebuilds: None,
        });
    }
    // behind the additions, so that somebody who edits the draft can carry values over in between
    for name in &diff.dropped {
        steps.push(Step {
            title: format!("drop column {}.{}", diff.name, rebuild::declared_name(after, name)),
            cost: Cost::Rewrite,
            statements: vec![format!("ALTER TABLE {table} DROP COLUMN {}", name.sql())],
            rebuilds: None,
        });
    }
    for name in diff.created_indexes.iter().chain(&diff.changed_indexes) {
        if let Some(index) = after.indexes.get(name) {
            steps.push(Step {
                title: format!("create index {name}"),
                cost: Cost::Scan,
                statements: vec![render::create_index(&diff.name, index)],
                rebuilds: None,
            });
        }
    }
    steps
}
