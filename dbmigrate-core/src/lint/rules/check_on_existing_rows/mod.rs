//! `check_on_existing_rows`.

use crate::lint::refusal::{self, Said};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::plan::{Preflight, Sought};
use crate::schema::validate::Place;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "check_on_existing_rows",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "a `CHECK` is new, and existing rows may violate it",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    refusal::find(migration, found, &RULE, Sought::Rejected, say);
}

fn say(preflight: &Preflight, place: &Place) -> Option<Said> {
    let Place::Table(table) = place else { return None };
    let check = preflight.subject.clone()?;
    let old = path([&preflight.table]);
    Some(Said {
        object: path([table]),
        change: format!("`{}` gets CHECK ({check})", path([table])),
        rows: format!("rows of `{old}` violate it"),
        counted: format!("rows of `{old}` violate CHECK ({check})"),
    })
}
