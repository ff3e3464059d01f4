//! The history table: which migrations a database has seen, and whether the folder still knows them.
//!
//! Migrations are at positions from 1 on. What is below is written by [`mod@super::correct`]: what somebody has repaired.

use crate::engine::value::Value;

use crate::engine::connection::{Connection, Row, integer, text};
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::introspect::HISTORY_TABLE;
#[cfg(feature = "remote")]
use crate::engine::progress::PROGRESS_TABLE;
use crate::engine::tools::tool;
use crate::engine::tracker::{VERSION, version_in};
use crate::folder::Migration;
#[cfg(feature = "remote")]
use crate::sql::name::quote_string;

pub use super::compared::{Compared, HistoryError, common, common_of, compare};

/// The statement that creates the table. The position is the rowid, so it is unique without an index of its own.
pub(super) const CREATE: &str = "CREATE TABLE IF NOT EXISTS _dbmigrate_history (
  position INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  checksum TEXT NOT NULL,
  schema_hash TEXT NOT NULL,
  applied_at TEXT NOT NULL,
  duration_ms INTEGER NOT NULL,
  tool_version TEXT NOT NULL,
  kind TEXT NOT NULL,
  schema_version INTEGER
)";

/// The statement that completes a table that an earlier version of the tool has made.
pub(super) const COMPLETE: &str = "ALTER TABLE _dbmigrate_history ADD COLUMN schema_version INTEGER";

/// The statement that records a migration, with [`values`].
pub(super) const INSERT: &str = "INSERT INTO _dbmigrate_history \
     (position, name, checksum, schema_hash, applied_at, duration_ms, tool_version, kind, schema_version) \
     VALUES (?1, ?2, ?3, ?4, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), ?5, ?6, ?7, ?8)";

/// The same behind another migration. It fails, because a record without a name is none, if somebody has changed the
/// schema since that one was recorded.
#[cfg(feature = "remote")]
pub(super) const INSERT_NEXT: &str = "INSERT INTO _dbmigrate_history \
     (position, name, checksum, schema_hash, applied_at, duration_ms, tool_version, kind, schema_version) \
     VALUES (?1, iif((SELECT schema_version FROM pragma_schema_version) = \
     (SELECT schema_version FROM _dbmigrate_history WHERE position = ?1 - 1), ?2, NULL), \
     ?3, ?4, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), ?5, ?6, ?7, ?8)";

/// The same for several, with a list of the [`values`] of each as JSON.
#[cfg(feature = "remote")]
pub(super) const INSERT_ALL: &str = "INSERT INTO _dbmigrate_history \
     (position, name, checksum, schema_hash, applied_at, duration_ms, tool_version, kind, schema_version) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), value ->> 4, \
     value ->> 5, value ->> 6, value ->> 7 FROM json_each(?1)";

/// The statement that completes the record of a migration that was taken in before it ran, and returns how long it
/// took. It fails, because a record without a duration is none, if something does not hold.
#[cfg(feature = "remote")]
pub(super) fn finish(holds: &str) -> String {
    format!(
        "UPDATE _dbmigrate_history SET duration_ms = \
         iif({holds}, CAST(round((julianday('now') - julianday(applied_at)) * 86400000) AS INTEGER), NULL), \
         schema_version = (SELECT schema_version FROM pragma_schema_version) WHERE position = ?1 RETURNING duration_ms"
    )
}

/// The statement that has a record say that the schema is now what the migration leads to.
#[cfg(feature = "remote")]
pub(super) fn at_this_schema(position: usize) -> String {
    format!(
        "UPDATE {HISTORY_TABLE} SET schema_version = (SELECT schema_version FROM pragma_schema_version) \
         WHERE position = {}",
        position + 1
    )
}

/// The same for that one and all behind it, which were taken in together and share the time equally.
#[cfg(feature = "remote")]
pub(super) fn finish_all(holds: &str) -> String {
    format!(
        "UPDATE _dbmigrate_history SET duration_ms = \
         iif({holds}, (SELECT CAST(round((julianday('now') - julianday(min(applied_at))) * 86400000 / count(*)) AS INTEGER) \
         FROM _dbmigrate_history WHERE position >= ?1), NULL), \
         schema_version = (SELECT schema_version FROM pragma_schema_version) WHERE position >= ?1 RETURNING duration_ms"
    )
}

