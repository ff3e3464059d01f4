//! What statements have changed of a schema, and the tracker brought up to date with it.

use std::collections::{BTreeMap, BTreeSet};

use super::scope::Scope;
use super::{Tracker, unnamed_references};
use crate::ddl::Object;
use crate::engine::connection::Connection;
use crate::engine::error::EngineError;
use crate::engine::introspect::{Infrastructure, StoredObject, mismatch, read_object};
use crate::engine::stored::{
    TEXTS, columns_query, objects_at_query, objects_query, stored_columns_in, stored_columns_of, stored_rows_in,
    texts_in,
};
use crate::schema::canonical::{ObjectKind, canonical_trigger, canonical_view, canonical_virtual_table};
use crate::schema::{Index, NamedMap};
use crate::sql::{Name, Statement};

/// So many tables are asked for their columns together, if they are most of those there are.
const SOME: usize = 8;

/// What is stored otherwise than before. What was altered is in both.
#[derive(Debug, Default)]
pub(super) struct Changes {
    removed: Vec<StoredObject>,
    added: Vec<StoredObject>,
}

impl Tracker {
    /// What was added, if nothing else can have happened.
    pub(super) async fn additions(&mut self, connection: &Connection) -> Result<Option<Changes>, EngineError> {
        let rows = connection.rows(&objects_query(self.last_rowid)).await?;
        let (added, last_rowid) = stored_rows_in(rows, self.last_rowid);
        self.last_rowid = last_rowid;
        self.stored.extend(added.iter().cloned());
        let added = added.into_iter().map(|(_, object)| object).collect();
        Ok(Some(Changes { removed: Vec::new(), added }))
    }

