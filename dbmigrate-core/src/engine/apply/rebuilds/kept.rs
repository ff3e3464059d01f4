//! Indexes that a rebuild can keep, and what has to be true of the rows for it.
//!
//! An entry of an index is the values of its columns, in the collations of the index, and the rowid
//! (sqlite.org/fileformat2.html#representation_of_sql_indices). If rowids and values stay, so does each entry. A value that
//! has not the affinity of its column is stored otherwise by the copy, and its entry would not be: for such values, which
//! only an edit of the stored schema leaves behind, is looked beforehand.

use std::collections::BTreeSet;

use super::{Unchanged, collation};
use crate::folder::script::Rebuild;
use crate::schema::canonical::canonical_index;
use crate::schema::{Index, Table};
use crate::sql::expr::Affinity;
use crate::sql::{Name, Statement};

/// How the indexes of a table get through its rebuild.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::engine::apply) struct Kept<'a> {
    /// Those that stay, by name.
    pub(in crate::engine::apply) staying: Vec<&'a Index>,
    /// Those that go, and may be made anew.
    pub(in crate::engine::apply) dropped: Vec<&'a Name>,
    /// The places in the script of those that are made.
    pub(in crate::engine::apply) made: Vec<usize>,
}

impl<'a> Kept<'a> {
    /// Of a rebuild that leaves rowids as they are. `None` if no index can stay.
    pub(in crate::engine::apply) fn of(
        rebuild: &'a Rebuild,
        before: &'a Table,
        statements: &[Statement<'_>],
    ) -> Option<(Self, Unchanged<'a>)> {
        let unchanged = Unchanged::of(rebuild, before, statements).filter(Unchanged::keeps_rowids)?;
        let all = before.indexes.iter().chain(rebuild.indexes.iter().map(|(_, index)| index));
        // tables of the engine's own belong to it
        if all.into_iter().any(|index| index.mentions(&Name::from("libsql_vector_idx"))) {
            return None;
        }
        let mut found = Self { staying: Vec::new(), dropped: Vec::new(), made: Vec::new() };
        for (at, index) in &rebuild.indexes {
            match before.indexes.get(&index.name) {
                Some(old)
                    if canonical_index(before, old) == canonical_index(&rebuild.definition, index)
                        && unchanged.keeps_index(index) =>
                {
                    found.staying.push(old);
                }
                _ => found.made.push(*at),
            }
        }
        let is_kept = |name: &Name| found.staying.iter().any(|index| index.name == *name);
        found.dropped = before.indexes.iter().map(|index| &index.name).filter(|name| !is_kept(name)).collect();
        Some((found, unchanged))
    }
}

impl Unchanged<'_> {
    /// Whether all that an index of both tables looks at is as it was.
    fn keeps_index(&self, index: &Index) -> bool {
        self.columns_of(index).all(|column| self.has(&column))
    }

    /// The columns of either table that an index mentions.
    fn columns_of(&self, index: &Index) -> impl Iterator<Item = Name> {
        let both = self.before.columns.iter().chain(&self.rebuild.definition.columns);
        let names: BTreeSet<Name> = both.map(|column| column.name.clone()).collect();
        names.into_iter().filter(|name| index.mentions(name))
    }

    /// The columns that kept indexes look at, with `more` that the constraints do.
    pub(in crate::engine::apply) fn columns(&self, kept: &Kept<'_>, more: BTreeSet<Name>) -> BTreeSet<Name> {
        kept.staying.iter().flat_map(|index| self.columns_of(index)).chain(more).collect()
    }

    /// The condition for rows of the old table with a value in one of these columns that the copy would store in another
    /// form. `None` if there can be no such row.
    pub(in crate::engine::apply) fn stored_otherwise(&self, columns: &BTreeSet<Name>) -> Option<String> {
        let conditions: Vec<String> = columns.iter().filter_map(|column| self.not_of_affinity(column)).collect();
        if conditions.is_empty() { None } else { Some(conditions.join(" OR ")) }
    }

    /// A query that returns no row if an index shows at once that no row has such a value in this column: whatever is in
    /// order, numbers come before text.
    pub(in crate::engine::apply) fn told_by_index(&self, name: &Name) -> Option<String> {
        let column = self.before.column(name).filter(|_| self.leads(name))?;
        let (sql, table) = (name.sql(), self.before.name.sql());
        let (end, classes) = match self.before.affinity(column) {
            Affinity::Text => ("min", "'integer', 'real'"),
            Affinity::Real => ("max", "'text', 'blob'"),
            _ => return None,
        };
        Some(format!("SELECT 1 WHERE typeof((SELECT {end}({sql}) FROM {table})) IN ({classes})"))
    }

    fn not_of_affinity(&self, name: &Name) -> Option<String> {
        let column = self.before.column(name)?;
        if super::is_alias(self.before, name) {
            return None;
        }
        let sql = name.sql();
        let is_number = format!("(typeof({sql}) = 'text' AND {sql} = CAST({sql} AS NUMERIC))");
        // each begins with what is false for nearly all rows, and cheap
        Some(match self.before.affinity(column) {
            Affinity::Blob => return None,
            Affinity::Text => format!("(typeof({sql}) <> 'text' AND typeof({sql}) IN ('integer', 'real'))"),
            Affinity::Real => format!("(typeof({sql}) <> 'real' AND {is_number})"),
            Affinity::Integer | Affinity::Numeric => format!(
                "(typeof({sql}) <> 'integer' AND ({is_number} OR (typeof({sql}) = 'real' AND {sql} = CAST({sql} AS INTEGER))))"
            ),
        })
    }

    /// Whether an index over all rows begins with a column, so that its least and greatest values are found at once.
    fn leads(&self, name: &Name) -> bool {
        let Some(column) = self.before.column(name) else { return false };
        self.before.indexes.iter().any(|index| {
            let Some(first) = index.parts.first().filter(|_| index.predicate.is_none()) else { return false };
            let own = first.collate.as_ref().is_none_or(|collate| collate.folded() == collation(column));
            own && first.expr.as_column().is_some_and(|indexed| indexed == *name)
        })
    }
}
