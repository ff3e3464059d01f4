//! The key by which the rows of both tables are told apart, and in whose order they are copied.

use super::{AT, LOG, NotOnline};
use crate::engine::pieces;
use crate::folder::script::Rebuild;
use crate::schema::{Column, Table};
use crate::sql::{Expr, Name};

/// A key that both tables have, with the same values: one of those by which [`pieces`] goes through the old one.
#[derive(Debug, Clone)]
pub(super) struct Key {
    parts: Vec<Part>,
    /// Whether the order of the key is that of its index, backwards.
    descends: bool,
    /// Whether it is the rowid, by whatever names.
    is_rowid: bool,
}

/// A column of a key.
#[derive(Debug, Clone)]
struct Part {
    /// In the old table: a column, or a name of the rowid.
    old: Name,
    /// In the new one.
    new: Name,
    /// The collation that the key gives itself.
    collate: Option<Name>,
}

impl Part {
    fn collation(&self) -> String {
        self.collate.as_ref().map(|name| format!(" COLLATE {}", name.sql())).unwrap_or_default()
    }
}

/// One of the two tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Old,
    New,
}

const ROWIDS: [&str; 3] = ["rowid", "_rowid_", "oid"];

impl Key {
    /// The best key for a rebuild: the rowid, because the rows lie in its order, or the first one that keeps its values.
    pub(super) fn of(before: &Table, rebuild: &Rebuild) -> Result<Self, NotOnline> {
        if let Some(key) = Self::rowid(before, rebuild) {
            return Ok(key);
        }
        let keys = pieces::Key::all(before);
        keys.iter().find_map(|key| Self::of_key(before, rebuild, key)).ok_or_else(|| {
            let table = &rebuild.table;
            NotOnline(format!("`{table}` has no key that the rebuild leaves as it is and that no row has NULL in"))
        })
    }

    fn rowid(before: &Table, rebuild: &Rebuild) -> Option<Self> {
        let after = &rebuild.definition;
        let old = before.rowid_name()?;
        let is_old = |value: &str| {
            let Some(name) = Expr::new(value).as_column() else { return false };
            name == old || (before.column(&name).is_none() && ROWIDS.iter().any(|rowid| name == **rowid))
        };
        let alias = after.rowid_alias().map(|alias| &alias.name);
        let is_rowid = |name: &Name| match alias {
            Some(alias) => name == alias,
            None => after.column(name).is_none() && ROWIDS.iter().any(|rowid| *name == **rowid),
        };
        if after.without_rowid {
            return None;
        }
        let (new, _) = rebuild.values.iter().find(|(name, value)| is_rowid(name) && is_old(value))?;
        Some(Self { parts: vec![Part { old, new: new.clone(), collate: None }], descends: false, is_rowid: true })
    }

    /// A key of the old table, if the new one has it too.
    fn of_key(before: &Table, rebuild: &Rebuild, key: &pieces::Key) -> Option<Self> {
        let after = &rebuild.definition;
        let part = |pieces::KeyPart { column: name, collate }: &pieces::KeyPart| {
            let old = before.column(name)?;
            let is_copied = |(_, value): &&(Name, String)| Expr::new(value).as_column().as_ref() == Some(name);
            let (new, _) = rebuild.values.iter().find(is_copied)?;
            let column = after.column(new)?;
            let is_same = before.affinity(old) == after.affinity(column) && collation(old) == collation(column);
            is_same.then(|| Part { old: name.clone(), new: new.clone(), collate: collate.clone() })
        };
        let parts: Vec<Part> = key.parts.iter().map(part).collect::<Option<_>>()?;
        // rows are looked up in the new table too, and one after the other
        let same = |own: &Part, (name, collate): &(Name, Option<Name>)| {
            let of = |collate: &Option<Name>, column: Option<&Column>| {
                collate.as_ref().map_or_else(|| column.map(collation).unwrap_or_default(), Name::folded)
            };
            own.new == *name && of(&own.collate, before.column(&own.old)) == of(collate, after.column(name))
        };
        let indexes = rebuild.indexes.iter().map(|(_, index)| index);
        let indexed = indexes.filter(|index| index.unique && index.predicate.is_none()).filter_map(|index| {
            index.parts.iter().map(|part| Some((part.expr.as_column()?, part.collate.clone()))).collect()
        });
        let has_it = after
            .collated_keys()
            .chain(indexed)
            .any(|key: Vec<_>| key.len() == parts.len() && parts.iter().zip(&key).all(|(own, one)| same(own, one)));
        has_it.then_some(Self { parts, descends: key.descends, is_rowid: false })
    }

