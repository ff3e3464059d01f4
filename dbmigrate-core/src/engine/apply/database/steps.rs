//! Migrations as the steps of one request: each in its own transaction, and only if the one before was committed.
//!
//! ```text
//! PRAGMA foreign_keys = OFF               each further step if the one before succeeded
//!
//! BEGIN IMMEDIATE                         for the first one: in this database, with foreign keys off, as it was read
//! INSERT INTO _dbmigrate_history …        takes the position, if the schema is what the migration before has left
//! preflights
//! the statements
//! views and triggers, foreign keys
//! UPDATE _dbmigrate_history …             completes the record, if the structure is as foreseen
//! COMMIT                                  then the next migration
//!
//! ROLLBACK                                if a transaction is open
//! ```
//!
//! What a server takes for a tiny migration is what it takes to read so many statements, so what can be asked in one that
//! is needed anyway is asked there.
//!
//! An assertion is a query that fails if it does not hold: `json_extract` refuses a path that is none. What the tracker
//! does for a local database, comparing with the snapshot, was done on a twin before ([`super::forecast`]); here the
//! server's own texts are compared with those of the twin.

mod at_once;

use std::collections::BTreeSet;

use crate::engine::value::Value;

use super::super::history;
use super::super::{Done, Failure, Prepared, restored};
use super::ahead::{LONG_REBUILD, rows_query};
use super::forecast::{Foreseen, Structure};
use super::judged::{Result, judge};
use super::known::OBJECTS;
use crate::engine::assertion::assertion;
use crate::engine::connection::server::of_commit;
use crate::engine::connection::{Row, integer, shown};
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::introspect::HISTORY_TABLE;
use crate::engine::remote::{Batch, Condition, Outcome, error, is_autocommit, not, ok};
use crate::folder::script::Preflight;
use crate::sql::Name;

/// What a step is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Around the transaction, with what was being done if it fails.
    Frame(&'static str),
    /// That it is the migration's turn.
    Turn,
    /// That foreign keys are off.
    KeysAreOff,
    /// The position in the history.
    Claim,
    /// That several preflights find nothing.
    Together,
    /// That a preflight finds nothing.
    Preflight(usize),
    /// What it finds.
    Finding(usize),
    /// What comes back of what was kept.
    Restored,
    /// That expressions of the statement on this line have values for all rows.
    Expressions(usize),
    /// A statement of the migration.
    Statement(usize),
    /// A check that the twin could not make.
    Check,
    /// The completed record, of a structure that is as foreseen.
    Record,
}

/// Migrations that travel together.
pub(super) struct Request {
    pub(super) batch: Batch,
    /// The migration and the purpose of each step.
    purposes: Vec<(usize, Purpose)>,
    /// The last step, and that which the next migration waits for.
    last: Option<u32>,
    /// The step that commits each migration.
    commits: Vec<u32>,
    /// All in one transaction.
    atomic: bool,
    /// What ends a transaction that went well.
    end: &'static str,
}

/// Where the first migration of a run stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start<'a> {
    /// SQLite's counter of schema changes, when the schema was read; `None` behind a migration of the same run.
    pub(super) schema_version: Option<i64>,
    /// Whether there is a history table, and it is complete.
    pub(super) has_history: bool,
    /// All that has to be recorded, if it is not only its number.
    pub(super) history: Option<&'a str>,
    /// The name of the database, if it is known.
    pub(super) database: Option<&'a str>,
    /// What the schema has to be, if it is not only its counter.
    pub(super) objects: Option<&'a Value>,
    /// Tables that must not have so many rows that copying them takes long.
    pub(super) copied: &'a [Name],
}

impl Request {
    pub(super) fn new(atomic: bool) -> Self {
        let (purposes, commits) = (Vec::new(), Vec::new());
        Self { batch: Batch::writing(), purposes, last: None, commits, atomic, end: "COMMIT" }
    }

    /// One that is tried out: all migrations in one transaction, of which nothing stays.
    pub(super) fn rehearsal() -> Self {
        Self { end: "ROLLBACK", ..Self::new(true) }
    }

