//! The way back that a migration has of its own, tried: on rows that the migration itself went over first.

use super::creates_trigger;
use crate::engine::check::foreign_key_violations;
use crate::engine::connection::Connection;
use crate::engine::content::everything;
use crate::engine::error::EngineError;
use crate::engine::introspect::introspect;
use crate::engine::populate::populate;
use crate::plan::create_all;
use crate::schema::Schema;
use crate::sql::Statement;

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

/// A database, and the rows that it had in the beginning.
type Prepared = (Connection, Vec<(crate::sql::Name, crate::engine::content::Rows)>);

async fn prepared(
    before: &Schema,
    forward: &[Statement<'_>],
    with_rows: bool,
) -> Result<(Prepared, usize), EngineError> {
    let connection = Connection::in_memory().await?;
    connection.run("PRAGMA foreign_keys = OFF").await?;
    connection.run("BEGIN").await?;
    let (tables, triggers): (Vec<String>, Vec<String>) =
        create_all(before).into_iter().partition(|statement| !creates_trigger(statement));
    connection.run_all(&tables).await?;
    let rows = if with_rows { populate(&connection, before).await?.rows } else { 0 };
    connection.run_all(&triggers).await?;
    let content = everything(&connection, before).await?;
    for statement in forward {
        connection.run(statement.text).await?;
    }
    Ok(((connection, content), rows))
}