    /// What is stored otherwise than before these statements. `None` if that is so much that all of it can as well be read
    /// anew.
    pub(super) async fn changes(
        &mut self,
        connection: &Connection,
        statements: &[Statement<'_>],
    ) -> Result<Option<Changes>, EngineError> {
        // the runner takes out and puts back what is ignored and in the way, which no statement says
        let scope = if self.ignores() { None } else { Scope::of(statements, &self.stored, &self.schema) };
        match scope {
            Some(scope) => Ok(Some(self.changes_within(connection, &scope).await?)),
            None => self.changes_anywhere(connection).await,
        }
    }

    /// The same of what is in the scope.
    async fn changes_within(&mut self, connection: &Connection, scope: &Scope) -> Result<Changes, EngineError> {
        let mut now = BTreeMap::new();
        self.last_rowid = scope.above;
        for rows in connection.ask_all(&scope.queries()).await? {
            let (found, last_rowid) = stored_rows_in(rows?, self.last_rowid);
            self.last_rowid = last_rowid.max(self.last_rowid);
            now.extend(found);
        }
        let known: Vec<i64> = scope.known(&self.stored).collect();
        let gone = known.into_iter().filter(|rowid| now.get(rowid) != self.stored.get(*rowid)).collect::<Vec<_>>();
        let removed = gone.iter().filter_map(|rowid| self.stored.remove(*rowid)).collect();
        now.retain(|rowid, _| self.stored.get(*rowid).is_none());
        let added = now.values().cloned().collect();
        self.stored.extend(now);
        Ok(Changes { removed, added })
    }

    /// The same of all that is stored: each text is compared, and what differs is read.
    async fn changes_anywhere(&mut self, connection: &Connection) -> Result<Option<Changes>, EngineError> {
        let (mut rowids, mut last_rowid) = (Vec::new(), 0);
        let mut gone: BTreeSet<i64> = BTreeSet::new();
        let mut before = self.stored.iter().peekable();
        let Some(row) = connection.first_row(TEXTS).await? else { return Ok(None) };
        let Some(texts) = texts_in(&row) else { return Ok(None) };
        for (rowid, text) in texts {
            last_rowid = rowid;
            while let Some((old, _)) = before.next_if(|(old, _)| *old < rowid) {
                gone.insert(old);
            }
            match before.next_if(|(old, _)| *old == rowid) {
                Some((_, object)) if object.sql.as_bytes() == text => {}
                Some(_) => {
                    gone.insert(rowid);
                    rowids.push(rowid);
                }
                // an automatic index has no statement
                None if text.is_empty() => {}
                None => rowids.push(rowid),
            }
        }
        gone.extend(before.map(|(old, _)| old));
        if gone.len() + rowids.len() > 64 + self.stored.len() / 2 {
            return Ok(None);
        }
        let removed = gone.iter().filter_map(|rowid| self.stored.remove(*rowid)).collect();
        let mut added = Vec::new();
        if !rowids.is_empty() {
            let (rows, _) = stored_rows_in(connection.rows(&objects_at_query(&rowids)).await?, 0);
            self.stored.extend(rows.iter().cloned());
            added.extend(rows.into_iter().map(|(_, object)| object));
        }
        self.last_rowid = last_rowid;
        Ok(Some(Changes { removed, added }))
    }

    /// Follows the changes, and returns the names of what they are about. `None` if everything has to be read anew; the
    /// tracker is then of no use.
    pub(super) async fn follow(
        &mut self,
        connection: &Connection,
        changes: Changes,
    ) -> Result<Option<BTreeSet<Name>>, EngineError> {
        let Changes { mut removed, mut added } = changes;
        // what belongs to such an object, and what cannot be represented, depends on other objects
        let is_far_reaching = |object: &StoredObject| Infrastructure::is_made_by(object);
        if !self.unreadable.is_empty() || removed.iter().chain(&added).any(is_far_reaching) {
            return Ok(None);
        }
        let is_users = |object: &StoredObject| self.infrastructure.is_users(object, &self.ignore);
        removed.retain(is_users);
        added.retain(is_users);
        let touched = removed.iter().chain(&added).flat_map(|object| [object.name.clone(), object.table.clone()]);
        let touched: BTreeSet<Name> = touched.collect();
        // tables whose texts have to be made anew
        let mut stale: BTreeSet<Name> = BTreeSet::new();
        let Some(mut indexes) = self.remove(&removed, &mut stale) else { return Ok(None) };
        let (added_indexes, added): (Vec<StoredObject>, Vec<StoredObject>) =
            added.into_iter().partition(|object| object.kind == "index");
        let tables = added.iter().filter(|object| object.kind == "table").count();
        let mut columns = match tables > SOME && tables > self.schema.tables.len() {
            true => Some(stored_columns_in(connection.rows(&columns_query()).await?)),
            false => None,
        };
        for object in added {
            let Ok(read) = read_object(&object) else { return Ok(None) };
            match read {
                Object::Table(mut table) => {
                    let stored = match &mut columns {
                        Some(columns) => columns.remove(&table.name.folded()).unwrap_or_default(),
                        None => stored_columns_of(connection, &object).await?,
                    };
                    if mismatch(&table, &stored).is_some() {
                        return Ok(None);
                    }
                    if let Some(kept) = indexes.remove(&table.name) {
                        table.indexes = kept;
                    }
                    stale.extend(self.children_by_primary_key(&table.name));
                    stale.insert(table.name.clone());
                    self.unnamed.extend(unnamed_references(&table));
                    self.schema.tables.insert(table);
                }
                Object::View(view) => {
                    self.replace((ObjectKind::View, view.name.folded()), Some(canonical_view(&view)));
                    self.schema.views.insert(view);
                }
                Object::Trigger(trigger) => {
                    self.replace((ObjectKind::Trigger, trigger.name.folded()), Some(canonical_trigger(&trigger)));
                    self.schema.triggers.insert(trigger);
                }
                Object::VirtualTable(table) => {
                    let key = (ObjectKind::VirtualTable, table.name.folded());
                    self.replace(key, Some(canonical_virtual_table(&table)));
                    self.schema.virtual_tables.insert(table);
                }
                Object::Index(..) => return Ok(None),
            }
        }
        for object in added_indexes {
            let (Ok(Object::Index(_, index)), Some(table)) =
                (read_object(&object), self.schema.tables.get_mut(&object.table))
            else {
                return Ok(None);
            };
            table.indexes.insert(index);
            stale.insert(object.table);
        }
        // an index stays behind only if its table does
        if indexes.values().any(|kept| !kept.is_empty()) {
            return Ok(None);
        }
        for name in stale {
            let text = self.schema.table(&name).map(|table| self.schema.canonical_table(table));
            self.replace((ObjectKind::Table, name.folded()), text);
        }
        Ok(Some(touched))
    }

    /// Takes objects out, and returns the indexes that the tables among them had besides.
    fn remove(
        &mut self,
        removed: &[StoredObject],
        stale: &mut BTreeSet<Name>,
    ) -> Option<BTreeMap<Name, NamedMap<Index>>> {
        for object in removed.iter().filter(|object| object.kind == "index") {
            self.schema.tables.get_mut(&object.table)?.indexes.remove(&object.name)?;
            stale.insert(object.table.clone());
        }
        let mut indexes = BTreeMap::new();
        for object in removed {
            match object.kind.as_str() {
                "index" => {}
                "table" => {
                    let table = self.schema.tables.remove(&object.name)?;
                    for reference in unnamed_references(&table) {
                        self.unnamed.remove(&reference);
                    }
                    stale.extend(self.children_by_primary_key(&table.name));
                    stale.insert(table.name);
                    indexes.insert(object.name.clone(), table.indexes);
                }
                "view" => {
                    self.schema.views.remove(&object.name)?;
                    self.replace((ObjectKind::View, object.name.folded()), None);
                }
                "trigger" => {
                    self.schema.triggers.remove(&object.name)?;
                    self.replace((ObjectKind::Trigger, object.name.folded()), None);
                }
                _ => return None,
            }
        }
        Some(indexes)
    }

    /// Tables whose foreign keys refer to the primary key of `parent` without naming its columns.
    fn children_by_primary_key(&self, parent: &Name) -> impl Iterator<Item = Name> {
        let first = (parent.clone(), Name::from(""));
        let children = self.unnamed.range(first..).take_while(move |(name, _)| name == parent);
        children.map(|(_, child)| child.clone())
    }

    /// Puts the text of an object in the place of what was there; `None` if the object is gone.
    fn replace(&mut self, key: (ObjectKind, String), text: Option<String>) {
        if let Some(text) = &text {
            self.hash.add(text);
        }
        let before = match text {
            Some(text) => self.canonical.insert(key, text),
            None => self.canonical.remove(&key),
        };
        if let Some(before) = before {
            self.hash.remove(&before);
        }
    }
}