    /// Adds a migration behind `position` others.
    pub(super) fn add(
        &mut self,
        migration: &Prepared<'_>,
        foreseen: &Foreseen,
        position: usize,
        start: Option<Start<'_>>,
    ) {
        let at = self.commits.len();
        if !self.atomic || at == 0 {
            self.begin(at);
        }
        if let Some(start) = start {
            self.start(at, position, start);
        }
        self.claim(at, migration, position, start.is_none() && !self.atomic);
        self.preflights(at, migration, foreseen);
        for (number, statement) in migration.script.statements.iter().enumerate() {
            self.run(at, Purpose::Statement(number), statement.text);
        }
        self.checks(at, foreseen);
        let record = self.finished(at, position, &foreseen.structure);
        if self.atomic {
            self.commits.push(record);
        } else {
            self.commit(at);
        }
    }

    /// Ends the request.
    pub(super) fn finish(&mut self) {
        let last = self.commits.len().saturating_sub(1);
        if self.atomic && !self.commits.is_empty() {
            self.commits.pop();
            self.commit(last);
        }
        // whatever failed was the last step
        self.batch.step(Some(not(is_autocommit())), "ROLLBACK", Vec::new(), false);
        self.purposes.push((last, Purpose::Frame("cannot roll back")));
        // whoever gets this connection next expects it as it was
        self.batch.step(None, "PRAGMA foreign_keys = ON", Vec::new(), false);
        self.purposes.push((last, Purpose::Frame("cannot turn foreign keys on")));
    }

    fn begin(&mut self, at: usize) {
        if at == 0 {
            // no transaction can turn them on again
            self.run(at, Purpose::Frame("cannot turn foreign keys off"), "PRAGMA foreign_keys = OFF");
        }
        self.run(at, Purpose::Frame("cannot begin a transaction"), "BEGIN IMMEDIATE");
        if at == 0 {
            let are_off = "(SELECT foreign_keys FROM pragma_foreign_keys) = 0";
            self.assert(at, Purpose::KeysAreOff, are_off, Vec::new());
        }
    }

    fn start(&mut self, at: usize, position: usize, start: Start<'_>) {
        let version = "(SELECT schema_version FROM pragma_schema_version)";
        let Start { schema_version, has_history, history: recorded, database, objects, copied } = start;
        let mut holds = Vec::new();
        let mut values = Vec::new();
        if let Some(schema_version) = schema_version {
            values.push(Value::Integer(schema_version));
            holds.push(format!("{version} = ?{}", values.len()));
        }
        if let Some(database) = database {
            values.push(Value::Text(database.to_owned()));
            holds.push(format!("libsql_server_database_name() = ?{}", values.len()));
        }
        if has_history {
            values.push(Value::Integer(number(position)));
            let last = format!("SELECT ifnull(max(position), 0) FROM {HISTORY_TABLE} WHERE position >= 1");
            holds.push(format!("({last}) = ?{}", values.len()));
        }
        if let (true, Some(recorded)) = (has_history, recorded) {
            values.push(Value::Text(recorded.to_owned()));
            holds.push(format!("{} = ?{}", history::ALL, values.len()));
        }
        if let Some(objects) = objects {
            values.push(objects.clone());
            holds.push(format!("{OBJECTS} IS ?{}", values.len()));
        }
        holds.extend(copied.iter().map(|table| format!("({}) < {LONG_REBUILD}", rows_query(table))));
        self.assert(at, Purpose::Turn, &holds.join(" AND "), values);
        if !has_history {
            self.run(at, Purpose::Frame("cannot create the history"), history::CREATE);
        }
    }

    fn claim(&mut self, at: usize, migration: &Prepared<'_>, position: usize, is_next: bool) {
        let kind = history::RecordKind::Migration;
        let values = history::values(migration.migration, position, 0, kind, None);
        let insert = if is_next { history::INSERT_NEXT } else { history::INSERT };
        self.step(at, Purpose::Claim, insert, values, false);
    }

    fn preflights(&mut self, at: usize, migration: &Prepared<'_>, foreseen: &Foreseen) {
        let preflights: Vec<(&Preflight, usize)> =
            migration.script.preflights.iter().zip(foreseen.widths.iter().copied()).collect();
        for (number, preflight) in preflights.iter().enumerate() {
            let all = foreseen.together.iter().find(|(all, _)| all.contains(&number));
            let Some((all, any)) = all else {
                self.last = Some(self.preflight(at, number, *preflight, self.last.map(ok)));
                continue;
            };
            if all.first() != Some(&number) {
                continue;
            }
            // nearly always there is nothing, which one scan says for all; otherwise each is asked for itself
            let scan = self.assert(at, Purpose::Together, &format!("NOT EXISTS (\n{any}\n)"), Vec::new());
            let mut condition = error(scan);
            for one in all {
                condition = ok(self.preflight(at, *one, preflights[*one], Some(condition)));
            }
        }
        for query in restored::queries(&migration.script.restores) {
            // whether it can be counted makes no difference
            self.batch.step(self.last.map(ok), query, Vec::new(), true);
            self.purposes.push((at, Purpose::Restored));
        }
        for (line, query) in &foreseen.expressions {
            self.run(at, Purpose::Expressions(*line), query);
        }
    }

