//! Statements of an application, tried on a schema: the engine compiles them in a database in memory, and runs none of
//! them.

mod facts;
mod plan;
mod refusal;

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::check::names_used;
use super::connection::{Connection, Value, text};
pub use super::driver::Access;
use super::error::EngineError;
use crate::plan::create_all;
use crate::schema::Schema;
use crate::sql::name::quote_string;
use crate::sql::{Name, StatementKind, split};
pub use facts::{Questions, Release};
pub use plan::Step;
pub use refusal::Refusal;

/// What `ANALYZE` knows of a database: the rows of `sqlite_stat1`.
pub type Statistics = Vec<(String, Option<String>, String)>;

/// A database in memory with a schema and no rows.
pub struct Trial {
    connection: Connection,
    /// What could not be made, and what it names.
    lacking: BTreeSet<Name>,
    /// What the application makes itself.
    made: Vec<String>,
    /// The same database with that.
    widened: OnceCell<Option<Connection>>,
}

/// What comes of a statement that is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// It compiles, and does this with tables and columns.
    Fits(Vec<Access>),
    /// It does not.
    Refused(Refusal),
    /// It needs something that is not here: another database, a module of the application.
    Unknown(String),
}

impl Trial {
    /// A database with a schema. `made` are statements by which the application makes tables of its own.
    ///
    /// # Errors
    /// If there is no database in memory.
    pub async fn of(schema: &Schema, made: Vec<String>) -> Result<Self, EngineError> {
        let connection = Connection::in_memory().await?;
        let mut lacking = BTreeSet::new();
        create(&connection, schema, &mut lacking).await;
        Ok(Self { connection, lacking, made, widened: OnceCell::new() })
    }

    /// Lets the planner know how many rows there are.
    ///
    /// # Errors
    /// If that cannot be written.
    pub async fn assume(&self, statistics: &Statistics) -> Result<(), EngineError> {
        if statistics.is_empty() {
            return Ok(());
        }
        self.connection.run("ANALYZE").await?;
        let there = self.connection.rows("SELECT name FROM sqlite_schema").await?;
        let there: BTreeSet<Name> = there.iter().map(|row| Name::from(text(&row[0]))).collect();
        let is_there = |name: &str| there.contains(&Name::from(name));
        for (table, index, numbers) in statistics {
            if is_there(table) && index.as_deref().is_none_or(|index| is_there(index) || index == table) {
                let index = index.clone().map_or(Value::Null, Value::Text);
                let values = vec![Value::Text(table.clone()), index, Value::Text(numbers.clone())];
                self.connection.run_with("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", values).await?;
            }
        }
        self.connection.run("ANALYZE sqlite_schema").await
    }

    /// Compiles one statement.
    ///
    /// # Errors
    /// If there is no database in memory.
    pub async fn compile(&self, sql: &str) -> Result<Tried, EngineError> {
        let error = match self.connection.accesses(sql) {
            Ok(accesses) => return Ok(Tried::Fits(accesses)),
            Err(error) => error,
        };
        let missing = refusal::missing_table(&error.message);
        if let Some(table) = &missing
            && self.is_elsewhere(table)
        {
            return Ok(Tried::Unknown(format!("`{table}` is not in the schema that can be tried")));
        }
        let widened = if missing.is_some() { self.widened().await } else { None };
        let Some(widened) = widened else { return self.refused(&self.connection, sql, &error).await };
        match widened.accesses(sql) {
            Ok(accesses) => Ok(Tried::Fits(accesses)),
            Err(error) => self.refused(widened, sql, &error).await,
        }
    }

    async fn refused(&self, connection: &Connection, sql: &str, error: &EngineError) -> Result<Tried, EngineError> {
        if refusal::is_of_application(&error.message) {
            return Ok(Tried::Unknown(error.message.clone()));
        }
        Ok(Tried::Refused(Refusal::of(connection, sql, &error.message).await?))
    }

    /// Whether a table is one of another database that is attached, or could not be made here.
    fn is_elsewhere(&self, table: &str) -> bool {
        let (database, name) = table.split_once('.').unwrap_or(("main", table));
        !["main", "temp"].contains(&database.to_ascii_lowercase().as_str()) || self.lacking.contains(&Name::from(name))
    }

    /// The database with what the application makes itself, if it makes anything.
    async fn widened(&self) -> Option<&Connection> {
        if let Some(known) = self.widened.get() {
            return known.as_ref();
        }
        let made = match self.widen().await {
            Ok(connection) => Some(connection),
            Err(_) => None,
        };
        self.widened.get_or_init(|| made).as_ref()
    }

    async fn widen(&self) -> Result<Connection, EngineError> {
        let connection = Connection::in_memory().await?;
        let objects = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid";
        for row in self.connection.rows(objects).await? {
            // shadow tables are there with what they are behind
            let _ = connection.run(text(&row[0])).await;
        }
        // what `ANALYZE` writes is there for the application to read
        let _ = connection.run("ANALYZE").await;
        for statement in &self.made {
            // one that is there already, or needs what is not here
            let _ = connection.run(statement).await;
        }
        Ok(connection)
    }
}

/// Makes what a schema has. What cannot be made here is named in `lacking`, with everything that it names.
async fn create(connection: &Connection, schema: &Schema, lacking: &mut BTreeSet<Name>) {
    let statements = create_all(schema);
    if connection.run_all(&statements).await.is_ok() {
        return;
    }
    for statement in &statements {
        // the first ones are there already
        let exists = |message: &str| message.contains("already exists");
        if let Err(error) = connection.run(statement).await
            && !exists(&error.message)
        {
            lacking.extend(names_used(statement));
        }
    }
}

/// The statements of a text that make tables, views and the like.
pub fn made_by(sql: &str) -> impl Iterator<Item = String> {
    let makes = |kind: StatementKind| kind.only_adds_objects() || kind == StatementKind::CreateVirtualTable;
    split(sql).into_iter().filter(move |one| makes(one.kind)).map(|one| one.text.to_owned())
}

/// What `ANALYZE` knows of a database; nothing if it has never run there.
///
/// # Errors
/// If the database cannot be asked.
pub async fn statistics(connection: &Connection) -> Result<Statistics, EngineError> {
    let there = format!("SELECT 1 FROM sqlite_schema WHERE name = {}", quote_string("sqlite_stat1"));
    if connection.rows(&there).await?.is_empty() {
        return Ok(Vec::new());
    }
    let rows = connection.rows("SELECT tbl, idx, stat FROM sqlite_stat1").await?;
    let maybe = |value: &Value| match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    Ok(rows.iter().filter_map(|row| Some((maybe(&row[0])?, maybe(&row[1]), maybe(&row[2])?))).collect())
}
