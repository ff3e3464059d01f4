//! The keys by which a table can be gone through in order: the rowid, or whatever is unique, never NULL, and has an index.

use std::fmt;

use super::mark::{mark_of, read_as};
use super::{Bound, Mark, Range};
use crate::engine::value::{Row, Value};
use crate::schema::{Column, Table};
use crate::sql::Name;

/// A column of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPart {
    /// The column, or a name of the rowid.
    pub column: Name,
    /// The collation that its index sorts by, if it is not that of the column.
    pub collate: Option<Name>,
}

/// What puts the rows of a table into an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The table.
    pub table: Name,
    /// Its columns.
    pub parts: Vec<KeyPart>,
    /// Whether it is the rowid, by whatever name.
    pub is_rowid: bool,
    /// Whether its index has the order backwards.
    pub descends: bool,
    /// The index that has this order, if it has a name that a statement can say.
    pub index: Option<Name>,
}

/// Why a table cannot be gone through by these columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoKey {
    /// What is wrong: "`users.email` may be NULL".
    pub message: String,
    /// What to do: a key that the table has, if it has one.
    pub help: Option<String>,
}

impl fmt::Display for NoKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Key {
    /// The key that a table is gone through by if nobody says which: the rowid, else the primary key.
    pub fn best(table: &Table) -> Option<Self> {
        if let Some(rowid) = table.free_rowid_name() {
            return Some(Self::rowid(table, rowid));
        }
        if let Some(alias) = table.rowid_alias() {
            return Some(Self::rowid(table, alias.name.clone()));
        }
        Self::all(table).into_iter().next()
    }

    /// The key of these columns.
    ///
    /// # Errors
    /// If it is none: not unique, perhaps NULL, or without an index in its order.
    pub fn of(table: &Table, columns: &[Name]) -> Result<Self, NoKey> {
        let name = &table.name;
        let help = Self::best(table).map(|key| format!("it has the key `{key}`"));
        let no = |message: String| Err(NoKey { message, help: help.clone() });
        if let [only] = columns {
            if table.rowid_alias().is_some_and(|alias| alias.name == *only) {
                return Ok(Self::rowid(table, only.clone()));
            }
            let is_rowid = ["rowid", "_rowid_", "oid"].iter().any(|word| *only == **word);
            if is_rowid && table.column(only).is_none() && !table.without_rowid {
                return Ok(Self::rowid(table, only.clone()));
            }
        }
        for column in columns {
            match table.column(column) {
                None => return no(format!("`{name}` has no column `{column}`")),
                Some(one) if !table.rejects_null(one) => return no(format!("`{name}.{column}` may be NULL")),
                Some(one) if one.generated.is_some() => return no(format!("`{name}.{column}` is generated")),
                Some(_) => {}
            }
        }
        let is_it = |key: &Self| key.parts.iter().map(|part| &part.column).eq(columns);
        if let Some(key) = Self::all(table).into_iter().find(is_it) {
            Ok(key)
        } else {
            let columns: Vec<&str> = columns.iter().map(Name::as_str).collect();
            no(format!("`{name}` has no unique key of `{}` in this order", columns.join(", ")))
        }
    }

    fn rowid(table: &Table, column: Name) -> Self {
        let parts = vec![KeyPart { column, collate: None }];
        Self { table: table.name.clone(), parts, is_rowid: true, descends: false, index: None }
    }

    /// Every key with an index in one direction whose columns are never NULL, the primary key first; without the rowid.
    pub fn all(table: &Table) -> Vec<Self> {
        let is_usable = |column: &Name| {
            let has = |one: &Column| table.rejects_null(one) && one.generated.is_none();
            table.column(column).is_some_and(has)
        };
        let usual = |column: &Name| table.column(column).and_then(|column| column.collate.clone());
        let key = |parts: Vec<(Name, Option<Name>, bool)>, index: Option<Name>| {
            let is_one_way = parts.iter().all(|part| part.2 == parts[0].2);
            if parts.is_empty() || !is_one_way || !parts.iter().all(|part| is_usable(&part.0)) {
                return None;
            }
            let part = |(column, collate, _): (Name, Option<Name>, bool)| {
                let collate = collate.filter(|collate| usual(&column).as_ref() != Some(collate));
                KeyPart { column, collate }
            };
            let descends = parts[0].2;
            let parts = parts.into_iter().map(part).collect();
            Some(Self { table: table.name.clone(), parts, is_rowid: false, descends, index })
        };
        let constraints =
            table.primary_key.iter().map(|key| &key.parts).chain(table.uniques.iter().map(|key| &key.parts));
        let constraints = constraints.map(|parts| {
            let parts = parts.iter().map(|part| (part.column.clone(), part.collate.clone(), part.descending));
            (parts.collect::<Vec<_>>(), None)
        });
        let indexes = table.indexes.iter().filter(|index| index.unique && index.predicate.is_none());
        let indexes = indexes.filter_map(|index| {
            let parts = index.parts.iter().map(|part| {
                let column = part.expr.as_column()?;
                Some((column, part.collate.clone(), part.descending))
            });
            Some((parts.collect::<Option<Vec<_>>>()?, Some(index.name.clone())))
        });
        constraints.chain(indexes).filter_map(|(parts, index)| key(parts, index)).collect()
    }

