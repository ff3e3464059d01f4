//! Rows of whole schemas, put into databases.

mod promises;
mod schemas;

use std::path::PathBuf;
use std::rc::Rc;

use dbmigrate_core::engine::{Connection, introspect};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::name::sql_list;
use pollster::block_on;

use super::judge::Judge;
use super::plan::{InputTable, Plan};
use super::rows::Rows;
use super::settings::Settings;
use super::{build, trial};
use crate::diagnostic::Diagnostic;
use crate::seeding::read::node::Node;
use crate::seeding::read::toml;
use crate::seeding::rows::Value;

/// A database with a schema, and what is generated for it.
pub(super) struct Made {
    pub(super) connection: Connection,
    pub(super) schema: Schema,
    pub(super) plan: Plan,
    pub(super) judge: Judge,
}

/// The schema of statements.
pub(super) fn schema(sql: &str) -> (Connection, Schema) {
    let connection = block_on(Connection::in_memory()).expect("memory");
    for statement in dbmigrate_core::sql::split(sql) {
        block_on(connection.run(statement.text))
            .unwrap_or_else(|error| panic!("{}: {}", error.message, statement.text));
    }
    let introspected = block_on(introspect(&connection)).expect("a schema");
    (connection, introspected.schema)
}

/// The settings of a table, as TOML.
pub(super) fn settings(text: &str, schema: &Schema, table: &str) -> Result<Settings, Vec<Diagnostic>> {
    let node: Node = toml::parse(text, "t.toml".as_ref()).expect("TOML");
    let mut errors = Vec::new();
    let table = schema.table(&table.into()).expect("a table");
    let settings = Settings::read(&node, table, "t.toml".as_ref(), &mut errors);
    settings.ok_or(errors)
}

/// Plans rows for tables with these settings.
pub(super) fn made(sql: &str, tables: &[(&str, &str)]) -> Result<Made, String> {
    let (connection, schema) = schema(sql);
    let inputs = tables.iter().map(|(table, text)| {
        let settings = settings(text, &schema, table).map_err(|errors| shown(&errors))?;
        Ok(InputTable {
            table: Rc::new(schema.table(&(*table).into()).expect("a table").clone()),
            settings: Some(settings),
            file: PathBuf::from("t.toml"),
            given: Vec::new(),
        })
    });
    let inputs = inputs.collect::<Result<Vec<_>, String>>()?;
    plan(connection, schema, inputs)
}

pub(super) fn plan(connection: Connection, schema: Schema, inputs: Vec<InputTable>) -> Result<Made, String> {
    let mut judge = Judge::new(&schema);
    let shown = |problems: Vec<super::problem::Problem>| {
        shown(&problems.iter().map(|problem| problem.diagnostic(&(0..0))).collect::<Vec<_>>())
    };
    let mut plan = build::plan(&schema, inputs, 0, &mut judge).map_err(shown)?;
    trial::all(&mut plan, &mut judge).map_err(shown)?;
    Ok(Made { connection, schema, plan, judge })
}

fn shown(errors: &[Diagnostic]) -> String {
    errors.iter().map(|error| format!("{} | {}", error.message, error.help.join(" | "))).collect::<Vec<_>>().join("\n")
}

impl Made {
    /// The generated rows of a table.
    pub(super) fn rows(&self, table: &str) -> Vec<Vec<Value>> {
        let at = self.plan.tables.iter().position(|one| *one.name() == *table).expect("a table");
        let mut rows = Rows::new(&self.plan, self.judge.again());
        let mut all = Vec::new();
        for row in 0..self.plan.tables[at].made {
            let mut values = Vec::new();
            rows.row(at, row, &mut values).expect("a row");
            all.push(values);
        }
        all
    }

    /// The values of a column.
    pub(super) fn column(&self, table: &str, column: &str) -> Vec<Value> {
        let columns = &self.schema.table(&table.into()).expect("a table").columns;
        let at = columns.iter().position(|one| one.name == *column).expect("a column");
        self.rows(table).into_iter().map(|mut row| row.swap_remove(at)).collect()
    }

    /// Inserts all rows into the database, with foreign keys checked at the end; what the engine says, if it refuses.
    pub(super) fn insert(&self) -> Result<(), String> {
        let run = |sql: &str| block_on(self.connection.run(sql)).map_err(|error| error.message);
        run("PRAGMA foreign_keys = ON")?;
        run("BEGIN")?;
        run("PRAGMA defer_foreign_keys = ON")?;
        let mut rows = Rows::new(&self.plan, self.judge.again());
        for (at, table) in self.plan.tables.iter().enumerate() {
            let columns: Vec<usize> = table.filled().collect();
            let names = sql_list(columns.iter().map(|column| &table.table.columns[*column].name));
            let marks = vec!["?"; columns.len()].join(", ");
            let statement = format!("INSERT INTO {} ({names}) VALUES ({marks})", table.name().sql());
            let mut values = Vec::new();
            for row in 0..table.made {
                rows.row(at, row, &mut values).map_err(|refused| refused.message)?;
                let filled = columns.iter().map(|column| values[*column].clone()).collect();
                block_on(self.connection.run_with(&statement, filled))
                    .map_err(|error| format!("{} row {row}: {}: {values:?}", table.name(), error.message))?;
                // what is read back is what was made, so a second run finds nothing to do
                if row < 3 {
                    let query = format!("SELECT {names} FROM {} ORDER BY rowid DESC LIMIT 1", table.name().sql());
                    if !table.table.without_rowid
                        && table.table.free_rowid_name().is_some_and(|name| name == *"rowid")
                        && table.table.rowid_alias().is_none()
                        && let Ok(Some(back)) = block_on(self.connection.first_row(&query))
                    {
                        let made: Vec<Value> = columns.iter().map(|column| values[*column].clone()).collect();
                        if back != made {
                            return Err(format!("{} is stored as {back:?}, not {made:?}", table.name()));
                        }
                    }
                }
            }
        }
        let broken = block_on(self.connection.rows("PRAGMA foreign_key_check")).map_err(|error| error.message)?;
        if !broken.is_empty() {
            return Err(format!("foreign keys: {:?}", broken[0]));
        }
        run("COMMIT")
    }
}
