//! The database as the runner sees it: what each of its wishes comes to on a file and on a server.

use std::time::Instant;

#[cfg(feature = "remote")]
use super::super::Announcement;
use super::super::adopt::{Adoption, Refusal};
use super::super::correct::Correction;
use super::super::history::{self, Record};
use super::super::runner::lacked;
use super::super::{
    Advanced, Answer, Attempt, FailingRows, Failure, Finding, Loss, Prepared, Push, Step, Stop, Target,
};
use super::abandoned::is_left_over;
use super::{Database, cannot_read, milliseconds, split_all};
#[cfg(feature = "remote")]
use super::{ahead, pipelined, rows};
use crate::engine::check::{Broken, broken_objects};
use crate::engine::connection::{Row, display};
use crate::engine::engines::{Engine, Turso};
use crate::engine::error::EngineError;
#[cfg(feature = "remote")]
use crate::engine::error::ErrorKind;
use crate::engine::introspect::{Introspected, Unreadable, introspect_without};
#[cfg(feature = "remote")]
use crate::engine::progress::PROGRESS_TABLE;
use crate::engine::progress::Progress;
use crate::engine::tracker::schema_version;
use crate::folder::Script;
use crate::plan::Preflight;
use crate::schema::Schema;
#[cfg(feature = "remote")]
use crate::sql::Name;
use crate::sql::Statement;

impl Target for Database {
    fn is_rehearsal(&self) -> bool {
        self.is_rehearsal
    }

    fn lacks_step(&self, migration: &str) -> bool {
        self.lacks(migration)
    }

    fn at_once(&self) -> usize {
        if self.is_rehearsal {
            return usize::MAX;
        }
        #[cfg(feature = "remote")]
        if self.connection.server().is_some() || self.base.is_some() {
            return usize::MAX;
        }
        1
    }

    fn expect_history(&mut self, records: Option<&[(String, String)]>) {
        self.expected_history = records.map(history::all_of);
    }

