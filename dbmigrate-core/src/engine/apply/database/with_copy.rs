//! Preflights that the copy of a rebuild answers on its way, and the tables that are worth being rebuilt otherwise than it is
//! written.
//!
//! A copy reads every row. Where it is the first thing that a migration does, a scan beforehand says no more than the copy
//! does, which fails at the first row that contradicts. Nothing stays of it then, and the preflights say what is wrong. In a
//! table with more rows than are copied in a few seconds, they are asked beforehand all the same: nobody shall wait for
//! minutes, with the lock taken, for a refusal that a scan has in seconds.

use std::collections::BTreeSet;

use super::super::rebuilds::kept::Kept;
use super::super::{Failure, Prepared};
use super::Database;
use crate::engine::engines::Engine;
use crate::engine::in_place::beforehand::is_of_one_row;
use crate::engine::in_place::{is_never_in_place, is_worth_it, rows_stay};
use crate::engine::pieces::rowid_ends;
use crate::folder::script::{Preflight, Rebuild};
use crate::plan::counted_rows;
use crate::schema::{Column, Conflict, Table};
use crate::sql::token::significant;
use crate::sql::{Expr, Name, StatementKind};

/// So many rows of a table are copied in a few seconds.
const MOST: u64 = 2_000_000;

/// Preflights about the rows of a table that is rebuilt.
#[derive(Debug, Clone)]
pub(super) struct WithCopy {
    /// The place of the first statement of the rebuild.
    pub(super) at: usize,
    /// What the copy has to fail at, besides what the new definition refuses.
    pub(super) conditions: Vec<String>,
    /// Their places in the script.
    pub(super) places: BTreeSet<usize>,
    preflights: Vec<Preflight>,
}

impl Database {
    /// What the copy of the first rebuild of a migration can answer of its preflights.
    pub(super) async fn with_copy_of(&mut self, migration: &Prepared<'_>) -> Option<WithCopy> {
        let script = &migration.script;
        let rebuild = &script.rebuilds.first()?.rebuild;
        let is_possible = self.connection.is_local() && script.rust.is_none() && !script.preflights.is_empty();
        if !is_possible || !self.is_large(rebuild).await || self.connection.known_engine() != Some(Engine::LibSql) {
            return None;
        }
        let statements = &script.statements;
        let takes_no_time = |kind: StatementKind| {
            kind == StatementKind::DropOther || kind.only_adds_objects() && kind != StatementKind::CreateIndex
        };
        let earlier = statements.get(..rebuild.statements.start)?;
        if !earlier.iter().all(|one| takes_no_time(one.kind)) || !rows_stay(statements, rebuild) {
            return None;
        }
        let before = self.tracker().await.ok()?.schema().table(&rebuild.table)?.clone();
        Kept::of(rebuild, &before, statements)?;
        if !is_never_in_place(&before, rebuild) || !self.is_copied_soon(&before).await {
            return None;
        }
        let mut found =
            WithCopy { at: rebuild.statements.start, conditions: vec![], places: BTreeSet::new(), preflights: vec![] };
        for (at, preflight) in script.preflights.iter().enumerate() {
            let Some((table, condition)) = counted_rows(&preflight.query) else { continue };
            let is_about_it = table == rebuild.table && is_of_one_row(condition);
            // what an index answers is known at once
            if !is_about_it || !self.is_scan(&table, condition).await.unwrap_or(false) {
                continue;
            }
            if !is_refused(condition, rebuild) {
                found.conditions.push(condition.to_owned());
            }
            found.places.insert(at);
            found.preflights.push(preflight.clone());
        }
        (!found.preflights.is_empty()).then_some(found)
    }

    /// Asks what no copy has answered.
    pub(super) async fn ask_instead(&self, waiting: &WithCopy) -> Result<(), Failure> {
        self.refuse_rows(&waiting.preflights.iter().collect::<Vec<_>>(), Vec::new()).await.map(drop)
    }

