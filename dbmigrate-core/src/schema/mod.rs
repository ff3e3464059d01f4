//! The schema model: what a libSQL database declares, independent of how it is spelled.
//!
//! Everything here is plain data. [`canonical`] says when two objects are the same, [`validate`] what no database
//! would accept (or would accept and then fail on).

pub mod canonical;
pub mod comments;
mod identical;
pub mod named;
pub mod object;
pub mod reads;
mod reference;
mod referring;
pub mod table;
pub mod validate;
pub mod vector;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use comments::Comments;
pub use named::{Named, NamedMap};
pub use object::{Trigger, TriggerEvent, TriggerTiming, View, VirtualTable};
pub use reads::Reads;
pub use referring::Referring;
pub use table::{
    Check, Column, Conflict, Deferrable, ForeignKey, Generated, Index, IndexPart, KeyPart, PrimaryKey,
    ReferentialAction, Table, Unique,
};

pub use vector::Vector;

use crate::sql::Name;

/// All objects of a database.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// Ordinary tables with their indexes.
    #[serde(default, skip_serializing_if = "NamedMap::is_empty")]
    pub tables: NamedMap<Table>,
    /// Tables of a module: FTS5, R-Tree and others.
    #[serde(default, skip_serializing_if = "NamedMap::is_empty")]
    pub virtual_tables: NamedMap<VirtualTable>,
    /// Views.
    #[serde(default, skip_serializing_if = "NamedMap::is_empty")]
    pub views: NamedMap<View>,
    /// Triggers on tables and views.
    #[serde(default, skip_serializing_if = "NamedMap::is_empty")]
    pub triggers: NamedMap<Trigger>,
    /// What structs say of tables and views, for the statements that create them. No part of the schema: it is neither
    /// compared nor recorded.
    #[serde(skip)]
    pub docs: BTreeMap<Name, Comments>,
    /// What the Rust types of columns read, by table and column, as far as structs say it. No part of the schema
    /// either.
    #[serde(skip)]
    pub reads: BTreeMap<(Name, Name), Reads>,
}

impl Schema {
    /// The ordinary table of that name.
    pub fn table(&self, name: &Name) -> Option<&Table> {
        self.tables.get(name)
    }

    /// Takes out an object, by the word for its kind: `index`, `view`, `trigger`, or else a table of any kind.
    pub fn remove(&mut self, kind: &str, name: &Name) {
        match kind {
            "view" => drop(self.views.remove(name)),
            "trigger" => drop(self.triggers.remove(name)),
            "index" => {
                let owner = self.tables.iter().find(|table| table.indexes.contains(name));
                let owner = owner.map(|table| table.name.clone());
                if let Some(table) = owner.and_then(|owner| self.tables.get_mut(&owner)) {
                    table.indexes.remove(name);
                }
            }
            _ => {
                self.tables.remove(name);
                self.virtual_tables.remove(name);
            }
        }
    }

    /// What is said of a table or view.
    pub fn docs(&self, name: &Name) -> Option<&Comments> {
        self.docs.get(name)
    }

    /// What is read of a column: by the type of its field, else by its declared type. `None`: anything.
    pub fn reads(&self, table: &Name, column: &Column) -> Option<Reads> {
        let said = self.reads.get(&(table.clone(), column.name.clone()));
        // a field for a vector is told by the declared type how many numbers it has
        let vector = Vector::of(&column.decl_type).map(Reads::Vector);
        vector.or_else(|| said.cloned()).or_else(|| Reads::of_declared(&column.decl_type))
    }

    /// Whether nothing is declared.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.virtual_tables.is_empty() && self.views.is_empty() && self.triggers.is_empty()
    }

    /// The names of views and triggers that are not compiled.
    pub fn unchecked(&self) -> impl Iterator<Item = &Name> {
        let views = self.views.iter().filter(|view| view.unchecked).map(|view| &view.name);
        views.chain(self.triggers.iter().filter(|trigger| trigger.unchecked).map(|trigger| &trigger.name))
    }

    /// Every name that an object of the database has: tables, views, indexes and triggers.
    pub fn object_names(&self) -> impl Iterator<Item = &Name> {
        self.tables
            .iter()
            .flat_map(|table| std::iter::once(&table.name).chain(table.indexes.iter().map(|index| &index.name)))
            .chain(self.virtual_tables.iter().map(|table| &table.name))
            .chain(self.views.iter().map(|view| &view.name))
            .chain(self.triggers.iter().map(|trigger| &trigger.name))
    }

    /// The columns of `key`'s parent that it refers to: those it names, else the parent's primary key.
    /// `None` if the parent is unknown.
    pub fn referenced_columns(&self, key: &ForeignKey) -> Option<Vec<Name>> {
        if !key.parent_columns.is_empty() {
            return Some(key.parent_columns.clone());
        }
        let parent = self.table(&key.parent)?;
        Some(parent.primary_key.iter().flat_map(|key| &key.parts).map(|part| part.column.clone()).collect())
    }
}
