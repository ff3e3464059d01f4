//! Migrations that begin at a state that other databases are in, too: what they lead to is found out once, and each of
//! these databases only has to be in that state when the first one has the lock.

use std::sync::{Arc, Mutex, PoisonError};

use super::super::history::{self, Record};
use super::super::states::{Mark, Stored as Marked};
use super::super::{Attempt, Done, Prepared, Stop};
use super::Database;
use super::ahead::rebuilt_tables;
use super::forecast::{Forecast, Foreseen};
use super::steps::{assertion, structure_holds};
use crate::engine::connection::integer;
use crate::engine::engines::{Turso, was_written_by_turso};
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::introspect::HISTORY_TABLE;
use crate::engine::stored::Stored;
use crate::engine::tracker::Tracker;
use crate::engine::value::{Row, Value};
use crate::folder::Migration;
use crate::schema::canonical::SchemaHash;
use crate::sql::Name;
use crate::sql::name::quote_string;
use std::time::Instant;

/// An expression for all that is stored of a schema, in its order, such that no two schemas have the same.
pub(super) const OBJECTS: &str = "(SELECT group_concat(type || ' ' || length(name) || ' ' || length(tbl_name) || ' ' || \
     ifnull(length(sql), -1) || ' ' || name || tbl_name || ifnull(sql, ''), '') FROM \
     (SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid))";

/// What migrations begin at.
pub struct Base {
    mark: Mark,
    /// The names that the history ends with where all migrations are applied.
    last: Vec<String>,
    history: Vec<Record>,
    /// The hash of the schema.
    hash: String,
    stored: Stored,
    turso: Option<Turso>,
    plan: Mutex<Option<Arc<Plan>>>,
}

/// What migrations lead to, as far as it is foreseen.
pub(super) struct Plan {
    names: Vec<String>,
    pub(super) foreseen: Vec<Arc<Foreseen>>,
    /// The same for files.
    at_hand: Vec<AtHand>,
    /// The tables that are copied, and are there.
    pub(super) copied: Vec<Name>,
}

/// A migration of a file, besides its own statements.
struct AtHand {
    /// Queries that have to return nothing before it.
    before: Vec<String>,
    /// Queries that must not fail before it.
    tried: Vec<String>,
    /// Statements that must not fail behind it.
    compiles: Vec<String>,
    /// Queries that have to return nothing behind it.
    behind: Vec<String>,
    /// The statement that records it, and fails if the schema is not as foreseen. What it took is the last value.
    record: (String, Vec<Value>),
}

impl Base {
    /// What is recorded.
    pub(super) fn history(&self) -> &[Record] {
        &self.history
    }

    /// Whether it has the schema with this hash.
    pub(super) fn has_schema(&self, hash: &str) -> bool {
        self.hash == hash
    }

    pub(super) fn turso(&self) -> Option<Turso> {
        self.turso
    }

    pub(super) fn has_history(&self) -> bool {
        self.mark.history.is_some()
    }

    /// Names and checksums of all that is recorded, as [`history::ALL`] has them.
    pub(super) fn recorded(&self) -> Option<String> {
        self.mark.history.as_ref().and_then(|bytes| String::from_utf8(bytes.clone()).ok())
    }

    /// What [`OBJECTS`] is, for a server. `None` if that cannot be said in text.
    pub(super) fn objects(&self) -> Option<Value> {
        let Marked { objects, .. } = self.mark.schema.as_ref()?;
        match objects {
            None => Some(Value::Null),
            Some(bytes) => String::from_utf8(bytes.clone()).ok().map(Value::Text),
        }
    }
}

impl Database {
    /// Migrates as from this state. Whatever else the database turns out to be is looked at as ever.
    #[must_use]
    pub fn beginning_at(mut self, base: Arc<Base>) -> Self {
        self.from = Some(base);
        self
    }

