//! `duplicate_index`.

use crate::lint::redundant::redundant;
use crate::lint::ways::{Origin, Way, ways};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::{Index, Table};

pub(super) static RULE: Rule = Rule {
    name: "duplicate_index",
    group: Group::Performance,
    level: Level::Warn,
    summary: "an index is the same as another one, or as what a `UNIQUE` or a primary key has already",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    migration.introduced(found, |_, table, found| of_table(migration, table, found));
}

fn of_table(migration: &Migration<'_>, table: &Table, found: &mut Vec<Finding>) {
    if table.indexes.is_empty() {
        return;
    }
    let ways = ways(table);
    for way in &ways {
        let Some(index) = way.index() else { continue };
        let Some(other) = ways.iter().find(|other| makes_redundant(migration, table, other, way)) else { continue };
        let finding = redundant(&RULE, migration, (table, index, other), |object| {
            format!("the index `{object}` is the same as {}", other.describe(table))
        });
        found.push(finding.note("each write keeps both up to date, and no query gains anything"));
    }
}

/// Whether an index can go because of another way, which stays.
fn makes_redundant(migration: &Migration<'_>, table: &Table, stays: &Way<'_>, goes: &Way<'_>) -> bool {
    let (Some(index), true) = (goes.index(), goes.is_same(stays)) else { return false };
    match stays.origin {
        // that a unique one says again what the primary key says is the business of `unique_duplicates_primary_key`
        Origin::PrimaryKey => !goes.is_unique,
        Origin::Unique(_) => true,
        Origin::Index(other) if other.name == index.name => false,
        Origin::Index(other) if other.unique != index.unique => other.unique,
        // of two that are the same the older one stays, so that what is found is what the migration adds
        Origin::Index(other) => {
            let is_new = |index: &Index| !is_old(migration, table, index);
            (is_new(index), &index.name) > (is_new(other), &other.name)
        }
    }
}

/// Whether an index was there before the migration.
fn is_old(migration: &Migration<'_>, table: &Table, index: &Index) -> bool {
    let before = migration.diff.renames.table_before(&table.name).unwrap_or(&table.name);
    migration.old.table(before).is_some_and(|old| old.indexes.contains(&index.name))
}
