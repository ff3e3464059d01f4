//! The ways into a table: its primary key, its `UNIQUE` constraints and its indexes, as one kind of thing.

use crate::schema::{Index, KeyPart, Table};
use crate::sql::path::path;
use crate::sql::token::{Token, TokenKind, significant};
use crate::sql::{Expr, Name};

/// What a way is declared as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin<'t> {
    /// The primary key.
    PrimaryKey,
    /// The n-th `UNIQUE` constraint.
    Unique(usize),
    /// An index.
    Index(&'t Index),
}

/// What rows are found by.
#[derive(Debug, Clone)]
pub struct Way<'t> {
    /// What it is declared as.
    pub origin: Origin<'t>,
    /// Whether it keeps rows apart, or those that its condition covers.
    pub is_unique: bool,
    /// What it is sorted by, in order.
    pub parts: Vec<Part>,
    /// The condition of a partial index.
    pub predicate: Option<&'t Expr>,
}

/// What a way is sorted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The column, if it is one.
    pub column: Option<Name>,
    /// The column or expression in its canonical spelling.
    text: String,
    /// The collation in lower case.
    collation: String,
    /// `DESC`.
    pub is_descending: bool,
}

/// The ways into a table.
pub fn ways(table: &Table) -> Vec<Way<'_>> {
    let constraint = |origin, parts: &[KeyPart]| {
        let part = |part: &KeyPart| Part::of_column(table, &part.column, part.collate.as_ref(), part.descending);
        Way { origin, is_unique: true, parts: parts.iter().map(part).collect(), predicate: None }
    };
    let primary = table.primary_key.iter().map(|key| constraint(Origin::PrimaryKey, &key.parts));
    let uniques = table.uniques.iter().enumerate();
    let uniques = uniques.map(|(at, unique)| constraint(Origin::Unique(at), &unique.parts));
    primary.chain(uniques).chain(table.indexes.iter().map(|index| Way::of_index(table, index))).collect()
}

/// The collation of a column, in lower case.
pub fn collation(table: &Table, column: &Name) -> String {
    let declared = table.column(column).and_then(|column| column.collate.as_ref());
    declared.map_or_else(|| "binary".to_owned(), Name::folded)
}

impl Part {
    fn of_column(table: &Table, column: &Name, collate: Option<&Name>, is_descending: bool) -> Self {
        let collation = collate.map_or_else(|| collation(table, column), Name::folded);
        Self { column: Some(column.clone()), text: column.folded(), collation, is_descending }
    }

    fn is_sorted_as(&self, other: &Self) -> bool {
        self.text == other.text && self.collation == other.collation && self.column.is_some() == other.column.is_some()
    }
}

impl<'t> Way<'t> {
    fn of_index(table: &Table, index: &'t Index) -> Self {
        let part = |part: &crate::schema::IndexPart| match part.expr.as_column() {
            Some(column) => Part::of_column(table, &column, part.collate.as_ref(), part.descending),
            None => Part {
                column: None,
                text: part.expr.canonical(),
                collation: part.collate.as_ref().map_or_else(|| "binary".to_owned(), Name::folded),
                is_descending: part.descending,
            },
        };
        Way {
            origin: Origin::Index(index),
            is_unique: index.unique,
            parts: index.parts.iter().map(part).collect(),
            predicate: index.predicate.as_ref(),
        }
    }