/// How a migration came into the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordKind {
    /// It was executed.
    Migration,
    /// It was executed with its step in Rust.
    Rust,
    /// The database had its schema already, and was adopted.
    Baseline,
    /// Another tool had executed it before the database was adopted: the one of that name in
    /// [`TOOLS`](crate::engine::tools::TOOLS).
    Imported(&'static str),
    /// It was made of what somebody had changed in this database.
    Capture,
    /// Somebody has said that the database has it.
    Repair,
    /// A later version of the tool knows.
    Other,
}

impl RecordKind {
    const ALL: [Self; 6] = [Self::Migration, Self::Rust, Self::Baseline, Self::Capture, Self::Repair, Self::Other];

    /// The word in the history table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Migration => "migration",
            Self::Rust => "rust",
            Self::Baseline => "baseline",
            Self::Imported(tool) => tool,
            Self::Capture => "capture",
            Self::Repair => "repair",
            Self::Other => "other",
        }
    }

    fn of(word: &str) -> Self {
        let imported = || tool(word).map(|tool| Self::Imported(tool.name));
        Self::ALL.into_iter().find(|kind| kind.word() == word).or_else(imported).unwrap_or(Self::Other)
    }
}

/// A recorded migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place in the order, counted from 1.
    pub position: i64,
    /// Its name.
    pub name: String,
    /// The checksum of its SQL, in hexadecimal digits.
    pub checksum: String,
    /// The hash of the schema that it led to.
    pub schema_hash: String,
    /// When, in UTC.
    pub applied_at: String,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// How it came into the history.
    pub kind: RecordKind,
    /// SQLite's counter of schema changes behind it (sqlite.org/pragma.html#pragma_schema_version), if the database was
    /// then what the migration leads to. As long as the counter stands there, nobody has changed the schema.
    pub schema_version: Option<i64>,
}

/// An expression for all that is recorded: what [`all_of`] says of the records that are expected.
pub(super) const ALL: &str = "(SELECT ifnull(group_concat(name || ' ' || checksum, char(10)), '') FROM \
     (SELECT name, checksum FROM _dbmigrate_history WHERE position >= 1 ORDER BY position))";

/// Names and checksums as [`ALL`] has them.
pub(super) fn all_of(records: &[(String, String)]) -> String {
    records.iter().map(|(name, checksum)| format!("{name} {checksum}")).collect::<Vec<_>>().join("\n")
}

/// Creates the table, or completes it.
pub(super) async fn create(connection: &Connection) -> Result<(), EngineError> {
    connection.run(CREATE).await?;
    match has_schema_version(connection).await? {
        Some(false) => connection.run(COMPLETE).await,
        _ => Ok(()),
    }
}

/// Whether the table has the column; `None` if there is no such table.
async fn has_schema_version(connection: &Connection) -> Result<Option<bool>, EngineError> {
    let query = format!("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = '{HISTORY_TABLE}'");
    let row = connection.first_row(&query).await?;
    Ok(row.map(|row| text(&row[0]).contains("schema_version")))
}

/// Records a migration behind `position` others. `schema_version` is for [`Record::schema_version`].
pub(super) async fn insert(
    connection: &Connection,
    migration: &Migration,
    position: usize,
    duration: u64,
    kind: RecordKind,
    schema_version: Option<i64>,
) -> Result<(), EngineError> {
    connection.run_with(INSERT, values(migration, position, duration, kind, schema_version)).await
}

