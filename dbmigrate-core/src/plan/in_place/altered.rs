//! A change of a definition by libSQL's `ALTER TABLE … ALTER COLUMN … TO …`, which is how a server makes it without writing
//! a row: it does not let its schema be written.

use super::{Conditions, Rebuilt, conditions as conditions_on_file, missing_indexes};
use crate::ddl::render;
use crate::schema::canonical::{canonical_check, canonical_column};
use crate::schema::{Check, Column, Index, Table};

/// How the checks of a table are written that were there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checks {
    BehindColumns,
    OnColumns,
}

impl Checks {
    /// Both ways, the one that `generate` writes first.
    pub(crate) const BOTH: [Self; 2] = [Self::BehindColumns, Self::OnColumns];
}

/// What the rows have to be like for a change that statements of columns may make; `None` if they cannot.
pub(crate) fn conditions(before: &Table, indexes: &[Index], rebuilt: &Rebuilt<'_>) -> Option<Conditions> {
    missing_indexes(indexes, rebuilt).ok()?;
    let found = conditions_on_file(before, indexes, rebuilt).ok()?;
    // for these a table has to be read in another form
    (!found.reads_otherwise && found.stored.is_empty()).then_some(found)
}

/// Whether they can, as far as definitions tell: where a check is written that goes, only the stored text says.
pub(crate) fn is_possible(before: &Table, indexes: &[Index], rebuilt: &Rebuilt<'_>) -> bool {
    let goes = |check: &Check| {
        let stays = |other: &Check| canonical_check(rebuilt.definition, other) == canonical_check(before, check);
        !rebuilt.definition.checks.iter().any(stays)
    };
    !before.checks.iter().any(goes)
        && conditions(before, indexes, rebuilt).is_some()
        && Checks::BOTH.into_iter().any(|checks| columns(before, rebuilt, checks).is_some())
}

/// The statements for the columns of a table that become other ones.
pub(crate) fn columns(before: &Table, rebuilt: &Rebuilt<'_>, checks: Checks) -> Option<Vec<String>> {
    let after = rebuilt.definition;
    let is_in = |table: &Table, (of, check): (&Table, &Check)| {
        table.checks.iter().any(|other| canonical_check(table, other) == canonical_check(of, check))
    };
    let added: Vec<&Check> = after.checks.iter().filter(|check| !is_in(before, (after, check))).collect();
    let removed: Vec<&Check> = before.checks.iter().filter(|check| !is_in(after, (before, check))).collect();
    let is_about = |check: &Check, column: &Column| {
        let mentioned = after.columns.iter().filter(|other| check.expr.mentions(&other.name));
        mentioned.map(|other| &other.name).eq([&column.name])
    };
    // a check of several columns goes with the first of them
    let goes_with = |check: &Check, column: &Column| {
        let first = after.columns.iter().find(|other| check.expr.mentions(&other.name)).or(after.columns.first());
        first.is_some_and(|first| first.name == column.name)
    };
    let mut statements = Vec::new();
    for (old, new) in before.columns.iter().zip(&after.columns) {
        let mut with: Vec<&Check> = Vec::new();
        if checks == Checks::OnColumns {
            with.extend(after.checks.iter().filter(|check| is_in(before, (after, check)) && is_about(check, new)));
        }
        let more = added.iter().copied().filter(|check| goes_with(check, new)).collect::<Vec<_>>();
        let is_same = canonical_column(before, old) == canonical_column(after, new)
            && render::column_in(before, old, &[]) == render::column_in(after, new, &[]);
        if is_same && more.is_empty() && !removed.iter().any(|check| is_about(check, new)) {
            continue;
        }
        // what has an index of its own would get another one
        let has_key = after.is_primary_key(&new.name)
            || after.uniques.iter().any(|unique| unique.parts.iter().any(|part| part.column == new.name));
        if has_key || new.generated.is_some() {
            return None;
        }
        with.extend(more);
        let definition = render::column_in(after, new, &with);
        statements.push(format!("ALTER TABLE {} ALTER COLUMN {} TO {definition}", after.name.sql(), new.name.sql()));
    }
    (!statements.is_empty()).then_some(statements)
}
