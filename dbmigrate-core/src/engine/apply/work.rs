//! How far a long statement is, for whoever watches from another thread.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::sql::token::significant;
use crate::sql::{Name, Statement};

/// From so many rows on, a table is counted before it is copied: counting takes a fiftieth of copying.
const MANY: u64 = 50_000;

/// The rows that the statement at work has written, and how many there will be, where that is known.
#[derive(Debug, Default)]
pub struct Work {
    rows: AtomicU64,
    of: AtomicU64,
}

impl Work {
    /// How many rows it has written.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// How many it will have written.
    pub fn of(&self) -> Option<u64> {
        Some(self.of.load(Ordering::Relaxed)).filter(|of| *of > 0)
    }

    pub(in crate::engine) fn add_row(&self) {
        self.add(1);
    }

    pub(in crate::engine) fn add(&self, rows: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }

    /// Another statement begins.
    pub(super) fn begin(&self, of: Option<u64>) {
        self.rows.store(0, Ordering::Relaxed);
        self.of.store(of.unwrap_or(0), Ordering::Relaxed);
    }
}

/// The table of which a statement reads or changes every row.
pub(super) fn whole_table(statement: &Statement<'_>) -> Option<Name> {
    let tokens = significant(statement.text);
    let (first, last) = (tokens.first()?, tokens.last()?);
    let before_last = tokens.len().checked_sub(2).and_then(|at| tokens.get(at))?;
    if first.is_word("insert") && before_last.is_word("from") {
        return last.identifier().map(Name::from);
    }
    if first.is_word("update") && !tokens.iter().any(|token| token.is_word("where") || token.is_word("from")) {
        return tokens.get(1)?.identifier().map(Name::from);
    }
    None
}

/// The queries that say how many rows a table has: at most so many, and then exactly.
pub(super) fn queries(table: &Name) -> [String; 2] {
    let table = table.sql();
    [format!("SELECT max(rowid) FROM {table}"), format!("SELECT count(*) FROM {table}")]
}

/// Whether a table with such a highest rowid is worth being counted.
pub(super) fn is_worth_counting(highest: u64) -> bool {
    highest >= MANY
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::split;

    #[test]
    fn a_statement_over_a_whole_table_is_known_by_its_form() {
        let table = |text: &str| split(text).first().and_then(whole_table).map(|name| name.to_string());
        assert_eq!(table("INSERT INTO n (a) SELECT a FROM \"old t\""), Some("old t".to_owned()));
        assert_eq!(table("UPDATE t SET a = 1"), Some("t".to_owned()));
        for other in
            ["INSERT INTO n SELECT a FROM t WHERE a", "UPDATE t SET a = 1 WHERE b", "DELETE FROM t", "SELECT 1"]
        {
            assert_eq!(table(other), None, "{other}");
        }
    }
}
