//! What several preflights look for in one table, looked for in one pass over it.
//!
//! Nearly always there is nothing, which one scan says for all of them, or what was asked before there was a lock. Only
//! where it finds a row, each is asked for itself: for its message.

use std::collections::{BTreeMap, BTreeSet};

use super::Database;
use crate::engine::connection::text;
use crate::engine::error::EngineError;
use crate::engine::value::Value;
use crate::plan::counted_rows;
use crate::sql::Name;

/// Preflights that each go through all rows of one table, counted from 0, and a query that returns a row if any of them
/// would.
pub(super) type Together = (Vec<usize>, String);

impl Database {
    /// Which of the preflights, counted from 0, are known to find nothing: those that would each go through all rows of
    /// a table. A server is asked for them with everything else, in one request.
    pub(super) async fn find_nothing(&self, queries: &[&str]) -> BTreeSet<usize> {
        let mut spared = self.with_copy.as_ref().map(|waiting| waiting.places.clone()).unwrap_or_default();
        if let Some(asked) = &self.beforehand {
            spared.extend((0..).zip(queries).filter(|(_, query)| asked.tells(query)).map(|(at, _)| at));
        }
        if !self.connection.is_local() {
            return spared;
        }
        for (all, any) in self.scans_together(queries, &spared).await {
            if let Ok(None) = self.connection.first_row(&any).await {
                spared.extend(all);
            }
        }
        spared
    }

    /// The preflights that one scan answers, besides those that are `spared`.
    pub(super) async fn scans_together(&self, queries: &[&str], spared: &BTreeSet<usize>) -> Vec<Together> {
        let mut together = Vec::new();
        if queries.len() < 2 {
            return together;
        }
        let mut tables: BTreeMap<Name, Vec<(usize, &str)>> = BTreeMap::new();
        for (at, query) in queries.iter().enumerate() {
            if let Some((table, condition)) = counted_rows(query).filter(|_| !spared.contains(&at)) {
                tables.entry(table).or_default().push((at, condition));
            }
        }
        for (table, conditions) in tables.into_iter().filter(|(_, conditions)| conditions.len() > 1) {
            // what is wrong with one of them is said by its own query
            let mut scans = Vec::new();
            for (at, condition) in conditions {
                if self.is_scan(&table, condition).await.unwrap_or(false) {
                    scans.push((at, condition));
                }
            }
            if scans.len() < 2 {
                continue;
            }
            let any = scans.iter().map(|(_, condition)| format!("({condition}\n)")).collect::<Vec<_>>().join(" OR ");
            let all = scans.iter().map(|(at, _)| *at).collect();
            together.push((all, format!("SELECT 1 FROM {} WHERE {any}", table.sql())));
        }
        together
    }

    /// Whether it is known at once that a query returns no row, which is so nearly always. If not, it is asked for what it
    /// returns, and for what is wrong with it.
    pub(super) async fn finds_nothing(&self, query: &str) -> bool {
        if !self.connection.is_local() {
            return false;
        }
        let query = format!("SELECT EXISTS (\n{}\n)", query.trim_end().trim_end_matches(';'));
        matches!(self.connection.first_row(&query).await, Ok(Some(row)) if row.first() == Some(&Value::Integer(0)))
    }

    /// Whether rows with a condition are found by looking at all of them, not by an index.
    pub(super) async fn is_scan(&self, table: &Name, condition: &str) -> Result<bool, EngineError> {
        let query = format!("EXPLAIN QUERY PLAN SELECT 1 FROM {} WHERE ({condition}\n)", table.sql());
        let row = self.connection.first_row(&query).await?;
        Ok(row.and_then(|row| row.get(3).map(|detail| text(detail).starts_with("SCAN"))).unwrap_or(false))
    }
}
