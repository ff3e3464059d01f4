//! Columns that `ALTER TABLE … ADD COLUMN` adds to tables that were there before, as they are declared afterwards.

use super::{Finding, Migration, Probe, ProbeKind, Rule};
use crate::schema::validate::Place;
use crate::schema::{Column, Table};
use crate::sql::path::path;
use crate::sql::{Head, StatementKind, Verb};

/// A column that is added.
pub(super) struct Added<'m> {
    /// The statement.
    pub(super) statement: usize,
    /// The table before the migration.
    pub(super) old: &'m Table,
    /// The table after it.
    pub(super) new: &'m Table,
    /// The column after it.
    pub(super) column: &'m Column,
    /// The path of the column.
    pub(super) object: String,
}

/// The columns that are added to tables which may have rows: none of them was deleted altogether before.
pub(super) fn added<'m>(migration: &'m Migration<'_>) -> impl Iterator<Item = Added<'m>> {
    let statements = migration.script.statements.iter().enumerate();
    statements.filter(|(_, statement)| statement.kind == StatementKind::AlterTable).filter_map(|(at, statement)| {
        let Some(Head::AddColumn(name, column)) = Head::of(statement) else { return None };
        // by the name after the migration, or the one before it
        let new = migration.new.table(&name).or_else(|| {
            let after = super::passage::name_after(migration, &name)?;
            migration.new.table(after)
        })?;
        let old = migration.old.table(migration.diff.renames.table_before(&new.name)?)?;
        let is_emptied = migration.writes().iter().any(|(other, write)| {
            *other < at && write.verb == Verb::Delete && write.table == name && write.condition.is_none()
        });
        let column = new.column(&column).filter(|_| !is_emptied)?;
        let object = path([&new.name, &column.name]);
        Some(Added { statement: at, old, new, column, object })
    })
}

impl Added<'_> {
    /// That the statement fails if the table has rows. `what` is what it cannot do: "ADD COLUMN cannot add `t.c`".
    pub(super) fn finding(&self, rule: &'static Rule, what: &str) -> Finding {
        let old = path([&self.old.name]);
        let probe = Probe {
            kind: ProbeKind::Fails,
            table: self.old.name.clone(),
            count: format!("SELECT count(*) FROM {}", self.old.name.sql()),
            keys: String::new(),
            says: format!("rows of `{old}` are in the way of `{}`", self.object),
            at_least: 1,
        };
        Finding::new(
            rule,
            &self.object,
            format!("{what} to a table that has rows: the migration fails if `{old}` has any"),
        )
        .at(Place::Column(self.new.name.clone(), self.column.name.clone()))
        .in_statement(self.statement)
        .probe(probe)
    }
}
