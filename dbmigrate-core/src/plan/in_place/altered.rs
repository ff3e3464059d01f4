//! A change of a definition by libSQL's `ALTER TABLE … ALTER COLUMN … TO …`, which is how a server makes it without writing
//! a row: it does not let its schema be written.

use super::{Conditions, Rebuilt, conditions as conditions_on_file, missing_indexes};
use crate::ddl::render;
use crate::schema::canonical::{canonical_check, canonical_column};
use crate::schema::{Check, Column, Index, Table};

/// Where the stored text has the constraints that stand on columns or behind them: no model knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Places {
    checks_on_columns: bool,
    keys_on_columns: bool,
    references_on_columns: bool,
}

impl Places {
    /// All of them, that of what `generate` writes first.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..8).map(|at| Self {
            checks_on_columns: at & 1 != 0,
            keys_on_columns: at & 2 == 0,
            references_on_columns: at & 4 == 0,
        })
    }
}

/// What the rows have to be like for a change that statements of columns may make; `None` if they cannot.
pub(crate) fn conditions(before: &Table, indexes: &[Index], rebuilt: &Rebuilt<'_>) -> Option<Conditions> {
    missing_indexes(indexes, rebuilt).ok()?;
    // there is no statement for what stands behind the columns of a table
    let of_several = |table: &Table| {
        let keys = table.foreign_keys.iter().filter(|key| key.columns.len() != 1);
        keys.map(render::foreign_key).collect::<Vec<_>>()
    };
    if before.strict != rebuilt.definition.strict || of_several(before) != of_several(rebuilt.definition) {
        return None;
    }
    conditions_on_file(before, indexes, rebuilt).ok()
}

/// Whether they can, as far as definitions tell: where a check is written that goes, only the stored text says.
pub(crate) fn is_possible(before: &Table, indexes: &[Index], rebuilt: &Rebuilt<'_>) -> bool {
    let goes = |check: &Check| {
        let stays = |other: &Check| canonical_check(rebuilt.definition, other) == canonical_check(before, check);
        !rebuilt.definition.checks.iter().any(stays)
    };
    !before.checks.iter().any(goes)
        && conditions(before, indexes, rebuilt).is_some()
        && Places::all().any(|places| columns(before, rebuilt.definition, places).is_some())
}

/// The statements for the columns of a table that become other ones.
pub(crate) fn columns(before: &Table, after: &Table, places: Places) -> Option<Vec<String>> {
    let is_in = |table: &Table, (of, check): (&Table, &Check)| {
        table.checks.iter().any(|other| canonical_check(table, other) == canonical_check(of, check))
    };
    let added: Vec<&Check> = after.checks.iter().filter(|check| !is_in(before, (after, check))).collect();
    let removed: Vec<&Check> = before.checks.iter().filter(|check| !is_in(after, (before, check))).collect();
    let is_about = |check: &Check, column: &Column| {
        let mentioned = after.columns.iter().filter(|other| check.expr.mentions(&other.name));
        mentioned.map(|other| &other.name).eq([&column.name])
    };
    // a check of several columns goes with the first of them that has a statement
    let has_statement = |column: &&Column| !after.is_primary_key(&column.name) && column.generated.is_none();
    let goes_with = |check: &Check, column: &Column| {
        let mut can = after.columns.iter().filter(has_statement);
        let first = can.clone().find(|other| check.expr.mentions(&other.name)).or_else(|| can.next());
        first.is_some_and(|first| first.name == column.name)
    };
    let mut statements = Vec::new();
    for (old, new) in before.columns.iter().zip(&after.columns) {
        let mut with: Vec<&Check> = Vec::new();
        if places.checks_on_columns {
            with.extend(after.checks.iter().filter(|check| is_in(before, (after, check)) && is_about(check, new)));
        }
        let more = added.iter().copied().filter(|check| goes_with(check, new)).collect::<Vec<_>>();
        let is_same = canonical_column(before, old) == canonical_column(after, new)
            && render::column_in(before, old, &[]) == render::column_in(after, new, &[]);
        if is_same && more.is_empty() && !removed.iter().any(|check| is_about(check, new)) {
            continue;
        }
        if !has_statement(&new) {
            return None;
        }
        with.extend(more);
        let definition = render::column_in(&written(before, after, places), new, &with);
        statements.push(format!("ALTER TABLE {} ALTER COLUMN {} TO {definition}", after.name.sql(), new.name.sql()));
    }
    (!statements.is_empty() && added.iter().all(|check| after.columns.iter().any(|column| goes_with(check, column))))
        .then_some(statements)
}

/// The table with what is written on its columns: keys that were there before stay where they are.
fn written(before: &Table, after: &Table, places: Places) -> Table {
    let mut table = after.clone();
    if !places.keys_on_columns {
        table.uniques.clear();
    }
    if !places.references_on_columns {
        table.foreign_keys.retain(|key| !before.foreign_keys.contains(key));
    }
    table
}
