//! References to other rows: within the set, else in the database.

use std::collections::HashMap;

use dbmigrate_core::engine::connection::integer;
use dbmigrate_core::engine::{Connection, EngineError};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::Name;
use pollster::block_on;

use super::errors::NOTHING;
use super::model::{Mode, Seed};
use super::refused::{at_columns, shown};
use super::rows::Value;
use super::twin::Twin;
use crate::database::Subject;
use crate::database::failure::engine_error;
use crate::diagnostic::Diagnostic;
use crate::error::Result;

/// How many keys a query asks for.
const AT_ONCE: usize = 200;

/// The database that a set is for.
pub(crate) struct Found<'a> {
    /// The connection.
    pub connection: &'a Connection,
    /// What it is called in messages.
    pub database: Subject<'a>,
}

/// A reference of rows of the set to a row that the set does not have.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    /// The table that is referred to.
    pub parent: Name,
    /// Its columns.
    pub columns: Vec<Name>,
    /// Their values.
    pub values: Vec<Value>,
    /// The rows that refer to it, and their foreign keys by their places.
    pub rows: Vec<(usize, usize)>,
}

/// References that the set cannot satisfy: errors, and those to rows that the database may have.
pub(super) fn within(
    seed: &Seed,
    schema: &Schema,
    twin: &Twin,
) -> std::result::Result<(Vec<Diagnostic>, Vec<Reference>), EngineError> {
    let mut all = collected(seed, schema, twin);
    let is_seeded = |parent: &Name| seed.tables.iter().find(|seeded| seeded.table.name == *parent);
    let (inside, mut open): (Vec<Reference>, Vec<Reference>) =
        std::mem::take(&mut all).into_iter().partition(|reference| is_seeded(&reference.parent).is_some());
    let queries = queries(&inside);
    let answers = block_on(twin.connection().ask_all_with(queries))?;
    let missing = missing(&inside, answers)?;
    let mut errors = Vec::new();
    for at in missing {
        let reference = &inside[at];
        // a row that is wrong in another way is there all the same
        if is_of_refused(seed, twin, reference) {
            continue;
        }
        match is_seeded(&reference.parent) {
            // what the set does not have will be deleted
            Some(seeded) if seeded.mode == Mode::Sync => errors.extend(dangling(seed, reference)),
            _ => open.push(reference.clone()),
        }
    }
    Ok((errors, open))
}

/// A foreign key by its place, its columns by theirs, and those that it refers to.
type ForeignKey = (usize, Vec<usize>, Vec<Name>);

/// The references of all rows, those to one row together.
fn collected(seed: &Seed, schema: &Schema, twin: &Twin) -> Vec<Reference> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut all: Vec<Reference> = Vec::new();
    // looked up once a table
    let keys: Vec<Vec<ForeignKey>> = seed
        .tables
        .iter()
        .map(|seeded| {
            let table = &seeded.table;
            let keys = table.foreign_keys.iter().enumerate().filter_map(|(at, key)| {
                schema.table(&key.parent)?;
                let own: Option<Vec<usize>> = key
                    .columns
                    .iter()
                    .map(|name| table.columns.iter().position(|column| column.name == *name))
                    .collect();
                let parents = schema.referenced_columns(key)?;
                (!twin.incomplete.contains(&key.parent)).then_some((at, own?, parents))
            });
            keys.collect()
        })
        .collect();
    for (at, row) in seed.rows.iter().enumerate() {
        for (key, own, parents) in &keys[row.table] {
            let values: Option<Vec<Value>> = own
                .iter()
                .map(|column| row.cell(*column)?.value().filter(|value| **value != Value::Null).cloned())
                .collect();
            let Some(values) = values else { continue };
            let parent = &seed.tables[row.table].table.foreign_keys[*key].parent;
            let place = *places.entry(format!("{} {parents:?} {values:?}", parent.folded())).or_insert_with(|| {
                all.push(Reference { parent: parent.clone(), columns: parents.clone(), values, rows: Vec::new() });
                all.len() - 1
            });
            all[place].rows.push((at, *key));
        }
    }
    // of one table and its columns, one after the other
    all.sort_by(|one, other| (&one.parent, &one.columns).cmp(&(&other.parent, &other.columns)));
    all
}

