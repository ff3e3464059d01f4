//! Which table and column of one schema is which of another: over one migration, and over several in a row.

use std::collections::BTreeMap;

use crate::diff::Renames;
use crate::schema::Schema;
use crate::sql::Name;

/// What became of the tables and columns of a schema. What is not in it is gone, or is new.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// Tables, virtual ones too: the old name, the new one.
    pub(crate) tables: BTreeMap<Name, Name>,
    /// Columns: table and column before, and after.
    pub(crate) columns: BTreeMap<(Name, Name), (Name, Name)>,
}

impl Trace {
    /// That everything is what it was.
    pub fn of_same(schema: &Schema) -> Self {
        let mut trace = Self::default();
        for table in &schema.tables {
            trace.tables.insert(table.name.clone(), table.name.clone());
            for column in &table.columns {
                let place = (table.name.clone(), column.name.clone());
                trace.columns.insert(place.clone(), place);
            }
        }
        trace.tables.extend(schema.virtual_tables.iter().map(|table| (table.name.clone(), table.name.clone())));
        trace
    }

    /// What renames make of one schema in another: what has the same name and is not renamed is the same.
    pub fn between(old: &Schema, new: &Schema, renames: &Renames) -> Self {
        let mut trace = Self::default();
        let tables = new.tables.iter().map(|table| &table.name);
        for now in tables.chain(new.virtual_tables.iter().map(|table| &table.name)) {
            let has = |schema: &Schema, name: &Name| match new.tables.contains(now) {
                true => schema.table(name).map(|table| table.name.clone()),
                false => schema.virtual_tables.get(name).map(|table| table.name.clone()),
            };
            let Some(was) = renames.table_before(now).and_then(|was| has(old, was)) else { continue };
            let (Some(before), Some(after)) = (old.table(&was), new.table(now)) else {
                trace.tables.insert(was, now.clone());
                continue;
            };
            for column in &after.columns {
                let was_column = renames.column_before(now, &column.name).and_then(|was| before.column(was));
                if let Some(was_column) = was_column {
                    let place = (was.clone(), was_column.name.clone());
                    trace.columns.insert(place, (now.clone(), column.name.clone()));
                }
            }
            trace.tables.insert(was, now.clone());
        }
        trace
    }

    /// The same, in which what it says nothing of stays what it is.
    #[must_use]
    pub fn with_same(mut self, schema: &Schema) -> Self {
        let taken = self.inverse();
        for table in &schema.tables {
            if !taken.tables.contains_key(&table.name) {
                self.tables.entry(table.name.clone()).or_insert_with(|| table.name.clone());
            }
            let Some(after) = self.tables.get(&table.name) else { continue };
            for column in &table.columns {
                let (before, after) = ((table.name.clone(), column.name.clone()), (after.clone(), column.name.clone()));
                if !taken.columns.contains_key(&after) {
                    self.columns.entry(before).or_insert(after);
                }
            }
        }
        self
    }

    /// The new name of a table, if it is still there.
    pub fn table(&self, old: &Name) -> Option<&Name> {
        self.tables.get(old)
    }

    /// The table and column that a column is now, if it is still there.
    pub fn column(&self, table: &Name, column: &Name) -> Option<&(Name, Name)> {
        self.columns.get(&(table.clone(), column.clone()))
    }

    /// What comes of it when another one follows.
    #[must_use]
    pub fn then(&self, next: &Self) -> Self {
        let tables = self.tables.iter().filter_map(|(old, new)| Some((old.clone(), next.tables.get(new)?.clone())));
        let columns = self.columns.iter().filter_map(|(old, new)| Some((old.clone(), next.columns.get(new)?.clone())));
        Self { tables: tables.collect(), columns: columns.collect() }
    }

    /// The same, with what only the other one says of a name.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        let taken = self.inverse();
        for (old, new) in other.tables.iter().filter(|(_, new)| !taken.tables.contains_key(*new)) {
            self.tables.entry(old.clone()).or_insert_with(|| new.clone());
        }
        for (old, new) in other.columns.iter().filter(|(_, new)| !taken.columns.contains_key(*new)) {
            self.columns.entry(old.clone()).or_insert_with(|| new.clone());
        }
        self
    }

    /// The way back.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let tables = self.tables.iter().map(|(old, new)| (new.clone(), old.clone()));
        let columns = self.columns.iter().map(|(old, new)| (new.clone(), old.clone()));
        Self { tables: tables.collect(), columns: columns.collect() }
    }

    /// The names that differ.
    pub fn renames(&self) -> Renames {
        let tables = self.tables.iter().filter(|(old, new)| !old.same_spelling(new));
        let columns = self.columns.iter().filter(|((_, old), (_, new))| !old.same_spelling(new));
        Renames {
            tables: tables.map(|(old, new)| (old.clone(), new.clone())).collect(),
            columns: columns.map(|((_, old), (table, new))| (table.clone(), old.clone(), new.clone())).collect(),
        }
    }

    /// A table or column (with its table) that is another one than before under the same name: dropped, and added again
    /// later. A difference, which goes by names, would take the one for the other.
    pub fn mistaken(&self, old: &Schema, new: &Schema) -> Option<(Name, Option<Name>)> {
        let renames = self.renames();
        for after in &new.tables {
            let Some(before) = renames.table_before(&after.name).and_then(|name| old.table(name)) else { continue };
            if self.table(&before.name) != Some(&after.name) {
                return Some((after.name.clone(), None));
            }
            let mistaken = after.columns.iter().map(|column| &column.name).find(|column| {
                let was = renames.column_before(&after.name, column).filter(|was| before.column(was).is_some());
                was.is_some_and(|was| self.column(&before.name, was).is_none_or(|(_, now)| now != *column))
            });
            if let Some(column) = mistaken {
                return Some((after.name.clone(), Some(column.clone())));
            }
        }
        None
    }
}
