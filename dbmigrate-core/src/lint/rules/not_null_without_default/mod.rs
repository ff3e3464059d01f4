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
    let begin = found.len();
    refusal::find(migration, found, &RULE, Sought::Null, |preflight, place| null(migration, preflight, place));
    for finding in &mut found[begin..] {
        let Some(Place::Column(table, column)) = &finding.place else { continue };
        if let Some((expr, _)) = filled_with(migration, table, column) {
            finding.help.insert(0, format!("end it with what is never NULL: `coalesce({}, …)`", expr.said()));
        }
    }
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
    if let Some((expr, change)) = filled_with(migration, table, column) {
        // of the rows as they are before, under the names that they have then
        let before = migration.diff.renamed.table(table)?;
        if is_never_null(before, &significant(expr.as_str())) {
            return None;
        }
        let expr = expr.said();
        return Some(Said {
            change: match change {
                Filled::New => format!("`{object}` is new, NOT NULL and filled with `{expr}`"),
                Filled::Converted => format!("`{object}` is NOT NULL and converted by `{expr}`"),
                Filled::Null => format!("`{object}` becomes NOT NULL, with `{expr}` in the place of NULL"),
            },
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

/// What the values of an expression are for.
enum Filled {
    /// A new column.
    New,
    /// One that has values, of which they are made.
    Converted,
    /// One that has none in some rows.
    Null,
}

/// What somebody has decided to fill a column with.
fn filled_with<'m>(migration: &'m Migration<'_>, table: &Name, column: &Name) -> Option<(&'m Expr, Filled)> {
    let decisions = migration.decisions;
    let diff = migration.diff.tables.iter().find(|diff| diff.name == *table)?;
    let backfill = decisions.backfill(table, column);
    if diff.added.contains(column) {
        return backfill.map(|expr| (expr, Filled::New));
    }
    let conversion = decisions.conversion(table, column).map(|expr| (expr, Filled::Converted));
    conversion.or_else(|| backfill.map(|expr| (expr, Filled::Null)))
}
