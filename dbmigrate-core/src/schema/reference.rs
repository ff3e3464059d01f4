//! The two ends of a foreign key: whether values of the one can be values of the other.
//!
//! SQLite compares a child's value with the parent's column in the affinity and collation of the parent
//! (sqlite.org/foreignkeys.html#fk_indexes), so `INT` and `NUMERIC`, `VARCHAR` and `TEXT` go together. A `STRICT` table
//! holds values of one class and no other, whatever is compared.

use super::{Column, ForeignKey, Schema, Table};
use crate::sql::expr::Affinity;

/// How two ends differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mismatch {
    /// A `STRICT` table holds values of another class than the other end.
    Strict,
    /// One end prefers text and the other numbers: `'007'` and 7 are the same to one of them only.
    Affinity,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Number,
    Text,
    Blob,
}

impl Mismatch {
    /// How the types of a child's and a parent's column differ, if they do.
    pub(super) fn between(child: (&Table, &Column), parent: (&Table, &Column)) -> Option<Self> {
        let is_strict = child.0.strict || parent.0.strict;
        match (class(child.0, child.1)?, class(parent.0, parent.1)?) {
            (one, two) if one == two => None,
            // without STRICT, a blob may be anywhere
            (Class::Blob, _) if !parent.0.strict => None,
            (_, Class::Blob) if !child.0.strict => None,
            _ if is_strict => Some(Self::Strict),
            _ => Some(Self::Affinity),
        }
    }
}

impl Schema {
    /// The first column of a foreign key that holds values of another class than the one that it refers to, and that one.
    pub fn unlike_columns<'s>(&'s self, table: &'s Table, key: &ForeignKey) -> Option<(&'s Column, &'s Column)> {
        let parent = self.table(&key.parent)?;
        let referenced = self.referenced_columns(key)?;
        key.columns.iter().zip(&referenced).find_map(|(child, of_parent)| {
            let pair = (table.column(child)?, parent.column(of_parent)?);
            Mismatch::between((table, pair.0), (parent, pair.1)).map(|_| pair)
        })
    }
}

/// What a column holds; `None` if that can be anything.
fn class(table: &Table, column: &Column) -> Option<Class> {
    match table.affinity(column) {
        Affinity::Text => Some(Class::Text),
        Affinity::Integer | Affinity::Real => Some(Class::Number),
        // `DATE`, `DECIMAL`, `BOOLEAN`: text as well as numbers
        Affinity::Numeric => None,
        Affinity::Blob => {
            (table.strict && !column.decl_type.as_str().eq_ignore_ascii_case("any")).then_some(Class::Blob)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ddl::{Object, read};

    fn table(columns: &str, strict: bool) -> Table {
        let sql = format!("CREATE TABLE t ({columns}){}", if strict { " STRICT" } else { "" });
        match read(&sql) {
            Ok(Object::Table(table)) => table,
            other => panic!("{sql}: {other:?}"),
        }
    }

    #[test]
    fn types_are_told_apart_as_sqlite_compares_them() {
        let between = |child: &str, strict_child: bool, parent: &str, strict_parent: bool| {
            let (child, parent) = (table(child, strict_child), table(parent, strict_parent));
            Mismatch::between((&child, &child.columns[0]), (&parent, &parent.columns[0]))
        };
        for (child, parent) in [
            ("a INT", "b INTEGER PRIMARY KEY"),
            ("a VARCHAR(9)", "b TEXT"),
            ("a DECIMAL(9, 2)", "b INTEGER"),
            ("a DATE", "b TEXT"),
            ("a TEXT", "b DATETIME"),
            ("a", "b INTEGER"),
            ("a TEXT", "b"),
            ("a BLOB", "b TEXT"),
            ("a REAL", "b INT"),
            ("a UUID", "b UUID"),
        ] {
            assert_eq!(between(child, false, parent, false), None, "{child} {parent}");
            assert_eq!(between(parent, false, child, false), None, "{parent} {child}");
        }
        assert_eq!(between("a INTEGER", false, "b TEXT", false), Some(Mismatch::Affinity));
        for (child, parent) in
            [("a INTEGER", "b TEXT"), ("a TEXT", "b INT"), ("a BLOB", "b TEXT"), ("a REAL", "b BLOB")]
        {
            assert_eq!(between(child, true, parent, true), Some(Mismatch::Strict), "{child} {parent}");
        }
        for (child, parent) in [("a INT", "b INTEGER"), ("a REAL", "b INT"), ("a ANY", "b TEXT"), ("a BLOB", "b ANY")] {
            assert_eq!(between(child, true, parent, true), None, "{child} {parent}");
        }
        assert_eq!(between("a INTEGER", true, "b VARCHAR(3)", false), Some(Mismatch::Strict));
        assert_eq!(between("a INTEGER", false, "b TEXT", true), Some(Mismatch::Strict));
        // an ordinary table may have a blob in every column
        assert_eq!(between("a BLOB", true, "b TEXT", false), None);
        assert_eq!(between("a BLOB", false, "b TEXT", true), None);
    }
}
