//! What changes within one table.

use crate::schema::canonical::{
    canonical_check, canonical_column, canonical_default, canonical_index, canonical_primary_key, canonical_unique,
};
use crate::schema::{Check, Column, ForeignKey, Schema, Table, Unique};
use crate::sql::Name;

/// The difference between two tables of one name. Columns are matched by name.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TableDiff {
    /// Its name.
    pub name: Name,
    /// Columns that are new.
    pub added: Vec<Name>,
    /// Columns that are gone.
    pub dropped: Vec<Name>,
    /// Columns that are in both and differ.
    pub changed: Vec<ColumnChange>,
    /// Whether the primary key differs, `AUTOINCREMENT` included.
    pub primary_key: bool,
    /// `UNIQUE` constraints that are new.
    pub added_uniques: Vec<Unique>,
    /// `UNIQUE` constraints that are gone.
    pub dropped_uniques: Vec<Unique>,
    /// Foreign keys that are new.
    pub added_foreign_keys: Vec<ForeignKey>,
    /// Foreign keys that are gone.
    pub dropped_foreign_keys: Vec<ForeignKey>,
    /// Checks that are new.
    pub added_checks: Vec<Check>,
    /// Checks that are gone.
    pub dropped_checks: Vec<Check>,
    /// Whether STRICT, WITHOUT ROWID or RANDOM ROWID differ.
    pub options: bool,
    /// Indexes that are new.
    pub created_indexes: Vec<Name>,
    /// Indexes that are gone.
    pub dropped_indexes: Vec<Name>,
    /// Indexes that are in both and differ.
    pub changed_indexes: Vec<Name>,
}

/// What changes about a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnChange {
    /// Its name.
    pub name: Name,
    /// The declared type.
    pub decl_type: bool,
    /// `NOT NULL`, or what happens when it is violated.
    pub nullability: bool,
    /// `DEFAULT`.
    pub default: bool,
    /// `COLLATE`.
    pub collation: bool,
    /// `GENERATED ALWAYS AS`.
    pub generated: bool,
}

impl TableDiff {
    /// No difference.
    pub(crate) fn nothing(table: &Name) -> Self {
        Self {
            name: table.clone(),
            added: Vec::new(),
            dropped: Vec::new(),
            changed: Vec::new(),
            primary_key: false,
            added_uniques: Vec::new(),
            dropped_uniques: Vec::new(),
            added_foreign_keys: Vec::new(),
            dropped_foreign_keys: Vec::new(),
            added_checks: Vec::new(),
            dropped_checks: Vec::new(),
            options: false,
            created_indexes: Vec::new(),
            dropped_indexes: Vec::new(),
            changed_indexes: Vec::new(),
        }
    }

    /// The difference, or nothing if the tables are the same.
    pub(super) fn of(old_schema: &Schema, old: &Table, new_schema: &Schema, new: &Table) -> Option<Self> {
        // what is equal needs no canonical text, except where that says more than what is compared
        let options = (old.strict, old.without_rowid, old.random_rowid);
        let same_rows = options == (new.strict, new.without_rowid, new.random_rowid);
        let same_key = old.primary_key == new.primary_key;
        let is_same = |one: &Column, other: &Column| same_rows && same_key && is_written_as(one, other);
        let refers_to_a_key = |table: &Table| table.foreign_keys.iter().any(|key| key.parent_columns.is_empty());
        let names = |columns: Vec<&Column>| columns.into_iter().map(|column| column.name.clone()).collect();
        let key = |table: &Table| table.primary_key.as_ref().map(canonical_primary_key);
        let (added_uniques, dropped_uniques) = two_way(&old.uniques, &new.uniques, canonical_unique);
        let (added_checks, dropped_checks) = match old.checks == new.checks {
            true => (Vec::new(), Vec::new()),
            false => both_ways(
                &old.checks,
                &new.checks,
                |check| canonical_check(old, check),
                |check| canonical_check(new, check),
            ),
        };
        let (added_foreign_keys, dropped_foreign_keys) = match refers_to_a_key(old) || refers_to_a_key(new) {
            false if old.foreign_keys == new.foreign_keys => (Vec::new(), Vec::new()),
            _ => both_ways(
                &old.foreign_keys,
                &new.foreign_keys,
                |key| old_schema.canonical_foreign_key(key),
                |key| new_schema.canonical_foreign_key(key),
            ),
        };
        let index_names = |test: &dyn Fn(&Name) -> bool, table: &Table| -> Vec<Name> {
            table.indexes.iter().map(|index| index.name.clone()).filter(|name| test(name)).collect()
        };
        let diff = Self {
            name: new.name.clone(),
            added: names(new.columns.iter().filter(|column| old.column(&column.name).is_none()).collect()),
            dropped: names(old.columns.iter().filter(|column| new.column(&column.name).is_none()).collect()),
            changed: new
                .columns
                .iter()
                .filter_map(|column| Some((old.column(&column.name)?, column)))
                .filter(|(before, after)| !is_same(before, after))
                .filter_map(|(before, after)| ColumnChange::of(old, before, new, after))
                .collect(),
            primary_key: !same_key && key(old) != key(new),
            added_uniques,
            dropped_uniques,
            added_foreign_keys,
            dropped_foreign_keys,
            added_checks,
            dropped_checks,
            options: !same_rows,
            created_indexes: index_names(&|name| !old.indexes.contains(name), new),
            dropped_indexes: index_names(&|name| !new.indexes.contains(name), old),
            changed_indexes: index_names(
                &|name| match (old.indexes.get(name), new.indexes.get(name)) {
                    (Some(before), Some(after)) => {
                        before != after && canonical_index(old, before) != canonical_index(new, after)
                    }
                    _ => false,
                },
                new,
            ),
        };
        (!diff.is_empty()).then_some(diff)
    }

