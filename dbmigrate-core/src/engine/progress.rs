//! How far a migration is that is several transactions: a row of a hidden table, which each of them reads and moves.
//!
//! The row appears with the first transaction and goes with the last one, which records the migration; so does the table.
//! Whatever dies in between leaves a state to go on from. Two runners at once take turns: each transaction holds only if
//! the row is where it was when it was read ([`Progress::guard`]).

use super::connection::{Connection, Row, integer, text};
use super::error::{EngineError, ErrorKind};
use super::pieces::{self, Bound, Mark};
use super::value::Value;

/// The table.
pub const PROGRESS_TABLE: &str = "_dbmigrate_progress";

/// The statement that creates it.
const CREATE: &str = "CREATE TABLE IF NOT EXISTS _dbmigrate_progress (
  name TEXT PRIMARY KEY NOT NULL,
  checksum TEXT NOT NULL,
  schema_hash TEXT NOT NULL,
  stage INTEGER NOT NULL,
  pieces INTEGER NOT NULL,
  reached TEXT,
  visited INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  of_rows INTEGER,
  size INTEGER,
  worked_ms INTEGER NOT NULL,
  started_at TEXT NOT NULL,
  moved_at TEXT NOT NULL,
  note TEXT
)";

/// The columns as they are read.
const READ: &str = "SELECT name, checksum, schema_hash, stage, pieces, reached, visited, changed, of_rows, size, worked_ms, \
     started_at, moved_at, note FROM _dbmigrate_progress ORDER BY started_at LIMIT 1";

/// Where a migration stands that is under way.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// Its name.
    pub name: String,
    /// The checksum of its SQL, in hexadecimal digits.
    pub checksum: String,
    /// The hash of the schema that there is now.
    pub schema_hash: String,
    /// Which part of it is next, counted from 0; what its parts are is said by its script.
    pub stage: u64,
    /// How many transactions were committed: another number after each.
    pub pieces: u64,
    /// The key of the last row that is done, in a part that goes through a table.
    pub reached: Option<Mark>,
    /// How many rows of the table were gone through.
    pub visited: u64,
    /// How many rows the statement has written.
    pub changed: u64,
    /// About how many rows the table had when that part began.
    pub of: Option<u64>,
    /// How many rows the last piece had.
    pub size: Option<u64>,
    /// How long it has worked, in milliseconds.
    pub worked_ms: u64,
    /// When it began, in UTC.
    pub started_at: String,
    /// When its position was moved last, in UTC.
    pub moved_at: String,
    /// Whatever else a part has to know of itself.
    pub note: Option<String>,
}

