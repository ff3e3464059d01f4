//! `index_prefix_of_another`.

use crate::lint::redundant::redundant;
use crate::lint::ways::{Way, ways};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::Table;

pub(super) static RULE: Rule = Rule {
    name: "index_prefix_of_another",
    group: Group::Performance,
    level: Level::Warn,
    summary: "all that an index is good for, a longer one that begins with its columns is good for too",
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
        // a unique one keeps rows apart that a longer one lets through
        let Some(index) = way.index().filter(|index| !index.unique) else { continue };
        // what is the same as another one is `duplicate_index`
        let is_same = |other: &_| way.is_same(other);
        if ways.iter().any(|other| other.index().is_none_or(|other| other.name != index.name) && is_same(other)) {
            continue;
        }
        let longer = |other: &&Way<'_>| other.parts.len() > way.parts.len() && way.begins(other);
        let Some(other) = ways.iter().find(longer) else { continue };
        let finding = redundant(&RULE, migration, (table, index, other), |object| {
            format!("{} begins with the columns of the index `{object}`", other.describe(table))
        });
        let note = format!("it finds whatever `{}` finds; each write keeps both up to date", index.name);
        found.push(finding.note(note));
    }
}
