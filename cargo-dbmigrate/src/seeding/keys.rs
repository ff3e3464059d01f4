//! What tells a row apart from others, so that a second run finds it again.

use dbmigrate_core::schema::Table;
use dbmigrate_core::schema::table::KeyPart;
use dbmigrate_core::sql::Name;

use super::model::{Given, Seed, SeedRow};
use super::rows::Value;

/// A unique key of a table: columns by their places, each with the collation in which the key compares it.
pub(crate) type Unique = Vec<(usize, Option<Name>)>;

/// What tells a row apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    /// A unique key, all of whose columns the row gives.
    Unique(Unique),
    /// All values that it gives: the table has no unique key that it gives.
    Whole(Vec<usize>),
}

impl Key {
    /// Its columns.
    pub(crate) fn columns(&self) -> Vec<usize> {
        match self {
            Self::Unique(parts) => parts.iter().map(|(column, _)| *column).collect(),
            Self::Whole(columns) => columns.clone(),
        }
    }

    /// The condition that a row of `table` is the one with these values.
    pub(crate) fn condition(&self, table: &Table, alias: &str, value: impl Fn(usize) -> String) -> String {
        let column = |at: usize| format!("{alias}{}", table.columns[at].name.sql());
        let parts: Vec<String> = match self {
            Self::Unique(parts) => parts
                .iter()
                .map(|(at, collate)| {
                    let collate = collate.as_ref().map(|name| format!(" COLLATE {}", name.sql())).unwrap_or_default();
                    format!("{} = {}{collate}", column(*at), value(*at))
                })
                .collect(),
            Self::Whole(columns) => {
                columns.iter().map(|at| format!("{} IS {} COLLATE BINARY", column(*at), value(*at))).collect()
            }
        };
        parts.join(" AND ")
    }
}

/// The unique keys of a table that cover all of its rows, the primary key first.
pub(crate) fn unique_keys(table: &Table) -> Vec<Unique> {
    let place = |name: &Name| table.columns.iter().position(|column| column.name == *name);
    let of_parts = |parts: &[KeyPart]| -> Option<Unique> {
        parts.iter().map(|part| Some((place(&part.column)?, part.collate.clone()))).collect()
    };
    let primary = table.primary_key.iter().filter_map(|key| of_parts(&key.parts));
    let uniques = table.uniques.iter().filter_map(|unique| of_parts(&unique.parts));
    let indexes = table.indexes.iter().filter(|index| index.unique && index.predicate.is_none());
    let indexes = indexes.filter_map(|index| {
        index.parts.iter().map(|part| Some((place(&part.expr.as_column()?)?, part.collate.clone()))).collect()
    });
    primary.chain(uniques).chain(indexes).collect()
}

/// Whether a row gives a value for a column that can be compared with those of the database.
pub(crate) fn is_comparable(row: &SeedRow, column: usize) -> bool {
    row.cell(column).is_some_and(|cell| match &cell.given {
        Given::Value(value) | Given::Secret(value) => *value != Value::Null,
        Given::Lookup { .. } => true,
        Given::Sql(_) => false,
    })
}

/// What tells a row of the set apart. A row that gives nothing that could is a key without columns.
pub(crate) fn key_of(seed: &Seed, row: &SeedRow) -> Key {
    let seeded = &seed.tables[row.table];
    let keys = unique_keys(&seeded.table);
    let is_given = |key: &&Unique| !key.is_empty() && key.iter().all(|(column, _)| is_comparable(row, *column));
    let chosen = seeded.key.as_ref().and_then(|wanted| keys.iter().find(|key| is_of(key, wanted)));
    if let Some(key) = chosen.filter(is_given).or_else(|| keys.iter().find(is_given)) {
        return Key::Unique(key.clone());
    }
    let known = row.cells.iter().filter(|cell| !matches!(cell.given, Given::Sql(_)));
    Key::Whole(known.map(|cell| cell.column).collect())
}

/// Whether a key has these columns, in whatever order.
pub(crate) fn is_of(key: &Unique, columns: &[usize]) -> bool {
    key.len() == columns.len() && key.iter().all(|(column, _)| columns.contains(column))
}
