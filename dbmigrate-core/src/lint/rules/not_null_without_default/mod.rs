//! `not_null_without_default`.

use crate::lint::refusal::{self, Said};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::plan::{Preflight, Sought};
use crate::schema::validate::Place;
use crate::sql::path::path;

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
    refusal::find(migration, found, &RULE, Sought::Null, null);
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

fn null(preflight: &Preflight, place: &Place) -> Option<Said> {
    let Place::Column(table, column) = place else { return None };
    let (object, old) = (path([table, column]), path([&preflight.table]));
    Some(Said {
        change: format!("`{object}` becomes NOT NULL"),
        rows: format!("rows of `{old}` have no value for it"),
        counted: format!("rows of `{old}` have no value for `{object}`"),
        object,
    })
}
