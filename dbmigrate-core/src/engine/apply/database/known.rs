//! Migrations that begin at a state that other databases are in, too: what they lead to is found out once, and each of
//! these databases only has to be in that state when the first one has the lock.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::super::history::{self, Record};
use super::super::states::{Mark, Stored as Marked};
use super::super::{Attempt, Done, Prepared, Stop};
use super::Database;
use super::ahead::rebuilt_tables;
use super::forecast::{Forecast, Foreseen, Structure};
use super::promised::is_promised;
use super::steps::structure_holds;
use crate::engine::assertion::assertion;
use crate::engine::connection::integer;
use crate::engine::connection::server::ServerConnection;
use crate::engine::engines::{Turso, was_written_by_turso};
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::in_place::is_worth_it;
use crate::engine::introspect::HISTORY_TABLE;
use crate::engine::stored::Stored;
use crate::engine::tracker::{Tracker, schema_version};
use crate::engine::value::{Row, Value};
use crate::folder::Migration;
use crate::schema::canonical::SchemaHash;
use crate::sql::Name;

/// An expression for all that is stored of a schema, in its order, such that no two schemas have the same.
pub(super) const OBJECTS: &str = "(SELECT group_concat(type || ' ' || length(name) || ' ' || length(tbl_name) || ' ' || \
     ifnull(length(sql), -1) || ' ' || name || tbl_name || ifnull(sql, ''), '') FROM \
     (SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid))";

/// What is recorded, and what is stored, row by row, for files. Text comes as bytes, as ever.
const RECORDED: &str = "SELECT position, CAST(name AS BLOB), CAST(checksum AS BLOB), schema_version \
     FROM _dbmigrate_history WHERE position >= 1 ORDER BY position";
const STORED: &str = "SELECT CAST(type AS BLOB), CAST(name AS BLOB), CAST(tbl_name AS BLOB), CAST(sql AS BLOB) \
     FROM sqlite_schema ORDER BY rowid";

/// The last position in a history.
const LAST: &str = "(SELECT ifnull(max(position), 0) FROM _dbmigrate_history WHERE position >= 1)";

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
    /// What the schema is behind it.
    structure: Found,
    /// The values of its record; what it took and the counter of schema changes have places in them.
    record: Vec<Value>,
}

/// What is found of a schema behind a migration.
enum Found {
    /// The statements of its last rows, the last one first.
    Added(String, Option<String>),
    /// An expression that holds, with its values.
    Holds(String, Vec<Value>),
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
        let (history, schema) = match self.connection.server() {
            Some(server) => mark_of_server(server, last)?,
            None => self.mark_at_hand(last).await?,
        };
        // a history that an earlier version has made, or somebody else
        let is_odd = history.is_none() && schema.as_ref().is_none_or(Marked::has_history);
        Ok((!is_odd).then_some(Mark { history, schema }))
    }

    /// The same of a file: several small queries, which are compiled sooner than one large one.
    async fn mark_at_hand(&self, last: &[String]) -> Result<(Option<Vec<u8>>, Option<Marked>), EngineError> {
        let rows = match self.connection.rows(RECORDED).await {
            Ok(rows) => Some(rows),
            Err(error) if error.kind == ErrorKind::Statement => None,
            Err(error) => return Err(error),
        };
        let is_complete = match rows.as_ref().and_then(|rows| rows.last()) {
            Some(row) if last.iter().any(|name| row[1] == Value::Blob(name.as_bytes().to_vec())) => {
                row[3] == Value::Integer(schema_version(&self.connection).await?)
            }
            _ => false,
        };
        let history = rows.map(|rows| {
            // with the positions, because a history with a gap is another one
            rows.iter().fold(Vec::new(), |mut all, row| {
                all.extend_from_slice(format!("{} ", integer(&row[0])).as_bytes());
                add_bytes(&mut all, &row[1]);
                add_bytes(&mut all, &row[2]);
                all
            })
        });
        if is_complete {
            return Ok((history, None));
        }
        let rows = self.connection.rows(STORED).await?;
        let is_wide = rows.iter().any(|row| matches!(&row[0], Value::Blob(kind) if kind.contains(&0)));
        let word = if is_wide { vec![b'w', 0] } else { vec![b'w'] };
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let objects = rows.iter().fold(Vec::new(), |mut all, row| {
            for value in row {
                add_bytes(&mut all, value);
            }
            all
        });
        Ok((history, Some(Marked { objects: Some(objects), rows: count, word })))
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
        let rows = [next()?, next()?, next()?];
        let (tracker, stored) = Tracker::of(&self.connection, rows, self.ignore.clone()).await?;
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
                        if mark.as_ref() != Some(&base.mark) {
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
            attempt.applied.push(Done { milliseconds, ..Done::default() });
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
        // what is rebuilt may be changed without copying it, or has to be
        if is_promised(&migration.script) {
            return Ok(false);
        }
        for marked in &migration.script.rebuilds {
            if is_worth_it(connection, &marked.rebuild, self.least_rows).await.unwrap_or(false) {
                return Ok(false);
            }
        }
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
        let is_foreseen = match &steps.structure {
            Found::Added(query, wanted) => {
                let rows = connection.rows(query).await?;
                let texts = rows.iter().filter_map(|row| match row.first() {
                    Some(Value::Blob(text)) => Some(&text[..]),
                    _ => None,
                });
                wanted.as_ref().is_none_or(|wanted| wanted.as_bytes() == texts.collect::<Vec<_>>().join(&b'\n'))
            }
            Found::Holds(query, values) => {
                let rows = connection.rows_with(query, values.clone()).await?;
                rows.first().and_then(|row| row.first()) == Some(&Value::Integer(1))
            }
        };
        if !is_foreseen {
            return Ok(false);
        }
        let mut values = steps.record.clone();
        values[4] = Value::Integer(i64::try_from(super::milliseconds(started)).unwrap_or(i64::MAX));
        values[7] = Value::Integer(schema_version(connection).await?);
        connection.run_with(history::INSERT, values).await?;
        Ok(true)
    }
}

