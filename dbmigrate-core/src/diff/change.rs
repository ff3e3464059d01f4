//! Changes as people name them: for headers of migrations and for messages.

use std::fmt;

use super::{ColumnChange, Diff, TableDiff};
use crate::sql::Name;

/// One change to a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// A table is new.
    CreateTable(Name),
    /// A table is gone.
    DropTable(Name),
    /// A table has another name: old, new.
    RenameTable(Name, Name),
    /// A column is new: table, column.
    AddColumn(Name, Name),
    /// A column is gone: table, column.
    DropColumn(Name, Name),
    /// A column has another name: table, old, new.
    RenameColumn(Name, Name, Name),
    /// A column is declared differently: table, column, what differs.
    AlterColumn(Name, ColumnChange),
    /// A table's primary key differs.
    AlterPrimaryKey(Name),
    /// Constraints of a table differ: table, which kind.
    AlterConstraints(Name, &'static str),
    /// STRICT, WITHOUT ROWID or RANDOM ROWID differ.
    AlterOptions(Name),
    /// An index is new: table, index.
    CreateIndex(Name, Name),
    /// An index is gone: table, index.
    DropIndex(Name, Name),
    /// An index differs: table, index.
    AlterIndex(Name, Name),
    /// A view, trigger or virtual table is new: what it is, its name.
    Create(&'static str, Name),
    /// A view, trigger or virtual table is gone.
    Drop(&'static str, Name),
    /// A view, trigger or virtual table differs.
    Alter(&'static str, Name),
}

impl Diff {
    /// The changes, table by table.
    pub fn changes(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (from, to) in &self.renames.tables {
            changes.push(Change::RenameTable(from.clone(), to.clone()));
        }
        changes.extend(self.created_tables.iter().cloned().map(Change::CreateTable));
        changes.extend(self.dropped_tables.iter().cloned().map(Change::DropTable));
        for (table, from, to) in &self.renames.columns {
            changes.push(Change::RenameColumn(table.clone(), from.clone(), to.clone()));
        }
        for table in &self.tables {
            table.push_changes(&mut changes);
        }
        let objects = [("virtual table", &self.virtual_tables), ("view", &self.views), ("trigger", &self.triggers)];
        for (what, diff) in objects {
            changes.extend(diff.created.iter().map(|name| Change::Create(what, name.clone())));
            changes.extend(diff.changed.iter().map(|name| Change::Alter(what, name.clone())));
            changes.extend(diff.dropped.iter().map(|name| Change::Drop(what, name.clone())));
        }
        changes
    }
}

impl TableDiff {
    fn push_changes(&self, changes: &mut Vec<Change>) {
        let table = || self.name.clone();
        changes.extend(self.added.iter().map(|column| Change::AddColumn(table(), column.clone())));
        changes.extend(self.dropped.iter().map(|column| Change::DropColumn(table(), column.clone())));
        changes.extend(self.changed.iter().map(|column| Change::AlterColumn(table(), column.clone())));
        if self.primary_key {
            changes.push(Change::AlterPrimaryKey(table()));
        }
        // a key or check of a new column goes without saying
        let old_only = |columns: &[Name]| columns.iter().all(|column| !self.added.contains(column));
        let foreign_keys =
            !self.dropped_foreign_keys.is_empty() || self.added_foreign_keys.iter().any(|key| old_only(&key.columns));
        let checks = !self.dropped_checks.is_empty()
            || self.added_checks.iter().any(|check| !self.added.iter().any(|column| check.expr.mentions(column)));
        let uniques = !self.dropped_uniques.is_empty() || !self.added_uniques.is_empty();
        for (differs, what) in [(uniques, "unique"), (foreign_keys, "foreign_keys"), (checks, "checks")] {
            if differs {
                changes.push(Change::AlterConstraints(table(), what));
            }
        }
        if self.options {
            changes.push(Change::AlterOptions(table()));
        }
        changes.extend(self.created_indexes.iter().map(|index| Change::CreateIndex(table(), index.clone())));
        changes.extend(self.changed_indexes.iter().map(|index| Change::AlterIndex(table(), index.clone())));
        changes.extend(self.dropped_indexes.iter().map(|index| Change::DropIndex(table(), index.clone())));
    }
}

impl ColumnChange {
    /// What differs, in words.
    pub fn words(&self) -> Vec<&'static str> {
        [
            (self.decl_type, "type"),
            (self.nullability, "nullability"),
            (self.default, "default"),
            (self.collation, "collation"),
            (self.generated, "generated"),
        ]
        .into_iter()
        .filter_map(|(differs, word)| differs.then_some(word))
        .collect()
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateTable(table) => write!(f, "create table {table}"),
            Self::DropTable(table) => write!(f, "drop table {table}"),
            Self::RenameTable(from, to) => write!(f, "rename table {from} to {to}"),
            Self::AddColumn(table, column) => write!(f, "add column {table}.{column}"),
            Self::DropColumn(table, column) => write!(f, "drop column {table}.{column}"),
            Self::RenameColumn(table, from, to) => write!(f, "rename column {table}.{from} to {to}"),
            Self::AlterColumn(table, change) => {
                write!(f, "change {} of {table}.{}", change.words().join(", "), change.name)
            }
            Self::AlterPrimaryKey(table) => write!(f, "change primary key of {table}"),
            Self::AlterConstraints(table, what) => {
                write!(
                    f,
                    "change {} of {table}",
                    if *what == "unique" { "unique constraints" } else { what }.replace('_', " ")
                )
            }
            Self::AlterOptions(table) => write!(f, "change options of {table}"),
            Self::CreateIndex(_, index) => write!(f, "create index {index}"),
            Self::DropIndex(_, index) => write!(f, "drop index {index}"),
            Self::AlterIndex(_, index) => write!(f, "change index {index}"),
            Self::Create(what, name) => write!(f, "create {what} {name}"),
            Self::Drop(what, name) => write!(f, "drop {what} {name}"),
            Self::Alter(what, name) => write!(f, "change {what} {name}"),
        }
    }
}
