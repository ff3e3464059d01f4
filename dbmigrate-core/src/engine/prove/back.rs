//! Ways back, tried on rows that the migrations themselves went over first: one that a migration has of its own, and a
//! revert of what migrations have kept.

use super::creates_trigger;
use crate::engine::check::foreign_key_violations;
use crate::engine::connection::Connection;
use crate::engine::content::{everything, exact, rows};
use crate::engine::error::EngineError;
use crate::engine::introspect::introspect;
use crate::engine::populate::populate;
use crate::plan::{Plan, create_all};
use crate::schema::Schema;
use crate::sql::{Name, Statement};

/// What a way back leads to.
#[derive(Debug, Clone)]
pub struct Back {
    /// The schema.
    pub schema: Schema,
    /// How many generated rows were there in the beginning.
    pub rows: usize,
    /// Whether every row is what it was then.
    pub are_rows_the_same: bool,
}

/// Why a way back does not work.
#[derive(Debug)]
#[non_exhaustive]
pub enum BackError {
    /// A statement of it fails: its line, its number from 1, and the engine's error.
    Statement(usize, usize, EngineError),
    /// It violates foreign keys of this table.
    ForeignKeys(String),
    /// The engine fails.
    Engine(EngineError),
}

impl From<EngineError> for BackError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

/// Runs a migration on rows of the schema before it, and then its way back.
///
/// # Errors
/// If a statement of the way back fails, or leaves violations of foreign keys.
pub async fn try_back(before: &Schema, forward: &[Statement<'_>], back: &[Statement<'_>]) -> Result<Back, BackError> {
    // what a migration inserts may be among the generated rows already
    let (connection, rows) = match prepared(before, forward, true).await {
        Ok(prepared) => prepared,
        Err(_) => prepared(before, forward, false).await?,
    };
    let violations = foreign_key_violations(&connection.0).await?;
    for (at, statement) in back.iter().enumerate() {
        let result = connection.0.run(statement.text).await;
        result.map_err(|error| BackError::Statement(statement.line, at + 1, error))?;
    }
    let now = foreign_key_violations(&connection.0).await?;
    if let Some(((table, _, _), _)) = now.iter().find(|(key, count)| violations.get(*key).is_none_or(|was| was < count))
    {
        return Err(BackError::ForeignKeys(table.clone()));
    }
    let schema = introspect(&connection.0).await?.schema;
    let are_rows_the_same = match super::differences(&schema, before).is_empty() {
        true => everything(&connection.0, before).await? == connection.1,
        false => false,
    };
    Ok(Back { schema, rows, are_rows_the_same })
}

/// Something that comes back by a revert.
#[derive(Debug, Clone)]
pub struct Returned {
    /// The table, before the migrations and behind the revert.
    pub table: (Name, Name),
    /// The columns of its rows that are to be what they were: the key, and what was kept.
    pub columns: Vec<(Name, Name)>,
}

/// What became of rows that migrations and their revert went over.
#[derive(Debug, Clone)]
pub struct RoundTrip {
    /// How many rows each table had in the beginning of which something comes back.
    pub rows: Vec<usize>,
    /// Whether they are what they were.
    pub are_the_same: Vec<bool>,
}

/// Runs migrations on rows of the schema before them, and then the revert that a plan is. What is kept is then what the
/// migrations have kept, where rows of the hidden tables could only be made up. `None` if that way cannot be gone with
/// generated rows.
pub async fn round_trip(
    before: &Schema,
    forward: &[Statement<'_>],
    plan: &Plan,
    returned: &[Returned],
) -> Option<RoundTrip> {
    let (connection, tables) = filled(before).await.ok()?;
    connection.run_all(&tables.triggers).await.ok()?;
    let mut there = Vec::with_capacity(returned.len());
    for one in returned {
        let columns: Vec<String> = one.columns.iter().map(|(column, _)| exact(&column.sql())).collect();
        there.push(rows(&connection, &one.table.0, &columns).await.ok()?);
    }
    for statement in forward {
        connection.run(statement.text).await.ok()?;
    }
    for preflight in &plan.preflights {
        if connection.first_row_shown(&preflight.query).await.ok()?.is_some() {
            return None;
        }
    }
    for statement in plan.statements() {
        connection.run(statement).await.ok()?;
    }
    let mut are_the_same = Vec::with_capacity(returned.len());
    for (one, before) in returned.iter().zip(&there) {
        let columns: Vec<String> = one.columns.iter().map(|(_, column)| exact(&column.sql())).collect();
        are_the_same.push(rows(&connection, &one.table.1, &columns).await.ok()? == *before);
    }
    Some(RoundTrip { rows: there.iter().map(Vec::len).collect(), are_the_same })
}

/// What is made once the tables have their rows, and how many these are.
struct Filled {
    triggers: Vec<String>,
    rows: usize,
}

/// A database with a schema and generated rows, but its triggers.
async fn filled(schema: &Schema) -> Result<(Connection, Filled), EngineError> {
    let (connection, triggers) = created(schema).await?;
    let rows = populate(&connection, schema).await?.rows;
    Ok((connection, Filled { triggers, rows }))
}

/// A database with a schema, but its triggers.
async fn created(schema: &Schema) -> Result<(Connection, Vec<String>), EngineError> {
    let connection = Connection::in_memory().await?;
    connection.run("PRAGMA foreign_keys = OFF").await?;
    connection.run("BEGIN").await?;
    let (tables, triggers): (Vec<String>, Vec<String>) =
        create_all(schema).into_iter().partition(|statement| !creates_trigger(statement));
    connection.run_all(&tables).await?;
    Ok((connection, triggers))
}

/// A database, and the rows that it had in the beginning.
type Prepared = (Connection, Vec<(Name, crate::engine::content::Rows)>);

async fn prepared(
    before: &Schema,
    forward: &[Statement<'_>],
    with_rows: bool,
) -> Result<(Prepared, usize), EngineError> {
    let (connection, Filled { triggers, rows }) = match with_rows {
        true => filled(before).await?,
        false => created(before).await.map(|(connection, triggers)| (connection, Filled { triggers, rows: 0 }))?,
    };
    connection.run_all(&triggers).await?;
    let content = everything(&connection, before).await?;
    for statement in forward {
        connection.run(statement.text).await?;
    }
    Ok(((connection, content), rows))
}
