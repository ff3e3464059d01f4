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

use std::collections::BTreeSet;

use crate::schema::canonical::{canonical_trigger, canonical_view, canonical_virtual_table};
use crate::schema::{Named, NamedMap, Referring, Schema, Table};
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
        for both in old.unshared(new) {
            match both {
                (None, Some(after)) => diff.created.push(after.name().clone()),
                (Some(before), None) => diff.dropped.push(before.name().clone()),
                (Some(before), Some(after)) if canonical(before) != canonical(after) => {
                    diff.changed.push(after.name().clone());
                }
                _ => {}
            }
        }
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
    diff_among(old, new, renames, None)
}

/// The same, where it may be known which tables of the schemas refer to which: first of the old one, then of the new one.
pub(crate) fn diff_among(
    old: &Schema,
    new: &Schema,
    renames: &Renames,
    mut referring: Option<&mut Referring>,
) -> Result<Diff, RenameError> {
    renames.check(old, new)?;
    let renamed = renames.apply_among(old, referring.as_deref());
    if let Some(referring) = &mut referring {
        referring.follow(new);
    }
    let unshared = renamed.tables.unshared(&new.tables);
    let is_new = unshared.iter().filter(|(before, _)| before.is_none()).filter_map(|(_, after)| *after);
    let gone =
        |name: &Name| !renames.renames_table(name) && (renames.displaces_table(name) || !new.tables.contains(name));
    let dropped_tables = if renames.is_empty() {
        let gone = unshared.iter().filter(|(_, after)| after.is_none()).filter_map(|(before, _)| *before);
        gone.map(|table| table.name.clone()).collect()
    } else {
        let left = old.tables.unshared(&new.tables).into_iter().filter(|(_, after)| after.is_none());
        let displaced = renames.tables.iter().filter_map(|(_, to)| old.table(to));
        let candidates = left.filter_map(|(before, _)| before).chain(displaced);
        let names: BTreeSet<&Name> = candidates.map(|table| &table.name).filter(|name| gone(name)).collect();
        names.into_iter().cloned().collect()
    };
    Ok(Diff {
        created_tables: in_order_of_references(is_new),
        dropped_tables,
        tables: compared(&renamed, new, &unshared, referring.as_deref())
            .into_iter()
            .filter_map(|(before, after)| TableDiff::of(&renamed, before, new, after))
            .collect(),
        virtual_tables: ObjectsDiff::of(&renamed.virtual_tables, &new.virtual_tables, canonical_virtual_table),
        views: ObjectsDiff::of(&renamed.views, &new.views, canonical_view),
        triggers: ObjectsDiff::of(&renamed.triggers, &new.triggers, canonical_trigger),
        renames: renames.clone(),
        renamed,
    })
}

/// The tables of both schemas that may differ, in the order of their names: those that are not shared, and those that
/// refer to the primary key of one, whatever that is.
fn compared<'a>(
    old: &'a Schema,
    new: &'a Schema,
    unshared: &[(Option<&'a Table>, Option<&'a Table>)],
    referring: Option<&Referring>,
) -> Vec<(&'a Table, &'a Table)> {
    let mut both: Vec<_> = unshared.iter().filter_map(|(before, after)| Some(((*before)?, (*after)?))).collect();
    if unshared.is_empty() {
        return both;
    }
    let moved: Vec<&Name> = unshared.iter().filter_map(|(before, after)| Some(&after.or(*before)?.name)).collect();
    let is_moved = |name: &Name| moved.binary_search(&name).is_ok();
    let refers =
        |table: &Table| table.foreign_keys.iter().any(|key| key.parent_columns.is_empty() && is_moved(&key.parent));
    let is_shared = |table: &&'a Table| refers(table) && !is_moved(&table.name);
    let shared: Vec<&Table> = match referring {
        Some(referring) => {
            let children: BTreeSet<&Name> = moved.iter().flat_map(|name| referring.to(name)).collect();
            children.into_iter().filter_map(|name| new.table(name)).filter(is_shared).collect()
        }
        None => new.tables.iter().filter(is_shared).collect(),
    };
    let shared: Vec<_> = shared.into_iter().filter_map(|table| Some((old.table(&table.name)?, table))).collect();
    if !shared.is_empty() {
        both.extend(shared);
        both.sort_by(|(_, one), (_, other)| one.name.cmp(&other.name));
    }
    both
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

/// What differs between a schema that was found and the one that is wanted, in words.
pub fn differences(found: &Schema, wanted: &Schema) -> Vec<String> {
    match diff(found, wanted, &Renames::default()) {
        Ok(diff) => diff.changes().iter().map(ToString::to_string).collect(),
        Err(error) => vec![error.to_string()],
    }
}
