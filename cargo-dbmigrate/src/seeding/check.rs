//! Tries a set on an empty database in memory that has its tables: what the engine refuses there, row by row, is wrong
//! in every database. Rows that are made are not tried: they are right by the way they are made.

use std::collections::{HashMap, HashSet};

use dbmigrate_core::ddl::render;
use dbmigrate_core::engine::connection::Prepared;
use dbmigrate_core::engine::error::ErrorKind;
use dbmigrate_core::engine::{Connection, EngineError};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::{Name, split};
use pollster::block_on;

use super::keys::{Key, key_of};
use super::model::{Given, Seed};
use super::order::Unit;
use super::references::{self, Reference};
use super::refused::refused;
use super::statement::Inserts;
use crate::database::Subject;
use crate::database::failure::engine_error;
use crate::diagnostic::Diagnostic;
use crate::error::CommandError;

/// The database in memory.
pub(super) struct Twin {
    connection: Connection,
    statements: HashMap<String, Prepared>,
    /// Rows that it refused.
    pub(super) refused: HashSet<usize>,
    /// Tables that have rows which it has not.
    pub(super) incomplete: HashSet<Name>,
}

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

impl Twin {
    fn new(seed: &Seed, schema: &Schema) -> Result<Self, EngineError> {
        let connection = block_on(Connection::in_memory())?;
        block_on(connection.run("PRAGMA foreign_keys = OFF"))?;
        block_on(connection.run("BEGIN"))?;
        let is_seeded = |name: &Name| seed.tables.iter().any(|seeded| seeded.table.name == *name);
        // nobody knows which tables a script needs
        let tables = schema.tables.iter().filter(|table| !seed.scripts.is_empty() || is_seeded(&table.name));
        for table in tables {
            block_on(connection.run(&render::create_table(table)))?;
            for index in table.indexes.iter().filter(|index| index.unique) {
                block_on(connection.run(&render::create_index(&table.name, index)))?;
            }
        }
        let (refused, incomplete) = (HashSet::new(), HashSet::new());
        Ok(Self { connection, statements: HashMap::new(), refused, incomplete })
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    fn insert(
        &mut self,
        seed: &Seed,
        row: usize,
        sql: String,
        values: Vec<super::rows::Value>,
    ) -> Result<(), EngineError> {
        if reads_rows(seed, row) {
            // what it reads is in the database, if anywhere: it is only compiled
            self.incomplete.insert(seed.table_of(row).name.clone());
            return match block_on(self.connection.prepare(&sql)) {
                Err(error) if !error.message.starts_with("no such table") => Err(error),
                _ => Ok(()),
            };
        }
        let statement = match self.statements.entry(sql) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                let Some(statement) = block_on(self.connection.prepare(entry.key()))? else { return Ok(()) };
                entry.insert(statement)
            }
        };
        block_on(statement.run(values))
    }

    fn script(&mut self, seed: &Seed, at: usize, errors: &mut Vec<Diagnostic>) {
        let script = &seed.scripts[at];
        for statement in split(&script.text) {
            let Err(error) = block_on(self.connection.run(statement.text)) else { continue };
            // it may need rows that only the database has, or views
            if error.kind == ErrorKind::Constraint || is_of_the_database(&error) {
                self.incomplete.extend(seed.tables.iter().map(|seeded| seeded.table.name.clone()));
                continue;
            }
            let place = statement.start..statement.start + statement.text.len();
            let message = seed.redacted(&error.message);
            errors.push(Diagnostic::error(message).at(&seed.files[script.file], place, ""));
        }
    }
}

/// Whether an error is about what the database in memory lacks.
fn is_of_the_database(error: &EngineError) -> bool {
    error.message.starts_with("no such table") || error.message.starts_with("no such view")
}

/// Whether an expression of a row looks at other rows.
fn reads_rows(seed: &Seed, row: usize) -> bool {
    let reads = |sql: &str| sql.to_ascii_lowercase().contains("select");
    seed.rows[row].cells.iter().any(|cell| match &cell.given {
        Given::Sql(sql) => reads(sql),
        Given::Lookup { row, .. } => reads_rows(seed, *row),
        _ => false,
    })
}

/// Rows that nothing tells apart, and of which one is there already.
fn repeated(seed: &Seed, refused: &HashSet<usize>) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for (at, row) in seed.rows.iter().enumerate().filter(|(at, _)| !refused.contains(at)) {
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