/// Queries for the places of those whose row is missing.
pub(crate) fn queries(references: &[Reference]) -> Vec<(String, Vec<Value>)> {
    let mut queries = Vec::new();
    for (from, to) in runs(references) {
        let first = &references[from];
        let names: Vec<String> = (0..first.columns.len()).map(|at| format!("c{at}")).collect();
        let slots = vec!["?"; first.columns.len()].join(", ");
        let rows: Vec<String> = (from..to).map(|at| format!("({at}, {slots})")).collect();
        let same: Vec<String> =
            first.columns.iter().zip(&names).map(|(column, name)| format!("p.{} = k.{name}", column.sql())).collect();
        let sql = format!(
            "WITH k(i, {}) AS (VALUES {}) SELECT i FROM k WHERE NOT EXISTS (SELECT 1 FROM {} AS p WHERE {})",
            names.join(", "),
            rows.join(", "),
            first.parent.sql(),
            same.join(" AND ")
        );
        queries.push((sql, references[from..to].iter().flat_map(|reference| reference.values.clone()).collect()));
    }
    queries
}

/// Parts of the list that one query can ask for.
fn runs(references: &[Reference]) -> Vec<(usize, usize)> {
    let mut runs = Vec::new();
    let mut from = 0;
    for at in 1..=references.len() {
        let is_same = references.get(at).is_some_and(|next| {
            next.parent == references[from].parent && next.columns == references[from].columns && at - from < AT_ONCE
        });
        if !is_same {
            runs.push((from, at));
            from = at;
        }
    }
    runs
}

/// The places of those whose row is missing, by the answers to [`queries`].
pub(crate) fn missing(
    references: &[Reference],
    answers: Vec<std::result::Result<Vec<Vec<Value>>, EngineError>>,
) -> std::result::Result<Vec<usize>, EngineError> {
    let mut places = Vec::new();
    for answer in answers {
        let rows = answer?;
        let found = rows.iter().filter_map(|row| usize::try_from(integer(row.first()?)).ok());
        places.extend(found.filter(|at| *at < references.len()));
    }
    Ok(places)
}

/// Whether a reference is to a row that is in the set, but was refused.
fn is_of_refused(seed: &Seed, twin: &Twin, reference: &Reference) -> bool {
    twin.refused.iter().any(|row| {
        let table = seed.table_of(*row);
        let is_same = |(name, value): (&Name, &Value)| {
            let column = table.columns.iter().position(|column| column.name == *name);
            column.and_then(|column| seed.rows[*row].cell(column)?.value()) == Some(value)
        };
        table.name == reference.parent && reference.columns.iter().zip(&reference.values).all(is_same)
    })
}

/// The errors of references that the database does not satisfy either.
pub(super) fn looked_up(seed: &Seed, open: &[Reference], database: &Found<'_>) -> Result<Vec<Diagnostic>> {
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let failed =
        |error: EngineError| engine_error("cannot look for references", &error, database.database).note(NOTHING);
    let answers = block_on(database.connection.ask_all_with(queries(open))).map_err(failed)?;
    let missing = missing(open, answers).map_err(failed)?;
    Ok(missing.into_iter().flat_map(|at| dangling(seed, &open[at])).collect())
}

/// A reference to a row that is nowhere: an error for each row that has it.
pub(crate) fn dangling(seed: &Seed, reference: &Reference) -> Vec<Diagnostic> {
    let error = |(row, key): &(usize, usize)| {
        let table = seed.table_of(*row);
        let own = &table.foreign_keys[*key].columns;
        let columns: Vec<usize> =
            own.iter().filter_map(|name| table.columns.iter().position(|column| column.name == *name)).collect();
        let values: Option<Vec<String>> = columns.iter().map(|column| shown(seed.rows[*row].cell(*column)?)).collect();
        let values = values.map(|values| format!(" {}", values.join(", "))).unwrap_or_default();
        let names = |names: &[Name]| names.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
        let message = format!(
            "`{}.{}` refers to `{}.{}`{values}, which is neither in the set nor in the database",
            table.name,
            names(own),
            reference.parent,
            names(&reference.columns)
        );
        at_columns(seed, *row, Diagnostic::error(message), &columns, "")
    };
    reference.rows.iter().map(error).collect()
}