/// Makes the history that of these migrations, whose schema the database has: what it has of them, from the first one
/// on, stays as it is recorded; everything else goes, and the rest is recorded as adopted.
pub(super) async fn replace(connection: &Connection, migrations: &[Migration]) -> Result<(), EngineError> {
    create(connection).await?;
    let (recorded, _) = read(connection).await?;
    let common = common(&recorded, migrations);
    let (position, kept) = (common.position(), common.migrations());
    let behind = Value::Integer(i64::try_from(position).unwrap_or(i64::MAX));
    let delete = format!("DELETE FROM {HISTORY_TABLE} WHERE position > ?1");
    connection.run_with(&delete, vec![behind.clone()]).await?;
    let version = version_in(&connection.rows(VERSION).await?);
    let counter = format!("UPDATE {HISTORY_TABLE} SET schema_version = ?2 WHERE position = ?1");
    connection.run_with(&counter, vec![behind, Value::Integer(version)]).await?;
    for (at, migration) in migrations[kept..].iter().enumerate() {
        insert(connection, migration, position + at, 0, RecordKind::Baseline, Some(version)).await?;
    }
    Ok(())
}

/// The values of a record.
pub(super) fn values(
    migration: &Migration,
    position: usize,
    duration: u64,
    kind: RecordKind,
    schema_version: Option<i64>,
) -> Vec<Value> {
    let number = |value: u64| Value::Integer(i64::try_from(value).unwrap_or(i64::MAX));
    vec![
        number(position as u64 + 1),
        Value::Text(migration.name.to_string()),
        Value::Text(migration.sql.to_hex()),
        Value::Text(migration.schema.to_hex()),
        number(duration),
        Value::Text(env!("CARGO_PKG_VERSION").to_owned()),
        Value::Text(kind.word().to_owned()),
        schema_version.map_or(Value::Null, Value::Integer),
    ]
}

/// Reads the history, empty if there is no such table, and SQLite's counter of schema changes at that time.
pub(super) async fn read(connection: &Connection) -> Result<(Vec<Record>, i64), EngineError> {
    let mut answers = connection.ask_all(&queries()).await?.into_iter();
    let mut next = || answers.next().unwrap_or_else(|| Ok(Vec::new()));
    let (version, table, rows) = (next()?, next()?, next());
    read_in(&version, &table, rows)
}

/// The queries for [`read_in`]. The counter comes first: what changes between the queries has to show.
pub(super) fn queries() -> [String; 3] {
    // every column that there is: a table that an earlier version has made lacks the last one
    [VERSION.to_owned(), has_table(), format!("SELECT * FROM {HISTORY_TABLE} WHERE position >= 1 ORDER BY position")]
}

/// That the last migration is applied, which can be recorded under any of these names, that nobody has changed the
/// schema since, and that nothing is left of a migration in several transactions.
#[cfg(feature = "remote")]
pub(super) fn is_complete(last: &[String]) -> String {
    let names: Vec<String> = last.iter().map(|name| quote_string(name)).collect();
    format!(
        "EXISTS (SELECT 1 FROM {HISTORY_TABLE} WHERE position = (SELECT max(position) FROM {HISTORY_TABLE}) \
         AND name IN ({}) AND schema_version = (SELECT schema_version FROM pragma_schema_version) \
         AND NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '{PROGRESS_TABLE}'))",
        names.join(", ")
    )
}

fn has_table() -> String {
    format!("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '{HISTORY_TABLE}'")
}

/// What [`queries`] returned.
pub(super) fn read_in(
    version: &[Row],
    table: &[Row],
    rows: Result<Vec<Row>, EngineError>,
) -> Result<(Vec<Record>, i64), EngineError> {
    let version = version_in(version);
    if table.is_empty() {
        return Ok((Vec::new(), version));
    }
    let record = |row: &Row| Record {
        position: integer(&row[0]),
        name: text(&row[1]).to_owned(),
        checksum: text(&row[2]).to_owned(),
        schema_hash: text(&row[3]).to_owned(),
        applied_at: text(&row[4]).to_owned(),
        duration_ms: integer(&row[5]),
        kind: RecordKind::of(text(&row[7])),
        schema_version: match row.get(8) {
            Some(Value::Integer(version)) => Some(*version),
            _ => None,
        },
    };
    let rows = rows?;
    if let Some(row) = rows.iter().find(|row| row.len() < 8) {
        let message = format!("`{HISTORY_TABLE}` has {} columns and is not a history", row.len());
        return Err(EngineError { kind: ErrorKind::Statement, message });
    }
    Ok((rows.iter().map(record).collect(), version))
}

