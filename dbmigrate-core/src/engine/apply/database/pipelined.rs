//! Migrations on a server: as many as possible in one request, each in its own transaction.
//!
//! 1. The history is read, and with migrations pending the schema, in one request; what they lose and how much they
//!    copy, if they do, is another one.
//! 2. What they lead to is found out on a twin in memory ([`super::forecast`]), and they are sent with the checks that
//!    it makes possible ([`super::steps`]). Where it cannot tell, or a check fails that is no statement of a migration,
//!    that migration is applied step by step over a kept stream, exactly as on a local database.
//! 3. Those whose work does not grow with the rows are tried in one transaction first ([`super::together`]).
//! 4. If the answer does not arrive, the history says what was done.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::super::history::{self, Record};
use super::super::{Attempt, Done, Failure, Prepared, Push, Step, Stop, Target as _};
use super::forecast::{Forecast, Foreseen};
use super::judged::Result as Outcome;
use super::promised::is_promised;
use super::steps::{Request, Start};
use super::together::may_share;
use super::{Database, milliseconds};
use crate::engine::connection::server::REQUEST_BYTES;
use crate::engine::engines::Turso;
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::introspect::HISTORY_TABLE;
use crate::engine::remote::{Outcome as Answered, Refusal, refusals};
use crate::engine::value::Value;
use crate::schema::canonical::SchemaHash;
use crate::sql::Name;

/// The pause before a migration is tried again whose lock somebody else got. It doubles with each time.
const PAUSE: Duration = Duration::from_millis(200);

/// The pauses between attempts to find out what became of a request without an answer.
const LOOKS: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(5)];

/// After so long without an answer, or two timeouts if that is longer, nobody looks again.
const LONGEST_SILENCE: Duration = Duration::from_secs(15);

/// What is known ahead of the migrations that are to be applied.
pub(super) struct Ahead {
    forecast: Option<Forecast>,
    /// What the first of those that are not applied will lead to, as far as it is foreseen.
    pub(super) foreseen: Vec<Arc<Foreseen>>,
    schema_version: Option<i64>,
    has_history: bool,
    /// What the schema has to be, and what must not be long, where a state is begun at that was seen before.
    objects: Option<Value>,
    copied: Vec<Name>,
}

