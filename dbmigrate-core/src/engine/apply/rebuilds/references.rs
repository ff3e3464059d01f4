//! The foreign keys that statements can break, rebuilds among them: no more than those have to be checked.
//!
//! A reference that held goes on to hold if each row that it is about has the values that it had. That is so for a child
//! that is rebuilt, if its key was there before and its columns are filled from themselves; and for a parent that is
//! rebuilt, if the columns referred to are, and still keep rows apart. What other statements of the script write to, or
//! alter, is checked whatever it is, and so is a key whose other end they touch.
//!
//! Copying gives each value the affinity of its column, which it has already unless somebody has edited the stored schema.
//! That no such value loses its parent is why the affinities of both ends have to be the same, or the child's none: then
//! what is looked for does not change, and what is found was equal to it, so that it becomes equal to it.

use std::collections::BTreeSet;

use super::Unchanged;
use crate::folder::script::Rebuild;
use crate::plan::{reach, referring};
use crate::schema::validate::is_parent_key;
use crate::schema::{ForeignKey, Schema, Table};
use crate::sql::expr::Affinity;
use crate::sql::{Name, Statement};

/// What may refer to nothing after statements ran.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::engine::apply) struct AtRisk {
    /// The tables that statements write to, create, alter or drop, apart from rebuilds that change nothing of a key.
    reach: BTreeSet<Name>,
    /// Tables with keys that a rebuild may break.
    children: BTreeSet<Name>,
}

impl AtRisk {
    /// What is at risk in a database with this schema. `None` if that may be anything. `followed` are keys of tables that
    /// all rows are known to follow once they are there.
    pub(in crate::engine::apply) fn of(
        schema: &Schema,
        statements: &[Statement<'_>],
        rebuilds: &[&Rebuild],
        followed: &[(Name, ForeignKey)],
    ) -> Option<Self> {
        let mut tables: Vec<&Name> = rebuilds.iter().map(|rebuild| &rebuild.table).collect();
        tables.sort_unstable();
        tables.dedup();
        // behind the first one, the table is another one
        let rebuilds = if tables.len() == rebuilds.len() { rebuilds } else { &[] };
        let is_outside = |at: usize| !rebuilds.iter().any(|rebuild| rebuild.statements.contains(&at));
        let outside: Vec<Statement<'_>> =
            statements.iter().enumerate().filter(|(at, _)| is_outside(*at)).map(|(_, statement)| *statement).collect();
        let mut found = Self { reach: reach(schema, &outside).ok()?, children: BTreeSet::new() };
        let mut unchanged = Vec::new();
        for rebuild in rebuilds {
            let before = schema.table(&rebuild.table).filter(|_| !found.reach.contains(&rebuild.table));
            match before.and_then(|before| Unchanged::of(rebuild, before, statements)) {
                Some(one) => unchanged.push(one),
                // it is another table by then, or has rows that do not arrive
                None => found.reach.extend([rebuild.table.clone(), rebuild.helper.clone()]),
            }
        }
        for one in &unchanged {
            found.children.extend(one.children_at_risk(schema, &unchanged, followed));
        }
        Some(found)
    }

    /// The tables of a schema whose foreign keys have to be checked.
    pub(in crate::engine::apply) fn tables(&self, schema: &Schema) -> BTreeSet<Name> {
        let mut tables: BTreeSet<Name> = referring(schema, &self.reach).into_iter().collect();
        tables.extend(self.children.iter().filter(|name| schema.tables.contains(name)).cloned());
        tables
    }
}

impl Unchanged<'_> {
    /// The tables with keys that this rebuild may break. `all` are those of the same script.
    fn children_at_risk(
        &self,
        schema: &Schema,
        all: &[Unchanged<'_>],
        followed: &[(Name, ForeignKey)],
    ) -> BTreeSet<Name> {
        let table = &self.rebuild.table;
        let mut at_risk = BTreeSet::new();
        let is_followed = |key: &ForeignKey| followed.iter().any(|(of, one)| of == table && one == key);
        let mut keys = self.rebuild.definition.foreign_keys.iter();
        if keys.any(|key| !is_followed(key) && !self.keeps_child(schema, key)) {
            at_risk.insert(table.clone());
        }
        for child in &schema.tables {
            // the keys that it has behind its own rebuild
            let rebuilt = all.iter().find(|one| one.rebuild.table == child.name);
            let after = rebuilt.map_or(child, |one| &one.rebuild.definition);
            let mut keys = after.foreign_keys.iter().filter(|key| key.parent == *table);
            if keys.any(|key| !self.keeps_parent(schema, key)) {
                at_risk.insert(child.name.clone());
            }
        }
        at_risk
    }

    /// Whether a key of the rebuilt table was there before, over columns with the values that they had.
    fn keeps_child(&self, schema: &Schema, key: &ForeignKey) -> bool {
        let was_there = |before: &ForeignKey| {
            before.parent == key.parent
                && before.columns == key.columns
                && schema.referenced_columns(before) == schema.referenced_columns(key)
        };
        let Some(parent) = schema.table(&key.parent) else { return false };
        let Some(referenced) = schema.referenced_columns(key) else { return false };
        let is_alike = |column: &Name, to: &Name| {
            let child = self.rebuild.definition.column(column).map(|one| self.rebuild.definition.affinity(one));
            let parent = parent.column(to).map(|one| parent.affinity(one));
            matches!((child, parent), (Some(child), Some(parent)) if is_alike(child, parent))
        };
        self.before.foreign_keys.iter().any(was_there)
            && key.columns.len() == referenced.len()
            && key.columns.iter().zip(&referenced).all(|(column, to)| self.has(column) && is_alike(column, to))
    }

    /// Whether the columns that a key refers to have the values that they had, and are a key as they were.
    fn keeps_parent(&self, schema: &Schema, key: &ForeignKey) -> bool {
        let Some(referenced) = schema.referenced_columns(key) else { return false };
        // a key that names no columns follows the primary key
        let names = |table: &Table| -> Vec<Name> {
            match &key.parent_columns[..] {
                [] => table.primary_key.iter().flat_map(|key| &key.parts).map(|part| part.column.clone()).collect(),
                named => named.to_vec(),
            }
        };
        let mut after = self.rebuild.definition.clone();
        for (_, index) in &self.rebuild.indexes {
            after.indexes.insert(index.clone());
        }
        names(&after) == referenced
            && is_parent_key(&after, &referenced)
            && referenced.iter().all(|column| self.has(column))
    }
}

/// Whether a value of a child that gets its column's affinity is still what is equal to it of its parent.
fn is_alike(child: Affinity, parent: Affinity) -> bool {
    let is_integer = |affinity: Affinity| matches!(affinity, Affinity::Integer | Affinity::Numeric);
    child == parent || child == Affinity::Blob || (is_integer(child) && is_integer(parent))
}
