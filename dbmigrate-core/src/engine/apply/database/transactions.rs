//! What is done in one transaction: migrations applied, a push made, a history adopted.

use std::time::Instant;

use super::super::adopt::{Adoption, Refusal};
use super::super::correct::{self, Correction};
use super::super::history::{self, RecordKind};
use super::super::{Attempt, Done, Failure, Prepared, Push, Restored, Step, Stop, Target};
use super::beforehand::sought_by;
use super::checked::Wanted;
use super::promised::AtWork;
use super::{Database, cannot_read, milliseconds, rust, split_all};
use crate::engine::check::broken_objects;
use crate::engine::connection::{integer, text};
use crate::engine::engines::Engine;
use crate::engine::error::EngineError;
use crate::engine::introspect::HISTORY_TABLE;
use crate::engine::tracker::schema_version;
use crate::folder::script::Rebuild;
use crate::plan::HELPER_PREFIX;
use crate::schema::canonical::SchemaHash;
use crate::sql::{Head, Statement};

impl Database {
    /// Whether the history is still as long as it was read, now that nobody else can write.
    pub(super) async fn is_at(&mut self, position: usize) -> Result<bool, EngineError> {
        if !self.has_history_table {
            history::create(&self.connection).await?;
            self.has_history_table = true;
            // it may be new
            self.forget_what_is_outdated().await?;
        }
        let query = format!("SELECT ifnull(max(position), 0) FROM {HISTORY_TABLE} WHERE position >= 1");
        let last = self.connection.first_row(&query).await?.map_or(0, |row| integer(&row[0]));
        if usize::try_from(last) != Ok(position) {
            return Ok(false);
        }
        // behind it, this run has written to the history itself
        let Some(wanted) = self.expected_history.take() else { return Ok(true) };
        let found = self.connection.first_row(&format!("SELECT {}", history::ALL)).await?;
        Ok(found.as_ref().and_then(|row| row.first()).map(text) == Some(&wanted[..]))
    }

    pub(super) async fn record(
        &self,
        migration: &Prepared<'_>,
        position: usize,
        duration: u64,
    ) -> Result<(), EngineError> {
        // beside a drift, the database is not what the migration leads to
        let version = match (&migration.drift, &self.tracker) {
            (Some(_), _) => None,
            // nothing has changed since the result was looked at
            (None, Some(tracker)) => Some(tracker.version()),
            (None, None) => Some(schema_version(&self.connection).await?),
        };
        let kind = if migration.script.rust.is_some() { RecordKind::Rust } else { RecordKind::Migration };
        history::insert(&self.connection, migration.migration, position, duration, kind, version).await
    }

    /// Applies one migration behind `position` others, or nothing at all.
    pub(super) async fn apply_one(
        &mut self,
        migration: &Prepared<'_>,
        position: usize,
    ) -> Result<(Step, Vec<Restored>), Failure> {
        let started = Instant::now();
        self.at_work = AtWork::of(&migration.script);
        self.asking.begin();
        let is_begun = self.begin_where_tables_are_small(migration).await?;
        if !is_begun && let Some(applied) = self.apply_asked(migration, position).await? {
            return Ok(applied);
        }
        let before = self.undisturbed.take().filter(|_| self.tracker.is_some());
        if !is_begun {
            self.begin().await?;
        }
        let mut restored = Vec::new();
        let now = self.seen(position).await;
        // nobody else has written since this run has, so that all is as it was left
        let is_turn = if now.is_some() && now == before { Ok(true) } else { self.is_turn(position).await };
        let result = match is_turn {
            Ok(true) => self.apply_inside(migration, position, started).await.map(|found| {
                restored = found;
                true
            }),
            other => other,
        };
        let step = self.end(result, started).await?;
        let is_applied = matches!(step, Step::Applied { .. }) && !self.is_rehearsal;
        self.undisturbed = now.filter(|_| is_applied).map(|(_, version)| (position + 1, version));
        self.expect_own_commit().await;
        Ok((step, restored))
    }

