//! Correcting a history: what a database says of its migrations is changed, and nothing of its schema or rows.
//!
//! Each repair leaves a [`Note`] in the table of the history, at a position below 1: what was repaired and when, not who
//! did it. Everything that counts migrations goes by the positions from 1 on.

use crate::engine::value::Value;

use super::adopt::Refusal;
use super::filled::Slot;
use super::history::{self, Record, RecordKind};
use super::{ApplyError, Target};
use crate::engine::connection::{Connection, Row, text};
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::introspect::HISTORY_TABLE;
use crate::folder::Migration;

/// What is to be recorded instead, and what has to be true for it.
#[derive(Debug, Clone)]
pub struct Correction<'a> {
    /// The records as they were looked at.
    pub before: &'a [Record],
    /// The hash of the schema that the database has to have; `None` if that is not asked.
    pub schema_hash: Option<String>,
    /// How many of the records stay, from the first one on.
    pub kept: usize,
    /// Of those, the ones that are changed: which one, counted from 0, and the migration that it is of from now on.
    pub changed: &'a [(usize, &'a Migration)],
    /// What is recorded behind them.
    pub added: &'a [Migration],
    /// The whole of what is recorded, if something is missing between the records; what is said of those that stay, are
    /// changed and added counts for nothing then.
    pub filled: &'a [Slot<'a>],
    /// How what is added has come into the history.
    pub kind: RecordKind,
    /// What is written down of it.
    pub notes: &'a [Note],
}

/// What was repaired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// In a few words, with the name of the migration.
    pub what: String,
    /// The checksum that the migration had in the history before, in hexadecimal digits; empty if it had none.
    pub checksum: String,
    /// The hash of the schema that it was recorded with before; empty if it was not.
    pub schema_hash: String,
}

/// A note as it stands in a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// What was repaired.
    pub note: Note,
    /// When, in UTC.
    pub at: String,
    /// The version of the tool that did it.
    pub tool_version: String,
}

impl Correction<'_> {
    /// Whether the history is the one that was looked at.
    pub(super) fn is_of(&self, records: &[Record]) -> bool {
        let of = |records: &[Record]| -> Vec<(i64, String, String)> {
            records.iter().map(|one| (one.position, one.name.clone(), one.checksum.clone())).collect()
        };
        of(records) == of(self.before)
    }

    /// The names and checksums that are recorded afterwards.
    fn wanted(&self) -> Vec<(String, String)> {
        let of = |migration: &Migration| (migration.name.to_string(), migration.sql.to_hex());
        if !self.filled.is_empty() {
            let slot = |slot: &Slot<'_>| match slot {
                Slot::Recorded(at) => (self.before[*at].name.clone(), self.before[*at].checksum.clone()),
                Slot::Added(migration) => of(migration),
            };
            return self.filled.iter().map(slot).collect();
        }
        let stays = self.before.iter().take(self.kept).enumerate().map(|(at, record)| {
            let changed = self.changed.iter().find(|(which, _)| *which == at);
            changed.map_or_else(|| (record.name.clone(), record.checksum.clone()), |(_, migration)| of(migration))
        });
        stays.chain(self.added.iter().map(of)).collect()
    }
}

/// Changes what is recorded. `None` if that was done, else why nothing was.
///
/// # Errors
/// If the database cannot be read or written; with [`ErrorKind::Lost`] it is not known whether it was written.
pub async fn correct(target: &mut impl Target, correction: &Correction<'_>) -> Result<Option<Refusal>, ApplyError> {
    let action = "cannot record it";
    let error = match target.correct(correction).await {
        Ok(result) => return Ok(result),
        Err(error) => error,
    };
    // the answer to the commit has not arrived: the history tells
    if error.kind == ErrorKind::Lost
        && let Ok(records) = target.history().await
    {
        let found: Vec<(String, String)> =
            records.iter().map(|record| (record.name.clone(), record.checksum.clone())).collect();
        if found == correction.wanted() {
            return Ok(None);
        }
    }
    Err(ApplyError::Engine { action, error })
}

/// Writes a correction. `version` is [`Record::schema_version`] of the last record.
pub(super) async fn write(
    connection: &Connection,
    correction: &Correction<'_>,
    version: Option<i64>,
) -> Result<(), EngineError> {
    match correction.filled {
        [] => end(connection, correction, version).await?,
        slots => fill(connection, correction, slots, version).await?,
    }
    for note in correction.notes {
        let texts = [&note.what, &note.checksum, &note.schema_hash].map(|text| Value::Text(text.clone()));
        let tool = Value::Text(env!("CARGO_PKG_VERSION").to_owned());
        let values = texts.into_iter().chain([tool, Value::Text(RecordKind::Repair.word().to_owned())]);
        connection.run_with(&insert_note(), values.collect()).await?;
    }
    Ok(())
}