impl Progress {
    /// What is under way in a database, if anything is.
    ///
    /// # Errors
    /// If the engine fails.
    pub async fn read(connection: &Connection) -> Result<Option<Self>, EngineError> {
        match connection.rows(READ).await {
            Ok(rows) => Ok(rows.first().map(Self::of_row)),
            Err(error) if error.kind == ErrorKind::Statement && error.message.contains("no such table") => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn of_row(row: &Row) -> Self {
        let value = |at: usize| row.get(at).unwrap_or(&Value::Null);
        let number = |at: usize| u64::try_from(integer(value(at))).unwrap_or_default();
        let perhaps = |at: usize| match value(at) {
            Value::Integer(number) => u64::try_from(*number).ok(),
            _ => None,
        };
        let words = |at: usize| text(value(at)).to_owned();
        Self {
            name: words(0),
            checksum: words(1),
            schema_hash: words(2),
            stage: number(3),
            pieces: number(4),
            reached: pieces::read_mark(text(value(5))),
            visited: number(6),
            changed: number(7),
            of: perhaps(8),
            size: perhaps(9),
            worked_ms: number(10),
            started_at: words(11),
            moved_at: words(12),
            note: Some(words(13)).filter(|note| !note.is_empty()),
        }
    }

    /// An expression that holds as long as nobody else has moved it, with its values. Where the table is gone it fails.
    pub fn guard(&self) -> Bound {
        let holds = format!("(SELECT pieces FROM {PROGRESS_TABLE} WHERE name = ?1 AND stage = ?2) = ?3");
        (holds, vec![Value::Text(self.name.clone()), number(self.stage), number(self.pieces)])
    }

    /// The statements that write it down for the first time.
    pub fn begin(&self) -> Vec<Bound> {
        let sql = format!(
            "INSERT INTO {PROGRESS_TABLE} (name, checksum, schema_hash, stage, pieces, reached, visited, changed, of_rows, \
             size, worked_ms, note, started_at, moved_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, \
             strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))"
        );
        vec![(CREATE.to_owned(), Vec::new()), (sql, self.values())]
    }

    /// The statement that writes down where it is now.
    pub fn moved(&self) -> Bound {
        let sql = format!(
            "UPDATE {PROGRESS_TABLE} SET checksum = ?2, schema_hash = ?3, stage = ?4, pieces = ?5, reached = ?6, \
             visited = ?7, changed = ?8, of_rows = ?9, size = ?10, worked_ms = ?11, note = ?12, \
             moved_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE name = ?1"
        );
        (sql, self.values())
    }

    /// The same directly behind the statement whose rows are counted, with those that it has written added.
    pub fn moved_behind_writing(&self) -> Bound {
        let (sql, values) = self.moved();
        (sql.replace("changed = ?8", "changed = ?8 + changes()"), values)
    }

    /// The statements behind which it was never there: at the end of the migration, or when it is given up.
    pub fn end() -> [&'static str; 1] {
        ["DROP TABLE IF EXISTS _dbmigrate_progress"]
    }

    fn values(&self) -> Vec<Value> {
        let words = |text: &str| Value::Text(text.to_owned());
        let perhaps = |value: Option<u64>| value.map_or(Value::Null, number);
        vec![
            words(&self.name),
            words(&self.checksum),
            words(&self.schema_hash),
            number(self.stage),
            number(self.pieces),
            self.reached.as_deref().map_or(Value::Null, |mark| Value::Text(pieces::written_mark(mark))),
            number(self.visited),
            number(self.changed),
            perhaps(self.of),
            perhaps(self.size),
            number(self.worked_ms),
            self.note.as_deref().map_or(Value::Null, words),
        ]
    }

    /// The next part begins.
    pub fn next_stage(&mut self) {
        let Self { stage, reached, visited, changed, of, size, note, .. } = self;
        *stage += 1;
        (*reached, *visited, *changed, *of, *size, *note) = (None, 0, 0, None, None, None);
    }
}

fn number(number: u64) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

#[cfg(all(test, feature = "libsql"))]
mod tests {
    use pollster::block_on;

    use super::super::pieces::Part;
    use super::*;

    #[test]
    fn a_position_is_read_as_it_was_written_and_holds_until_it_is_moved() {
        let connection = block_on(Connection::in_memory()).expect("a database");
        assert_eq!(block_on(Progress::read(&connection)).expect("it answers"), None);
        let mut progress = Progress { name: "0001_a".to_owned(), checksum: "c".to_owned(), ..Progress::default() };
        let run = |(sql, values): Bound| block_on(connection.run_with(&sql, values)).expect("it runs");
        progress.begin().into_iter().for_each(run);
        let read = || block_on(Progress::read(&connection)).expect("it answers").expect("it is under way");
        let holds = |progress: &Progress| {
            let (holds, values) = progress.guard();
            block_on(connection.rows_with(&format!("SELECT {holds}"), values)).expect("it answers")[0][0].clone()
        };
        let before = read();
        assert_eq!((before.stage, before.pieces, &before.reached), (0, 0, &None));
        assert_eq!(holds(&before), Value::Integer(1));
        progress.reached = Some(vec![Part::Text(b"\xff".to_vec()), Part::Integer(7)]);
        (progress.pieces, progress.visited, progress.of, progress.note) = (1, 10, Some(20), Some("n".to_owned()));
        run(progress.moved());
        let after = read();
        assert_eq!(Progress { started_at: String::new(), moved_at: String::new(), ..after }, progress);
        assert_eq!(holds(&before), Value::Integer(0));
        for sql in Progress::end() {
            run((sql.to_owned(), Vec::new()));
        }
        assert_eq!(block_on(Progress::read(&connection)).expect("it answers"), None);
    }
}
