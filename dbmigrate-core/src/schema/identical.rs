//! Tables that two schemas spell alike, to the letter, shared between them: whatever compares the schemas later then skips
//! these ([`NamedMap::unshared`]), instead of making the canonical texts of all tables once more.

use super::table::{
    Check, Column, Conflict, Deferrable, ForeignKey, Generated, Index, IndexPart, KeyPart, PrimaryKey,
    ReferentialAction, Table, Unique,
};
use super::{Named, NamedMap, Schema};
use crate::sql::{DeclType, Expr, Name};

impl Schema {
    /// The same schema, which has those tables together with another one that are written the same there.
    #[must_use]
    pub fn sharing(mut self, other: &Self) -> Self {
        self.tables = self.tables.sharing(&other.tables, Identical::is_identical);
        self
    }
}

/// Equal to the letter, also in what is no part of equality: spelling, the order of columns.
trait Identical {
    fn is_identical(&self, other: &Self) -> bool;
}

impl Identical for Name {
    fn is_identical(&self, other: &Self) -> bool {
        self.same_spelling(other)
    }
}

impl Identical for Expr {
    fn is_identical(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Identical for DeclType {
    fn is_identical(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl<T: Identical> Identical for Option<T> {
    fn is_identical(&self, other: &Self) -> bool {
        match (self, other) {
            (Some(one), Some(other)) => one.is_identical(other),
            (None, None) => true,
            _ => false,
        }
    }
}

impl<T: Identical> Identical for Vec<T> {
    fn is_identical(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|(one, other)| one.is_identical(other))
    }
}

impl<T: Identical + Named> Identical for NamedMap<T> {
    fn is_identical(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|(one, other)| one.is_identical(other))
    }
}

/// What has no spelling.
macro_rules! plain {
    ($($type:ty),+ $(,)?) => {
        $(impl Identical for $type {
            fn is_identical(&self, other: &Self) -> bool {
                self == other
            }
        })+
    };
}

plain!(bool, Conflict, Deferrable, ReferentialAction);

/// All fields of a struct: one that is forgotten does not compile.
macro_rules! fields {
    ($($type:ident { $($field:ident),+ $(,)? })+) => {
        $(impl Identical for $type {
            fn is_identical(&self, other: &Self) -> bool {
                let Self { $($field),+ } = self;
                true $(&& $field.is_identical(&other.$field))+
            }
        })+
    };
}

fields! {
    Table {
        name, columns, primary_key, uniques, foreign_keys, checks, strict, without_rowid, random_rowid, indexes
    }
    Column { name, decl_type, not_null, not_null_name, not_null_conflict, default, collate, generated }
    Generated { expr, stored }
    KeyPart { column, collate, descending }
    PrimaryKey { name, parts, autoincrement, conflict }
    Unique { name, parts, conflict }
    Check { name, expr }
    ForeignKey {
        name, columns, parent, parent_columns, on_delete, on_update, match_name, deferrable
    }
    Index { name, unique, parts, predicate }
    IndexPart { expr, collate, descending }
}

#[cfg(test)]
mod tests {
    use crate::ddl::read::schema_of;

    #[test]
    fn tables_are_shared_if_they_are_written_the_same() {
        let one = schema_of("CREATE TABLE a (x TEXT, y INT); CREATE TABLE b (x DEFAULT (1 + 2)); CREATE TABLE c (z)");
        let text =
            "CREATE TABLE a (y INT, x TEXT); CREATE TABLE b (x DEFAULT (1+2)); CREATE TABLE c (z); CREATE TABLE d (z)";
        let two = schema_of(text);
        let shared = two.clone().sharing(&one);
        let names = |pairs: Vec<(Option<&crate::schema::Table>, Option<&crate::schema::Table>)>| {
            let names = pairs.into_iter().filter_map(|(one, other)| Some(one.or(other)?.name.to_string()));
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(two.tables.unshared(&one.tables)), ["a", "b", "c", "d"]);
        assert_eq!(names(shared.tables.unshared(&one.tables)), ["a", "b", "d"]);
        assert_eq!(shared.canonical(), two.canonical());
    }
}
