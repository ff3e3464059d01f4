//! A rebuild that nobody waits for, from where it stands to its record: see [`crate::engine::online`].

use std::thread;
use std::time::Instant;

use super::super::{Advanced, Attempt, Done, Failure, Prepared, Stop};
use super::noted::{NOTE, bound, is_missing, mirrored, part, read_at};
use super::walk::Told;
use super::{Database, cannot_read, milliseconds};
use crate::engine::connection::piece::{NotWorked, Piece, Worked};
use crate::engine::connection::{Row, integer};
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::online::chunk::{self, At, SMALL_LOG};
use crate::engine::online::swap::Wait;
use crate::engine::online::{COPY, Copy, NotOnline, Stage};
use crate::engine::pieces::{Pace, Times};
use crate::engine::progress::Progress;

/// The rows of the first piece, as long as nothing is known.
pub(super) const FIRST: u64 = 1000;
/// The most that a piece has.
pub(super) const MOST: u64 = 200_000;
/// How often a piece is tried that does not get the lock, or does not arrive.
pub(super) const TRIES: u32 = 20;

/// How a migration ends for now.
enum End {
    Applied,
    Overtaken,
    Interrupted,
}

impl Database {
    /// Applies a migration that is one rebuild, from where it stands.
    pub(super) async fn apply_online(&mut self, migration: &Prepared<'_>, position: usize, told: Told<'_>) -> Attempt {
        let started = Instant::now();
        match self.online(migration, position, told).await {
            Ok(End::Applied) => {
                let done = Done { milliseconds: milliseconds(started), ..Done::default() };
                Attempt { applied: vec![done], stopped: None }
            }
            Ok(End::Overtaken) => Attempt { applied: Vec::new(), stopped: Some(Stop::Overtaken) },
            Ok(End::Interrupted) => Attempt { applied: Vec::new(), stopped: Some(Stop::Interrupted) },
            Err(failure) => {
                let failure = match Progress::read(&self.connection).await {
                    Ok(Some(progress)) => {
                        Failure::UnderWay { failure: Box::new(failure), progress: Box::new(progress) }
                    }
                    _ => failure,
                };
                Attempt { applied: Vec::new(), stopped: Some(Stop::Failed { at: 0, failure }) }
            }
        }
    }

    async fn online(&mut self, migration: &Prepared<'_>, position: usize, told: Told<'_>) -> Result<End, Failure> {
        let engine = |action| move |error| Failure::Engine { action, error };
        self.turn_foreign_keys_off().await.map_err(engine("cannot turn foreign keys off"))?;
        let Some(rebuild) = migration.script.rebuilds.first().map(|marked| marked.rebuild.clone()) else {
            return Err(not_online(migration, NotOnline("it marks no rebuild".to_owned())));
        };
        #[cfg(feature = "remote")]
        {
            self.base = None;
        }
        let mut at = self.online_at().await.map_err(cannot_read)?;
        if at.as_ref().is_some_and(|at| at.stage == Stage::Empty) {
            // of one that was given up, or is recorded
            self.empty_hidden(&mut || true).await?;
            at = None;
        }
        if at.as_ref().is_none_or(|at| at.stage < Stage::Indexes) {
            self.forget_what_is_outdated().await.map_err(cannot_read)?;
            let schema = self.tracker().await.map_err(cannot_read)?.schema();
            let copy = Copy::of(schema, &rebuild, &migration.script.statements);
            let copy = copy.map_err(|why| not_online(migration, why))?;
            if at.is_none() && !self.prepare_online(migration, position, &copy).await? {
                return Ok(End::Overtaken);
            }
            match self.copy_online(migration, &copy, told).await? {
                End::Applied => {}
                other => return Ok(other),
            }
            // what was written since they were asked is held against them as well, without keeping the lock for it
            self.preflights(migration).await?;
            if !self.swap_online(migration, position, &copy).await? {
                return Ok(End::Overtaken);
            }
            at = self.online_at().await.map_err(cannot_read)?;
        }
        if at.is_some_and(|at| at.stage == Stage::Indexes)
            && !self.finish_indexes(migration, position, &rebuild).await?
        {
            return Ok(End::Overtaken);
        }
        self.empty_hidden(&mut || true).await?;
        Ok(End::Applied)
    }

