//! What a migration brings back of what was kept: counted before its statements, in their transaction.

use crate::engine::value::Value;

use crate::engine::connection::Row;
use crate::kept::Restore;

/// What came back of kept values, or of a kept table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The table, or `table.column`.
    pub object: String,
    /// Whether it is a whole table.
    pub is_table: bool,
    /// The hidden table that it comes from.
    pub kept: String,
    /// What rows get that nothing was kept of, as SQL; `None` if they keep what they have.
    pub otherwise: Option<String>,
    /// How many rows get what was kept of them.
    pub restored: u64,
    /// How many rows were added since.
    pub added: u64,
    /// How many of the rows that something was kept of are gone; `None` if that was not written down.
    pub deleted: Option<u64>,
    /// How many rows have other values by now than the migration has made of them, and keep those.
    pub changed: u64,
}

impl Restored {
    /// What a directive has counted. `None` if that is nothing that can be understood.
    pub(super) fn of(restore: &Restore, row: Option<&Row>) -> Option<Self> {
        let [restored, added, deleted, changed] = &row?[..] else { return None };
        let number = |value: &Value| match value {
            Value::Integer(number) => u64::try_from(*number).ok(),
            _ => None,
        };
        Some(Self {
            object: restore.object(),
            is_table: restore.column.is_none(),
            kept: restore.kept.to_string(),
            otherwise: restore.otherwise.clone(),
            restored: number(restored)?,
            added: number(added)?,
            deleted: number(deleted),
            changed: number(changed)?,
        })
    }
}

/// The queries of directives, each once: columns of one table are counted alike.
pub(super) fn queries(restores: &[Restore]) -> Vec<&str> {
    let mut queries: Vec<&str> = Vec::new();
    for restore in restores {
        if !queries.contains(&restore.query.as_str()) {
            queries.push(&restore.query);
        }
    }
    queries
}

/// What directives have counted, by the answers to their queries. Where one has failed, nothing is said.
pub(super) fn counted(restores: &[Restore], answers: &[Option<Row>]) -> Vec<Restored> {
    let queries = queries(restores);
    let answer = |restore: &Restore| {
        let at = queries.iter().position(|query| *query == restore.query)?;
        answers.get(at)?.as_ref()
    };
    restores.iter().filter_map(|restore| Restored::of(restore, answer(restore))).collect()
}