impl Database {
    /// Applies migrations behind `position` others.
    pub(super) async fn apply_pipelined(
        &mut self,
        migrations: &[Prepared<'_>],
        position: usize,
        atomic: bool,
    ) -> Attempt {
        let mut attempt = Attempt::default();
        // what Turso Database lacks the runner has asked for
        let refused = if self.turso().is_none() { refused(migrations) } else { None };
        if let Some((at, failure)) = refused {
            return attempt.failing(at, failure);
        }
        // in one transaction, nothing is made in place
        for (at, migration) in migrations.iter().enumerate().filter(|(_, one)| atomic && is_promised(&one.script)) {
            if let Err(failure) = self.keep_promises(&migration.script).await {
                return attempt.failing(at, failure);
            }
        }
        let mut tries = self.retries;
        let mut ahead: Option<Ahead> = None;
        // those before it were tried to be made without copying rows
        let mut altered_until = 0;
        while attempt.applied.len() < migrations.len() && attempt.stopped.is_none() {
            let done = attempt.applied.len();
            let rest = &migrations[done..];
            if !atomic && altered_until <= done && self.copies_many(&rest[0].script) {
                (ahead, altered_until) = (None, done + 1);
                if let Some(one) = self.apply_altered(&rest[0], position + done).await {
                    attempt.extend(one, done);
                    continue;
                }
            }
            let known = match &mut ahead {
                Some(known) => known,
                None => match self.look_ahead(rest).await {
                    Ok(known) => ahead.insert(known),
                    Err(error) => return attempt.failing(done, cannot_read(error)),
                },
            };
            let count = known.foreseen.len();
            // rows that must not have changed can only be looked at in between
            let by_steps = self.data_version.is_some() || self.turso() == Some(Turso::Runs);
            if count == 0 || by_steps || (atomic && count < rest.len()) {
                let one = self.apply_by_steps(rest, position + done, atomic).await;
                ahead = None;
                attempt.extend(one, done);
                if attempt.stopped.is_some() {
                    return attempt;
                }
                continue;
            }
            let (request, count) = self.request(rest, known, position + done, atomic);
            if count == 0 {
                // it does not fit into one request
                known.foreseen.clear();
                continue;
            }
            let sent = &rest[..count];
            let (request, answer) = self.exchange(request, sent, known, position + done, atomic);
            let results = match answer {
                Ok(outcome) => match request.doubtful_commit(&outcome) {
                    None => request.results(&outcome, sent),
                    Some(error) => {
                        let settled = self.settle(sent, position + done, error).await;
                        attempt.extend(settled, done);
                        return attempt;
                    }
                },
                Err(error) if error.kind == ErrorKind::Lost => {
                    let settled = self.settle(sent, position + done, error).await;
                    attempt.extend(settled, done);
                    return attempt;
                }
                Err(error) => {
                    let refused = self.connection.server().and_then(|server| server.refused(&request.batch, &error));
                    if let Some((at, failure)) = refused.and_then(|(step, error)| request.refused(step, &error, sent)) {
                        return attempt.failing(done + at, failure);
                    }
                    let action = "cannot apply the migrations";
                    return attempt.failing(done, Failure::Engine { action, error });
                }
            };
            // a request of which nothing is known to have failed, and nothing is applied, is looked at more closely as well
            let mut is_doubtful = !results.iter().any(Outcome::says_something);
            for (at, result) in results.into_iter().enumerate() {
                match result {
                    Outcome::Applied(done) => {
                        attempt.applied.push(done);
                        tries = self.retries;
                    }
                    Outcome::NotTried => {}
                    Outcome::Overtaken => {
                        self.tracker = None;
                        attempt.stopped = Some(Stop::Overtaken);
                        return attempt;
                    }
                    Outcome::Doubtful => {
                        is_doubtful = true;
                        break;
                    }
                    Outcome::Stolen(error) if tries == 0 => {
                        let action = "another writer got the lock";
                        return attempt.failing(done + at, Failure::Engine { action, error });
                    }
                    Outcome::Stolen(_) => {
                        self.pause(&mut tries);
                        break;
                    }
                    Outcome::Failed(failure) => return attempt.failing(done + at, failure),
                }
            }
            let applied = attempt.applied.len() - done;
            known.foreseen.drain(..applied);
            known.has_history |= applied > 0;
            if applied > 0 {
                self.expected_history = None;
                known.schema_version = None;
                known.objects = None;
                known.copied.clear();
                self.tracker = None;
            }
            if is_doubtful {
                known.foreseen.clear();
                known.forecast = None;
            }
        }
        attempt
    }

    /// Foresees as much as possible.
    pub(super) async fn look_ahead(&mut self, migrations: &[Prepared<'_>]) -> Result<Ahead, EngineError> {
        if let Some(base) = self.base.take()
            && let Some(objects) = base.objects()
        {
            let plan = self.plan(&base, migrations).await;
            // that it is still the one that was seen is for the server to say, with the lock held
            self.expected_history = base.recorded();
            return Ok(Ahead {
                forecast: None,
                foreseen: plan.foreseen.clone(),
                schema_version: None,
                has_history: base.has_history(),
                objects: Some(objects),
                copied: plan.copied.clone(),
            });
        }
        if self.tracker.is_none() || self.ahead.stored.is_none() {
            self.tracker = Some(Box::new(self.look_at_server().await?));
        }
        let stored = self.ahead.stored.take().unwrap_or_default();
        let version = self.tracker.as_ref().map(|tracker| tracker.version());
        let history = stored.objects.iter().find(|object| object.kind == "table" && object.name == *HISTORY_TABLE);
        let is_complete = history.is_none_or(|table| table.sql.contains("schema_version"));
        let mut forecast =
            if is_complete { Forecast::of(&stored, &self.ignore, self.connection.scratch()).await } else { None };
        let mut foreseen = Vec::new();
        if let Some(forecast) = &mut forecast {
            for migration in migrations {
                let Some(one) = forecast.advance(migration).await else { break };
                foreseen.push(Arc::new(one));
            }
        }
        let (has_history, objects, copied) = (history.is_some(), None, Vec::new());
        Ok(Ahead { forecast, foreseen, schema_version: version, has_history, objects, copied })
    }

    /// As many of the migrations as fit into a request, and how many these are.
    pub(super) fn request(
        &self,
        migrations: &[Prepared<'_>],
        known: &Ahead,
        position: usize,
        atomic: bool,
    ) -> (Request, usize) {
        let mut request = if self.is_rehearsal { Request::rehearsal() } else { Request::new(atomic) };
        let mut count = 0;
        for (at, (migration, foreseen)) in migrations.iter().zip(&known.foreseen).enumerate() {
            let bytes: usize = migration.script.statements.iter().map(|statement| statement.text.len()).sum();
            let is_long = self.is_long(&migration.script);
            let is_full = request.batch.bytes() + bytes > REQUEST_BYTES || is_long;
            if is_full && (at > 0 || bytes > REQUEST_BYTES) && !atomic {
                break;
            }
            request.add(migration, foreseen, position + at, self.start(known).filter(|_| at == 0));
            count += 1;
            if is_long && !atomic {
                break;
            }
        }
        request.finish();
        (request, count)
    }

    /// Where the first one has to find the database, unless it comes behind others of the run.
    fn start<'a>(&'a self, known: &'a Ahead) -> Option<Start<'a>> {
        let is_chained = known.schema_version.is_none() && known.objects.is_none();
        (!is_chained).then(|| Start {
            schema_version: known.schema_version,
            has_history: known.has_history,
            history: self.expected_history.as_deref(),
            database: self.connection.server().and_then(|server| server.client().namespace()),
            objects: known.objects.as_ref(),
            copied: &known.copied,
        })
    }

    /// Sends a request for these migrations, or another one before it that has the same result: all of them in one
    /// transaction. If that does not go well, nothing has happened. Returns the request that was answered last.
    fn exchange(
        &self,
        request: Request,
        sent: &[Prepared<'_>],
        known: &Ahead,
        position: usize,
        atomic: bool,
    ) -> (Request, Result<Answered, EngineError>) {
        if !atomic && !self.is_rehearsal && may_share(sent) {
            let at_once = self.start(known).and_then(|start| {
                let mut request = Request::at_once(sent, &known.foreseen, position, start)?;
                request.finish();
                Some(request)
            });
            let together = at_once.unwrap_or_else(|| self.request(sent, known, position, true).0);
            let answer = self.send(&together);
            let is_settled = match &answer {
                Ok(outcome) => together.doubtful_commit(outcome).is_some() || together.is_done(outcome),
                Err(error) => error.kind != ErrorKind::Statement,
            };
            if is_settled {
                return (together, answer);
            }
        }
        let answer = self.send(&request);
        (request, answer)
    }

    pub(super) fn send(&self, request: &Request) -> Result<Answered, EngineError> {
        match self.connection.server() {
            Some(server) => server.send(&request.batch),
            None => {
                Err(EngineError { kind: ErrorKind::Protocol, message: "the database is not on a server".to_owned() })
            }
        }
    }

    /// One migration over a kept stream, or all of them if they are to be one transaction.
    async fn apply_by_steps(&mut self, migrations: &[Prepared<'_>], position: usize, atomic: bool) -> Attempt {
        // what was read is no longer there if something was applied since
        self.tracker = None;
        let first = &migrations[..if atomic { migrations.len() } else { 1 }];
        let mut tries = self.retries;
        loop {
            let attempt = match first {
                [alone] if !atomic => Attempt::from(self.apply_one(alone, position).await),
                all => self.apply_together(all, position).await,
            };
            let Some(error) = attempt.engine_error() else { return attempt };
            match error.kind {
                ErrorKind::Lost => {
                    let error = error.clone();
                    return self.settle(first, position, error).await;
                }
                ErrorKind::Stolen if tries > 0 => self.pause(&mut tries),
                _ => return attempt,
            }
        }
    }

    /// Finds out what became of migrations that were sent and not answered.
    ///
    /// Nothing is sure as long as the request may still be at work, so the history is read with the lock held, twice:
    /// a migration that was waiting for the lock at the first time has had it by the second.
    pub(super) async fn settle(&mut self, sent: &[Prepared<'_>], position: usize, error: EngineError) -> Attempt {
        self.tracker = None;
        let mut attempt = Attempt::default();
        let Some(history) = self.settled_history().await else {
            return attempt.failing(0, Failure::Lost { error, is_known: false });
        };
        let records = history.get(position..).unwrap_or_default();
        for (migration, record) in sent.iter().zip(records) {
            let wanted = migration.migration;
            if record.name != wanted.name.as_str() || record.checksum != wanted.sql.to_hex() {
                break;
            }
            // what came back was counted by whoever did not answer
            let milliseconds = u64::try_from(record.duration_ms).unwrap_or_default();
            attempt.applied.push(Done { milliseconds, ..Done::default() });
        }
        match attempt.applied.len() {
            count if count == sent.len() => attempt,
            count => attempt.failing(count, Failure::Lost { error, is_known: true }),
        }
    }

    async fn settled_history(&mut self) -> Option<Vec<Record>> {
        let mut before = None;
        let since = Instant::now();
        // a server that says nothing at all costs a timeout for each look, and several where it is tried again
        let timeout = self.connection.server().map_or(Duration::ZERO, |server| server.client().options().timeout);
        let longest = LONGEST_SILENCE.max(timeout * 2);
        for pause in LOOKS {
            thread::sleep(pause);
            loop {
                let now = self.history_under_lock().await.ok();
                match (now, before) {
                    (Some(now), Some(before)) if now == before => return Some(now),
                    (Some(now), _) => before = Some(now),
                    (None, _) if since.elapsed() > longest => return None,
                    (None, known) => {
                        before = known;
                        break;
                    }
                }
            }
        }
        None
    }

    async fn history_under_lock(&self) -> Result<Vec<Record>, EngineError> {
        self.connection.begin().await?;
        let history = history::read(&self.connection).await;
        self.connection.roll_back().await;
        history.map(|(history, _)| history)
    }

    /// Makes a change that is no migration. If the answer to the commit does not arrive, the schema tells.
    pub(super) async fn push_to_server(&mut self, push: &Push<'_>) -> Result<Step, Failure> {
        let started = Instant::now();
        let mut tries = self.retries;
        loop {
            let failure = match self.push_once(push).await {
                Err(failure) => failure,
                done => return done,
            };
            let Some(error) = failure.engine_error() else { return Err(failure) };
            match error.kind {
                ErrorKind::Lost => break self.settle_push(push, error.clone(), started).await,
                ErrorKind::Stolen if tries > 0 => self.pause(&mut tries),
                _ => return Err(failure),
            }
        }
    }

    async fn settle_push(&mut self, push: &Push<'_>, error: EngineError, started: Instant) -> Result<Step, Failure> {
        self.tracker = None;
        if self.settled_history().await.is_none() {
            return Err(Failure::Lost { error, is_known: false });
        }
        let Ok(found) = self.introspected().await else { return Err(Failure::Lost { error, is_known: false }) };
        let found = SchemaHash::of(&found.schema);
        if found == SchemaHash::of(push.wanted) {
            return Ok(Step::Applied { milliseconds: milliseconds(started) });
        }
        Err(Failure::Lost { error, is_known: found == SchemaHash::of(&push.before.schema) })
    }

    /// Waits before a transaction is begun again that somebody else got the lock of.
    pub(super) fn pause(&self, tries: &mut u32) {
        if let Some(on_retry) = &self.on_retry {
            on_retry(self.retries - *tries + 1, self.retries);
        }
        thread::sleep(PAUSE * 2_u32.pow((self.retries - *tries).min(6)));
        *tries -= 1;
    }
}

impl Attempt {
    fn failing(mut self, at: usize, failure: Failure) -> Self {
        self.stopped = Some(Stop::Failed { at, failure });
        self
    }

    /// Adds what became of the migrations from the one at place `done` on.
    fn extend(&mut self, more: Self, done: usize) {
        self.applied.extend(more.applied);
        self.stopped = more.stopped.map(|stop| match stop {
            Stop::Failed { at, failure } => Stop::Failed { at: done + at, failure },
            other => other,
        });
    }

    fn engine_error(&self) -> Option<&EngineError> {
        match &self.stopped {
            Some(Stop::Failed { failure, .. }) => failure.engine_error(),
            _ => None,
        }
    }
}

/// The first statement that no server runs.
pub(super) fn refused(migrations: &[Prepared<'_>]) -> Option<(usize, Failure)> {
    migrations.iter().enumerate().find_map(|(at, migration)| {
        let statements = &migration.script.statements;
        let Refusal { index, line, reason } = refusals(statements).into_iter().next()?;
        let error = EngineError { kind: ErrorKind::Statement, message: reason };
        let statement = statements[index].text.to_owned();
        Some((at, Failure::Statement { number: index + 1, line, statement, error }))
    })
}

fn cannot_read(error: EngineError) -> Failure {
    Failure::Engine { action: "cannot read the schema", error }
}