    /// How far a rebuild is, if one is under way.
    pub(super) async fn online_at(&self) -> Result<Option<At>, EngineError> {
        let rows = match self.connection.rows(&chunk::at_query()).await {
            Err(error) if is_missing(&error) => match self.connection.rows(&chunk::at_query_without_log()).await {
                Err(error) if is_missing(&error) => return Ok(None),
                rows => rows?,
            },
            rows => rows?,
        };
        Ok(rows.first().and_then(read_at))
    }

    /// Makes what there has to be before the first row is copied. False if it is not its turn.
    async fn prepare_online(
        &mut self,
        migration: &Prepared<'_>,
        position: usize,
        copy: &Copy,
    ) -> Result<bool, Failure> {
        let is_turn = self.is_turn(position).await?;
        if !is_turn {
            self.tracker = None;
            return Ok(false);
        }
        self.preflights(migration).await?;
        let lock = migration.migration;
        let schema_hash = self.tracker().await.map_err(cannot_read)?.hash().to_hex();
        let of = self.rows_about(copy).await;
        if !self.connection.is_local() {
            let Wait { why, time: wait } = copy.longest_wait(of.unwrap_or_default());
            let (line, lag) = (migration.script.online.unwrap_or_default(), self.pace.lag);
            if wait > lag {
                return Err(Failure::WaitsTooLong { line, why, wait, lag });
            }
        }
        let progress = Progress {
            name: lock.name.to_string(),
            checksum: lock.sql.to_hex(),
            schema_hash,
            of,
            note: Some(NOTE.to_owned()),
            ..Progress::default()
        };
        let version = self.tracker().await.map_err(cannot_read)?.version();
        let guard = format!(
            "(SELECT schema_version FROM pragma_schema_version) = {version} AND \
             (SELECT ifnull(max(position), 0) FROM _dbmigrate_history WHERE position >= 1) = {position}"
        );
        let mut statements = bound(copy.prepare(&progress.name, FIRST, self.connection.is_local()));
        statements.extend(progress.begin());
        let piece = Piece { guard: (guard, Vec::new()), statements, ..Piece::default() };
        let worked = self.work_until(&piece, &mut Pace::new(self.pace, FIRST, MOST)).await;
        // the schema has another version now
        self.tracker = None;
        match worked {
            Ok(Some(_)) => Ok(true),
            Ok(None) => Ok(self.online_at().await.map_err(cannot_read)?.is_some()),
            Err(NotWorked { error, .. }) => Err(Failure::Engine { action: "cannot prepare the rebuild", error }),
        }
    }

    /// About how many rows the table has.
    pub(super) async fn rows_about(&self, copy: &Copy) -> Option<u64> {
        let row = self.connection.first_row(&copy.rows_query()).await.ok()??;
        u64::try_from(integer(row.first()?)).ok()
    }

    /// Copies and compares, piece by piece, until the new table can take the place of the old one.
    async fn copy_online(&mut self, migration: &Prepared<'_>, copy: &Copy, told: Told<'_>) -> Result<End, Failure> {
        let mut progress = Progress::read(&self.connection).await.map_err(cannot_read)?.unwrap_or_default();
        let mut pace = Pace::new(self.pace, progress.size.unwrap_or(FIRST), MOST);
        // of comparing, which is faster
        let mut reading = Pace::new(self.pace, pace.size(), MOST);
        let mut known = None;
        let mut was_cleared = false;
        loop {
            let at = match known.take() {
                Some(at) => at,
                None => self.online_at().await.map_err(cannot_read)?,
            };
            let Some(at) = at.filter(|at| at.migration == migration.migration.name.as_str()) else {
                return Ok(End::Overtaken);
            };
            if at.stage > Stage::Ready {
                return Ok(End::Overtaken);
            }
            // what was written while nobody was at work is taken over before the lock is kept for it
            if at.stage == Stage::Ready && at.logged <= SMALL_LOG {
                return Ok(End::Applied);
            }
            let compared = bound(copy.compared(&at));
            let only_reads = !compared.is_empty();
            let pace = if only_reads { &mut reading } else { &mut pace };
            let rows = pace.size();
            // while somebody reads, every commit on a server copies its log, which is when it refuses writes, or hangs
            let (reading, mut statements) =
                if self.connection.is_local() { (compared, Vec::new()) } else { (Vec::new(), compared) };
            statements.extend(bound(copy.piece(&at, rows)));
            statements.push(mirrored(rows));
            let behind = vec![(chunk::at_query(), Vec::new())];
            let guard = (at.guard(), Vec::new());
            let piece = Piece { reading, guard, statements, behind, ..Piece::default() };
            let (answers, mut times) = match self.work_until(&piece, pace).await {
                Ok(Some(done)) => done,
                Ok(None) => continue,
                // what another row had is still there, which is later in the log
                Err(failed) if at.logged > SMALL_LOG && !was_cleared && failed.statement.is_some() => {
                    was_cleared = true;
                    self.clear_logged(copy, &at, pace).await?;
                    continue;
                }
                Err(failed) => return Err(of_piece(migration, copy, failed)),
            };
            was_cleared = false;
            let next = answers.and_then(|rows| rows.first().and_then(read_at));
            if only_reads {
                times.held = times.held.max(times.read);
            }
            let pause = pace.took(times);
            let Times { waited, held, .. } = times;
            let of = progress.of.unwrap_or_default();
            let done = next.as_ref().map_or(at.done, |next| if next.stage == at.stage { next.done } else { of });
            progress.visited = done;
            let goes_on = told(&Advanced {
                migration: progress.name.clone(),
                line: migration.script.rebuilds.first().map_or(0, |marked| marked.line),
                table: copy.table().clone(),
                visited: done,
                changed: done,
                rows,
                part: part(at.stage, done, of),
                held,
                waited,
                pause,
            });
            if !goes_on {
                return Ok(End::Interrupted);
            }
            if next.as_ref().is_none_or(|next| next.stage < Stage::Ready) {
                thread::sleep(pause);
            }
            known = next.map(Some);
        }
    }

