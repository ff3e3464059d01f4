//! Indexes that another way into their table makes redundant.

use super::ways::Way;
use super::{Finding, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{Index, Table};
use crate::sql::StatementKind;
use crate::sql::path::path;

/// A finding about an index that can go because `other` stays, at the statement that makes one of them. `message` is made of
/// the path of the index.
pub(super) fn redundant(
    rule: &'static Rule,
    migration: &Migration<'_>,
    (table, index, other): (&Table, &Index, &Way<'_>),
    message: impl FnOnce(&str) -> String,
) -> Finding {
    let object = path([&table.name, &index.name]);
    let mut fixed = table.clone();
    fixed.indexes.remove(&index.name);
    let mut finding = Finding::new(rule, &object, message(&object))
        .at(Place::Index(table.name.clone(), index.name.clone()))
        .fix(format!("remove the index `{}`", index.name), fixed);
    let made = |index: &Index| migration.statement_with(StatementKind::CreateIndex, &index.name);
    finding.statement = made(index).or_else(|| other.index().and_then(made));
    finding
}
