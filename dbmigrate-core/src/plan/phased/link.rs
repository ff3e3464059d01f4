//! What is carried over between the columns of two releases, and how a trigger tells which of them has written.

use crate::schema::{Column, Table};
use crate::sql::expr::Affinity;
use crate::sql::{Expr, Name};

/// Columns that one release knows and columns that the other one knows instead.
#[derive(Debug, Clone)]
pub struct Link {
    /// The table, by its new name.
    pub table: Name,
    /// The columns of the release that runs.
    pub olds: Vec<Side>,
    /// The columns of the one that comes.
    pub news: Vec<Side>,
}

/// A column of a link.
#[derive(Debug, Clone)]
pub struct Side {
    /// Its name.
    pub name: Name,
    /// What it gets of what the other release has written: an expression over the row. `None` if it gets nothing.
    pub from_other: Option<Expr>,
    /// What is in it if an `INSERT` does not give it.
    pub sentinel: Sentinel,
    /// Whether neither release may leave it NULL.
    pub is_required: bool,
    /// Whether each `INSERT` of its release gives it a value.
    pub is_given: bool,
    /// Whether all that it has is in the columns of the other release as well.
    pub is_carried: bool,
    /// What a row gets if neither release has given anything, where the column itself has no default meanwhile.
    pub default: Option<Expr>,
    /// Whether it has the value of the other column, and something else only where that is NULL.
    pub is_filled: bool,
    /// The condition that the column holds what its release cannot read. `None` if it holds what the other one has written
    /// as it was written, or if nothing is known of what is read.
    pub unfit: Option<String>,
}

/// The value that tells that a column was not given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sentinel {
    /// NULL, which the release that knows the column does not write, or writes for the same thing.
    Null,
    /// The default, which both columns have: so a default that was given comes to the same.
    Default(Expr),
    /// None: it was given or not, nobody can tell.
    Unknown,
}

impl Side {
    /// The condition that a row does not have what an `INSERT` has given, `row` being `NEW.` or nothing.
    pub(super) fn is_absent(&self, row: &str) -> String {
        let column = format!("{row}{}", self.name.sql());
        match &self.sentinel {
            Sentinel::Null | Sentinel::Unknown => format!("{column} IS NULL"),
            Sentinel::Default(default) => format!("{column} COLLATE BINARY IS {}", default.as_str()),
        }
    }
}

impl Link {
    /// The two columns of a rename, whose values are the same.
    pub fn same(&self) -> Option<(&Side, &Side)> {
        let ([old], [new]) = (&self.olds[..], &self.news[..]) else { return None };
        let is = |side: &Side, other: &Side| {
            side.from_other.as_ref().and_then(Expr::as_column).as_ref() == Some(&other.name)
        };
        (is(old, new) && is(new, old)).then_some((old, new))
    }
}

impl Link {
    /// The condition that a row has on neither side what the other side says. `None` if nothing is carried over.
    pub fn out_of_step(&self) -> Option<String> {
        if let Some((old, new)) = self.same() {
            return Some(format!("NOT ({})", same_values(&old.name, &new.name)));
        }
        let said = |sides: &[Side], others: &[Side]| {
            let all = sides.iter().filter_map(|side| {
                let (name, expr) = (side.name.sql(), side.from_other.as_ref()?);
                Some(match others {
                    // what a row got that had nothing may speak of columns that have changed since
                    [other] if side.is_filled => {
                        format!("({0} IS NULL OR {name} COLLATE BINARY IS {0})", other.name.sql())
                    }
                    _ => format!("{name} COLLATE BINARY IS ({expr})"),
                })
            });
            all.collect::<Vec<_>>().join(" AND ")
        };
        let sides = [said(&self.olds, &self.news), said(&self.news, &self.olds)];
        let both: Vec<String> = sides.iter().filter(|text| !text.is_empty()).map(|text| format!("({text})")).collect();
        // where only one side follows, the other one may have written last
        (both.len() == 2).then(|| format!("NOT ({})", both.join(" OR ")))
    }

    /// The columns whose values follow from what a release has written, each with the condition that the other release
    /// cannot read it: although what was written is what its own release reads.
    pub fn unfit(&self, is_by_old: bool) -> Vec<(&Side, String)> {
        let (written, follow) = if is_by_old { (&self.olds, &self.news) } else { (&self.news, &self.olds) };
        let spared: String = written
            .iter()
            .filter_map(|side| Some(format!(" AND NOT coalesce(({}), 0)", side.unfit.as_ref()?)))
            .collect();
        let follow = follow.iter().filter(|side| side.from_other.is_some());
        follow.filter_map(|side| Some((side, format!("({}){spared}", side.unfit.as_ref()?)))).collect()
    }

    /// The query that counts the values of a converted column, before the first half, that would be others if they were
    /// converted and back: they are gone with the second half.
    pub fn lost(&self, old_table: &Name) -> Option<String> {
        let ([old], [new]) = (&self.olds[..], &self.news[..]) else { return None };
        if self.same().is_some() || !old.is_carried || new.is_filled {
            return None;
        }
        let (name, there) = (old.name.sql(), new.from_other.as_ref()?);
        let back = old.from_other.as_ref()?;
        let again = format!("SELECT {back} FROM (SELECT {there} AS {})", new.name.sql());
        Some(format!("SELECT count(*), min({name}) FROM {} WHERE {name} IS NOT ({again})", old_table.sql()))
    }

    /// Whether the column has another kind of values than the one that it takes the place of, so that constraints on it
    /// are none of the release that runs.
    pub(super) fn converts(&self, column: &Name) -> bool {
        self.same().is_none() && self.news.iter().any(|side| side.name == *column && side.from_other.is_some())
    }
}

/// The condition that two columns hold the same value, by their bytes.
pub(super) fn same_values(one: &Name, other: &Name) -> String {
    let (one, other) = (one.sql(), other.sql());
    format!("{one} COLLATE BINARY IS {other} AND typeof({one}) = typeof({other})")
}

/// A column that existing and new rows get a value in, until it is NOT NULL.
#[derive(Debug, Clone)]
pub struct Fill {
    /// The table, by its new name.
    pub table: Name,
    /// The column.
    pub column: Name,
    /// What a row without a value gets.
    pub expr: Expr,
    /// Whether the column is new.
    pub is_new: bool,
}

/// Whether the default of a column is a constant that can be told from others where it is stored.
pub(super) fn is_constant(table: &Table, column: &Column) -> bool {
    column.effective_default().is_some_and(|default| default.is_literal() && table.affinity(column) != Affinity::Blob)
}

/// Whether a column is part of something that keeps rows apart, where a default would collide.
pub(super) fn is_unique(table: &Table, column: &Name) -> bool {
    table.uniques.iter().any(|unique| unique.parts.iter().any(|part| part.column == *column))
        || table.indexes.iter().any(|index| index.unique && index.mentions(column))
}