#[cfg(all(test, feature = "libsql", feature = "remote"))]
mod tests {
    use pollster::block_on;

    use super::*;

    fn record(position: i64) -> Vec<Value> {
        let text = |text: &str| Value::Text(text.to_owned());
        let (number, kind) = (Value::Integer(0), text(RecordKind::Migration.word()));
        vec![Value::Integer(position), text("name"), text("a"), text("b"), number, text("0"), kind, Value::Null]
    }

    fn finished(connection: &Connection, position: i64, holds: &str) -> Result<Vec<Row>, EngineError> {
        block_on(connection.rows_with(&finish(holds), vec![Value::Integer(position)]))
    }

    #[test]
    fn a_record_comes_behind_another_one_only_if_nobody_has_changed_the_schema_since() {
        let connection = block_on(Connection::in_memory()).expect("a database");
        let run = |sql: &str, values| block_on(connection.run_with(sql, values));
        run(CREATE, Vec::new()).expect("a history");
        run(INSERT, record(1)).expect("the first record");
        finished(&connection, 1, "1").expect("it holds");
        run(INSERT_NEXT, record(2)).expect("the next record");
        run("CREATE TABLE t (x)", Vec::new()).expect("what the migration does");
        finished(&connection, 2, "1").expect("it holds");
        run("CREATE TABLE other (x)", Vec::new()).expect("what somebody else does");
        let error = run(INSERT_NEXT, record(3)).expect_err("the schema is another one");
        assert_eq!(error.kind, ErrorKind::Constraint, "{error}");
        let error = run(INSERT_NEXT, record(5)).expect_err("the record before is missing");
        assert_eq!(error.kind, ErrorKind::Constraint, "{error}");
    }

    #[test]
    fn several_records_are_made_and_completed_together() {
        let connection = block_on(Connection::in_memory()).expect("a database");
        block_on(connection.run(CREATE)).expect("a history");
        block_on(connection.run_with(INSERT, record(1))).expect("a record");
        let list = r#"[[2,"b \u00e9'\"","c","d",0,"1","migration",null],[3,"x","y","z",0,"1","migration",null]]"#;
        block_on(connection.run_with(INSERT_ALL, vec![Value::Text(list.to_owned())])).expect("records");
        let finish = |holds: &str| block_on(connection.rows_with(&finish_all(holds), vec![Value::Integer(2)]));
        for fails in ["0", "NULL"] {
            assert_eq!(finish(fails).expect_err("it does not hold").kind, ErrorKind::Constraint);
        }
        let rows = finish("1").expect("it holds");
        assert!(rows.len() == 2 && rows.iter().all(|row| matches!(row[0], Value::Integer(0..10_000))), "{rows:?}");
        let (found, version) = block_on(read(&connection)).expect("a history");
        let names: Vec<_> = found.iter().map(|one| (one.position, one.name.as_str(), one.checksum.as_str())).collect();
        assert_eq!(names, [(1, "name", "a"), (2, "b \u{e9}'\"", "c"), (3, "x", "y")]);
        let versions: Vec<_> = found.iter().map(|one| one.schema_version).collect();
        assert_eq!(versions, [None, Some(version), Some(version)]);
    }

    #[test]
    fn a_record_is_completed_only_if_what_is_asserted_holds() {
        let connection = block_on(Connection::in_memory()).expect("a database");
        block_on(connection.run(CREATE)).expect("a history");
        block_on(connection.run_with(INSERT, record(1))).expect("a record");
        for fails in ["0", "NULL"] {
            let error = finished(&connection, 1, fails).expect_err("it does not hold");
            assert_eq!(error.kind, ErrorKind::Constraint, "{error}");
        }
        assert_eq!(
            block_on(connection.rows("SELECT schema_version FROM _dbmigrate_history")).unwrap()[0][0],
            Value::Null
        );
        let rows = finished(&connection, 1, "1").expect("it holds");
        assert!(matches!(rows[0][0], Value::Integer(0..10_000)), "{rows:?}");
    }
}