    /// The condition that a row is in a range, and its values behind those that there are already; nothing for a range of
    /// all rows. `of` is the name of the table in the statement.
    pub fn condition(&self, of: &Name, range: &Range, values: &mut Vec<Value>) -> Option<String> {
        let columns = self.columns(Some(of));
        let mut compare = |operator: &str, mark: &Mark| {
            let parts: Vec<String> = mark.iter().map(|part| part.sql(values)).collect();
            match &parts[..] {
                [only] => format!("{} {operator} {only}", columns[0]),
                parts => format!("({}) {operator} ({})", columns.join(", "), parts.join(", ")),
            }
        };
        let low = range.low.as_ref().map(|mark| compare(">", mark));
        let high = range.high.as_ref().map(|mark| compare("<=", mark));
        match (low, high) {
            (Some(low), Some(high)) => Some(format!("{low} AND {high}")),
            (one, other) => one.or(other),
        }
    }

    /// The query for the last key of the range of so many rows behind another. Without a row there are fewer.
    pub fn end_of(&self, low: Option<&Mark>, rows: u64) -> Bound {
        let mut values = Vec::new();
        let range = Range { low: low.cloned(), high: None };
        let condition = self.condition(&self.table, &range, &mut values);
        let condition = condition.map(|condition| format!(" WHERE {condition}")).unwrap_or_default();
        let columns = self.columns(None);
        let read: Vec<String> = columns.iter().map(|column| read_as(column)).collect();
        let table = self.table.sql();
        let sql = format!(
            "SELECT {} FROM {table}{}{condition} ORDER BY {} LIMIT 1 OFFSET {}",
            read.join(", "),
            self.hint(),
            columns.join(", "),
            rows.saturating_sub(1).min(i64::MAX as u64)
        );
        (sql, values)
    }

    /// The query for its first and its last value; NULL where they are no integers.
    pub fn ends(&self) -> String {
        let table = self.table.sql();
        match &self.columns(None)[..] {
            // two searches, where one query for both would be a scan
            [only] => {
                let end = |which: &str| {
                    format!(
                        "(SELECT iif(typeof(x) = 'integer', x, NULL) FROM (SELECT {which}({only}) AS x FROM {table}))"
                    )
                };
                format!("SELECT {}, {}", end("min"), end("max"))
            }
            _ => "SELECT NULL, NULL".to_owned(),
        }
    }

    /// The query for how many rows there are, up to so many.
    pub fn count(&self, most: u64) -> String {
        format!("SELECT count(*) FROM (SELECT 1 FROM {}{} LIMIT {most})", self.table.sql(), self.hint())
    }

    /// What makes the engine go through a table by this key, behind its name: another index would have it look at all of
    /// the table for each piece.
    pub fn hint(&self) -> String {
        match &self.index {
            Some(index) => format!(" INDEXED BY {}", index.sql()),
            None if self.is_rowid => " NOT INDEXED".to_owned(),
            None => String::new(),
        }
    }

    /// The key that a row of [`Key::end_of`] has.
    pub fn mark(&self, row: &Row) -> Option<Mark> {
        mark_of(row).filter(|mark| mark.len() == self.parts.len())
    }

    /// The columns as expressions, in the collation of their index.
    fn columns(&self, of: Option<&Name>) -> Vec<String> {
        let column = |part: &KeyPart| {
            let of = of.map(|of| format!("{}.", of.sql())).unwrap_or_default();
            let collate = part.collate.as_ref().map(|name| format!(" COLLATE {}", name.sql())).unwrap_or_default();
            format!("{of}{}{collate}", part.column.sql())
        };
        self.parts.iter().map(column).collect()
    }
}

/// As a directive has it: `id`, `a, b`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: Vec<_> = self.parts.iter().map(|part| part.column.sql()).collect();
        f.write_str(&columns.join(", "))
    }
}
