//! What a database keeps of what was dropped or converted: listed, measured, and dropped.

use super::connection::{Connection, Row, integer};
use super::error::{EngineError, ErrorKind};
use super::stored::{StoredObject, stored_objects};
use crate::ddl::{Object, read};
use crate::kept::{Follower, follow, is_kept, is_tally, tally_name};
use crate::schema::Column;
use crate::sql::Name;

/// A hidden table of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptThere {
    /// Its name.
    pub name: Name,
    /// The table whose rows it follows, if it keeps values of columns. A table that was kept as a whole has none, nor
    /// has one whose table was dropped since.
    pub table: Option<Name>,
    /// Its columns without those of the key.
    pub columns: Vec<Name>,
    /// How many rows it has.
    pub rows: u64,
    /// How many of them belong to no row any more: `REPLACE` deletes rows without telling.
    pub left_over: u64,
    /// How many bytes the values have.
    pub bytes: u64,
}

/// Everything that a database keeps, in the order in which it was made.
///
/// # Errors
/// If the engine fails.
pub async fn kept_in(connection: &Connection) -> Result<Vec<KeptThere>, EngineError> {
    let (objects, _) = stored_objects(connection, 0).await?;
    let mut found = Vec::new();
    let mut queries = Vec::new();
    for object in hidden_tables(&objects) {
        let Ok(Object::Table(table)) = read(&object.sql) else { continue };
        let follower = objects.iter().filter(|one| one.kind == "trigger").find_map(|trigger| {
            let follower = Follower::read(&trigger.sql)?;
            (follower.kept == object.name).then_some(follower)
        });
        let is_key = |column: &Column| {
            let of_key = |follower: &Follower| follower.key.iter().any(|(own, _)| *own == column.name);
            follower.as_ref().is_some_and(of_key)
        };
        let size = |column: &Column| format!("ifnull(length(CAST({} AS BLOB)), 0)", column.name.sql());
        let sizes: Vec<String> = table.columns.iter().map(size).collect();
        let name = object.name.sql();
        queries.push(format!("SELECT count(*), ifnull(sum({}), 0) FROM {name}", sizes.join(" + ")));
        queries.push(match &follower {
            Some(follower) => format!(
                "SELECT count(*) FROM {name} WHERE NOT EXISTS (SELECT 1 FROM {} WHERE {})",
                follower.table.sql(),
                follower.joins()
            ),
            None => "SELECT 0".to_owned(),
        });
        found.push(KeptThere {
            name: object.name.clone(),
            columns: table.columns.iter().filter(|column| !is_key(column)).map(|column| column.name.clone()).collect(),
            table: follower.map(|follower| follower.table),
            rows: 0,
            left_over: 0,
            bytes: 0,
        });
    }
    if found.is_empty() {
        return Ok(found);
    }
    let mut answers = connection.ask_all(&queries).await?.into_iter();
    let mut next = || answers.next().unwrap_or_else(|| Ok(Vec::new()));
    for kept in &mut found {
        let (sizes, left_over) = (next()?, next()?);
        let number = |row: Option<&Row>, at: usize| {
            row.and_then(|row| row.get(at)).map_or(0, |value| u64::try_from(integer(value)).unwrap_or_default())
        };
        kept.rows = number(sizes.first(), 0);
        kept.bytes = number(sizes.first(), 1);
        kept.left_over = number(left_over.first(), 0);
    }
    Ok(found)
}

/// The names of what a database keeps.
///
/// # Errors
/// If the engine fails.
pub async fn kept_names(connection: &Connection) -> Result<Vec<Name>, EngineError> {
    let (objects, _) = stored_objects(connection, 0).await?;
    Ok(hidden_tables(&objects).map(|object| object.name.clone()).collect())
}

/// Drops hidden tables with their triggers, all or none of them.
///
/// # Errors
/// If one of them is not there, or the engine fails.
pub async fn drop_kept(connection: &Connection, names: &[Name]) -> Result<(), EngineError> {
    connection.begin().await?;
    let result = match drop_inside(connection, names).await {
        Ok(()) => connection.commit().await,
        failed => failed,
    };
    if result.is_err() {
        connection.roll_back().await;
    }
    result
}

async fn drop_inside(connection: &Connection, names: &[Name]) -> Result<(), EngineError> {
    let (objects, _) = stored_objects(connection, 0).await?;
    let mut statements = Vec::new();
    for name in names {
        if !hidden_tables(&objects).any(|object| object.name == *name) {
            let message = format!("no such table: {name}");
            return Err(EngineError { kind: ErrorKind::Statement, message });
        }
        let triggers = objects.iter().filter(|object| object.kind == "trigger");
        let of_it = triggers.filter(|trigger| follow::kept_of(&trigger.name).as_ref() == Some(name));
        statements.extend(of_it.map(|trigger| format!("DROP TRIGGER IF EXISTS {}", trigger.name.sql())));
        statements.push(format!("DROP TABLE IF EXISTS {}", tally_name(name).sql()));
        statements.push(format!("DROP TABLE {}", name.sql()));
    }
    connection.run_all(&statements).await
}

fn hidden_tables(objects: &[StoredObject]) -> impl Iterator<Item = &StoredObject> {
    objects.iter().filter(|object| object.kind == "table" && is_kept(&object.name) && !is_tally(&object.name))
}
