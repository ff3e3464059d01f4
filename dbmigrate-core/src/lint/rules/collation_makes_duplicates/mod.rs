//! `collation_makes_duplicates`.

use crate::lint::refusal::{self, Said, key_object, list};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::plan::{Preflight, Sought};
use crate::schema::validate::Place;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "collation_makes_duplicates",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "what is unique is compared by another collation, by which existing values may be the same",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    refusal::find(migration, found, &RULE, Sought::DuplicatesByCollation, say);
}

fn say(preflight: &Preflight, place: &Place) -> Option<Said> {
    let columns = list(&preflight.columns);
    let (table, object) = match place {
        Place::Index(table, index) => (table, path([table, index])),
        Place::PrimaryKey(table) => (table, path([table])),
        Place::Unique(table, _) => (table, key_object(table, &preflight.columns)),
        _ => return None,
    };
    let old = path([&preflight.table]);
    Some(Said {
        object,
        change: format!("({columns}) of `{}` is unique, and is compared by another collation", path([table])),
        rows: format!("two rows of `{old}` are the same by it"),
        counted: format!("values in ({columns}) of `{old}` are there more than once by the new collation"),
    })
}
