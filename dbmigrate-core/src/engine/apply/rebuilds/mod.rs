//! What a rebuild leaves as it was: rows, rowids, the values of columns; and what follows from it.
//!
//! A rebuild copies every row, or fails. So a column that is filled from itself, and stores values in the same form,
//! holds what it held. Foreign keys over such columns hold as before (`references`), and an index over such columns has
//! the entries that it would get anew (`kept`). Both are argued in `docs/rebuilds.md`.

pub(super) mod kept;
pub(super) mod ordered;
pub(super) mod references;

use crate::folder::script::Rebuild;
use crate::schema::{Column, Table};
use crate::sql::token::significant;
use crate::sql::{Expr, Name, Statement};

/// What a rebuild does not change of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unchanged<'a> {
    rebuild: &'a Rebuild,
    before: &'a Table,
}

impl<'a> Unchanged<'a> {
    /// For the rebuild of that table among the statements of its script. `None` if rows might not arrive.
    pub(super) fn of(rebuild: &'a Rebuild, before: &'a Table, statements: &[Statement<'_>]) -> Option<Self> {
        let insert = rebuild.of(statements).get(1)?;
        let tokens = significant(insert.text);
        let says_abort = tokens.get(1).is_some_and(|token| token.is_word("or"))
            && tokens.get(2).is_some_and(|token| token.is_word("abort"));
        // a clause of the table skips or replaces rows unless the statement has its own
        (says_abort || !has_conflict_clause(&rebuild.definition)).then_some(Self { rebuild, before })
    }

    /// Whether the values of a column are stored as they were, each in its row.
    pub(super) fn has(&self, column: &Name) -> bool {
        let (Some(before), Some(after)) = (self.before.column(column), self.rebuild.definition.column(column)) else {
            return false;
        };
        let is_plain = |column: &Column| column.generated.is_none();
        let definition = &self.rebuild.definition;
        is_plain(before)
            && is_plain(after)
            && self.before.affinity(before) == definition.affinity(after)
            && collation(before) == collation(after)
            && is_alias(self.before, column) == is_alias(definition, column)
            && self.value(column).is_some_and(|value| value == *column)
    }

    /// Whether each row has the rowid that it had.
    pub(super) fn keeps_rowids(&self) -> bool {
        let definition = &self.rebuild.definition;
        let tables = [self.before, definition];
        if tables.iter().any(|table| table.without_rowid || table.random_rowid) {
            return false;
        }
        let is_rowid_before = |name: &Name| match self.before.column(name) {
            Some(_) => is_alias(self.before, name),
            None => ROWIDS.iter().any(|rowid| *name == **rowid),
        };
        let is_rowid_after = |name: &Name| match definition.column(name) {
            Some(_) => is_alias(definition, name),
            None => ROWIDS.iter().any(|rowid| *name == **rowid),
        };
        let mut filled = self.rebuild.values.iter().filter(|(name, _)| is_rowid_after(name));
        // said twice, the last one counts
        let (Some((_, value)), None) = (filled.next(), filled.next()) else { return false };
        Expr::new(value.as_str()).as_column().is_some_and(|from| is_rowid_before(&from))
    }

    /// The name that a column is filled from, if that is all.
    fn value(&self, column: &Name) -> Option<Name> {
        let (_, value) = self.rebuild.values.iter().find(|(name, _)| name == column)?;
        Expr::new(value.as_str()).as_column()
    }
}

/// The names of a rowid, as far as no column has them.
const ROWIDS: [&str; 3] = ["rowid", "_rowid_", "oid"];

fn is_alias(table: &Table, column: &Name) -> bool {
    table.rowid_alias().is_some_and(|alias| alias.name == *column)
}

/// How a column compares, in lower case.
fn collation(column: &Column) -> String {
    column.collate.as_ref().map_or_else(|| "binary".to_owned(), Name::folded)
}

/// Whether a clause of the table decides what becomes of a row that violates a constraint.
fn has_conflict_clause(table: &Table) -> bool {
    table.columns.iter().any(|column| column.not_null_conflict.is_some())
        || table.primary_key.as_ref().is_some_and(|key| key.conflict.is_some())
        || table.uniques.iter().any(|unique| unique.conflict.is_some())
}
