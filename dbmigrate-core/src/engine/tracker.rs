//! The schema of a database while migrations run on it: read once, then kept up to date with what changed.
//!
//! Each migration is verified against its snapshot, so with many migrations the cost must follow the change, not the
//! schema: what a migration has added, changed and removed is read alone (`changes`), and the hash of the schema is
//! adjusted by it.

mod changes;
mod objects;
mod scope;

use std::collections::BTreeSet;

use super::check::Broken;
use super::connection::{Connection, Row, integer};
use super::engines::was_written_by_turso;
use super::error::EngineError;
use super::ignore::Ignore;
use super::introspect::{Infrastructure, Introspected, StoredObject, Unreadable, read_objects, refuse_mismatches};
use super::stored::{Stored, columns_query, objects_query, stored_columns_in, stored_rows_in};
use crate::schema::canonical::{CanonicalSchema, SchemaHash};
use crate::schema::{Schema, Table};
use crate::sql::{Name, Statement};
use objects::Objects;

/// The known state of a database's schema.
pub struct Tracker {
    schema: Schema,
    unreadable: Vec<Unreadable>,
    canonical: CanonicalSchema,
    hash: SchemaHash,
    last_rowid: i64,
    /// All that is stored, by rowid, also what is no part of the schema.
    stored: Objects,
    infrastructure: Infrastructure,
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
        Ok(Self::of(connection, [next()?, next()?, next()?], ignore).await?.0)
    }

    /// The queries for [`Tracker::of`]. The version comes first, so that what another connection changes while the rest
    /// is read does not go unnoticed.
    pub(super) fn queries() -> [String; 3] {
        [VERSION.to_owned(), objects_query(0), columns_query()]
    }

    /// What [`Tracker::queries`] returned, and all that is stored, also what is no part of the schema.
    ///
    /// # Errors
    /// If the engine fails.
    pub(super) async fn of(
        connection: &Connection,
        [version, objects, columns]: [Vec<Row>; 3],
        ignore: Ignore,
    ) -> Result<(Self, Stored), EngineError> {
        let version = version_in(&version);
        let rows = objects.len();
        let (stored, last_rowid) = stored_rows_in(objects, 0);
        let all: Vec<StoredObject> = stored.iter().map(|(_, object)| object.clone()).collect();
        let infrastructure = Infrastructure::read(connection, &all).await?;
        let users = all.iter().filter(|object| infrastructure.is_users(object, &ignore));
        let objects: Vec<StoredObject> = users.cloned().collect();
        let mut found = read_objects(&objects);
        refuse_mismatches(&mut found, &objects, &stored_columns_in(columns));
        let mut tracker = Self::from_introspected(found, last_rowid, version, ignore);
        tracker.stored = stored.into_iter().collect();
        tracker.infrastructure = infrastructure;
        Ok((tracker, Stored { objects: all, rows }))
    }

    /// Whether Turso Database has written to it.
    pub(super) fn was_written_by_turso(&self) -> bool {
        was_written_by_turso(self.stored.values())
    }

    /// SQLite's counter of schema changes when all this was read.
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
        let (stored, infrastructure) = (Objects::default(), Infrastructure::default());
        let broken = None;
        Self {
            schema,
            unreadable,
            canonical,
            hash,
            last_rowid,
            stored,
            infrastructure,
            version,
            unnamed,
            ignore,
            broken,
        }
    }

    /// The schema.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Objects that the model cannot represent.
    pub fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    /// All that is stored, also what is no part of the schema.
    pub(super) fn stored(&self) -> impl Iterator<Item = &StoredObject> {
        self.stored.values()
    }

    /// Those of them that belong to a table or view, itself included.
    pub(super) fn stored_of(&self, table: &Name) -> impl Iterator<Item = &StoredObject> {
        self.stored.of_table(table).filter_map(|rowid| self.stored.get(rowid))
    }

    /// The views and triggers among them.
    pub(super) fn stored_texts(&self) -> impl Iterator<Item = &StoredObject> {
        self.stored.texts().map(|(_, object)| object)
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

    /// What is ignored.
    pub(super) fn ignores(&self) -> bool {
        !self.ignore.is_empty()
    }

    /// Brings the tracker up to date after these statements ran, and returns the names of what has changed and of the
    /// tables that it belongs to; `None` if that may be anything.
    ///
    /// # Errors
    /// If the engine fails.
    pub async fn update(
        &mut self,
        connection: &Connection,
        statements: &[Statement<'_>],
    ) -> Result<Option<BTreeSet<Name>>, EngineError> {
        let mut changing = statements.iter().filter(|statement| statement.kind.changes_schema()).peekable();
        if changing.peek().is_none() {
            return Ok(Some(BTreeSet::new()));
        }
        let changes = if changing.all(|statement| statement.kind.only_adds_objects()) {
            self.additions(connection).await?
        } else if connection.is_local() {
            self.changes(connection, statements).await?
        } else {
            // on a server, everything is one request
            None
        };
        if let Some(changes) = changes
            && let Some(touched) = self.follow(connection, changes).await?
        {
            self.version = schema_version(connection).await?;
            return Ok(Some(touched));
        }
        *self = Self::new(connection, self.ignore.clone()).await?;
        Ok(None)
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