    /// Takes what the log has out of the new table, in pieces.
    async fn clear_logged(&mut self, copy: &Copy, at: &At, pace: &mut Pace) -> Result<(), Failure> {
        let mut first = 0;
        while first < at.logged {
            let statements = bound(copy.clear_logged(first, SMALL_LOG));
            let piece = Piece { guard: (at.guard(), Vec::new()), statements, ..Piece::default() };
            match self.work_until(&piece, pace).await {
                Ok(Some(_)) => first += SMALL_LOG,
                Ok(None) => return Ok(()),
                Err(NotWorked { error, .. }) => {
                    return Err(Failure::Engine { action: "cannot take out what was written meanwhile", error });
                }
            }
        }
        Ok(())
    }

    /// Does a piece, again and again if another client has the lock. `None` if it is not its turn, or nobody knows what
    /// became of it.
    pub(super) async fn work_until(
        &mut self,
        piece: &Piece,
        pace: &mut Pace,
    ) -> Result<Option<(Option<Vec<Row>>, Times)>, NotWorked> {
        let mut tries = TRIES;
        loop {
            match self.connection.work(piece).await {
                Ok(Worked::Done { answers, times, .. }) => {
                    let first = answers.into_iter().next().and_then(Result::ok);
                    return Ok(Some((first, times)));
                }
                Ok(Worked::NotItsTurn) => return Ok(None),
                Err(failed) if failed.is_unanswered() => return Err(failed),
                Err(failed) if failed.is_lost() => return Ok(None),
                Err(failed) if failed.may_be_tried_again() && tries > 0 => {
                    tries -= 1;
                    thread::sleep(pace.failed());
                }
                Err(failed) => return Err(failed),
            }
        }
    }
}

pub(super) fn not_online(migration: &Prepared<'_>, NotOnline(why): NotOnline) -> Failure {
    let line = migration.script.online.unwrap_or_default();
    Failure::NotOnline { line, why }
}

/// What a piece failed on: rows that the new definition does not take are those of the migration's own statement.
pub(super) fn of_piece(migration: &Prepared<'_>, copy: &Copy, failed: NotWorked) -> Failure {
    let NotWorked { statement, error } = failed;
    if error.message.contains(chunk::DIFFERS) {
        return Failure::Differs { table: copy.table().clone() };
    }
    let insert = copy.statements().start + 1;
    match (statement, migration.script.statements.get(insert)) {
        (Some(_), Some(own)) if matches!(error.kind, ErrorKind::Statement | ErrorKind::Constraint) => {
            Failure::Statement {
                number: insert + 1,
                line: own.line,
                statement: own.text.to_owned(),
                error: EngineError { message: error.message.replace(COPY, copy.table().as_str()), ..error },
            }
        }
        _ => Failure::Engine { action: "cannot copy rows", error },
    }
}
