//! `unique_duplicates_primary_key`.

use crate::lint::ways::{Origin, ways};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{Conflict, Schema, Table};
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "unique_duplicates_primary_key",
    group: Group::Performance,
    level: Level::Warn,
    summary: "a `UNIQUE` says of the columns of the primary key what the primary key says already",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    migration.introduced(found, of_table);
}

fn of_table(_: &Schema, table: &Table, found: &mut Vec<Finding>) {
    let Some(key) = &table.primary_key else { return };
    if table.uniques.is_empty() && table.indexes.is_empty() {
        return;
    }
    let ways = ways(table);
    let Some(primary) = ways.iter().find(|way| way.origin == Origin::PrimaryKey) else { return };
    for way in ways.iter().filter(|way| way.is_unique && way.origin != Origin::PrimaryKey && way.is_same(primary)) {
        let mut fixed = table.clone();
        let (object, place, what, costs) = match way.origin {
            Origin::Unique(at) => {
                let unique = &table.uniques[at];
                // what it does about a row that is there is another thing than what the primary key does
                if unique.conflict.is_some_and(|conflict| conflict != Conflict::Abort && key.conflict != Some(conflict)) {
                    continue;
                }
                fixed.uniques.remove(at);
                let object = path([&table.name, &unique.parts[0].column]);
                // of two constraints of the same columns SQLite makes one index, but the rowid needs none
                let costs = table.rowid_alias().is_some();
                (object, Place::Unique(table.name.clone(), at), way.describe(table), costs)
            }
            Origin::Index(index) => {
                fixed.indexes.remove(&index.name);
                let place = Place::Index(table.name.clone(), index.name.clone());
                (path([&table.name, &index.name]), place, way.describe(table), true)
            }
            Origin::PrimaryKey => continue,
        };
        let finding = Finding::new(&RULE, object, format!("{what} repeats the primary key of `{}`", path([&table.name])));
        let note = match costs {
            true => "it is an index of its own: each write keeps it up to date, and no query gains anything",
            false => "SQLite makes one index for both",
        };
        found.push(finding.at(place).note(note).fix(format!("remove {what}"), fixed));
    }
}
