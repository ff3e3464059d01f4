//! All that is stored of a schema, by rowid and by table: what a migration concerns is found without going through all of
//! it.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::introspect::StoredObject;
use crate::sql::{Name, Token, tokenize};

/// The objects that have a statement, by rowid.
#[derive(Debug, Default)]
pub(super) struct Objects {
    by_rowid: BTreeMap<i64, StoredObject>,
    /// The rowids of what belongs to a table or view, itself included.
    by_table: BTreeMap<Name, BTreeSet<i64>>,
    /// Those of views and triggers.
    texts: BTreeSet<i64>,
    /// Those of objects with double quotes that may be around a string.
    quoted: BTreeSet<i64>,
}

impl Objects {
    /// The objects in the order in which they were made.
    pub(super) fn values(&self) -> impl Iterator<Item = &StoredObject> {
        self.by_rowid.values()
    }

    /// The same with their rowids.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (i64, &StoredObject)> {
        self.by_rowid.iter().map(|(rowid, object)| (*rowid, object))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.by_rowid.len()
    }

    /// The object with a rowid.
    pub(super) fn get(&self, rowid: i64) -> Option<&StoredObject> {
        self.by_rowid.get(&rowid)
    }

    /// The rowids above another one.
    pub(super) fn above(&self, rowid: i64) -> impl Iterator<Item = i64> {
        self.by_rowid.range(rowid.saturating_add(1)..).map(|(rowid, _)| *rowid)
    }

    /// The rowids of what belongs to a table or view, itself included.
    pub(super) fn of_table(&self, table: &Name) -> impl Iterator<Item = i64> {
        self.by_table.get(table).into_iter().flatten().copied()
    }

    /// The tables and views that something belongs to.
    pub(super) fn tables(&self) -> impl Iterator<Item = &Name> {
        self.by_table.keys()
    }

    /// The views and triggers, with their rowids.
    pub(super) fn texts(&self) -> impl Iterator<Item = (i64, &StoredObject)> {
        self.texts.iter().filter_map(|rowid| Some((*rowid, self.by_rowid.get(rowid)?)))
    }

    /// The rowids of objects with double quotes that may be around a string: `ALTER TABLE` writes single ones in their place.
    pub(super) fn quoted(&self) -> impl Iterator<Item = i64> {
        self.quoted.iter().copied()
    }

    /// Adds an object, in the place of one that had its rowid.
    pub(super) fn insert(&mut self, rowid: i64, object: StoredObject) {
        self.remove(rowid);
        match self.by_table.get_mut(&object.table) {
            Some(rowids) => drop(rowids.insert(rowid)),
            None => drop(self.by_table.insert(object.table.clone(), BTreeSet::from([rowid]))),
        }
        if is_text(&object) {
            self.texts.insert(rowid);
        }
        if may_quote_strings(&object) {
            self.quoted.insert(rowid);
        }
        self.by_rowid.insert(rowid, object);
    }

    /// Takes an object out.
    pub(super) fn remove(&mut self, rowid: i64) -> Option<StoredObject> {
        let object = self.by_rowid.remove(&rowid)?;
        self.texts.remove(&rowid);
        self.quoted.remove(&rowid);
        if let Some(rowids) = self.by_table.get_mut(&object.table) {
            rowids.remove(&rowid);
            if rowids.is_empty() {
                self.by_table.remove(&object.table);
            }
        }
        Some(object)
    }
}

/// Whether its statement may speak of any object.
fn is_text(object: &StoredObject) -> bool {
    matches!(&object.kind[..], "view" | "trigger")
}

/// Whether something in double quotes is not the name of the object or of its table.
fn may_quote_strings(object: &StoredObject) -> bool {
    let is_other = |token: Token<'_>| {
        let name = token.text.starts_with('"').then(|| token.identifier()).flatten();
        name.is_some_and(|name| object.name != *name && object.table != *name)
    };
    object.sql.contains('"') && tokenize(&object.sql).any(is_other)
}

impl Extend<(i64, StoredObject)> for Objects {
    fn extend<T: IntoIterator<Item = (i64, StoredObject)>>(&mut self, objects: T) {
        for (rowid, object) in objects {
            self.insert(rowid, object);
        }
    }
}

impl FromIterator<(i64, StoredObject)> for Objects {
    fn from_iter<T: IntoIterator<Item = (i64, StoredObject)>>(objects: T) -> Self {
        let mut all = Self::default();
        all.extend(objects);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: &str, name: &str, table: &str) -> StoredObject {
        let (name, table) = (Name::from(name), Name::from(table));
        StoredObject { kind: kind.to_owned(), sql: format!("CREATE {kind}"), name, table, is_garbled: false }
    }

    #[test]
    fn objects_are_found_by_their_table_as_long_as_they_are_there() {
        let mut all: Objects =
            (1..).zip([object("table", "a", "a"), object("trigger", "r", "A"), object("table", "b", "b")]).collect();
        let of = |all: &Objects, table: &str| all.of_table(&Name::from(table)).collect::<Vec<_>>();
        assert_eq!((of(&all, "A"), of(&all, "b"), of(&all, "c")), (vec![1, 2], vec![3], vec![]));
        assert_eq!(all.texts().map(|(rowid, _)| rowid).collect::<Vec<_>>(), [2]);
        assert_eq!(all.above(1).collect::<Vec<_>>(), [2, 3]);
        all.insert(2, object("index", "i", "b"));
        assert_eq!((of(&all, "a"), of(&all, "b"), all.texts().count(), all.len()), (vec![1], vec![2, 3], 0, 3));
        assert_eq!(all.remove(1).map(|object| object.name), Some(Name::from("a")));
        assert_eq!((all.remove(1), all.tables().collect::<Vec<_>>()), (None, vec![&Name::from("b")]));
        assert!(all.get(1).is_none() && all.get(2).is_some());
    }

    #[test]
    fn quotes_around_anything_but_the_own_name_may_be_around_a_string() {
        for (sql, may) in [
            ("CREATE TABLE \"A\" (x, y TEXT DEFAULT 'b \"c\"')", false),
            ("CREATE INDEX \"i\" ON \"a\" (x)", false),
            ("CREATE TABLE a (x DEFAULT \"b\")", true),
            ("CREATE TABLE a (x REFERENCES \"b\" (y))", true),
        ] {
            let name = if sql.contains("INDEX") { "i" } else { "a" };
            let objects: Objects =
                [(1, StoredObject { sql: sql.to_owned(), ..object("table", name, "a") })].into_iter().collect();
            assert_eq!(objects.quoted().count() == 1, may, "{sql}");
        }
    }
}
