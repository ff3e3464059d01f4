//! In which order a set is written: parents before children, a row before those that refer to it by name, and numbers
//! in front of file names before everything.

use std::collections::{BTreeMap, BTreeSet};

use dbmigrate_core::sql::Name;

use super::keys;
use super::model::{Given, Seed};
use crate::diagnostic::Diagnostic;

/// What is written together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Rows of a table.
    Rows {
        /// The table, by its place in [`Seed::tables`].
        table: usize,
        /// The rows, by their places in [`Seed::rows`].
        rows: Vec<usize>,
    },
    /// Rows that are made, by their place in [`Seed::made`].
    Made(usize),
    /// Statements, by their place in [`Seed::scripts`].
    Script(usize),
}

/// The order of a set.
///
/// # Errors
/// If rows refer to each other in a circle, and none of them says its key.
pub(crate) fn order(seed: &Seed) -> Result<Vec<Unit>, Vec<Diagnostic>> {
    let stages = stages(seed)?;
    let positions = positions(seed);
    // behind all that has a place
    let end = seed.tables.len();
    let mut units: BTreeMap<(usize, Position), Vec<Unit>> = BTreeMap::new();
    let position = |table: usize| positions[table];
    let mut rows: BTreeMap<(usize, Position, usize), Vec<usize>> = BTreeMap::new();
    for (at, row) in seed.rows.iter().enumerate() {
        rows.entry((stages[at], position(row.table), row.table)).or_default().push(at);
    }
    for ((stage, position, table), rows) in rows {
        units.entry((stage, position)).or_default().push(Unit::Rows { table, rows });
    }
    for (at, made) in seed.made.iter().enumerate() {
        units.entry((0, position(made.table))).or_default().push(Unit::Made(at));
    }
    // what a script does not say it may need: the rows of all stages
    let last = stages.iter().copied().max().unwrap_or_default();
    for (at, script) in seed.scripts.iter().enumerate() {
        let key = match (script.table, script.number) {
            (Some(table), _) => (0, position(table)),
            (None, Some(number)) => (0, Position::Numbered(number, end)),
            (None, None) => (last, Position::Sorted(end)),
        };
        units.entry(key).or_default().push(Unit::Script(at));
    }
    Ok(units.into_values().flatten().collect())
}

/// Where a table stands in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Position {
    /// By the number in front of its file, and by the order of the tables where two are equal.
    Numbered(u64, usize),
    /// By the references.
    Sorted(usize),
}

/// The tables in the order of their foreign keys; those that refer to each other in the order of the files.
fn positions(seed: &Seed) -> Vec<Position> {
    let number_of = |name: &Name| seed.tables.iter().position(|seeded| seeded.table.name == *name);
    let parents: Vec<BTreeSet<usize>> = seed
        .tables
        .iter()
        .enumerate()
        .map(|(at, seeded)| {
            let parents = seeded.table.foreign_keys.iter().filter_map(|key| number_of(&key.parent));
            parents.filter(|parent| *parent != at).collect()
        })
        .collect();
    let mut sorted: Vec<usize> = Vec::with_capacity(seed.tables.len());
    while sorted.len() < seed.tables.len() {
        let mut waiting = (0..seed.tables.len()).filter(|at| !sorted.contains(at));
        let is_ready = |at: &usize| parents[*at].iter().all(|parent| sorted.contains(parent));
        // in a circle any of them can be the first: references are checked at the end
        let next = waiting.clone().find(is_ready).or_else(|| waiting.next());
        sorted.extend(next);
    }
    (0..seed.tables.len())
        .map(|at| {
            let place = sorted.iter().position(|table| *table == at).unwrap_or_default();
            seed.tables[at].number.map_or(Position::Sorted(place), |number| Position::Numbered(number, place))
        })
        .collect()
}

/// In which pass over the tables a row can be written: a row that is looked up is there before.
fn stages(seed: &Seed) -> Result<Vec<usize>, Vec<Diagnostic>> {
    let positions = positions(seed);
    let mut stages: Vec<Option<usize>> = vec![None; seed.rows.len()];
    let mut errors = Vec::new();
    for (row, stage) in stages.iter_mut().enumerate() {
        // most rows refer to none
        *stage = targets(seed, row).next().is_none().then_some(0);
    }
    for row in 0..seed.rows.len() {
        let mut path: Vec<usize> = vec![row];
        while let Some(at) = path.last().copied() {
            if stages[at].is_some() {
                path.pop();
                continue;
            }
            let Some(open) = targets(seed, at).find(|target| stages[*target].is_none()) else {
                let own = positions[seed.rows[at].table];
                let after = targets(seed, at).map(|target| {
                    let is_before = positions[seed.rows[target].table] < own;
                    stages[target].unwrap_or_default() + usize::from(!is_before)
                });
                stages[at] = Some(after.max().unwrap_or_default());
                path.pop();
                continue;
            };
            if let Some(start) = path.iter().position(|known| *known == open) {
                errors.push(circle(seed, &path[start..]));
                // said once
                path[start..].iter().for_each(|known| stages[*known] = Some(0));
            } else {
                path.push(open);
            }
        }
    }
    if errors.is_empty() { Ok(stages.into_iter().map(Option::unwrap_or_default).collect()) } else { Err(errors) }
}

/// The rows that a row looks up.
fn targets(seed: &Seed, row: usize) -> impl Iterator<Item = usize> + '_ {
    seed.rows[row].cells.iter().filter_map(|cell| match cell.given {
        // one that was not found has been said
        Given::Lookup { row, .. } => Some(row).filter(|row| *row < seed.rows.len()),
        _ => None,
    })
}

fn circle(seed: &Seed, rows: &[usize]) -> Diagnostic {
    let name = |row: usize| {
        let table = &seed.table_of(row).name;
        seed.rows[row].name.as_ref().map_or_else(|| table.to_string(), |name| format!("{table}.{name}"))
    };
    let names: Vec<String> = rows.iter().chain(rows.first()).map(|row| name(*row)).collect();
    let error = Diagnostic::error(format!("rows refer to each other in a circle: {}", names.join(" -> ")));
    let mut error = error;
    for (at, row) in rows.iter().enumerate() {
        let next = rows[(at + 1) % rows.len()];
        let cell =
            seed.rows[*row].cells.iter().find(|cell| matches!(cell.given, Given::Lookup { row, .. } if row == next));
        if let Some(cell) = cell {
            error = seed.at(error, cell.place, "");
        }
    }
    let key = keys::unique_keys(seed.table_of(rows[0])).first().and_then(|key| key.first().cloned());
    let column =
        key.map_or_else(|| "id".to_owned(), |(column, _)| seed.table_of(rows[0]).columns[column].name.to_string());
    error.help(format!(
        "give one of them its key, so that it need not be looked up: `{column} = 1` in `{}`",
        name(rows[0])
    ))
}
