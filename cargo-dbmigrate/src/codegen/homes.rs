//! Which field says a clause of a table: found once for all of them, as tables have thousands of columns at times.

use std::collections::{HashMap, HashSet};

use dbmigrate_core::schema::{Check, Index, Table};
use dbmigrate_core::sql::Name;

use super::clauses::single;

/// The column on whose field each clause stands; a clause that is not listed stands on the struct.
pub(super) struct Homes<'t> {
    uniques: HashMap<usize, &'t Name>,
    foreign_keys: HashMap<usize, &'t Name>,
    checks: HashMap<*const Check, &'t Name>,
    indexes: HashMap<*const Index, &'t Name>,
}

impl<'t> Homes<'t> {
    pub(super) fn of(table: &'t Table) -> Self {
        let columns: HashMap<&Name, &Name> = table.columns.iter().map(|column| (&column.name, &column.name)).collect();
        let indexes = table.indexes.iter().filter_map(|index| match &index.parts[..] {
            [part] => Some((std::ptr::from_ref(index), *columns.get(&part.expr.as_column()?)?)),
            _ => None,
        });
        let checks = table.checks.iter().filter_map(|check| {
            let names = check.expr.names();
            let mut mentioned: Vec<&Name> = names.iter().filter_map(|name| columns.get(name).copied()).collect();
            mentioned.sort_unstable();
            mentioned.dedup();
            match mentioned[..] {
                [only] => Some((std::ptr::from_ref(check), only)),
                _ => None,
            }
        });
        // a field has room for one of each
        let firsts = |names: &mut dyn Iterator<Item = Option<&'t Name>>| {
            let mut taken = HashSet::new();
            let first = |(at, name): (usize, Option<&'t Name>)| {
                let name = name.filter(|name| taken.insert(*name))?;
                Some((at, *columns.get(name)?))
            };
            names.enumerate().filter_map(first).collect()
        };
        let unique_columns = table.uniques.iter().map(|unique| single(&unique.parts, false).map(|part| &part.column));
        let key_columns = table.foreign_keys.iter().map(|key| match (&key.columns[..], &key.name) {
            ([column], None) => Some(column),
            _ => None,
        });
        Self {
            uniques: firsts(&mut { unique_columns }),
            foreign_keys: firsts(&mut { key_columns }),
            checks: checks.collect(),
            indexes: indexes.collect(),
        }
    }

    /// The column of the n-th `UNIQUE` constraint: it is of one column, and the first of it.
    pub(super) fn of_unique(&self, at: usize) -> Option<&'t Name> {
        self.uniques.get(&at).copied()
    }

    /// The column of the n-th foreign key: it is of one column, has no name, and is the first of it.
    pub(super) fn of_foreign_key(&self, at: usize) -> Option<&'t Name> {
        self.foreign_keys.get(&at).copied()
    }

    /// The column of a check of the table: the only one that it mentions.
    pub(super) fn of_check(&self, check: &Check) -> Option<&'t Name> {
        self.checks.get(&std::ptr::from_ref(check)).copied()
    }

    /// The column of an index of the table: the only one that is indexed.
    pub(super) fn of_index(&self, index: &Index) -> Option<&'t Name> {
        self.indexes.get(&std::ptr::from_ref(index)).copied()
    }
}
