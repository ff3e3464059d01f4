//! The schema of a database while migrations run on it: read once, then kept up to date with what changed.
//!
//! Each migration is verified against its snapshot, so with many migrations the cost must follow the change, not the
//! schema: objects that a migration adds are read alone, and the hash of the schema is adjusted by theirs.

use std::collections::BTreeSet;

use super::check::Broken;
use super::connection::{Connection, Row, integer};
use super::error::EngineError;
use super::ignore::Ignore;
use super::introspect::{
    Introspected, StoredObject, Unreadable, mismatch, read_object, read_objects, refuse_mismatches, users_objects,
    users_objects_of,
};
use super::stored::{Stored, columns_query, objects_query, stored_columns_in, stored_columns_of, stored_objects_in};
use crate::ddl::Object;
use crate::schema::canonical::{
    CanonicalSchema, ObjectKind, SchemaHash, canonical_trigger, canonical_view, canonical_virtual_table,
};
use crate::schema::{Schema, Table};
use crate::sql::{Name, Statement};

/// The known state of a database's schema.
pub struct Tracker {
    schema: Schema,
    unreadable: Vec<Unreadable>,
    canonical: CanonicalSchema,
    hash: SchemaHash,
    last_rowid: i64,
    /// SQLite's counter of schema changes (sqlite.org/pragma.html#pragma_schema_version) when all this was read.
    version: i64,
    /// Parents and the tables that refer to their primary keys without naming columns.
    unnamed: BTreeSet<(Name, Name)>,
    ignore: Ignore,
    /// The views and triggers that did not compile when somebody looked, if anybody did.
    pub(super) broken: Option<Vec<Broken>>,
}

impl Tracker {
    /// Reads the schema without what is ignored.
    ///
    /// # Errors
    /// If the engine fails.
    pub async fn new(connection: &Connection, ignore: Ignore) -> Result<Self, EngineError> {
        let [version, objects, columns] = Self::queries();
        let mut answers = connection.ask_all(&[version, objects, columns]).await?.into_iter();
        let mut next = || answers.next().unwrap_or_else(|| Ok(Vec::new()));
        Ok(Self::of([next()?, next()?, next()?], ignore).0)
    }

    /// The queries for [`Tracker::of`]. The version comes first, so that what another connection changes while the rest
    /// is read does not go unnoticed.
    pub(super) fn queries() -> [String; 3] {
        [VERSION.to_owned(), objects_query(0), columns_query()]
    }

    /// What [`Tracker::queries`] returned, and all that is stored, also what is no part of the schema.
    pub(super) fn of([version, objects, columns]: [Vec<Row>; 3], ignore: Ignore) -> (Self, Stored) {
        let version = version_in(&version);
        let rows = objects.len();
        let stored = stored_objects_in(objects, 0);
        let (objects, last_rowid) = users_objects_of(stored.clone(), &ignore);
        let mut found = read_objects(&objects);
        refuse_mismatches(&mut found, &objects, &stored_columns_in(columns));
        let stored = Stored { objects: stored.0, rows };
        (Self::from_introspected(found, last_rowid, version, ignore), stored)
    }

    /// SQLite's counter of schema changes when all this was read.
    #[cfg(feature = "remote")]
    pub(super) fn version(&self) -> i64 {
        self.version
    }

    fn from_introspected(found: Introspected, last_rowid: i64, version: i64, ignore: Ignore) -> Self {
        let canonical = found.schema.canonical();
        let mut hash = SchemaHash::default();
        for text in canonical.values() {
            hash.add(text);
        }
        let unnamed = found.schema.tables.iter().flat_map(unnamed_references).collect();
        let Introspected { schema, unreadable, .. } = found;
        Self { schema, unreadable, canonical, hash, last_rowid, version, unnamed, ignore, broken: None }
    }

    /// The schema.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Objects that the model cannot represent.
    pub fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    /// The canonical texts of the schema.
    pub fn canonical(&self) -> &CanonicalSchema {
        &self.canonical
    }

    /// The hash of the schema.
    pub fn hash(&self) -> SchemaHash {
        self.hash
    }

    /// Whether nobody else has changed the schema since it was read. To be asked inside of a transaction.
    ///
    /// # Errors
    /// If the engine fails.
    pub async fn is_current(&self, connection: &Connection) -> Result<bool, EngineError> {
        Ok(schema_version(connection).await? == self.version)
    }