    /// What tells the state that it is in. `None` if that is none to keep.
    pub(in super::super) async fn mark(&self, last: &[String]) -> Result<Option<Mark>, EngineError> {
        let is_complete = history::is_complete(last);
        let recorded = format!("SELECT CAST({} AS BLOB), {is_complete}", history::ALL);
        let stored = format!("SELECT CAST({OBJECTS} AS BLOB), (SELECT count(*) FROM sqlite_schema), CAST('w' AS BLOB)");
        let (recorded, stored) = match self.connection.server() {
            Some(server) => {
                let mut answers = server.ask_behind(&[recorded, assertion(&is_complete), stored], 1)?.into_iter();
                let mut next = || answers.next().unwrap_or_else(|| Ok(Vec::new()));
                let recorded = next();
                let is_complete = next().is_ok();
                (recorded, if is_complete { None } else { Some(next()?) })
            }
            None => {
                let recorded = self.connection.rows(&recorded).await;
                let is_complete =
                    recorded.as_ref().is_ok_and(|rows| rows.first().is_some_and(|row| integer(&row[1]) != 0));
                (recorded, if is_complete { None } else { Some(self.connection.rows(&stored).await?) })
            }
        };
        let history = match recorded {
            Ok(rows) => rows.into_iter().next().map(|mut row| taken_bytes(&mut row, 0).unwrap_or_default()),
            Err(error) if error.kind == ErrorKind::Statement => None,
            Err(error) => return Err(error),
        };
        let schema = stored.and_then(|rows| rows.into_iter().next()).map(|mut row| Marked {
            objects: taken_bytes(&mut row, 0),
            rows: row.get(1).map_or(0, integer),
            word: taken_bytes(&mut row, 2).unwrap_or_default(),
        });
        // a history that an earlier version has made, or somebody else
        let is_odd = history.is_none() && schema.as_ref().is_none_or(Marked::has_history);
        Ok((!is_odd).then_some(Mark { history, schema }))
    }

    /// What migrations begin at, behind that one.
    pub(in super::super) async fn base(
        &mut self,
        (mark, last): (&Mark, &[String]),
        history: Vec<Record>,
        applied: Option<&Migration>,
    ) -> Result<Base, EngineError> {
        let mut answers = self.connection.ask_all(&Tracker::queries()).await?.into_iter();
        let mut next = || answers.next().unwrap_or_else(|| Ok(Vec::new()));
        let (tracker, stored) = Tracker::of([next()?, next()?, next()?], self.ignore.clone());
        let turso = if was_written_by_turso(stored.objects.iter()) { Some(Turso::Reads) } else { None };
        let hash = applied.map_or_else(|| SchemaHash::default().to_hex(), |applied| applied.schema.to_hex());
        if !tracker.unreadable().is_empty() || tracker.hash().to_hex() != hash {
            let message = "the schema was changed meanwhile".to_owned();
            return Err(EngineError { kind: ErrorKind::Statement, message });
        }
        let (mark, last, plan) = (mark.clone(), last.to_vec(), Mutex::default());
        Ok(Base { mark, last, history, hash, stored, turso, plan })
    }