    /// Adds one that is asked for itself, under a condition, and returns its step.
    fn preflight(
        &mut self,
        at: usize,
        number: usize,
        (preflight, width): (&Preflight, usize),
        condition: Option<Condition>,
    ) -> u32 {
        let query = preflight.query.trim_end().trim_end_matches(';');
        let holds = assertion(&format!("NOT EXISTS (\n{query}\n)"));
        let gate = self.batch.step(condition, holds, Vec::new(), false);
        self.purposes.push((at, Purpose::Preflight(number)));
        let finding = format!("{} LIMIT 1", shown(&preflight.query, width));
        self.batch.step(Some(error(gate)), finding, Vec::new(), true);
        self.purposes.push((at, Purpose::Finding(number)));
        gate
    }

    fn checks(&mut self, at: usize, foreseen: &Foreseen) {
        for statement in &foreseen.compiles {
            self.run(at, Purpose::Check, statement);
        }
        self.references(at, std::iter::once(foreseen));
    }

    /// That no reference leads to nothing behind migrations because of which it may.
    fn references<'f>(&mut self, at: usize, foreseen: impl Iterator<Item = &'f Foreseen>) {
        let queries: BTreeSet<String> = foreseen.flat_map(Foreseen::reference_queries).collect();
        if !queries.is_empty() {
            // none afterwards means none that is new
            let none: Vec<String> = queries.iter().map(|query| format!("NOT EXISTS ({query})")).collect();
            self.assert(at, Purpose::Check, &none.join(" AND "), Vec::new());
        }
    }

    /// Completes the record, if the structure is as foreseen.
    fn finished(&mut self, at: usize, position: usize, structure: &Structure) -> u32 {
        let mut values = vec![Value::Integer(number(position + 1))];
        let (holds, more) = structure_holds(structure, 2);
        values.extend(more);
        self.step(at, Purpose::Record, &history::finish(&holds), values, true)
    }

    fn commit(&mut self, at: usize) {
        let commit = self.run(at, Purpose::Frame("cannot commit"), self.end);
        self.commits.push(commit);
    }

    fn run(&mut self, at: usize, purpose: Purpose, sql: &str) -> u32 {
        self.step(at, purpose, sql, Vec::new(), false)
    }

    fn assert(&mut self, at: usize, purpose: Purpose, holds: &str, values: Vec<Value>) -> u32 {
        self.step(at, purpose, &assertion(holds), values, false)
    }

    /// Adds a step that waits for the one before.
    fn step(&mut self, at: usize, purpose: Purpose, sql: &str, values: Vec<Value>, wants_rows: bool) -> u32 {
        let step = self.batch.step(self.last.map(ok), sql, values, wants_rows);
        self.purposes.push((at, purpose));
        self.last = Some(step);
        step
    }

    /// The error of a commit that may have been one all the same.
    pub(super) fn doubtful_commit(&self, outcome: &Outcome) -> Option<EngineError> {
        // of one transaction there is one
        let commits = if self.atomic { &self.commits[self.commits.len().saturating_sub(1)..] } else { &self.commits };
        let errors = commits.iter().filter_map(|commit| outcome.error(*commit));
        errors.map(of_commit).find(|error| error.kind == ErrorKind::Lost)
    }

    /// Whether all that was asked for was committed.
    pub(super) fn is_done(&self, outcome: &Outcome) -> bool {
        self.commits.iter().all(|commit| outcome.is_ok(*commit))
    }

    /// What became of each migration.
    pub(super) fn results(&self, outcome: &Outcome, migrations: &[Prepared<'_>]) -> Vec<Result> {
        let is_committed = |at: usize| self.commits.get(at).is_some_and(|commit| outcome.is_ok(*commit));
        let is_committed = |at| if self.atomic { is_committed(self.commits.len() - 1) } else { is_committed(at) };
        let results = migrations.iter().take(self.count()).enumerate().map(|(at, migration)| {
            if is_committed(at) {
                let milliseconds = self.milliseconds(at, outcome);
                let rows = self.steps(at).filter(|(_, purpose)| *purpose == Purpose::Restored);
                let rows = rows.map(|(step, _)| outcome.rows(step)?.first().cloned());
                let restored = restored::counted(&migration.script.restores, &rows.collect::<Vec<_>>());
                return Result::Applied(Done { milliseconds, restored, ..Done::default() });
            }
            let steps = self.steps(at).filter(|(_, purpose)| *purpose != Purpose::Restored);
            let mut failed = steps.filter_map(|(step, purpose)| Some((step, purpose, outcome.error(step)?)));
            let first = failed.next();
            // which of them has found something is said by itself
            let is_of_several = |(_, purpose, error): &(u32, Purpose, &EngineError)| {
                *purpose == Purpose::Together && error.kind != ErrorKind::Stolen
            };
            let (first, otherwise) = match first.as_ref().is_some_and(is_of_several) {
                true => (failed.next(), Result::Doubtful),
                false => (first, Result::NotTried),
            };
            match first {
                Some((step, purpose, error)) => judge(step, purpose, error, outcome, migration),
                None => otherwise,
            }
        });
        results.collect()
    }

    /// The steps of a migration.
    fn steps(&self, at: usize) -> impl Iterator<Item = (u32, Purpose)> {
        let steps = (0_u32..).zip(&self.purposes).filter(move |(_, (of, _))| *of == at);
        steps.map(|(step, (_, purpose))| (step, *purpose))
    }

    /// The migration whose step the server has refused, and with it all of the request, and why.
    pub(super) fn refused(
        &self,
        step: usize,
        error: &EngineError,
        migrations: &[Prepared<'_>],
    ) -> Option<(usize, Failure)> {
        let (at, purpose) = *self.purposes.get(step)?;
        let step = u32::try_from(step).ok()?;
        match judge(step, purpose, error, &Outcome::default(), migrations.get(at)?) {
            Result::Failed(failure) => Some((at, failure)),
            _ => None,
        }
    }

    /// How many migrations it has.
    fn count(&self) -> usize {
        self.purposes.last().map_or(0, |(at, _)| at + 1)
    }

    fn milliseconds(&self, at: usize, outcome: &Outcome) -> u64 {
        let record = (0_u32..).zip(&self.purposes).find(|(_, purpose)| **purpose == (at, Purpose::Record));
        // of all that were recorded together, the last one knows
        let record = record
            .or_else(|| (0_u32..).zip(&self.purposes).filter(|(_, (_, purpose))| *purpose == Purpose::Record).last());
        let rows = record.and_then(|(step, _)| outcome.rows(step));
        let taken = rows.and_then(|rows| rows.first()?.first()).map_or(0, integer);
        u64::try_from(taken).unwrap_or_default()
    }
}

/// That a structure is as foreseen: an expression, and the values that it has from the one with that number on.
pub(super) fn structure_holds(structure: &Structure, first: usize) -> (String, Vec<Value>) {
    let count = format!("(SELECT count(*) FROM sqlite_schema) = ?{first}");
    let (second, third) = (first + 1, first + 2);
    match structure {
        // what was added last are the last rows, in this order
        Structure::Added { rows, added, sql } => (
            format!(
                "{count} AND (SELECT group_concat(sql, char(10)) FROM \
                 (SELECT sql FROM sqlite_schema ORDER BY rowid DESC LIMIT ?{second})) IS ?{third}"
            ),
            vec![Value::Integer(*rows), Value::Integer(*added), sql.clone().map_or(Value::Null, Value::Text)],
        ),
        Structure::Changed { rows, bytes, changed } => (
            format!(
                "{count} AND (SELECT sum(length(CAST(sql AS BLOB))) FROM sqlite_schema) IS ?{second} \
                 AND NOT EXISTS (SELECT 1 FROM json_each(?{third}) AS wanted LEFT JOIN sqlite_schema AS stored \
                     ON stored.type = wanted.value ->> 0 AND stored.name = wanted.value ->> 1 \
                     WHERE stored.tbl_name IS NOT wanted.value ->> 2 OR stored.sql IS NOT wanted.value ->> 3)"
            ),
            vec![
                Value::Integer(*rows),
                Value::Integer(*bytes),
                Value::Text(serde_json::to_string(changed).unwrap_or_default()),
            ],
        ),
    }
}

fn number(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The first value of the first row, as a number.
pub(super) fn counted(rows: &[Row]) -> u64 {
    rows.first().and_then(|row| row.first()).map_or(0, |value| u64::try_from(integer(value)).unwrap_or_default())
}
