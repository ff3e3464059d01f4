//! What no release knows that runs now: earlier ones of the migrations that are looked at make it.

use std::collections::BTreeSet;

use crate::diff::Diff;
use crate::sql::Name;

/// Tables, columns, views and triggers, by their names now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unreleased {
    tables: BTreeSet<Name>,
    columns: BTreeSet<(Name, Name)>,
    views: BTreeSet<Name>,
    triggers: BTreeSet<Name>,
}

impl Unreleased {
    /// Adds what a migration makes, under the names that it gives.
    pub fn follow(&mut self, diff: &Diff) {
        let renames = &diff.renames;
        let table_now = |old: &Name| {
            let renamed = renames.tables.iter().find(|(from, _)| from == old).map(|(_, to)| to.clone());
            renamed.or_else(|| (!diff.dropped_tables.contains(old)).then(|| old.clone()))
        };
        let column_now = |(table, old): &(Name, Name)| {
            let table = table_now(table)?;
            let renamed = renames.columns.iter().find(|(on, from, _)| *on == table && from == old);
            let now = renamed.map_or(old, |(_, _, to)| to).clone();
            let is_gone = diff.tables.iter().any(|diff| diff.name == table && diff.dropped.contains(&now));
            (!is_gone).then_some((table, now))
        };
        self.columns = self.columns.iter().filter_map(column_now).collect();
        self.tables = self.tables.iter().filter_map(table_now).collect();
        self.tables.extend(diff.created_tables.iter().cloned());
        let added =
            diff.tables.iter().flat_map(|table| table.added.iter().map(|name| (table.name.clone(), name.clone())));
        self.columns.extend(added);
        for (known, changes) in [(&mut self.views, &diff.views), (&mut self.triggers, &diff.triggers)] {
            known.retain(|name| !changes.dropped.contains(name));
            known.extend(changes.created.iter().cloned());
        }
    }

    pub(super) fn has_table(&self, name: &Name) -> bool {
        self.tables.contains(name)
    }

    pub(super) fn has_column(&self, table: &Name, column: &Name) -> bool {
        self.has_table(table) || self.columns.contains(&(table.clone(), column.clone()))
    }

    pub(super) fn has_view(&self, name: &Name) -> bool {
        self.views.contains(name)
    }

    pub(super) fn has_trigger(&self, name: &Name) -> bool {
        self.triggers.contains(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ddl::read::schema_of;
    use crate::diff::{Renames, diff};

    #[test]
    fn what_is_new_is_followed_through_renames_and_drops() {
        let steps = [
            "CREATE TABLE a (x);",
            "CREATE TABLE a (x, y, z); CREATE TABLE b (x); CREATE VIEW v AS SELECT x FROM b;",
            "CREATE TABLE c (x, w); CREATE TABLE b (x);",
        ];
        let schemas = steps.map(schema_of);
        let renames =
            Renames { tables: vec![("a".into(), "c".into())], columns: vec![("c".into(), "y".into(), "w".into())] };
        let mut unreleased = Unreleased::default();
        unreleased.follow(&diff(&schemas[0], &schemas[1], &Renames::default()).expect("it fits"));
        assert!(unreleased.has_column(&"a".into(), &"y".into()) && !unreleased.has_column(&"a".into(), &"x".into()));
        assert!(unreleased.has_table(&"b".into()) && unreleased.has_view(&"v".into()));
        unreleased.follow(&diff(&schemas[1], &schemas[2], &renames).expect("it fits"));
        assert!(unreleased.has_column(&"c".into(), &"w".into()) && !unreleased.has_column(&"c".into(), &"x".into()));
        assert_eq!(unreleased.columns.len(), 1, "{unreleased:?}");
        assert!(unreleased.has_table(&"b".into()) && !unreleased.has_view(&"v".into()));
    }
}