    /// Brings the tracker up to date after these statements ran.
    ///
    /// # Errors
    /// If the engine fails.
    pub async fn update(&mut self, connection: &Connection, statements: &[Statement<'_>]) -> Result<(), EngineError> {
        let mut changing = statements.iter().filter(|statement| statement.kind.changes_schema()).peekable();
        if changing.peek().is_none() {
            return Ok(());
        }
        if changing.all(|statement| statement.kind.only_adds_objects()) {
            self.read_added(connection).await?;
            self.version = schema_version(connection).await?;
        } else {
            *self = Self::new(connection, self.ignore.clone()).await?;
        }
        Ok(())
    }

    async fn read_added(&mut self, connection: &Connection) -> Result<(), EngineError> {
        let (objects, last_rowid) = users_objects(connection, self.last_rowid, &self.ignore).await?;
        self.last_rowid = last_rowid;
        let (indexes, others): (Vec<StoredObject>, Vec<StoredObject>) =
            objects.into_iter().partition(|object| object.kind == "index");
        let found = read_objects(&others);
        let mut stale: BTreeSet<Name> = BTreeSet::new();
        for table in found.schema.tables {
            let stored = stored_columns_of(connection, &table.name).await?;
            if let Some(reason) = mismatch(&table, &stored) {
                let object = others.iter().find(|object| object.name == table.name);
                self.unreadable.extend(object.map(|object| Unreadable { object: object.clone(), reason }));
                continue;
            }
            stale.extend(self.children_by_primary_key(&table.name));
            stale.insert(table.name.clone());
            self.unnamed.extend(unnamed_references(&table));
            self.schema.tables.insert(table);
        }
        self.unreadable.extend(found.unreadable);
        for object in indexes {
            let index = match read_object(&object) {
                Ok(Object::Index(_, index)) => Ok(index),
                Ok(_) => Err("it is not an index".to_owned()),
                Err(reason) => Err(reason),
            };
            match (self.schema.tables.get_mut(&object.table), index) {
                (Some(table), Ok(index)) => {
                    stale.insert(table.name.clone());
                    table.indexes.insert(index);
                }
                // of the history table, or of something that is not represented anyway
                (None, Ok(_)) => {}
                (_, Err(reason)) => self.unreadable.push(Unreadable { object, reason }),
            }
        }
        for name in stale {
            if let Some(table) = self.schema.table(&name) {
                let text = self.schema.canonical_table(table);
                self.replace((ObjectKind::Table, name.folded()), text);
            }
        }
        for view in found.schema.views {
            self.replace((ObjectKind::View, view.name.folded()), canonical_view(&view));
            self.schema.views.insert(view);
        }
        for trigger in found.schema.triggers {
            self.replace((ObjectKind::Trigger, trigger.name.folded()), canonical_trigger(&trigger));
            self.schema.triggers.insert(trigger);
        }
        for table in found.schema.virtual_tables {
            self.replace((ObjectKind::VirtualTable, table.name.folded()), canonical_virtual_table(&table));
            self.schema.virtual_tables.insert(table);
        }
        Ok(())
    }

    /// Tables whose foreign keys refer to the primary key of `parent` without naming its columns.
    fn children_by_primary_key(&self, parent: &Name) -> impl Iterator<Item = Name> {
        let first = (parent.clone(), Name::from(""));
        let children = self.unnamed.range(first..).take_while(move |(name, _)| name == parent);
        children.map(|(_, child)| child.clone())
    }

    fn replace(&mut self, key: (ObjectKind, String), text: String) {
        self.hash.add(&text);
        if let Some(before) = self.canonical.insert(key, text) {
            self.hash.remove(&before);
        }
    }
}

/// The parents that a table refers to without naming columns, each with the table.
fn unnamed_references(table: &Table) -> impl Iterator<Item = (Name, Name)> {
    let keys = table.foreign_keys.iter().filter(|key| key.parent_columns.is_empty());
    keys.map(|key| (key.parent.clone(), table.name.clone()))
}

/// SQLite's counter of schema changes.
pub(super) async fn schema_version(connection: &Connection) -> Result<i64, EngineError> {
    Ok(version_in(&connection.rows(VERSION).await?))
}

/// The query for [`version_in`].
pub(super) const VERSION: &str = "PRAGMA schema_version";

/// The counter that [`VERSION`] returned.
pub(super) fn version_in(rows: &[Row]) -> i64 {
    rows.first().map_or(0, |row| integer(&row[0]))
}
