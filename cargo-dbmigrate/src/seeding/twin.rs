//! A database in memory with the tables of a set, in which its rows are tried.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use dbmigrate_core::ddl::render;
use dbmigrate_core::engine::connection::Prepared;
use dbmigrate_core::engine::error::ErrorKind;
use dbmigrate_core::engine::{Connection, EngineError};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::{Name, split};
use pollster::block_on;

use super::model::{Given, Seed};
use super::rows::Value;
use crate::diagnostic::Diagnostic;

/// The database in memory.
pub(super) struct Twin {
    connection: Connection,
    statements: HashMap<String, Prepared>,
    /// Rows that it refused.
    pub(super) refused: HashSet<usize>,
    /// Tables that have rows which it has not.
    pub(super) incomplete: HashSet<Name>,
}

impl Twin {
    /// Makes one.
    pub(super) fn new(seed: &Seed, schema: &Schema) -> Result<Self, EngineError> {
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
        let refused = HashSet::new();
        let incomplete = seed.unread.iter().map(|table| seed.tables[*table].table.name.clone()).collect();
        Ok(Self { connection, statements: HashMap::new(), refused, incomplete })
    }

    /// The connection to it.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Inserts a row by its statement.
    pub(super) fn insert(
        &mut self,
        seed: &Seed,
        row: usize,
        sql: String,
        values: Vec<Value>,
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
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let Some(statement) = block_on(self.connection.prepare(entry.key()))? else { return Ok(()) };
                entry.insert(statement)
            }
        };
        block_on(statement.run(values))
    }

    /// Runs the statements of a script, as far as that says something without the rows of the database.
    pub(super) fn script(&mut self, seed: &Seed, at: usize, errors: &mut Vec<Diagnostic>) {
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