    #[cfg(feature = "remote")]
    fn expect(&mut self, scripts: &[Script<'_>]) {
        if self.connection.server().is_some() && self.base.is_none() {
            let losses = scripts.iter().flat_map(|script| rows::countable(script).map(|(_, query)| query));
            let rebuilt = scripts.iter().flat_map(|script| ahead::rebuilt_tables(&script.statements));
            let queries = losses.chain(rebuilt.map(|table| ahead::rows_query(&table))).collect();
            self.ahead.expect(queries);
        }
    }

    #[cfg(feature = "remote")]
    fn announcements(&self, script: &Script<'_>) -> Vec<Announcement> {
        let is_told = self.connection.server().is_some() && !script.is_in_pieces();
        if is_told { self.announced(script) } else { Vec::new() }
    }

    #[cfg(feature = "remote")]
    fn expect_last(&mut self, names: Vec<String>) {
        self.ahead.last = Some(names);
    }

    async fn history(&mut self) -> Result<Vec<Record>, EngineError> {
        #[cfg(feature = "remote")]
        {
            self.base = self.from.take();
            if let Some(base) = &self.base {
                return Ok(base.history().to_vec());
            }
        }
        #[cfg(feature = "remote")]
        if let Some(history) = self.history_with_schema().await? {
            return Ok(history);
        }
        let (history, version) = history::read(&self.connection).await?;
        self.version_with_history = Some(version);
        Ok(history)
    }

    async fn schema(&mut self) -> Result<(Schema, Vec<Unreadable>), EngineError> {
        let tracker = self.tracker().await?;
        Ok((tracker.schema().clone(), tracker.unreadable().to_vec()))
    }

    async fn schema_version(&mut self) -> Result<Option<i64>, EngineError> {
        match self.version_with_history.take() {
            Some(version) => Ok(Some(version)),
            None => schema_version(&self.connection).await.map(Some),
        }
    }

    async fn rows(&mut self, query: &str) -> Result<Vec<Row>, EngineError> {
        self.connection.rows(query).await
    }

    async fn has_schema(&mut self, hash: &str) -> Result<bool, EngineError> {
        #[cfg(feature = "remote")]
        if let Some(base) = &self.base {
            return Ok(base.has_schema(hash));
        }
        // read anew: another runner may have been here
        #[cfg(feature = "remote")]
        let is_fresh = self.is_fresh();
        #[cfg(not(feature = "remote"))]
        let is_fresh = false;
        if !is_fresh {
            self.tracker = None;
        }
        let tracker = self.tracker().await?;
        let is_right = tracker.unreadable().is_empty() && tracker.hash().to_hex() == hash;
        #[cfg(feature = "remote")]
        self.ask_expected().await?;
        Ok(is_right)
    }

    async fn losses(&mut self, script: &Script<'_>) -> Vec<Loss> {
        self.counted_losses(script).await
    }

    async fn introspected(&mut self) -> Result<Introspected, EngineError> {
        introspect_without(&self.connection, &self.ignore).await
    }

    async fn broken(&mut self, schema: &Schema) -> Result<Vec<Broken>, EngineError> {
        broken_objects(&self.connection, schema).await
    }

    async fn ask(&mut self, queries: &[String]) -> Result<Vec<Answer>, EngineError> {
        let answers = self.connection.first_rows_shown(queries).await?;
        let shown = |row: Option<Row>| row.map(|values| values.iter().map(display).collect());
        Ok(answers.into_iter().map(|answer| answer.map(shown)).collect())
    }

    async fn contradictions(&mut self, preflights: &[Preflight]) -> Result<Vec<Finding>, (String, EngineError)> {
        self.findings(preflights).await
    }

    async fn failing_rows(&mut self, statements: &[&str]) -> Result<Vec<FailingRows>, EngineError> {
        self.rows_to_fail(&split_all(statements)).await
    }

    fn turso(&self) -> Option<Turso> {
        if self.connection.known_engine() == Some(Engine::Turso) {
            return Some(Turso::Runs);
        }
        #[cfg(feature = "remote")]
        if let Some(base) = &self.base {
            return base.turso();
        }
        let has_its_tables = self.tracker.as_ref().is_some_and(|tracker| tracker.was_written_by_turso());
        (has_its_tables || self.is_made_by_turso).then_some(Turso::Reads)
    }

    async fn push(&mut self, push: &Push<'_>) -> Result<Step, Failure> {
        self.tracker().await.map_err(cannot_read)?;
        if let Some(turso) = self.turso()
            && let Some(failure) = lacked(&split_all(&push.statements), turso)
        {
            return Err(failure);
        }
        #[cfg(feature = "remote")]
        if self.connection.server().is_some() {
            if push.history.is_some() {
                let message = "the history of a database on a server is not replaced".to_owned();
                let error = EngineError { kind: ErrorKind::Statement, message };
                return Err(Failure::Engine { action: "cannot record the migrations", error });
            }
            return self.push_to_server(push).await;
        }
        self.push_once(push).await
    }

    async fn apply(&mut self, migrations: &[Prepared<'_>], position: usize, atomic: bool) -> Attempt {
        // what the second one needs of the first is there only inside of the transaction
        let atomic = atomic || self.is_rehearsal;
        let mut attempt = self.apply_all(migrations, position, atomic).await;
        if let Some(Stop::Failed { at, failure }) = attempt.stopped {
            // those before it that are undone with it
            let undone = migrations.get(attempt.applied.len()..at).unwrap_or_default();
            let before: Vec<Statement<'_>> =
                undone.iter().flat_map(|migration| migration.script.statements.iter().copied()).collect();
            let statements = migrations.get(at).map_or(&[][..], |migration| &migration.script.statements);
            let failed = match &failure {
                Failure::Statement { number, .. } => *number,
                _ => 0,
            };
            let step = migrations.get(at).and_then(|migration| migration.script.rust);
            // the rows on which a statement behind a step fails are there no more
            let is_behind_step = undone.iter().any(|migration| migration.script.rust.is_some())
                || step.is_some_and(|step| failed > step.after);
            let failure = if is_behind_step { failure } else { self.pointed_out(failure, &before, statements).await };
            attempt.stopped = Some(Stop::Failed { at, failure });
        }
        attempt
    }

    async fn apply_without_transaction(&mut self, migration: &Prepared<'_>, position: usize) -> Result<Step, Failure> {
        #[cfg(feature = "remote")]
        if self.connection.server().is_some()
            && self.turso().is_none()
            && let Some((_, failure)) = pipelined::refused(std::slice::from_ref(migration))
        {
            return Err(failure);
        }
        let started = Instant::now();
        let engine = |action| move |error| Failure::Engine { action, error };
        self.turn_foreign_keys_off().await.map_err(engine("cannot turn foreign keys off"))?;
        let is_outdated = self.is_outdated().await.map_err(cannot_read)?;
        if is_outdated || !self.is_at(position).await.map_err(engine("cannot read the history"))? {
            self.tracker = None;
            return Ok(Step::Overtaken);
        }
        self.refuse_other_rows().await?;
        self.preflights(migration).await?;
        self.forget_what_is_outdated().await.map_err(cannot_read)?;
        self.tracker().await.map_err(cannot_read)?;
        let wanted = self.wanted(migration).await.map_err(cannot_read)?;
        self.run_statements(&migration.script.statements, 0).await?;
        let duration = milliseconds(started);
        let recorded = match self.check_structure(&wanted, &migration.script.statements).await {
            Ok(()) => self.record(migration, position, duration).await.map_err(engine("cannot record the migration")),
            Err(failure) => Err(failure),
        };
        recorded.map_err(|failure| Failure::NotUndone(Box::new(failure)))?;
        self.expect_own_commit().await;
        Ok(Step::Applied { milliseconds: duration })
    }

    async fn under_way(&mut self) -> Result<Option<Progress>, EngineError> {
        #[cfg(feature = "remote")]
        {
            // what was seen from afar has no such table, or it was looked at closely
            if self.base.is_some() {
                return Ok(None);
            }
            if self.connection.server().is_some() {
                let known = self.tracker.as_ref().filter(|_| self.ahead.stored.is_some());
                let progress = Name::from(PROGRESS_TABLE);
                if known.is_none_or(|tracker| tracker.stored_of(&progress).next().is_none()) {
                    return Ok(None);
                }
            }
        }
        let found = Progress::read(&self.connection).await?;
        // the migration is recorded, or given up, and what is left of it is in nobody's way
        self.is_left_over = found.as_ref().is_some_and(is_left_over);
        Ok(found.filter(|progress| !is_left_over(progress)))
    }

    async fn apply_in_pieces(
        &mut self,
        migration: &Prepared<'_>,
        position: usize,
        told: &mut dyn FnMut(&Advanced) -> bool,
    ) -> Attempt {
        #[cfg(feature = "remote")]
        if self.connection.server().is_some()
            && self.turso().is_none()
            && let Some((_, failure)) = pipelined::refused(std::slice::from_ref(migration))
        {
            return Attempt::failed(0, failure);
        }
        if migration.script.online.is_some() {
            return self.apply_online(migration, position, told).await;
        }
        self.apply_pieces(migration, position, told).await
    }

    async fn adopt(&mut self, adoption: &Adoption<'_>) -> Result<Option<Refusal>, EngineError> {
        self.connection.begin().await?;
        let result = self.adopt_inside(adoption).await;
        self.end_recording(result).await
    }

    async fn correct(&mut self, correction: &Correction<'_>) -> Result<Option<Refusal>, EngineError> {
        self.connection.begin().await?;
        let result = self.correct_inside(correction).await;
        self.end_recording(result).await
    }

    async fn finish(&mut self) -> Result<(), EngineError> {
        if let Some(count) = self.sorters.take() {
            self.connection.run(&format!("PRAGMA threads = {count}")).await?;
        }
        if std::mem::take(&mut self.is_left_over) && !self.is_rehearsal {
            // the next run does it otherwise
            let _ = self.empty_hidden(&mut || true).await;
        }
        match self.foreign_keys.take() {
            Some(true) => self.connection.turn_foreign_keys_on().await,
            _ => Ok(()),
        }
    }
}
