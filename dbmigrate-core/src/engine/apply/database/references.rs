//! The foreign keys that a migration can break: checked before and after it, in the tables that it can reach.

use super::super::Failure;
use super::super::rebuilds::references::AtRisk;
use super::Database;
use crate::engine::check::{MISMATCH, Violations, foreign_key_violations, foreign_key_violations_of};
use crate::engine::error::EngineError;
use crate::folder::script::Rebuild;
use crate::sql::{Head, Statement, StatementKind};

impl Database {
    /// The foreign keys that rows may violate after the statements. `None` if that may be any.
    pub(super) async fn at_risk(
        &mut self,
        statements: &[Statement<'_>],
        rebuilds: &[&Rebuild],
    ) -> Result<Option<AtRisk>, EngineError> {
        let has_writes = statements.iter().any(|statement| statement.kind == StatementKind::Write);
        if has_writes && self.connection.is_local() {
            // triggers that no schema shows, and no server has
            let temporary = "SELECT 1 FROM sqlite_temp_schema WHERE type = 'trigger'";
            if self.connection.first_row(temporary).await?.is_some() {
                return Ok(None);
            }
        }
        let followed = self.beforehand.as_ref().map(|asked| asked.followed.clone()).unwrap_or_default();
        let tracker = self.tracker().await?;
        // what is not seen may refer to anything, or write to it
        if tracker.ignores() || !tracker.unreadable().is_empty() {
            return Ok(None);
        }
        Ok(AtRisk::of(tracker.schema(), statements, rebuilds, &followed))
    }

    /// Whether the tables that there are now have no foreign key at risk, so that there is nothing to check.
    pub(super) async fn has_none_at_risk(&mut self, at_risk: Option<&AtRisk>) -> Result<bool, EngineError> {
        let Some(at_risk) = at_risk else { return Ok(false) };
        Ok(at_risk.tables(self.tracker().await?.schema()).is_empty())
    }

    /// The violations that there are now of what is at risk.
    pub(super) async fn violations(&mut self, at_risk: Option<&AtRisk>) -> Result<Violations, Failure> {
        let engine = |error| Failure::Engine { action: "cannot check foreign keys", error };
        let tables = match at_risk {
            Some(at_risk) => Some(at_risk.tables(self.tracker().await.map_err(engine)?.schema())),
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
        at_risk: Option<&AtRisk>,
        before: &Violations,
    ) -> Result<(), Failure> {
        let after = self.violations(at_risk).await?;
        if after.is_empty() {
            return Ok(());
        }
        let (before, after) = comparable(before, &after);
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

/// What stands in the place of the rowid of a row that has none.
const NO_ROWID: &str = "NULL";

/// Both, such that a row that has lost its rowid, or got one, is still the one that it was: of such a table, rows are
/// counted and not told apart.
fn comparable(before: &Violations, after: &Violations) -> (Violations, Violations) {
    let have_none = |all: &Violations, table: &str, parent: &str| {
        let mut of_both = all.keys().filter(|(one, _, other)| one == table && other == parent);
        of_both.next().map(|(_, rowid, _)| rowid == NO_ROWID)
    };
    let differ = |table: &str, parent: &str| {
        let kinds = (have_none(before, table, parent), have_none(after, table, parent));
        matches!(kinds, (Some(was), Some(is)) if was != is)
    };
    let counted = |all: &Violations| {
        let mut counted = Violations::new();
        for ((table, rowid, parent), count) in all {
            let rowid = if differ(table, parent) { NO_ROWID } else { rowid };
            *counted.entry((table.clone(), rowid.to_owned(), parent.clone())).or_default() += count;
        }
        counted
    };
    (counted(before), counted(after))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn violations(all: &[(&str, &str, usize)]) -> Violations {
        all.iter().map(|(table, rowid, count)| (((*table).into(), (*rowid).into(), "p".into()), *count)).collect()
    }

    #[test]
    fn rows_are_the_same_ones_with_and_without_rowids() {
        let before = violations(&[("a", "1", 1), ("a", "7", 2), ("b", "3", 1), ("d", "NULL", 2)]);
        let (was, is) =
            comparable(&before, &violations(&[("a", "NULL", 3), ("b", "4", 1), ("c", "NULL", 1), ("d", "1", 1)]));
        assert_eq!(was, violations(&[("a", "NULL", 3), ("b", "3", 1), ("d", "NULL", 2)]));
        assert_eq!(is, violations(&[("a", "NULL", 3), ("b", "4", 1), ("c", "NULL", 1), ("d", "NULL", 1)]));
    }
}