    fn is_empty(&self) -> bool {
        self.only_indexes()
            && self.created_indexes.is_empty()
            && self.dropped_indexes.is_empty()
            && self.changed_indexes.is_empty()
    }

    /// Whether only indexes differ.
    pub fn only_indexes(&self) -> bool {
        self.added.is_empty()
            && self.dropped.is_empty()
            && self.changed.is_empty()
            && !self.primary_key
            && self.added_uniques.is_empty()
            && self.dropped_uniques.is_empty()
            && self.added_foreign_keys.is_empty()
            && self.dropped_foreign_keys.is_empty()
            && self.added_checks.is_empty()
            && self.dropped_checks.is_empty()
            && !self.options
    }
}

impl ColumnChange {
    fn of(old_table: &Table, old: &Column, new_table: &Table, new: &Column) -> Option<Self> {
        if canonical_column(old_table, old) == canonical_column(new_table, new) {
            return None;
        }
        let default = |column: &Column| column.effective_default().map(canonical_default);
        let collation = |column: &Column| column.collate.clone().filter(|collate| *collate != *"binary");
        let mut change = Self {
            name: new.name.clone(),
            decl_type: old.decl_type != new.decl_type,
            nullability: false,
            default: default(old) != default(new),
            collation: collation(old) != collation(new),
            generated: old.generated != new.generated,
        };
        let clause =
            |column: &Column| column.not_null.then(|| (column.not_null_conflict, column.not_null_name.clone()));
        change.nullability = old_table.rejects_null(old) != new_table.rejects_null(new) || clause(old) != clause(new);
        Some(change)
    }
}

/// Whether everything that is said of two columns is equal: they then differ at most by their tables.
fn is_written_as(one: &Column, other: &Column) -> bool {
    let parts = |column: &Column| (column.not_null, column.not_null_conflict);
    parts(one) == parts(other)
        && one.name == other.name
        && one.decl_type == other.decl_type
        && one.not_null_name == other.not_null_name
        && one.default == other.default
        && one.collate == other.collate
        && one.generated == other.generated
}

/// The elements of `new` that have no equal in `old`, and the other way round; duplicates count.
fn two_way<T: Clone + PartialEq>(old: &[T], new: &[T], text: impl Fn(&T) -> String) -> (Vec<T>, Vec<T>) {
    if old == new {
        return (Vec::new(), Vec::new());
    }
    both_ways(old, new, &text, &text)
}

/// The same where the canonical text says more than an element.
fn both_ways<T: Clone>(
    old: &[T],
    new: &[T],
    old_text: impl Fn(&T) -> String,
    new_text: impl Fn(&T) -> String,
) -> (Vec<T>, Vec<T>) {
    let mut left: Vec<(String, &T)> = old.iter().map(|one| (old_text(one), one)).collect();
    let mut added = Vec::new();
    for one in new {
        let text = new_text(one);
        match left.iter().position(|(other, _)| *other == text) {
            Some(at) => {
                left.remove(at);
            }
            None => added.push(one.clone()),
        }
    }
    (added, left.into_iter().map(|(_, one)| one.clone()).collect())
}
