//! Which tables refer to which, followed from one schema to the next: there may be hundreds of tables, of which few change,
//! and to look through all of them takes longer than what is to be done with the few.

use std::collections::{BTreeSet, HashMap};

use super::{NamedMap, Schema, Table};
use crate::sql::Name;

/// The tables that refer to others, by those.
#[derive(Debug, Default)]
pub struct Referring {
    /// Those of the schema that it is of.
    tables: NamedMap<Table>,
    children: HashMap<Name, BTreeSet<Name>>,
}

impl Referring {
    /// Goes on to another schema, of which most is the same.
    pub fn follow(&mut self, schema: &Schema) {
        let before = std::mem::replace(&mut self.tables, schema.tables.clone());
        let changed = before.unshared(&self.tables);
        for table in changed.iter().filter_map(|(before, _)| *before) {
            for key in &table.foreign_keys {
                if let Some(children) = self.children.get_mut(&key.parent) {
                    children.remove(&table.name);
                }
            }
        }
        for table in changed.iter().filter_map(|(_, after)| *after) {
            for key in &table.foreign_keys {
                self.children.entry(key.parent.clone()).or_default().insert(table.name.clone());
            }
        }
    }

    /// The tables that refer to one that has this name, or would have it.
    pub fn to(&self, parent: &Name) -> impl Iterator<Item = &Name> {
        self.children.get(parent).into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ddl::read::schema_of;

    #[test]
    fn what_refers_to_a_table_is_followed_from_one_schema_to_the_next() {
        let mut referring = Referring::default();
        let mut to = |schema: &Schema, parent: &str| {
            referring.follow(schema);
            referring.to(&parent.into()).map(Name::as_str).collect::<Vec<_>>().join(" ")
        };
        let first = schema_of(
            "CREATE TABLE a (x); CREATE TABLE c (x REFERENCES A, y REFERENCES a); CREATE TABLE b (x REFERENCES a);",
        );
        assert_eq!(to(&first, "a"), "b c");
        let mut second = first.clone();
        second.tables.remove(&"a".into());
        second.tables.get_mut(&"b".into()).expect("a table").foreign_keys[0].parent = "c".into();
        assert_eq!((to(&second, "a"), to(&second, "C")), ("c".to_owned(), "b".to_owned()));
        assert_eq!(to(&Schema::default(), "a"), "");
        assert_eq!(to(&first, "a"), "b c");
    }
}