    /// The columns of both tables that it consists of.
    pub(super) fn names(&self, side: Side) -> impl Iterator<Item = &Name> {
        self.parts.iter().map(move |part| if side == Side::Old { &part.old } else { &part.new })
    }

    /// The columns of a table that say how far it is, and of the log: `a1, a2`.
    pub(super) fn columns_of(&self, letter: char) -> String {
        (1..=self.parts.len()).map(|at| format!("{letter}{at}")).collect::<Vec<_>>().join(", ")
    }

    /// Its columns, of a table that is called so.
    pub(super) fn list(&self, side: Side, called: &str) -> String {
        let names = self.names(side).map(|name| format!("{called}.{}", name.sql()));
        names.collect::<Vec<_>>().join(", ")
    }

    /// The same with their collations, as one value.
    fn value(&self, side: Side, called: &str, sign: &str) -> String {
        let part = |part: &Part| {
            let name = if side == Side::Old { &part.old } else { &part.new };
            format!("{sign}{called}.{}{}", name.sql(), part.collation())
        };
        let parts: Vec<String> = self.parts.iter().map(part).collect();
        if let [one] = &parts[..] { one.clone() } else { format!("({})", parts.join(", ")) }
    }

    /// The order of the copy.
    pub(super) fn order(&self, called: &str, reversed: bool) -> String {
        let word = if self.descends == reversed { "" } else { " DESC" };
        let part = |part: &Part| format!("{called}.{}{}{word}", part.old.sql(), part.collation());
        self.parts.iter().map(part).collect::<Vec<_>>().join(", ")
    }

    /// Whether a row is in the log.
    pub(super) fn is_logged(&self, side: Side, called: &str, window: Option<u64>) -> String {
        let value = self.value(side, called, "");
        let rows = window.map(|rows| format!(" ORDER BY rowid LIMIT {rows}")).unwrap_or_default();
        format!("{value} IN (SELECT {} FROM {LOG}{rows})", self.columns_of('k'))
    }

    /// Whether a row comes behind those that were copied. With a plus, no index is used for it.
    pub(super) fn is_behind(&self, side: Side, called: &str, plus: &str) -> String {
        let sign = if self.descends { '<' } else { '>' };
        format!("{} {sign} {}", self.value(side, called, plus), self.noted('a'))
    }

    /// Whether a row comes no later than the end of those that were copied, or of those that are about to be.
    pub(super) fn is_up_to(&self, side: Side, called: &str, letter: char, plus: &str) -> String {
        let sign = if self.descends { ">=" } else { "<=" };
        format!("{} {sign} {}", self.value(side, called, plus), self.noted(letter))
    }

    /// A key that is noted. With an affinity of their own, its columns could only be compared by the first column of the
    /// index, which may have the same value in many rows.
    fn noted(&self, letter: char) -> String {
        let columns = self.columns_of(letter).split(", ").map(|column| format!("+{column}")).collect::<Vec<_>>();
        format!("(SELECT {} FROM {AT})", columns.join(", "))
    }

    /// Whether a row of the new table is that of the old one.
    pub(super) fn is_same(&self, new: &str, old: &str) -> String {
        let part = |part: &Part| format!("{new}.{}{} = {old}.{}", part.new.sql(), part.collation(), part.old.sql());
        self.parts.iter().map(part).collect::<Vec<_>>().join(" AND ")
    }

    /// Whether it is the rowid, so that an index of the one table leads to the rows of the other as well.
    pub(super) fn is_rowid(&self) -> bool {
        self.is_rowid
    }

    /// Whether it consists of these columns of the old table.
    pub(super) fn is_of(&self, columns: &[Name]) -> bool {
        columns.len() == self.parts.len() && self.names(Side::Old).all(|name| columns.contains(name))
    }
}

fn collation(column: &Column) -> String {
    column.collate.as_ref().map_or_else(|| "binary".to_owned(), Name::folded)
}