    /// Whether a table has so many rows that less than what is written may be done for its rebuild. It is asked once for a
    /// migration, maybe before the lock is taken: whatever it says, the rebuild leads to the same.
    pub(super) async fn is_large(&mut self, rebuild: &Rebuild) -> bool {
        if let Some((_, is_large)) = self.at_work.large.iter().find(|(table, _)| *table == rebuild.table) {
            return *is_large;
        }
        let is_large = is_worth_it(&self.connection, rebuild, self.least_rows()).await.unwrap_or(false);
        self.at_work.large.push((rebuild.table.clone(), is_large));
        is_large
    }

    /// Whether a table has no more rows than [`MOST`]: what lies between the first and the last one is the most that there
    /// can be.
    async fn is_copied_soon(&self, table: &Table) -> bool {
        let Some(rowid) = table.free_rowid_name().or_else(|| Some(table.rowid_alias()?.name.clone())) else {
            return false;
        };
        let [lowest, highest] = rowid_ends(&table.name, &rowid);
        let query = format!("SELECT 1 WHERE {highest} - {lowest} < {MOST}");
        matches!(self.connection.first_row(&query).await, Ok(Some(_)))
    }
}

/// Whether the new definition refuses every row with this condition: NULL in a column that is copied as it is.
fn is_refused(condition: &str, rebuild: &Rebuild) -> bool {
    let [name, is, null] = &significant(condition)[..] else { return false };
    if !is.is_word("is") || !null.is_word("null") {
        return false;
    }
    let Some(name) = name.identifier().map(Name::from) else { return false };
    let is_it = |value: &str| Expr::new(value).as_column().is_some_and(|column| column == name);
    let mut copies = rebuild.values.iter().filter(|(_, value)| is_it(value));
    copies.any(|(column, _)| {
        rebuild.definition.column(column).is_some_and(|column| fails_on_null(&rebuild.definition, column))
    })
}

/// Whether a row with NULL in a column is an error, and nothing else: an alias of the rowid takes another value, and a
/// constraint may say that the row is left out, or gets the default (sqlite.org/lang_conflict.html).
fn fails_on_null(table: &Table, column: &Column) -> bool {
    let is_alias = table.rowid_alias().is_some_and(|alias| alias.name == column.name);
    let is_lenient = matches!(column.not_null_conflict, Some(Conflict::Ignore | Conflict::Replace));
    !is_alias && !is_lenient && table.rejects_null(column)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::split;

    #[test]
    fn null_in_an_alias_of_the_rowid_or_with_a_lenient_constraint_is_no_error() {
        let sql = "CREATE TABLE h (id INTEGER PRIMARY KEY, a TEXT NOT NULL ON CONFLICT REPLACE DEFAULT '', \
                   b TEXT NOT NULL ON CONFLICT IGNORE, c TEXT NOT NULL ON CONFLICT FAIL); \
                   INSERT INTO h (id, a, b, c) SELECT id, a, b, c FROM t; DROP TABLE t; ALTER TABLE h RENAME TO t";
        let rebuild = Rebuild::read(&split(sql), 0).expect("a rebuild");
        for (condition, is_so) in
            [("id IS NULL", false), ("a IS NULL", false), ("b IS NULL", false), ("c IS NULL", true)]
        {
            assert_eq!(is_refused(condition, &rebuild), is_so, "{condition}");
        }
    }

    #[test]
    fn null_is_refused_by_a_column_that_takes_none_and_is_copied_as_it_is() {
        let sql = "CREATE TABLE h (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b TEXT NOT NULL, c TEXT); \
                   INSERT INTO h (id, a, b, c) SELECT id, \"A\", coalesce(b, ''), c FROM t; DROP TABLE t; \
                   ALTER TABLE h RENAME TO t";
        let rebuild = Rebuild::read(&split(sql), 0).expect("a rebuild");
        for (condition, is_so) in [
            ("a IS NULL", true),
            ("\"a\" is null", true),
            ("b IS NULL", false),
            ("c IS NULL", false),
            ("a IS NOT NULL", false),
            ("a IS NULL OR c", false),
        ] {
            assert_eq!(is_refused(condition, &rebuild), is_so, "{condition}");
        }
    }
}
