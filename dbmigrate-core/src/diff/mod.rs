//! What changes between two schemas. Pure: no I/O, no SQL; the order of the result depends on the input only.
//!
//! Renames come first: [`rename::Renames`] are applied to the old schema, as SQLite's own `ALTER TABLE … RENAME` would
//! apply them, and what then differs by name is the rest.

pub mod change;
pub mod detail;
mod order;
pub mod rename;
mod table;

pub use change::Change;
pub use detail::{Action, Detail};
pub(crate) use order::in_order_of_references;
pub use rename::{RenameError, Renames};
pub use table::{ColumnChange, TableDiff};

use crate::schema::canonical::{canonical_trigger, canonical_view, canonical_virtual_table};
use crate::schema::{Named, NamedMap, Schema};
use crate::sql::Name;

/// The difference between two schemas.
#[derive(Debug, Clone)]
pub struct Diff {
    /// The renames that were asked for.
    pub renames: Renames,
    /// The old schema with the renames applied: what the rest is compared with.
    pub renamed: Schema,
    /// Tables that are new, those that others refer to first.
    pub created_tables: Vec<Name>,
    /// Tables that are gone, by their names in the old schema.
    pub dropped_tables: Vec<Name>,
    /// Tables that are in both and differ.
    pub tables: Vec<TableDiff>,
    /// Virtual tables.
    pub virtual_tables: ObjectsDiff,
    /// Views.
    pub views: ObjectsDiff,
    /// Triggers.
    pub triggers: ObjectsDiff,
}

/// The difference between two sets of objects that are replaced as a whole when they change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectsDiff {
    /// Those that are new.
    pub created: Vec<Name>,
    /// Those that are gone.
    pub dropped: Vec<Name>,
    /// Those that are in both and differ.
    pub changed: Vec<Name>,
}

impl ObjectsDiff {
    fn of<T: Named>(old: &NamedMap<T>, new: &NamedMap<T>, canonical: impl Fn(&T) -> String) -> Self {
        let mut diff = Self::default();
        for object in new {
            match old.get(object.name()) {
                None => diff.created.push(object.name().clone()),
                Some(before) if canonical(before) != canonical(object) => diff.changed.push(object.name().clone()),
                Some(_) => {}
            }
        }
        let gone = old.iter().filter(|object| !new.contains(object.name()));
        diff.dropped = gone.map(|object| object.name().clone()).collect();
        diff
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.created.is_empty() && self.dropped.is_empty() && self.changed.is_empty()
    }
}

/// Compares two schemas, with these renames.
///
/// # Errors
/// If a rename does not fit the schemas.
pub fn diff(old: &Schema, new: &Schema, renames: &Renames) -> Result<Diff, RenameError> {
    renames.check(old, new)?;
    let renamed = renames.apply(old);
    let is_new = new.tables.iter().filter(|table| !renamed.tables.contains(&table.name));
    let gone =
        |name: &Name| !renames.renames_table(name) && (renames.displaces_table(name) || !new.tables.contains(name));
    let both = new.tables.iter().filter_map(|table| Some((renamed.table(&table.name)?, table)));
    Ok(Diff {
        created_tables: in_order_of_references(is_new),
        dropped_tables: old.tables.iter().map(|table| table.name.clone()).filter(gone).collect(),
        tables: both.filter_map(|(before, after)| TableDiff::of(&renamed, before, new, after)).collect(),
        virtual_tables: ObjectsDiff::of(&renamed.virtual_tables, &new.virtual_tables, canonical_virtual_table),
        views: ObjectsDiff::of(&renamed.views, &new.views, canonical_view),
        triggers: ObjectsDiff::of(&renamed.triggers, &new.triggers, canonical_trigger),
        renames: renames.clone(),
        renamed,
    })
}

impl Diff {
    /// Whether the schemas are the same and nothing is renamed.
    pub fn is_empty(&self) -> bool {
        self.renames.is_empty()
            && self.created_tables.is_empty()
            && self.dropped_tables.is_empty()
            && self.tables.is_empty()
            && self.virtual_tables.is_empty()
            && self.views.is_empty()
            && self.triggers.is_empty()
    }
}