/// Makes another end of a history.
async fn end(connection: &Connection, correction: &Correction<'_>, version: Option<i64>) -> Result<(), EngineError> {
    let Correction { kept, changed, added, kind, .. } = correction;
    connection.run_with(&format!("DELETE FROM {HISTORY_TABLE} WHERE position > ?1"), vec![number(*kept)]).await?;
    let change = format!("UPDATE {HISTORY_TABLE} SET name = ?2, checksum = ?3, schema_hash = ?4 WHERE position = ?1");
    for (at, migration) in changed.iter().filter(|(at, _)| at < kept) {
        let texts = [migration.name.to_string(), migration.sql.to_hex(), migration.schema.to_hex()];
        let values = std::iter::once(number(at + 1)).chain(texts.into_iter().map(Value::Text));
        connection.run_with(&change, values.collect()).await?;
    }
    for (at, migration) in added.iter().enumerate() {
        history::insert(connection, migration, kept + at, 0, *kind, version).await?;
    }
    if added.is_empty() && *kept > 0 && correction.before.len() != *kept {
        // what is the last one now is what the database is at
        let counter = format!("UPDATE {HISTORY_TABLE} SET schema_version = ?2 WHERE position = ?1");
        let version = version.map_or(Value::Null, Value::Integer);
        connection.run_with(&counter, vec![number(*kept), version]).await?;
    }
    Ok(())
}

/// Records what is missing between others, each in its place.
async fn fill(
    connection: &Connection,
    correction: &Correction<'_>,
    slots: &[Slot<'_>],
    version: Option<i64>,
) -> Result<(), EngineError> {
    // out of the way of each other
    let last = correction.before.last().map_or(0, |record| record.position);
    let beyond = last.saturating_add(number_of(slots.len()));
    let away = format!("UPDATE {HISTORY_TABLE} SET position = position + ?1 WHERE position >= 1");
    connection.run_with(&away, vec![Value::Integer(beyond)]).await?;
    let back = format!("UPDATE {HISTORY_TABLE} SET position = ?2 WHERE position = ?1");
    for (at, slot) in slots.iter().enumerate() {
        match slot {
            Slot::Recorded(was) => {
                let was = correction.before.get(*was).map_or(0, |record| record.position);
                let to = vec![Value::Integer(was.saturating_add(beyond)), number(at + 1)];
                connection.run_with(&back, to).await?;
            }
            Slot::Added(migration) => history::insert(connection, migration, at, 0, correction.kind, version).await?,
        }
    }
    // what the last one was recorded behind may be another schema
    let counter = format!("UPDATE {HISTORY_TABLE} SET schema_version = ?2 WHERE position = ?1");
    let version = version.map_or(Value::Null, Value::Integer);
    connection.run_with(&counter, vec![number(slots.len()), version]).await
}

fn number_of(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn number(number: usize) -> Value {
    Value::Integer(number_of(number))
}

/// The statement that adds a note below all others.
fn insert_note() -> String {
    format!(
        "INSERT INTO {HISTORY_TABLE} \
         (position, name, checksum, schema_hash, applied_at, duration_ms, tool_version, kind, schema_version) \
         VALUES ((SELECT min(ifnull(min(position), 1), 1) - 1 FROM {HISTORY_TABLE}), ?1, ?2, ?3, \
         strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 0, ?4, ?5, NULL)"
    )
}

/// What was repaired in a database, the first one first; nothing if it has no history.
///
/// # Errors
/// If it cannot be read.
pub async fn noted(target: &mut impl Target) -> Result<Vec<Noted>, EngineError> {
    let has_table = format!("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '{HISTORY_TABLE}'");
    if target.rows(&has_table).await?.is_empty() {
        return Ok(Vec::new());
    }
    let query = format!(
        "SELECT name, checksum, schema_hash, applied_at, tool_version FROM {HISTORY_TABLE} WHERE position < 1 \
         ORDER BY position DESC"
    );
    let noted = |row: &Row| {
        let text = |at: usize| text(&row[at]).to_owned();
        Noted {
            note: Note { what: text(0), checksum: text(1), schema_hash: text(2) },
            at: text(3),
            tool_version: text(4),
        }
    };
    Ok(target.rows(&query).await?.iter().map(noted).collect())
}
