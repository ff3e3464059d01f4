//! `foreign_key_without_index`.

use crate::declare::naming::index_name;
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{Index, IndexPart, Schema, Table};
use crate::sql::{Expr, Name};
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "foreign_key_without_index",
    group: Group::Performance,
    level: Level::Warn,
    summary: "a foreign key has no index, so that each change of a parent row reads the whole table",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    migration.introduced(found, of_table);
}

fn of_table(_: &Schema, table: &Table, found: &mut Vec<Finding>) {
    for (at, key) in table.foreign_keys.iter().enumerate() {
        let Some(first) = key.columns.first() else { continue };
        if has_index(table, &key.columns) {
            continue;
        }
        let object = path([&table.name, first]);
        let parent = path([&key.parent]);
        let columns: Vec<String> = key.columns.iter().map(Name::to_string).collect();
        let mut fixed = table.clone();
        fixed.indexes.insert(index(table, &key.columns));
        let finding = Finding::new(&RULE, &object, format!("the foreign key on `{object}` has no index"))
            .at(Place::ForeignKey(table.name.clone(), at))
            .note(format!("each DELETE and each change of a key in `{parent}` reads every row of `{}`", path([&table.name])))
            .fix(format!("add an index on `{}`", columns.join(", ")), fixed);
        found.push(finding);
    }
}

/// Whether the rows that refer to a key are found without reading all: by an index, a `UNIQUE` or a primary key that begins
/// with the columns in any order.
fn has_index(table: &Table, columns: &[Name]) -> bool {
    let begins = |parts: &[Name]| parts.len() >= columns.len() && columns.iter().all(|one| parts[..columns.len()].contains(one));
    let plain = |index: &Index| -> Vec<Name> {
        let names = index.parts.iter().map_while(|part| part.expr.as_column());
        names.collect()
    };
    let indexes = table.indexes.iter().filter(|index| index.predicate.is_none());
    indexes.map(plain).any(|parts| begins(&parts)) || table.unique_keys().any(|parts| begins(&parts))
}

/// The index that is missing, as the structs would name it.
fn index(table: &Table, columns: &[Name]) -> Index {
    let name = index_name(table.name.as_str(), columns.iter().map(Name::as_str), false);
    let part = |column: &Name| IndexPart { expr: Expr::new(column.sql()), collate: None, descending: false };
    Index { name: name.into(), unique: false, parts: columns.iter().map(part).collect(), predicate: None }
}
