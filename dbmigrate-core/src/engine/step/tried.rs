//! A migration with a step in Rust, tried in memory on generated rows.

use std::sync::Arc;

use super::Steps;
use crate::engine::apply::{Database, Failure, Prepared};
use crate::engine::connection::Connection;
use crate::engine::error::EngineError;
use crate::engine::ignore::Ignore;
use crate::engine::populate::populate;
use crate::folder::{Migration, Script};
use crate::plan::create_all;
use crate::schema::Schema;
use crate::sql::{StatementKind, split};

/// What came of it.
#[derive(Debug)]
pub struct Tried {
    /// How many rows there were.
    pub rows: usize,
    /// Why the migration was not applied, if it was not.
    pub failure: Option<Failure>,
}

/// Applies the migration with its step and its checks to a database that has the schema `before` it and generated rows.
///
/// # Errors
/// If there can be no such database.
pub async fn try_on_rows(
    before: &Schema,
    migration: &Migration,
    script: Script<'_>,
    steps: &Arc<dyn Steps>,
    ignore: &Ignore,
) -> Result<Tried, EngineError> {
    let connection = Connection::in_memory().await?;
    connection.run("PRAGMA foreign_keys = OFF").await?;
    let creates_trigger = |statement: &String| {
        split(statement).first().is_some_and(|statement| statement.kind == StatementKind::CreateTrigger)
    };
    // the triggers come last, so that none fires for what is filled
    let (triggers, others): (Vec<String>, Vec<String>) = create_all(before).into_iter().partition(creates_trigger);
    connection.run_all(&others).await?;
    let rows = populate(&connection, before).await?.rows;
    connection.run_all(&triggers).await?;
    let mut database = Database::from_connection(connection).ignoring(ignore.clone()).with_steps(Arc::clone(steps));
    let prepared = Prepared { migration, file: std::path::PathBuf::new(), script, drift: None };
    Ok(Tried { rows, failure: database.apply_alone(&prepared).await.err() })
}