    /// The index, if it is one.
    pub fn index(&self) -> Option<&'t Index> {
        match self.origin {
            Origin::Index(index) => Some(index),
            Origin::PrimaryKey | Origin::Unique(_) => None,
        }
    }

    /// Whether whatever is found, or comes sorted, by this way is by the other one too, whose parts begin with the parts of
    /// this one and which covers the same rows. Both are read in either direction.
    pub fn begins(&self, other: &Self) -> bool {
        let pairs = || self.parts.iter().zip(&other.parts);
        self.parts.len() <= other.parts.len()
            && self.predicate == other.predicate
            && pairs().all(|(one, two)| one.is_sorted_as(two))
            && (pairs().all(|(one, two)| one.is_descending == two.is_descending)
                || pairs().all(|(one, two)| one.is_descending != two.is_descending))
    }

    /// Whether it is the same way as the other one.
    pub fn is_same(&self, other: &Self) -> bool {
        self.parts.len() == other.parts.len() && self.begins(other)
    }

    /// How many of its first parts are among these columns, in these collations.
    pub fn begins_with(&self, columns: &[(&Name, String)]) -> usize {
        let is_one = |part: &&Part| {
            part.column.as_ref().is_some_and(|column| {
                columns.iter().any(|(name, collation)| *name == column && *collation == part.collation)
            })
        };
        self.parts.iter().take_while(is_one).count()
    }

    /// Whether a search for values of these columns, none of them NULL, finds all rows that have them: it covers all rows, or
    /// those in which the columns are not NULL.
    pub fn covers_values_of(&self, columns: &[(&Name, String)]) -> bool {
        let Some(predicate) = self.predicate else { return true };
        let tokens = significant(predicate.as_str());
        let tokens = crate::sql::expr::without_outer_parentheses(&tokens);
        tokens.split(|token| token.is_word("and")).all(|condition| {
            let condition = crate::sql::expr::without_outer_parentheses(condition);
            let name = match condition {
                [name, is, not, null] if is.is_word("is") && not.is_word("not") && null.is_word("null") => name,
                [name, not, null] if not.is_word("not") && null.is_word("null") => name,
                [name, notnull] if notnull.is_word("notnull") => name,
                _ => return false,
            };
            let name = Some(name).filter(|name| matches!(name.kind, TokenKind::Word | TokenKind::QuotedName));
            let name = name.and_then(Token::identifier).map(Name::from);
            name.is_some_and(|name| columns.iter().any(|(column, _)| **column == name))
        })
    }

    /// What it is, for messages.
    pub fn describe(&self, table: &Table) -> String {
        match self.origin {
            Origin::PrimaryKey => format!("the primary key of `{}`", path([&table.name])),
            Origin::Unique(_) => {
                let columns: Vec<&str> =
                    self.parts.iter().filter_map(|part| part.column.as_ref()).map(Name::as_str).collect();
                format!("`UNIQUE ({})`", columns.join(", "))
            }
            Origin::Index(index) => format!("the index `{}`", path([&index.name])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ddl::{Object, read};

    fn table(columns: &str, indexes: &[&str]) -> Table {
        let Ok(Object::Table(mut table)) = read(&format!("CREATE TABLE t ({columns})")) else { panic!("{columns}") };
        for (at, index) in indexes.iter().enumerate() {
            match read(&format!("CREATE INDEX i{at} ON t {index}")) {
                Ok(Object::Index(_, index)) => drop(table.indexes.insert(index)),
                other => panic!("{index}: {other:?}"),
            }
        }
        table
    }

    #[test]
    fn one_way_begins_another_if_all_that_it_is_good_for_the_other_is_too() {
        let begins = |one: &str, two: &str| {
            let table = table("a TEXT COLLATE NOCASE, b, c", &[one, two]);
            let ways = ways(&table);
            ways[0].begins(&ways[1])
        };
        for (one, two) in [
            ("(a)", "(a, b)"),
            ("(a)", "(A COLLATE nocase)"),
            ("(a)", "(a DESC, b)"),
            ("(a, b DESC)", "(a DESC, b, c)"),
            ("(lower(b))", "(LOWER( b ), c)"),
            ("(a) WHERE b > 0", "(a, c) WHERE b>0"),
        ] {
            assert!(begins(one, two), "{one} {two}");
        }
        for (one, two) in [
            ("(a)", "(b, a)"),
            ("(a, b)", "(a)"),
            ("(a)", "(a COLLATE BINARY, b)"),
            ("(a, b DESC)", "(a, b)"),
            ("(a) WHERE b > 0", "(a, c)"),
            ("(a)", "(a, c) WHERE b > 0"),
            ("(lower(b))", "(b)"),
        ] {
            assert!(!begins(one, two), "{one} {two}");
        }
    }

    #[test]
    fn a_search_for_values_finds_all_of_them_where_only_null_is_left_out() {
        let covers = |index: &str| {
            let table = table("a, b", &[index]);
            ways(&table)[0].covers_values_of(&[(&"a".into(), "binary".to_owned())])
        };
        for index in ["(a)", "(a) WHERE a IS NOT NULL", "(a) WHERE (\"a\" notnull)", "(a) WHERE A NOT NULL"] {
            assert!(covers(index), "{index}");
        }
        for index in ["(a) WHERE a > 0", "(a) WHERE b IS NOT NULL", "(a) WHERE a IS NOT NULL AND b = 1"] {
            assert!(!covers(index), "{index}");
        }
    }
}
