//! What a database has, as far as a copy is recognized by it: every statement of its schema, and how many rows its
//! tables have.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use dbmigrate_core::engine::connection::{display, integer, text};
use dbmigrate_core::engine::{Connection, EngineError};
use dbmigrate_core::quote::quote_name;
use dbmigrate_core::sha256::Sha256;
use pollster::block_on;

/// The schema as it is stored, and which of it has rows.
const SCHEMA: &str =
    "SELECT type, name, tbl_name, sql, type = 'table' AND rootpage > 0 FROM sqlite_schema ORDER BY 1, 2, 3, 4";
/// How often the tables are read again because the schema has changed meanwhile.
const TRIES: usize = 5;
/// How many differences are said.
const MOST_SAID: usize = 3;

/// What a database has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    /// What is in the schema, by kind and name.
    schema: BTreeMap<(String, String), String>,
    /// The rows of each table, also of those that SQLite and this tool keep.
    counts: BTreeMap<String, i64>,
}

impl Fingerprint {
    /// Reads it, in one state of a database on a server.
    pub(crate) fn read(connection: &Connection) -> Result<Self, EngineError> {
        let mut rows = block_on(connection.rows(SCHEMA))?;
        for _ in 0..TRIES {
            let names = rows.iter().filter(|row| integer(&row[4]) == 1).map(|row| text(&row[1]).to_owned());
            let tables: Vec<String> = names.collect();
            let counts = tables.iter().map(|table| format!("SELECT count(*) FROM {}", quote_name(table)));
            let queries: Vec<String> = std::iter::once(SCHEMA.to_owned()).chain(counts).collect();
            let mut answers = block_on(connection.ask_all(&queries))?.into_iter();
            let now = answers.next().unwrap_or_else(|| Ok(Vec::new()))?;
            if now != rows {
                rows = now;
                continue;
            }
            let mut counted = BTreeMap::new();
            for (table, answer) in tables.into_iter().zip(answers) {
                let count = answer?.first().and_then(|row| row.first()).map_or(0, integer);
                counted.insert(table, count);
            }
            let entry = |row: &Vec<_>| {
                (
                    (text(&row[0]).to_owned(), text(&row[1]).to_owned()),
                    format!("{} {}", text(&row[2]), display(&row[3])),
                )
            };
            return Ok(Self { schema: rows.iter().map(entry).collect(), counts: counted });
        }
        let message = "its schema keeps changing while it is read".to_owned();
        Err(EngineError { kind: dbmigrate_core::engine::error::ErrorKind::Statement, message })
    }

    /// A hash of the schema.
    pub(crate) fn schema_hash(&self) -> String {
        let mut hash = Sha256::new();
        for ((kind, name), sql) in &self.schema {
            for part in [kind, name, sql] {
                hash.update(&(part.len() as u64).to_le_bytes());
                hash.update(part.as_bytes());
            }
        }
        hash.finish().iter().fold(String::new(), |mut digits, byte| {
            // writing to a string cannot fail
            let _ = write!(digits, "{byte:02x}");
            digits
        })
    }

    /// How many tables it has.
    pub(crate) fn tables(&self) -> usize {
        self.counts.len()
    }

    /// How many rows these have in all.
    pub(crate) fn rows(&self) -> i64 {
        self.counts.values().sum()
    }

    /// Whether nothing is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.schema.is_empty()
    }

    /// Whether both have the same schema.
    pub(crate) fn has_schema_of(&self, other: &Self) -> bool {
        self.schema == other.schema
    }

    /// What of `original` this copy lacks, or has otherwise, in words. `now` is the original behind the copy: while it
    /// was copied, others may have written to it.
    pub(crate) fn differences(&self, original: &Self, now: &Self) -> Vec<String> {
        let mut found = Vec::new();
        if self.schema.is_empty() && !original.schema.is_empty() {
            return vec!["it is empty".to_owned()];
        }
        for (key @ (kind, name), sql) in &original.schema {
            match self.schema.get(key) {
                None => found.push(format!("{kind} `{name}` is missing")),
                Some(other) if other != sql => found.push(format!("{kind} `{name}` differs")),
                Some(_) => {}
            }
        }
        let more = self.schema.keys().filter(|key| !original.schema.contains_key(*key));
        found.extend(more.map(|(kind, name)| format!("{kind} `{name}` is new")));
        for (table, count) in &original.counts {
            let now = now.counts.get(table).unwrap_or(count);
            let range = *count.min(now)..=*count.max(now);
            match self.counts.get(table) {
                Some(copied) if !range.contains(copied) => {
                    found.push(format!("table `{table}` has {copied} rows, and the original {count}"));
                }
                _ => {}
            }
        }
        if found.len() > MOST_SAID {
            let more = found.len() - MOST_SAID;
            found.truncate(MOST_SAID);
            found.push(format!("{more} more"));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(statements: &[&str]) -> Fingerprint {
        let connection = block_on(Connection::in_memory()).expect("memory");
        for statement in statements {
            block_on(connection.run(statement)).expect(statement);
        }
        Fingerprint::read(&connection).expect("it can be read")
    }

    const TABLE: &str = "CREATE TABLE \"a \"\"b\" (x)";
    const ROW: &str = "INSERT INTO \"a \"\"b\" VALUES (1)";

    #[test]
    fn a_copy_has_every_statement_and_every_row() {
        let original = of(&[TABLE, ROW, ROW, "CREATE VIEW v AS SELECT 1", "CREATE VIRTUAL TABLE f USING fts5(t)"]);
        assert_eq!(original.differences(&original, &original), [""; 0]);
        assert_eq!(of(&[]).differences(&original, &original), ["it is empty"]);
        let fewer = of(&[TABLE, ROW, "CREATE VIEW v AS SELECT 2", "CREATE INDEX i ON \"a \"\"b\" (x)"]);
        let said = fewer.differences(&original, &original).join("; ");
        assert!(said.contains("is missing") && said.contains("more"), "{said}");
        let rows = of(&[TABLE, ROW]);
        let two = of(&[TABLE, ROW, ROW]);
        assert_eq!(rows.differences(&two, &two), ["table `a \"b` has 1 rows, and the original 2"]);
        assert!(rows.schema_hash() == two.schema_hash() && rows.schema_hash() != original.schema_hash());
    }

    #[test]
    fn rows_that_others_wrote_meanwhile_may_be_there_or_not() {
        let (before, after) = (of(&[TABLE, ROW]), of(&[TABLE, ROW, ROW, ROW]));
        assert_eq!(of(&[TABLE, ROW, ROW]).differences(&before, &after), [""; 0]);
        assert_eq!(of(&[TABLE]).differences(&before, &after).len(), 1);
    }
}
