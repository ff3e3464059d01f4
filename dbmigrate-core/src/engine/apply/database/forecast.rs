//! What migrations will lead to, found out on a twin: a database in memory with the same statements and no rows.
//!
//! A server that gets many migrations in one request has to check each of them by itself before it commits. It can
//! compare texts, which is enough if it is told what they will be. Where the twin cannot know (a statement needs rows,
//! or functions that only the server has), nothing is foreseen, and the migration is applied step by step.

use std::collections::BTreeMap;

use super::super::Prepared;
use super::super::hidden::TakenOut;
use super::super::history;
use super::Database;
use super::checked::{can_break_references, is_additive};
use crate::engine::check::compile;
use crate::engine::connection::Connection;
use crate::engine::ignore::Ignore;
use crate::engine::introspect::users_objects_of;
use crate::engine::stored::{StoredObject, stored_objects};

/// The objects by kind and name, each with its table and its statement.
type Objects = BTreeMap<(String, String), (String, String)>;

/// A twin of a database.
pub(super) struct Forecast {
    twin: Database,
    objects: Objects,
    /// What the database has more than the twin: how many objects, and bytes of statements.
    beyond: (i64, i64),
}

/// What a migration will lead to.
#[derive(Debug)]
pub(super) struct Foreseen {
    /// Kind, name, table and statement of every object that it makes or changes.
    pub(super) changed: Vec<[String; 4]>,
    /// How many objects with statements there will be.
    pub(super) count: i64,
    /// How many bytes their statements will have.
    pub(super) bytes: i64,
    /// Statements that compile exactly if every view and trigger does.
    pub(super) compiles: Vec<String>,
    /// Whether rows may violate foreign keys afterwards that did not before.
    pub(super) references: bool,
    /// The number of columns of each preflight.
    pub(super) widths: Vec<usize>,
}

impl Forecast {
    /// The twin of a database with these objects. `None` if there can be none.
    pub(super) async fn of(stored: &[StoredObject], ignore: &Ignore) -> Option<Self> {
        let connection = Connection::in_memory().await.ok()?;
        connection.turn_foreign_keys_off().await.ok()?;
        connection.begin().await.ok()?;
        for kind in ["table", "index", "view", "trigger"] {
            for object in stored.iter().filter(|object| object.kind == kind) {
                // made by the engine, along with others
                let is_internal = object.name.folded().starts_with("sqlite_");
                if object.is_garbled || is_internal {
                    continue;
                }
                // a shadow table is there as soon as its virtual table is
                let _ = connection.run(&object.sql).await;
            }
        }
        let objects = objects(&connection).await?;
        let is_same = |object: &StoredObject| {
            let found = objects.get(&key(object));
            found.is_some_and(|(table, sql)| *table == object.table.as_str() && *sql == object.sql)
        };
        // what the engine makes by itself may be other there: it is not what a migration is about
        let (users, _) = users_objects_of((stored.to_vec(), 0), &Ignore::default());
        if !users.iter().all(is_same) {
            return None;
        }
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let bytes = stored.iter().map(|object| length(&object.sql)).sum::<i64>();
        let own = objects.values().map(|(_, sql)| length(sql)).sum::<i64>();
        let beyond = (number(stored.len()) - number(objects.len()), bytes - own);
        let twin = Database::from_connection(connection).ignoring(ignore.clone());
        Some(Self { twin, objects, beyond })
    }

    /// Applies a migration to the twin, and says what it will lead to. After `None`, the twin is of no more use.
    pub(super) async fn advance(&mut self, migration: &Prepared<'_>) -> Option<Foreseen> {
        let script = &migration.script;
        let statements = &script.statements;
        let needs_more = statements.iter().any(|statement| TakenOut::is_for(&self.twin.ignore, statement));
        if migration.drift.is_some() || script.no_transaction || needs_more {
            return None;
        }
        if !self.twin.has_history_table {
            history::create(&self.twin.connection).await.ok()?;
            self.twin.has_history_table = true;
            self.twin.tracker = None;
        }
        let preflights: Vec<&str> = script.preflights.iter().map(|preflight| preflight.query.as_str()).collect();
        let columns = self.twin.connection.describe_all(&preflights).await.ok()?;
        let widths = columns.into_iter().map(|columns| columns.ok().map(|columns| columns.len()));
        let widths = widths.collect::<Option<Vec<usize>>>()?;
        let wanted = self.twin.wanted(migration).await.ok()?;
        self.twin.run_checked(statements, &wanted).await.ok()?;
        let mut compiles = Vec::new();
        if !is_additive(statements) {
            let tracker = self.twin.tracker.as_ref()?;
            compiles = compile(&self.twin.connection, tracker.schema()).await.ok()?.compiling;
        }
        let before = std::mem::replace(&mut self.objects, objects(&self.twin.connection).await?);
        let is_changed = |object: &(&(String, String), &(String, String))| before.get(object.0) != Some(object.1);
        let changed = self
            .objects
            .iter()
            .filter(is_changed)
            .map(|((kind, name), (table, sql))| [kind.clone(), name.clone(), table.clone(), sql.clone()]);
        Some(Foreseen {
            changed: changed.collect(),
            count: self.beyond.0 + i64::try_from(self.objects.len()).ok()?,
            bytes: self.beyond.1 + self.objects.values().map(|(_, sql)| length(sql)).sum::<i64>(),
            compiles,
            references: statements.iter().any(can_break_references),
            widths,
        })
    }
}

fn key(object: &StoredObject) -> (String, String) {
    (object.kind.clone(), object.name.as_str().to_owned())
}

async fn objects(connection: &Connection) -> Option<Objects> {
    let (objects, _) = stored_objects(connection, 0).await.ok()?;
    Some(objects.into_iter().map(|object| (key(&object), (object.table.as_str().to_owned(), object.sql))).collect())
}

/// As SQLite counts the bytes of text.
fn length(sql: &str) -> i64 {
    i64::try_from(sql.len()).unwrap_or(i64::MAX)
}