    /// What these migrations lead to from a state.
    pub(super) async fn plan(&self, base: &Base, migrations: &[Prepared<'_>]) -> Arc<Plan> {
        let names = || migrations.iter().map(|one| one.migration.name.as_str());
        let known = base.plan.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(plan) = known.filter(|plan| names().eq(plan.names.iter().map(String::as_str))) {
            return plan;
        }
        let names = names().map(str::to_owned).collect();
        let plan = Arc::new(self.planned(base, migrations, names).await);
        *base.plan.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&plan));
        plan
    }

    async fn planned(&self, base: &Base, migrations: &[Prepared<'_>], names: Vec<String>) -> Plan {
        let (mut foreseen, mut at_hand) = (Vec::new(), Vec::new());
        if let Some(mut forecast) = Forecast::of(&base.stored, &self.ignore, self.connection.scratch()).await {
            for (at, migration) in migrations.iter().enumerate() {
                let Some(one) = forecast.advance(migration).await else { break };
                if self.connection.is_local() {
                    // what comes back is counted row by row
                    if !migration.script.restores.is_empty() {
                        break;
                    }
                    at_hand.push(AtHand::of(migration, &one, base.history.len() + at));
                }
                foreseen.push(Arc::new(one));
            }
        }
        let copied = migrations.iter().flat_map(|one| rebuilt_tables(&one.script.statements));
        let is_there = |name: &Name| base.stored.objects.iter().any(|one| one.kind == "table" && one.name == *name);
        let mut copied: Vec<Name> = copied.filter(is_there).collect();
        copied.sort();
        copied.dedup();
        Plan { names, foreseen, at_hand, copied }
    }

    /// Applies migrations to a file as far as they do what is foreseen, each in its own transaction. At the first thing
    /// that is not as it should be, nothing stays of that migration, and the rest has to be looked at as ever.
    pub(super) async fn apply_foreseen(&mut self, base: &Base, migrations: &[Prepared<'_>]) -> Attempt {
        let plan = self.plan(base, migrations).await;
        let mut attempt = Attempt::default();
        let mut data_version = None;
        for (at, (migration, steps)) in migrations.iter().zip(&plan.at_hand).enumerate() {
            let started = Instant::now();
            if let Err(failure) = self.begin().await {
                attempt.stopped = Some(Stop::Failed { at, failure });
                return attempt;
            }
            let done = async {
                match data_version {
                    None => {
                        let mark = self.mark(&base.last).await?;
                        if mark.as_ref() != Some(&base.mark) || !self.has_foreign_keys_off().await? {
                            return Ok(false);
                        }
                        data_version = self.connection.data_version().await?;
                        if !base.has_history() {
                            self.connection.run(history::CREATE).await?;
                        }
                    }
                    // nobody else has written since
                    Some(_) if self.connection.data_version().await? != data_version => return Ok(false),
                    Some(_) => {}
                }
                self.run_foreseen(migration, steps, started).await
            };
            let done: Result<bool, EngineError> = done.await;
            if !matches!(done, Ok(true)) || self.connection.commit().await.is_err() {
                self.roll_back().await;
                attempt.stopped = Some(Stop::Overtaken);
                return attempt;
            }
            let milliseconds = super::milliseconds(started);
            attempt.applied.push(Done { milliseconds, restored: Vec::new() });
        }
        // they are in the history now
        self.tracker = None;
        if attempt.applied.len() < migrations.len() {
            attempt.stopped = Some(Stop::Overtaken);
        }
        attempt
    }

    /// What a migration does between `BEGIN` and `COMMIT`; false if something is not as foreseen.
    async fn run_foreseen(
        &self,
        migration: &Prepared<'_>,
        steps: &AtHand,
        started: Instant,
    ) -> Result<bool, EngineError> {
        let connection = &self.connection;
        for query in &steps.before {
            if connection.first_row(query).await?.is_some() {
                return Ok(false);
            }
        }
        for query in &steps.tried {
            connection.run(query).await?;
        }
        let texts = migration.script.statements.iter().map(|statement| statement.text);
        connection.run_each(texts).await.map_err(|(_, error)| error)?;
        for statement in &steps.compiles {
            connection.run(statement).await?;
        }
        for query in &steps.behind {
            if connection.first_row(query).await?.is_some() {
                return Ok(false);
            }
        }
        let (record, values) = &steps.record;
        let mut values = values.clone();
        values.push(Value::Integer(i64::try_from(super::milliseconds(started)).unwrap_or(i64::MAX)));
        connection.run_with(record, values).await?;
        Ok(true)
    }

    async fn has_foreign_keys_off(&self) -> Result<bool, EngineError> {
        let row = self.connection.first_row("PRAGMA foreign_keys").await?;
        Ok(row.is_some_and(|row| row.first().is_some_and(|value| integer(value) == 0)))
    }
}

impl AtHand {
    /// Of a migration behind `position` others.
    fn of(migration: &Prepared<'_>, foreseen: &Foreseen, position: usize) -> Self {
        let script = &migration.script;
        let behind = match (&foreseen.checked, foreseen.references) {
            (_, false) => Vec::new(),
            (None, true) => vec!["SELECT 1 FROM pragma_foreign_key_check".to_owned()],
            (Some(tables), true) => {
                let query =
                    |table: &Name| format!("SELECT 1 FROM pragma_foreign_key_check({})", quote_string(table.as_str()));
                tables.iter().map(query).collect()
            }
        };
        let kind = history::RecordKind::Migration;
        let mut values = history::values(migration.migration, position, 0, kind, None);
        // position, name, checksum, hash, and the version and kind behind the duration, which comes last
        let (_, _) = (values.pop(), values.remove(4));
        let (holds, more) = structure_holds(&foreseen.structure, values.len() + 1);
        values.extend(more);
        let record = history::insert_if(&holds, values.len() + 1);
        Self {
            before: script.preflights.iter().map(|preflight| preflight.query.clone()).collect(),
            tried: foreseen.expressions.iter().map(|(_, query)| query.clone()).collect(),
            compiles: foreseen.compiles.clone(),
            behind,
            record: (record, values),
        }
    }
}

impl Marked {
    /// Whether there is a history table, or what may be one.
    fn has_history(&self) -> bool {
        let name = HISTORY_TABLE.as_bytes();
        self.word.len() != 1
            || self.objects.as_ref().is_some_and(|bytes| bytes.windows(name.len()).any(|part| part == name))
    }
}

fn taken_bytes(row: &mut Row, at: usize) -> Option<Vec<u8>> {
    match row.get_mut(at).map(|value| std::mem::replace(value, Value::Null)) {
        Some(Value::Blob(bytes)) => Some(bytes),
        _ => None,
    }
}
