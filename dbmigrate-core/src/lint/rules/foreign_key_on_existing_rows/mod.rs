//! `foreign_key_on_existing_rows`.

use crate::lint::refusal::{self, Said, key_object};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::plan::{Preflight, Sought};
use crate::schema::ForeignKey;
use crate::schema::validate::Place;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "foreign_key_on_existing_rows",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "a foreign key is new, and existing rows may refer to rows that are not there",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    let say = |preflight: &Preflight, place: &Place| {
        let Place::ForeignKey(table, at) = place else { return None };
        let key = migration.new.table(table)?.foreign_keys.get(*at)?;
        let is_same = |before: &ForeignKey| {
            (&before.columns, &before.parent, &before.parent_columns) == (&key.columns, &key.parent, &key.parent_columns)
        };
        let was_there = migration.diff.renamed.table(table)?.foreign_keys.iter().any(is_same);
        // what leads nowhere already is no worse than before, unless a preflight looks for it
        if was_there && refusal::guard_of(migration, preflight).is_none() {
            return None;
        }
        let parent = &key.parent;
        let (object, old, parent) = (key_object(table, &preflight.columns), path([&preflight.table]), path([parent]));
        Some(Said {
            change: format!("`{object}` becomes a foreign key to `{parent}`"),
            rows: format!("rows of `{old}` refer to one that is not there"),
            counted: format!("rows of `{old}` refer to rows of `{parent}` that are not there"),
            object,
        })
    };
    refusal::find(migration, found, &RULE, Sought::Orphans, say);
}
