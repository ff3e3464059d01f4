//! Tries a set on an empty database in memory that has its tables: what the engine refuses there, row by row, is wrong
//! in every database. Rows that are made are not tried: they are right by the way they are made.

use std::collections::{HashMap, HashSet};

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::schema::Schema;

use super::keys::{Key, key_of};
use super::model::Seed;
use super::order::Unit;
use super::references::{self, Reference};
use super::refused::refused;
use super::statement::Inserts;
use super::twin::Twin;
use crate::database::Subject;
use crate::database::failure::engine_error;
use crate::diagnostic::Diagnostic;
use crate::error::CommandError;

/// What an attempt has shown.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// What is wrong.
    pub errors: Vec<Diagnostic>,
    /// References to rows that the set does not have: the database may.
    pub open: Vec<Reference>,
}

/// Tries a set.
///
/// # Errors
/// If there can be no database in memory.
pub(crate) fn check(seed: &Seed, units: &[Unit], schema: &Schema) -> Result<Checked, CommandError> {
    let failed =
        |error: EngineError| engine_error("cannot try the rows", &error, Subject::Named("a database in memory"));
    let mut twin = Twin::new(seed, schema).map_err(failed)?;
    let mut checked = Checked::default();
    let mut inserts = Inserts::default();
    for unit in units {
        match unit {
            Unit::Rows { rows, .. } => {
                for row in rows {
                    if !seed.is_usable(*row) {
                        twin.refused.insert(*row);
                        continue;
                    }
                    let (sql, values) = inserts.of(seed, *row);
                    if let Err(error) = twin.insert(seed, *row, sql, values) {
                        twin.refused.insert(*row);
                        checked.errors.push(refused(seed, *row, &error));
                    }
                }
            }
            Unit::Made(at) => {
                twin.incomplete.insert(seed.tables[seed.made[*at].table].table.name.clone());
            }
            Unit::Script(at) => twin.script(seed, *at, &mut checked.errors),
        }
    }
    checked.errors.extend(repeated(seed, &twin.refused));
    let (errors, open) = references::within(seed, schema, &twin).map_err(failed)?;
    checked.errors.extend(errors);
    checked.open = open;
    Ok(checked)
}

/// Rows that nothing tells apart, and of which one is there already.
fn repeated(seed: &Seed, refused: &HashSet<usize>) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for (at, row) in seed.rows.iter().enumerate().filter(|(at, row)| !row.is_wrong && !refused.contains(at)) {
        let Key::Whole(columns) = key_of(seed, row) else { continue };
        let table = seed.table_of(at);
        if columns.is_empty() {
            let error = Diagnostic::error(format!("nothing tells this row of `{}` apart", table.name))
                .help("give it a value that is not an expression, best that of a unique key");
            errors.push(seed.at(error, row.place, ""));
            continue;
        }
        let values: Vec<_> = row.cells.iter().map(|cell| (cell.column, &cell.given)).collect();
        if let Some(first) = known.insert(format!("{} {values:?}", row.table), at) {
            let error = Diagnostic::error(format!("the same row of `{}` is there twice", table.name))
                .help("remove one, or give both the columns of a unique key");
            let error = seed.at(error, row.place, "");
            errors.push(seed.at(error, seed.rows[first].place, "the first one"));
            known.insert(format!("{} {values:?}", row.table), first);
        }
    }
    errors
}
