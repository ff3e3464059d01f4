//! `not_null_without_default`.

use crate::lint::refusal::{self, Said};
use crate::lint::value::is_never_null;
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::plan::{Preflight, Sought};
use crate::schema::validate::Place;
use crate::sql::path::path;
use crate::sql::token::significant;
use crate::sql::{Expr, Name};

pub(super) static RULE: Rule = Rule {
    name: "not_null_without_default",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "a column is NOT NULL, and existing rows have no value for it",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    refusal::find(migration, found, &RULE, Sought::NoValue, no_value);
    refusal::find(migration, found, &RULE, Sought::Null, |preflight, place| null(migration, preflight, place));
}

fn no_value(preflight: &Preflight, place: &Place) -> Option<Said> {
    let Place::Column(table, column) = place else { return None };
    let (object, old) = (path([table, column]), path([&preflight.table]));
    Some(Said {
        change: format!("`{object}` is new, NOT NULL and has no default"),
        rows: format!("`{old}` has rows"),
        counted: format!("rows of `{old}` have no value for `{object}`"),
        object,
    })
}

fn null(migration: &Migration<'_>, preflight: &Preflight, place: &Place) -> Option<Said> {
    let Place::Column(table, column) = place else { return None };
    let (object, old) = (path([table, column]), path([&preflight.table]));
    if let Some(expr) = filled_with(migration, table, column) {
        if is_never_null(migration.new.table(table)?, &significant(expr.as_str())) {
            return None;
        }
        return Some(Said {
            change: format!("`{object}` is new, NOT NULL and filled with `{}`", expr.said()),
            rows: format!("that is NULL for rows of `{old}`"),
            counted: format!("rows of `{old}` get NULL in `{object}`"),
            object,
        });
    }
    Some(Said {
        change: format!("`{object}` becomes NOT NULL"),
        rows: format!("rows of `{old}` have no value for it"),
        counted: format!("rows of `{old}` have no value for `{object}`"),
        object,
    })
}

/// What a new column is filled with.
fn filled_with<'m>(migration: &'m Migration<'_>, table: &Name, column: &Name) -> Option<&'m Expr> {
    let diff = migration.diff.tables.iter().find(|diff| diff.name == *table)?;
    diff.added.contains(column).then(|| migration.decisions.backfill(table, column)).flatten()
}
