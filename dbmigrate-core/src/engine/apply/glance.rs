//! The smallest look at a database that tells whether it is still what it was when somebody looked closely: one row,
//! however long its history is.

use super::history;
use crate::engine::connection::{integer, text};
use crate::engine::value::{Row, Value};
use crate::folder::Migration;

/// The query of a [`Glance`], for files: the name of the file is the last column. It fails where there is no history, or
/// one without schema counters.
pub const IN_FILE: &str = "SELECT v.schema_version, h.position, h.name, h.checksum, h.applied_at, h.schema_version, \
     (SELECT min(position) FROM _dbmigrate_history), (SELECT file FROM pragma_database_list WHERE name = 'main') \
     FROM _dbmigrate_history h, pragma_schema_version v \
     WHERE h.position = (SELECT max(position) FROM _dbmigrate_history)";

/// The same for a server.
pub const ON_SERVER: &str = "SELECT v.schema_version, h.position, h.name, h.checksum, h.applied_at, h.schema_version, \
     (SELECT min(position) FROM _dbmigrate_history) FROM _dbmigrate_history h, pragma_schema_version v \
     WHERE h.position = (SELECT max(position) FROM _dbmigrate_history)";

/// The query for the file of a database; empty for one in memory. It takes no lock.
pub const FILE: &str = "SELECT file FROM pragma_database_list WHERE name = 'main'";

/// The query for names and checksums of all that is recorded, in one text: [`recorded`].
pub fn recorded_query() -> String {
    format!("SELECT {}", history::ALL)
}

/// What [`recorded_query`] returns for a database with exactly these migrations.
pub fn recorded(migrations: &[Migration]) -> String {
    let records = migrations.iter().map(|migration| (migration.name.to_string(), migration.sql.to_hex()));
    history::all_of(&records.collect::<Vec<_>>())
}

/// What is seen at a glance. Two that are equal, of one file, have the same history and the same schema between them:
/// a migration changes the last record, a repair of the history the lowest position, and whatever else changes the
/// schema SQLite's counter of schema changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Glance {
    schema_version: i64,
    lowest: i64,
    last: (i64, String, String, String),
    recorded_version: Option<i64>,
}

impl Glance {
    /// What a row of the query says, and the file, if it was asked for.
    pub fn of(row: &Row) -> Option<(Self, Option<&str>)> {
        let Value::Integer(schema_version) = row.first()? else { return None };
        let recorded_version = match row.get(5)? {
            Value::Integer(version) => Some(*version),
            _ => None,
        };
        let word = |at: usize| row.get(at).map(|value| text(value).to_owned());
        let last = (integer(row.get(1)?), word(2)?, word(3)?, word(4)?);
        let glance = Self { schema_version: *schema_version, lowest: integer(row.get(6)?), last, recorded_version };
        Some((glance, row.get(7).map(text)))
    }

    /// The name of the last migration that is recorded.
    pub fn last(&self) -> &str {
        &self.last.1
    }

    /// Whether nobody has changed the schema since the last migration was recorded.
    pub fn is_unchanged(&self) -> bool {
        self.recorded_version == Some(self.schema_version)
    }
}
