//! `unique_on_existing_rows`.

use crate::lint::refusal::{self, Said, key_object, list};
use crate::lint::value::is_drawn;
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::plan::{Preflight, Sought};
use crate::schema::validate::Place;
use crate::sql::Name;
use crate::sql::path::path;
use crate::sql::token::significant;

pub(super) static RULE: Rule = Rule {
    name: "unique_on_existing_rows",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "something becomes unique, and existing rows may have it twice",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    refusal::find(migration, found, &RULE, Sought::Duplicates, |preflight, place| {
        if is_of_something_empty(migration, place) || is_of_something_drawn(migration, preflight, place) {
            return None;
        }
        let (old, columns) = (path([&preflight.table]), list(&preflight.columns));
        let (object, columns, change) = match place {
            Place::Index(table, index) => {
                let parts = &migration.new.table(table)?.indexes.get(index)?.parts;
                let columns = parts.iter().map(|part| part.expr.said()).collect::<Vec<_>>().join(", ");
                let change = format!("index `{index}` makes ({columns}) of `{}` unique", path([table]));
                (path([table, index]), columns, change)
            }
            Place::PrimaryKey(table) => {
                let change = format!("({columns}) becomes the primary key of `{}`", path([table]));
                (path([table]), columns, change)
            }
            Place::Unique(table, _) => {
                let object = key_object(table, &preflight.columns);
                let change = match &preflight.columns[..] {
                    [_] => format!("`{object}` becomes unique"),
                    _ => format!("({columns}) of `{}` becomes unique", path([table])),
                };
                (object, columns, change)
            }
            _ => return None,
        };
        let values = match &preflight.columns[..] {
            // an index may be of an expression
            [column] if *column == *columns.as_str() => format!("values of `{}`", path([&preflight.table, column])),
            _ => format!("values in ({columns}) of `{old}`"),
        };
        Some(Said {
            object,
            change,
            rows: format!("two rows of `{old}` have the same there"),
            counted: format!("{values} are there more than once"),
        })
    });
}

/// Whether one of the columns is new and NULL in every row: then no two rows have the same.
fn is_of_something_empty(migration: &Migration<'_>, place: &Place) -> bool {
    let (Place::Index(name, _) | Place::Unique(name, _)) = place else { return false };
    let added = migration.diff.tables.iter().find(|table| table.name == *name).map_or(&[][..], |table| &table.added);
    let Some(table) = migration.new.table(name).filter(|_| !added.is_empty()) else { return false };
    let columns: Vec<Name> = match place {
        Place::Index(_, index) => {
            table.indexes.get(index).iter().flat_map(|index| &index.parts).filter_map(|part| part.expr.as_column()).collect()
        }
        Place::Unique(_, at) => {
            table.uniques.get(*at).iter().flat_map(|unique| &unique.parts).map(|part| part.column.clone()).collect()
        }
        _ => Vec::new(),
    };
    let is_empty = |column: &Name| {
        let declared = table.column(column);
        let is_bare = declared.is_some_and(|one| one.effective_default().is_none() && one.generated.is_none());
        added.contains(column) && is_bare && !migration.decisions.backfills.contains_key(&(name.clone(), column.clone()))
    };
    // also by way of a copy that takes its place
    let writes = |table: &Name| table == name || migration.new.table(table).is_none();
    let is_written = migration.writes().iter().any(|(_, write)| writes(&write.table));
    !is_written && columns.iter().any(is_empty)
}

/// Whether one of the columns is new and gets a key drawn for each row.
fn is_of_something_drawn(migration: &Migration<'_>, preflight: &Preflight, place: &Place) -> bool {
    let (Place::PrimaryKey(name) | Place::Unique(name, _) | Place::Index(name, _)) = place else { return false };
    let Some(diff) = migration.diff.tables.iter().find(|table| table.name == *name) else { return false };
    let is_drawn_for = |column: &Name| {
        let expr = diff.added.contains(column).then(|| migration.decisions.backfill(name, column)).flatten();
        expr.is_some_and(|expr| is_drawn(&significant(expr.as_str())))
    };
    preflight.columns.iter().any(is_drawn_for)
}
