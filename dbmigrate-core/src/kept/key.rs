//! The keys by which kept values know their rows.

use super::Follower;
use crate::schema::{Column, Table};
use crate::sql::Name;

/// The keys of a table as columns of a hidden one, the best first: name, type and collation.
pub fn keys(table: &Table) -> impl Iterator<Item = Vec<Column>> {
    let column = |name: &Name, collate: Option<&Name>| {
        let of = table.column(name)?;
        let takes_all = table.strict && of.decl_type.canonical() == "any";
        let mut column = Column::new(name.clone(), if takes_all { "" } else { of.decl_type.as_str() });
        column.collate = collate.or(of.collate.as_ref()).filter(|name| **name != *"binary").cloned();
        Some(column)
    };
    let constraints =
        table.primary_key.iter().map(|key| &key.parts).chain(table.uniques.iter().map(|unique| &unique.parts));
    let constraints = constraints.map(move |parts| {
        parts.iter().map(|part| column(&part.column, part.collate.as_ref())).collect::<Option<Vec<_>>>()
    });
    let indexes = table.indexes.iter().filter(|index| index.unique && index.predicate.is_none()).map(move |index| {
        index
            .parts
            .iter()
            .map(|part| column(&part.expr.as_column()?, part.collate.as_ref()))
            .collect::<Option<Vec<_>>>()
    });
    constraints.chain(indexes).flatten()
}

/// Whether two keys tell the same rows apart.
pub fn is_same_key(one: &[Column], other: &[Column]) -> bool {
    let has = |column: &Column| other.iter().any(|same| same.name == column.name && same.collate == column.collate);
    one.len() == other.len() && one.iter().all(has)
}

/// Why a hidden table cannot follow the rows of its table, if so: what it knows them by is no key any more.
pub fn lost(follower: &Follower, hidden: &Table, table: &Table) -> Option<String> {
    let of = |column: &Name| format!("`{}.{column}`", table.name);
    let mut key = Vec::new();
    for (own, name) in &follower.key {
        let Some(column) = table.column(name) else { return Some(format!("{} is gone", of(name))) };
        let Some(own) = hidden.column(own) else { continue };
        if hidden.affinity(own) != table.affinity(column) {
            return Some(format!("the type of {} changes", of(name)));
        }
        if !table.rejects_null(column) {
            return Some(format!("{} may be NULL", of(name)));
        }
        if hidden.rowid_alias().is_some() && table.rowid_alias().is_none_or(|alias| alias.name != *name) {
            return Some(format!("{} is not the rowid", of(name)));
        }
        key.push(Column { name: name.clone(), ..own.clone() });
    }
    let columns: Vec<String> = follower.key.iter().map(|(_, column)| of(column)).collect();
    let is_key = keys(table).any(|other| is_same_key(&other, &key));
    (!is_key).then(|| format!("{} is no key", columns.join(", ")))
}