impl AtHand {
    /// Of a migration behind `position` others.
    fn of(migration: &Prepared<'_>, foreseen: &Foreseen, position: usize) -> Self {
        let script = &migration.script;
        let behind = foreseen.reference_queries();
        let kind = history::RecordKind::Migration;
        let record = history::values(migration.migration, position, 0, kind, None);
        let structure = match &foreseen.structure {
            Structure::Added { added, sql, .. } => {
                let query = "SELECT CAST(sql AS BLOB) FROM sqlite_schema ORDER BY rowid DESC LIMIT";
                Found::Added(format!("{query} {added}"), sql.clone())
            }
            changed @ Structure::Changed { .. } => {
                let (holds, values) = structure_holds(changed, 1);
                Found::Holds(format!("SELECT {holds}"), values)
            }
        };
        Self {
            before: script.preflights.iter().map(|preflight| preflight.query.clone()).collect(),
            tried: foreseen.expressions.iter().map(|(_, query)| query.clone()).collect(),
            compiles: foreseen.compiles.clone(),
            behind,
            structure,
            record,
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

/// What tells the state of a database on a server: with its schema only if that may not be what the last migration left.
fn mark_of_server(
    server: &ServerConnection,
    last: &[String],
) -> Result<(Option<Vec<u8>>, Option<Marked>), EngineError> {
    let is_complete = history::is_complete(last);
    let recorded = format!("SELECT CAST({} AS BLOB), {LAST}", history::ALL);
    let stored = format!("SELECT CAST({OBJECTS} AS BLOB), (SELECT count(*) FROM sqlite_schema), CAST('w' AS BLOB)");
    let mut answers = server.ask_behind(&[recorded, assertion(&is_complete), stored], 1)?.into_iter();
    let mut next = || answers.next().unwrap_or_else(|| Ok(Vec::new()));
    let (recorded, is_complete) = (next(), next().is_ok());
    let stored = if is_complete { None } else { Some(next()?) };
    let history = match recorded {
        Ok(rows) => rows.into_iter().next().and_then(|mut row| {
            let all = taken_bytes(&mut row, 0)?;
            let count = if all.is_empty() { 0 } else { all.split(|byte| *byte == b'\n').count() };
            // a history with a gap is none that is kept
            (row.get(1).map(integer) == i64::try_from(count).ok()).then_some(all)
        }),
        Err(error) if error.kind == ErrorKind::Statement => None,
        Err(error) => return Err(error),
    };
    let schema = stored.and_then(|rows| rows.into_iter().next()).map(|mut row| Marked {
        objects: taken_bytes(&mut row, 0),
        rows: row.get(1).map_or(0, integer),
        word: taken_bytes(&mut row, 2).unwrap_or_default(),
    });
    Ok((history, schema))
}

/// Adds the bytes of a value, and how many they are.
fn add_bytes(all: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Blob(bytes) => {
            all.extend_from_slice(format!("{} ", bytes.len()).as_bytes());
            all.extend_from_slice(bytes);
        }
        _ => all.push(b'-'),
    }
}

fn taken_bytes(row: &mut Row, at: usize) -> Option<Vec<u8>> {
    match row.get_mut(at).map(|value| std::mem::replace(value, Value::Null)) {
        Some(Value::Blob(bytes)) => Some(bytes),
        _ => None,
    }
}
