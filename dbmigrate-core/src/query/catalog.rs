//! A schema that is ready to be asked: relations by name, made when a statement first names them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::builtin;
use super::relation::{Column, Kind, Relation};
use super::resolve_select::view_columns;
use crate::config::Engine;
use crate::schema::{Schema, TriggerEvent, TriggerTiming};
use crate::sql::Name;

/// How deep views may read from each other; the engine's limit is lower in practice.
const DEEPEST: usize = 30;

/// A schema, ready to be asked. It is made once for many statements, shares the schema's objects, and looks into a
/// view when a statement names it.
pub struct Catalog {
    pub(super) schema: Schema,
    pub(super) engine: Engine,
    relations: Mutex<HashMap<String, Option<Arc<Relation>>>>,
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalog").field("schema", &self.schema).field("engine", &self.engine).finish_non_exhaustive()
    }
}

impl Catalog {
    /// The objects of a schema, and what the application adds to the engine.
    pub fn new(schema: &Schema, engine: &Engine) -> Self {
        Self { schema: schema.clone(), engine: engine.clone(), relations: Mutex::default() }
    }

    /// The table or view of that name, or what the engine has under it. `depth`: how many views read from each other.
    pub(super) fn relation(&self, name: &str, depth: usize) -> Option<Arc<Relation>> {
        let folded = name.to_ascii_lowercase();
        if let Some(found) = self.relations.lock().unwrap_or_else(PoisonError::into_inner).get(&folded) {
            return found.clone();
        }
        let made = self.make(name, depth).map(Arc::new);
        let mut relations = self.relations.lock().unwrap_or_else(PoisonError::into_inner);
        relations.insert(folded, made.clone());
        made
    }

    fn make(&self, name: &str, depth: usize) -> Option<Relation> {
        let known = Name::from(name);
        if let Some(table) = self.schema.tables.get(&known) {
            return Some(Relation::of_table(table));
        }
        if let Some(table) = self.schema.virtual_tables.get(&known) {
            return Some(Relation::of_virtual_table(table));
        }
        let Some(view) = self.schema.views.get(&known) else { return builtin::relation(name, &self.schema) };
        let relation = Relation { rowid: None, kind: Kind::View, ..Relation::unknown(view.name.as_str()) };
        let columns = if depth < DEEPEST { view_columns(self, view.query.as_str(), depth + 1) } else { None };
        let given = |(index, name): (usize, &Name)| {
            let ty = columns.as_ref().and_then(|columns| columns.get(index)).map(|column| column.ty.clone());
            Column::new(name.as_str(), ty.unwrap_or_default())
        };
        Some(match (view.columns.is_empty(), &columns) {
            (true, Some(columns)) => Relation { columns: columns.clone(), open: false, ..relation },
            (false, Some(columns)) if columns.len() == view.columns.len() => {
                Relation { columns: view.columns.iter().enumerate().map(given).collect(), open: false, ..relation }
            }
            _ => relation,
        })
    }

    /// The names of all tables and views.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let tables = self.schema.tables.iter().map(|table| table.name.as_str());
        let virtual_tables = self.schema.virtual_tables.iter().map(|table| table.name.as_str());
        let views = self.schema.views.iter().map(|view| view.name.as_str());
        tables.chain(virtual_tables).chain(views)
    }

    /// Whether a view takes such writes, by a trigger.
    pub(super) fn is_writable_view(&self, view: &Name, write: Write) -> bool {
        self.schema.triggers.iter().any(|trigger| {
            let fires = matches!(
                (&trigger.event, write),
                (TriggerEvent::Insert, Write::Insert)
                    | (TriggerEvent::Delete, Write::Delete)
                    | (TriggerEvent::Update(_), Write::Update)
            );
            trigger.on == *view && trigger.timing == TriggerTiming::InsteadOf && fires
        })
    }
}

/// What is done to rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Write {
    Insert,
    Update,
    Delete,
}

impl Write {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}
