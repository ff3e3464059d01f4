//! A table built anew and filled from the old one: the order of sqlite.org/lang_altertable.html#otheralter, with what
//! it leaves to the reader: rowids, the AUTOINCREMENT high-water mark, indexes after the copy.

use super::copy::Copy;
use super::in_place::{Rebuilt, is_expected};
use super::{Cost, Input, Step, helper_name};
use crate::ddl::render;
use crate::diff::{TableDiff, rename::displaced};
use crate::schema::{Index, Table};
use crate::sql::Name;
use crate::sql::name::quote_string;

/// What is said of a rebuild that writes no row where the rows are as they have to be already.
pub const IN_PLACE: &str = ", in place where possible";

/// The statements that rebuild a table.
pub(super) fn step(input: &Input<'_>, diff: &TableDiff, cost: Cost) -> Step {
    let (before, after) = (input.before(&diff.name), input.after(&diff.name));
    let name = &after.name;
    let helper = helper_name(input, name);
    let copy = Copy::of(input, diff);
    let way = if cost == Cost::Rewrite { "" } else { IN_PLACE };
    let mut statements = vec![
        render::create_table_as(after, &helper, input.new.docs(name)),
        insert(after, &helper, &copy.columns, &copy.expressions, name),
    ];
    if carries(before, after) {
        statements.extend(carry_mark(name, &helper));
    }
    statements.push(format!("DROP TABLE {}", name.sql()));
    statements.push(format!("ALTER TABLE {} RENAME TO {}", helper.sql(), name.sql()));
    statements.extend(after.indexes.iter().map(|index| render::create_index(name, index)));
    Step {
        title: format!("rebuild {name}{way}: {}", reasons(input, diff, after)),
        cost,
        statements,
        rebuilds: Some(name.clone()),
    }
}

/// What a rebuild costs: where it is to be expected that it can be made in place, the rows are read, and not one of them is
/// written. The runner does so for every table with many rows, unless it is an engine or a server that does not let it.
pub(super) fn cost(input: &Input<'_>, diff: &TableDiff) -> Cost {
    // that is a copy, however long it may take
    if input.decisions.online {
        return Cost::Rewrite;
    }
    let (before, after) = (input.before(&diff.name), input.after(&diff.name));
    let goes =
        |index: &&Index| diff.dropped_indexes.contains(&index.name) || diff.changed_indexes.contains(&index.name);
    let indexes: Vec<Index> = before.indexes.iter().filter(|index| !goes(index)).cloned().collect();
    let Copy { names, expressions, .. } = Copy::of(input, diff);
    let values: Vec<(Name, String)> = names.into_iter().zip(expressions).collect();
    let rebuilt = Rebuilt {
        definition: after,
        values: &values,
        carries_mark: carries(before, after),
        indexes: after.indexes.iter().collect(),
    };
    if is_expected(before, &indexes, &rebuilt) { Cost::Scan } else { Cost::Rewrite }
}

/// Whether the high-water mark of AUTOINCREMENT is carried over.
fn carries(before: &Table, after: &Table) -> bool {
    before.is_autoincrement() && after.is_autoincrement()
}

/// Fills the copy of a table with that definition.
pub(super) fn insert(
    definition: &Table,
    copy: &Name,
    columns: &[String],
    expressions: &[String],
    from: &Name,
) -> String {
    format!(
        "INSERT{} INTO {} ({})\nSELECT {}\nFROM {}",
        if has_conflict_clause(definition) { " OR ABORT" } else { "" },
        copy.sql(),
        columns.join(", "),
        expressions.join(", "),
        from.sql()
    )
}

/// Carries the AUTOINCREMENT high-water mark over to the copy of a table.
pub(super) fn carry_mark(from: &Name, copy: &Name) -> [String; 2] {
    let (copy, from) = (quote_string(copy.as_str()), quote_string(from.as_str()));
    [
        format!("DELETE FROM sqlite_sequence WHERE name = {copy}"),
        format!(
            "INSERT INTO sqlite_sequence (name, seq)\nSELECT {copy}, seq FROM sqlite_sequence WHERE name = {from} COLLATE NOCASE"
        ),
    ]
}

/// Whether a row of the copy could be skipped or replaced instead of failing; the statement's own clause then
/// overrides the table's (sqlite.org/lang_conflict.html).
fn has_conflict_clause(table: &Table) -> bool {
    table.columns.iter().any(|column| column.not_null_conflict.is_some())
        || table.primary_key.as_ref().is_some_and(|key| key.conflict.is_some())
        || table.uniques.iter().any(|unique| unique.conflict.is_some())
}

/// The name by which people know a column that another one displaced.
pub(super) fn declared_name(after: &Table, column: &Name) -> Name {
    let names = after.columns.iter().map(|column| &column.name);
    names.clone().find(|name| displaced(name) == *column).unwrap_or(column).clone()
}

/// What is converted, and how.
fn converted(input: &Input<'_>, after: &Table) -> Vec<String> {
    let conversions = input.decisions.conversions.iter().filter(|((table, _), _)| *table == after.name);
    conversions.map(|((_, column), expr)| format!("convert {column} with {expr}")).collect()
}

fn reasons(input: &Input<'_>, diff: &TableDiff, after: &Table) -> String {
    let mut reasons = Vec::new();
    reasons.extend(diff.added.iter().map(|column| format!("add {column}")));
    reasons.extend(converted(input, after));
    reasons.extend(diff.dropped.iter().map(|column| format!("drop {}", declared_name(after, column))));
    for change in &diff.changed {
        reasons.push(format!("change {} of {}", change.words().join(", "), change.name));
    }
    let constraints = [
        (diff.primary_key, "primary key"),
        (!diff.added_uniques.is_empty() || !diff.dropped_uniques.is_empty(), "unique constraints"),
        (!diff.added_foreign_keys.is_empty() || !diff.dropped_foreign_keys.is_empty(), "foreign keys"),
        (!diff.added_checks.is_empty() || !diff.dropped_checks.is_empty(), "checks"),
        (diff.options, "options"),
    ];
    reasons.extend(constraints.iter().filter(|(differs, _)| *differs).map(|(_, what)| format!("change {what}")));
    reasons.join(", ")
}
