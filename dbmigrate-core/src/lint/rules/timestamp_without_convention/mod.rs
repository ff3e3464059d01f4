//! `timestamp_without_convention`.

use std::cell::OnceCell;

use crate::lint::words::{Times, times};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{Column, Schema, Table};
use crate::sql::Name;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "timestamp_without_convention",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "a column holds times in another way than the others do",
    explanation: include_str!("explanation.md"),
    find,
};

/// How many tables with times are looked at to know how a schema holds them.
const ENOUGH: usize = 8;

/// A table with times, its first column of them, and how all of them are held.
type Known<'s> = (&'s Name, &'s Column, Vec<Times>);

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    let (old, new) = (OnceCell::new(), OnceCell::new());
    migration.introduced(found, |schema, table, found| {
        let is_new = std::ptr::eq(schema, migration.new);
        let others = || {
            let cell = if is_new { &new } else { &old };
            let known: &Vec<Known<'_>> = cell.get_or_init(|| {
                let before = known(migration.old);
                // the tables that were there tell; without any, the first of the new ones
                if before.is_empty() { known(schema).into_iter().take(1).collect() } else { before }
            });
            let before = migration.diff.renames.table_before(&table.name).filter(|_| is_new);
            convention(known, before.unwrap_or(&table.name))
        };
        let was = if is_new { migration.before(table) } else { None };
        let is_old = |column: &Column, kind: Times| {
            let old = migration.diff.renames.old_column(&table.name, &column.name);
            was.is_some_and(|was| was.column(old).and_then(|before| times(was, before)) == Some(kind))
        };
        of_table(table, others, is_old, found);
    });
}

/// How the first tables of a schema hold times.
fn known(schema: &Schema) -> Vec<Known<'_>> {
    let of = |table| {
        let columns: Vec<(&Column, Times)> = with_times(table).collect();
        let (first, _) = columns.first()?;
        Some((&table.name, *first, columns.iter().map(|(_, times)| *times).collect()))
    };
    schema.tables.iter().filter_map(of).take(ENOUGH).collect()
}

/// How all tables but one hold times, if they agree.
fn convention<'s>(known: &[Known<'s>], table: &Name) -> Option<(&'s Name, &'s Column, Times)> {
    let others = || known.iter().filter(|(name, ..)| *name != table);
    let (name, column, _) = others().next()?;
    let kinds = || others().flat_map(|(.., kinds)| kinds.iter().copied());
    // one that tells the unit says more than one that does not
    let kind = kinds().reduce(|one, other| if one == Times::Integer { other } else { one })?;
    kinds().all(|other| !other.contradicts(kind)).then_some((*name, *column, kind))
}

/// The columns of a table that hold times, with how.
fn with_times(table: &Table) -> impl Iterator<Item = (&Column, Times)> {
    table.columns.iter().filter_map(|column| Some((column, times(table, column)?)))
}

/// What was there in a table is its convention; a new one follows the others, or the first of its own columns.
fn of_table<'s>(
    table: &'s Table,
    others: impl Fn() -> Option<(&'s Name, &'s Column, Times)>,
    is_old: impl Fn(&Column, Times) -> bool,
    found: &mut Vec<Finding>,
) {
    let (old, new): (Vec<_>, Vec<_>) = with_times(table).partition(|(column, kind)| is_old(column, *kind));
    let mut convention = old.first().map(|(column, kind)| (&table.name, *column, *kind));
    for (column, kind) in new {
        let known = convention.or_else(&others).unwrap_or((&table.name, column, kind));
        convention = Some(known);
        let (name, known, way) = known;
        if !way.contradicts(kind) {
            continue;
        }
        let object = path([&table.name, &column.name]);
        let other = path([name, &known.name]);
        let message =
            format!("`{object}` holds times as {}, and `{other}` as {}", kind.describe(), way.describe());
        let finding = Finding::new(&RULE, &object, message)
            .at(Place::Column(table.name.clone(), column.name.clone()))
            .note("SQLite has no type for times: a comparison of the two is wrong without an error")
            .help(match way {
                Times::Text => "declare it `TEXT`, as of `CURRENT_TIMESTAMP`",
                Times::Seconds | Times::Integer => "declare it `INTEGER`, as of `unixepoch()`",
                Times::Milliseconds => "hold milliseconds, as of `unixepoch('subsec') * 1000`",
                Times::Real => "declare it `REAL`, as of `julianday('now')`",
            });
        found.push(finding);
    }
}
