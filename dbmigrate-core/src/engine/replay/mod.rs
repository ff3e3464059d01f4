//! Migrations replayed in memory: the schema that they lead to, where there are no snapshots, and the proof that they
//! lead to their snapshots, in parts.

#[cfg(feature = "libsql")]
mod in_parts;

#[cfg(feature = "libsql")]
pub use in_parts::{OBJECTS_IN_A_PART, Replayed, replay_in_parts};

use super::connection::Connection;
use super::error::EngineError;
#[cfg(feature = "libsql")]
use super::ignore::Ignore;
use super::introspect::introspect;
#[cfg(feature = "libsql")]
use super::introspect::introspect_without;
use crate::folder::{Checksum, Folder, Migration, Script};
use crate::schema::Schema;
use crate::schema::canonical::SchemaHash;

/// The schema that a migration leads to, by executing it and all before it in memory. It is the one of its snapshot, as
/// far as databases know of it: the lock's hash says so.
///
/// # Errors
/// If the SQL does not lead there from an empty database: it may need functions or modules of the application.
#[cfg(feature = "libsql")]
pub async fn schema_at(folder: &Folder, last: &Migration) -> Result<Schema, String> {
    let connection = Connection::in_memory().await.map_err(|error| error.to_string())?;
    schema_in(&connection, folder, last).await
}

/// The same in a database that is empty.
///
/// # Errors
/// As for `schema_at`.
pub async fn schema_in(connection: &Connection, folder: &Folder, last: &Migration) -> Result<Schema, String> {
    let engine = |error: EngineError| error.to_string();
    connection.run("PRAGMA foreign_keys = OFF").await.map_err(engine)?;
    for migration in &folder.migrations()[..=last.index] {
        let text = folder.sql(migration).map_err(|error| error.to_string())?;
        let script = Script::parse(&text, &folder.sql_path(migration)).map_err(|error| error.to_string())?;
        let result = connection.run_each(script.statements.iter().map(|statement| statement.text)).await;
        result.map_err(|(at, error)| format!("statement {} of `{}` failed: {error}", at + 1, migration.name))?;
    }
    let schema = introspect(connection).await.map_err(engine)?.schema;
    if Checksum::from(SchemaHash::of(&schema)) != last.schema {
        return Err(format!("run in memory, `{}` does not produce the schema of its snapshot", last.name));
    }
    Ok(schema)
}

/// The schema that a migration leads to as its files lie there, edited or not. What is `ignored` is not looked at.
///
/// # Errors
/// If a file cannot be read, or a statement fails in memory.
#[cfg(feature = "libsql")]
pub async fn schema_as_it_lies(folder: &Folder, last: &Migration, ignored: &Ignore) -> Result<Schema, String> {
    let engine = |error: EngineError| error.to_string();
    let connection = Connection::in_memory().await.map_err(engine)?;
    connection.run("PRAGMA foreign_keys = OFF").await.map_err(engine)?;
    for migration in &folder.migrations()[..=last.index] {
        let text = folder.sql(migration).or_else(|_| folder.sql_as_it_lies(migration));
        let text = text.map_err(|error| error.to_string())?;
        let script = Script::parse(&text, &folder.sql_path(migration)).map_err(|error| error.to_string())?;
        let result = connection.run_each(script.statements.iter().map(|statement| statement.text)).await;
        result.map_err(|(at, error)| format!("statement {} of `{}` failed: {error}", at + 1, migration.name))?;
    }
    let found = introspect_without(&connection, ignored).await.map_err(engine)?;
    match found.unreadable.first() {
        None => Ok(found.schema),
        Some(object) => Err(format!("{object} cannot be represented: {}", object.reason)),
    }
}