    /// Applies migrations, together or one after the other.
    pub(super) async fn apply_all(&mut self, migrations: &[Prepared<'_>], position: usize, atomic: bool) -> Attempt {
        #[cfg(feature = "remote")]
        if self.connection.server().is_some() {
            return self.apply_pipelined(migrations, position, atomic).await;
        }
        #[cfg(feature = "remote")]
        if let Some(base) = self.base.take() {
            let is_watched = self.work.is_some() || self.meter.is_some() || self.data_version.is_some();
            if atomic || is_watched || self.expected_history.is_some() {
                return Attempt { applied: Vec::new(), stopped: Some(Stop::Overtaken) };
            }
            return self.apply_foreseen(&base, migrations).await;
        }
        if atomic {
            return self.apply_together(migrations, position).await;
        }
        let mut attempt = Attempt::default();
        for (at, migration) in migrations.iter().enumerate() {
            let one = Attempt::from(self.apply_one(migration, position + at).await);
            let (in_place, unlocked_milliseconds) = (self.was_in_place(migration), self.asking.milliseconds());
            let way = |done| Done { in_place, unlocked_milliseconds, ..done };
            attempt.applied.extend(one.applied.into_iter().map(way));
            attempt.stopped = one.stopped.map(|stop| match stop {
                Stop::Failed { failure, .. } => Stop::Failed { at, failure },
                other => other,
            });
            if attempt.stopped.is_some() {
                break;
            }
        }
        attempt
    }

    /// Applies migrations in one transaction, all or none.
    pub(super) async fn apply_together(&mut self, migrations: &[Prepared<'_>], position: usize) -> Attempt {
        let begun = Instant::now();
        if let Err(failure) = self.begin().await {
            return Attempt::failed(0, failure);
        }
        let (mut applied, mut at) = (Vec::with_capacity(migrations.len()), 0);
        let mut result = self.is_turn(position).await;
        while let (Ok(true), Some(migration)) = (&result, migrations.get(at)) {
            let started = Instant::now();
            self.at_work = AtWork::of(&migration.script);
            match self.apply_inside(migration, position + at, started).await {
                Ok(restored) => {
                    let in_place = self.was_in_place(migration);
                    applied.push(Done { milliseconds: milliseconds(started), restored, in_place, ..Done::default() });
                    at += 1;
                }
                Err(failure) => result = Err(failure),
            }
        }
        // the commit is that of the last one
        let last = migrations.len().saturating_sub(1);
        match self.end(result, begun).await {
            Ok(Step::Applied { .. }) => Attempt { applied, stopped: None },
            Ok(Step::Overtaken) => Attempt { applied: Vec::new(), stopped: Some(Stop::Overtaken) },
            Err(failure) => Attempt::failed(at.min(last), failure),
        }
    }

    /// Whether the migration that was just applied has rebuilds, and all were made without writing a row.
    fn was_in_place(&self, migration: &Prepared<'_>) -> bool {
        let rebuilds = migration.script.rebuilds.len();
        rebuilds > 0 && self.made_in_place == rebuilds
    }

    /// Refuses rows that are not those that were looked at, if that was asked for.
    pub(super) async fn refuse_other_rows(&self) -> Result<(), Failure> {
        let Some(wanted) = self.data_version else { return Ok(()) };
        match self.connection.data_version().await {
            Ok(found) if found == Some(wanted) => Ok(()),
            Ok(_) => Err(Failure::OtherRows),
            Err(error) => Err(Failure::Engine { action: "cannot read whether the rows have changed", error }),
        }
    }

    /// On a server, what this connection commits counts as well. Somebody else's commit right behind it is then taken
    /// for its own.
    pub(super) async fn expect_own_commit(&mut self) {
        if self.data_version.is_some() && !self.connection.is_local() {
            // if it cannot be read, the next migration is refused
            self.data_version = Some(self.connection.data_version().await.ok().flatten().unwrap_or(-1));
        }
    }

    /// What tells, behind so many migrations and with the lock held, whether another connection has written. `None` where
    /// the rows or the history have to be those that were looked at, or nobody can tell.
    async fn seen(&self, position: usize) -> Option<(usize, i64)> {
        let is_plain = self.data_version.is_none() && self.expected_history.is_none() && self.connection.is_local();
        if !is_plain || self.connection.known_engine() != Some(Engine::LibSql) {
            return None;
        }
        Some((position, self.connection.data_version().await.ok()??))
    }

    /// Whether what was compared before the lock was held is what is there now.
    pub(super) async fn is_turn(&mut self, position: usize) -> Result<bool, Failure> {
        self.refuse_other_rows().await?;
        let is_turn = match self.is_outdated().await {
            Ok(false) => self.is_at(position).await,
            outdated => outdated.map(|_| false),
        };
        is_turn.map_err(|error| Failure::Engine { action: "cannot read the history", error })
    }

    /// What happens between `BEGIN` and `COMMIT`, once it is clear that it is this migration's turn.
    pub(super) async fn apply_inside(
        &mut self,
        migration: &Prepared<'_>,
        position: usize,
        started: Instant,
    ) -> Result<Vec<Restored>, Failure> {
        self.made_in_place = 0;
        self.with_copy = self.with_copy_of(migration).await;
        let restored = self.preflights(migration).await?;
        self.sought.clear();
        let rebuilds: Vec<&Rebuild> = migration.script.rebuilds.iter().map(|marked| &marked.rebuild).collect();
        let mut is_large = false;
        for rebuild in &rebuilds {
            is_large |= self.is_large(rebuild).await;
        }
        // nobody wants to know of a small table
        if is_large && migration.script.rust.is_none() {
            let waits = |at: usize| self.with_copy.as_ref().is_some_and(|waiting| waiting.places.contains(&at));
            let sought = (0..).zip(&migration.script.preflights).filter(|(at, _)| !waits(*at));
            self.sought = sought.filter_map(|(_, preflight)| sought_by(&preflight.query)).collect();
        }
        let wanted = self.wanted(migration).await.map_err(cannot_read)?;
        let statements = &migration.script.statements;
        let step = rust::of(migration);
        // behind a step, the rows are others than those of now
        let foreseen = step.map_or(statements.len(), |(_, step)| step.after);
        if step.is_some() || !self.only_copies(statements, &rebuilds).await.map_err(cannot_read)? {
            self.try_expressions(&statements[..foreseen]).await?;
        }
        self.run_checked(statements, &rebuilds, step, &wanted).await?;
        let duration = milliseconds(started);
        self.record(migration, position, duration)
            .await
            .map_err(|error| Failure::Engine { action: "cannot record the migration", error })?;
        Ok(restored)
    }

    /// Makes a change that is no migration, or nothing at all.
    pub(super) async fn push_once(&mut self, push: &Push<'_>) -> Result<Step, Failure> {
        let started = Instant::now();
        self.begin().await?;
        let result = self.push_inside(push).await;
        let result = self.end(result, started).await;
        match result {
            Err(failure) => Err(self.pointed_out(failure, &[], &split_all(&push.statements)).await),
            done => done,
        }
    }

    /// The same for a change that is no migration: false if the database is no longer what it was planned on.
    async fn push_inside(&mut self, push: &Push<'_>) -> Result<bool, Failure> {
        self.sought.clear();
        self.at_work = AtWork::default();
        self.with_copy = None;
        self.forget_what_is_outdated().await.map_err(cannot_read)?;
        let tracker = self.tracker().await.map_err(cannot_read)?;
        if tracker.hash() != SchemaHash::of(&push.before.schema) || tracker.unreadable() != push.before.unreadable {
            return Ok(false);
        }
        let found = self.findings(push.preflights).await.map_err(|(query, error)| Failure::Statement {
            number: 0,
            line: 0,
            statement: query,
            error,
        })?;
        if !found.is_empty() {
            return Err(Failure::Contradicted { found });
        }
        let statements = split_all(&push.statements);
        self.try_expressions(&statements).await?;
        let wanted = Wanted {
            hash: Some(SchemaHash::of(push.wanted).to_hex()),
            unreadable: &push.before.unreadable,
            // a view that nobody could use before is no fault of the change
            broken: broken_objects(&self.connection, &push.before.schema).await.map_err(cannot_read)?,
            unchecked: push.wanted.unchecked().cloned().collect(),
            drift: None,
        };
        let rebuilds = planned_rebuilds(&statements);
        self.run_checked(&statements, &rebuilds.iter().collect::<Vec<_>>(), None, &wanted).await?;
        if let Some(migrations) = push.history {
            let action = "cannot record the migrations";
            history::replace(&self.connection, migrations).await.map_err(|error| Failure::Engine { action, error })?;
        }
        Ok(true)
    }

    /// What an adoption does between `BEGIN` and `COMMIT`.
    pub(super) async fn adopt_inside(&mut self, adoption: &Adoption<'_>) -> Result<Option<Refusal>, EngineError> {
        if !history::read(&self.connection).await?.0.is_empty() {
            return Ok(Some(Refusal::HasHistory));
        }
        if !self.has_schema(&adoption.schema_hash).await? {
            return Ok(Some(Refusal::OtherSchema));
        }
        if let Some(query) = &adoption.expect_none
            && self.connection.first_row(query).await?.is_some()
        {
            return Ok(Some(Refusal::Changed));
        }
        history::create(&self.connection).await?;
        let version = Some(schema_version(&self.connection).await?);
        for (position, migration) in adoption.migrations.iter().enumerate() {
            history::insert(&self.connection, migration, position, 0, adoption.kind, version).await?;
        }
        Ok(None)
    }

    /// Commits what was recorded, or leaves no trace.
    pub(super) async fn end_recording(
        &mut self,
        result: Result<Option<Refusal>, EngineError>,
    ) -> Result<Option<Refusal>, EngineError> {
        let result = match result {
            Ok(None) => self.connection.commit().await.map(|()| None),
            other => other,
        };
        match &result {
            Ok(None) => self.tracker = None,
            _ => self.roll_back().await,
        }
        result
    }

    /// What a correction does between `BEGIN` and `COMMIT`.
    pub(super) async fn correct_inside(&mut self, correction: &Correction<'_>) -> Result<Option<Refusal>, EngineError> {
        let (records, _) = history::read(&self.connection).await?;
        if !correction.is_of(&records) {
            return Ok(Some(Refusal::OtherHistory));
        }
        if let Some(hash) = &correction.schema_hash
            && !self.has_schema(hash).await?
        {
            return Ok(Some(Refusal::OtherSchema));
        }
        history::create(&self.connection).await?;
        // as long as it is there, nobody looks at the schema again
        let version = match &correction.schema_hash {
            Some(_) => Some(schema_version(&self.connection).await?),
            None => None,
        };
        correct::write(&self.connection, correction, version).await?;
        Ok(None)
    }
}

/// The rebuilds among statements that were just planned.
fn planned_rebuilds(statements: &[Statement<'_>]) -> Vec<Rebuild> {
    let is_helper = |statement: &Statement<'_>| match Head::of(statement) {
        Some(Head::CreateTable(table)) => table.as_str().starts_with(HELPER_PREFIX),
        _ => false,
    };
    let places = (0..statements.len()).filter(|at| is_helper(&statements[*at]));
    places.filter_map(|at| Rebuild::read(statements, at)).collect()
}
