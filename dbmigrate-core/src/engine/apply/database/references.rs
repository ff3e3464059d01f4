//! The foreign keys that a migration can break: checked before and after it, in the tables that it can reach.

use std::collections::BTreeSet;

use super::super::Failure;
use super::Database;
use crate::engine::check::{MISMATCH, Violations, foreign_key_violations, foreign_key_violations_of};
use crate::engine::error::EngineError;
use crate::plan::{reach, referring};
use crate::sql::{Head, Name, Statement, StatementKind};

/// The tables that statements write to, create, alter or drop, by all names that they have on the way. `None` if that
/// may be any.
pub(super) type Reach = Option<BTreeSet<Name>>;

impl Database {
    /// The tables whose rows, or whose keys, may be others after the statements.
    pub(super) async fn reach(&mut self, statements: &[Statement<'_>]) -> Result<Reach, EngineError> {
        // a server has them all checked in the same request
        if !self.connection.is_local() {
            return Ok(None);
        }
        let has_writes = statements.iter().any(|statement| statement.kind == StatementKind::Write);
        if has_writes {
            // triggers that no schema shows
            let temporary = "SELECT 1 FROM sqlite_temp_schema WHERE type = 'trigger'";
            if self.connection.first_row(temporary).await?.is_some() {
                return Ok(None);
            }
        }
        let tracker = self.tracker().await?;
        // what is not seen may refer to anything, or write to it
        if tracker.ignores() || !tracker.unreadable().is_empty() {
            return Ok(None);
        }
        Ok(reach(tracker.schema(), statements).ok())
    }

    /// The violations that there are now in the tables within reach, and in those that refer to them.
    pub(super) async fn violations(&mut self, reach: &Reach) -> Result<Violations, Failure> {
        let engine = |error| Failure::Engine { action: "cannot check foreign keys", error };
        let tables = match reach {
            Some(reach) => Some(referring(self.tracker().await.map_err(engine)?.schema(), reach)),
            None => None,
        };
        let found = match tables {
            Some(tables) => foreign_key_violations_of(&self.connection, &tables.iter().collect::<Vec<_>>()).await,
            None => foreign_key_violations(&self.connection).await,
        };
        found.map_err(engine)
    }

    /// Fails if there are violations that were not there before.
    pub(super) async fn check_references(
        &mut self,
        statements: &[Statement<'_>],
        reach: &Reach,
        before: &Violations,
    ) -> Result<(), Failure> {
        let after = self.violations(reach).await?;
        let names = renamed_tables(statements);
        // a violation that a renamed table had before is not new
        let former = |table: &str| names.iter().rev().find(|(_, to)| to == table).map(|(from, _)| from.clone());
        let mut new: Vec<(&(String, String, String), usize)> = Vec::new();
        for (key, count) in &after {
            let (table, rowid, parent) = key;
            let tables = [Some(table.clone()), former(table)];
            let parents = [Some(parent.clone()), former(parent)];
            let known: usize = tables
                .iter()
                .flatten()
                .flat_map(|table| {
                    parents.iter().flatten().map(move |parent| (table.clone(), rowid.clone(), parent.clone()))
                })
                .filter_map(|key| before.get(&key))
                .copied()
                .max()
                .unwrap_or(0);
            if *count > known {
                new.push((key, count - known));
            }
        }
        let Some(((table, rowid, parent), _)) = new.first() else { return Ok(()) };
        if rowid == MISMATCH {
            let message = format!("{MISMATCH}: `{parent}` has no key for its foreign key to reference");
            return Err(Failure::Broken { kind: "table", name: table.clone(), message });
        }
        let count = new.iter().filter(|((one, _, two), _)| one == table && two == parent).map(|(_, count)| count).sum();
        Err(Failure::ForeignKeys { table: table.clone(), parent: parent.clone(), rowid: rowid.clone(), count })
    }
}

/// The tables that `ALTER TABLE … RENAME TO` renames, in order, in lower case.
fn renamed_tables(statements: &[Statement<'_>]) -> Vec<(String, String)> {
    let heads = statements.iter().filter_map(Head::of);
    let renamed = heads.filter_map(|head| match head {
        Head::RenameTable(from, to) => Some((from.folded(), to.folded())),
        _ => None,
    });
    renamed.collect()
}
