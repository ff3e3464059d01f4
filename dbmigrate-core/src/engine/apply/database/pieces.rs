//! A migration that is several transactions: the parts that it has, and how it goes on from where it stands.
//!
//! ```text
//! begin     preflights, the statements before the first that is cut, and the position, in one transaction
//! cut       a statement in batches: each a transaction that moves the position (`walk`)
//! between   the statements between two that are cut: a transaction each time
//! end       the statements behind the last one, every check, the record, and the position is gone
//! ```
//!
//! With the position stands the hash of the schema that there is, so that whoever goes on knows whether somebody has
//! changed it.

use std::ops::Range;
use std::time::Instant;

use super::super::{Attempt, Done, Failure, Prepared, Restored, Stop};
use super::checked::Wanted;
use super::walk::{Told, Walked};
use super::{CANNOT_COMMIT, Database, cannot_read, milliseconds};
use crate::engine::connection::integer;
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::pieces::Bound;
use crate::engine::progress::Progress;
use crate::folder::script::Script;

/// A part of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    /// Statements that are one transaction.
    Together(Range<usize>),
    /// A statement in batches: which of [`Script::batched`].
    Batched(usize),
}

/// The parts. The first and the last one are transactions, which may have no statements: of the position, and of the
/// record.
fn stages(script: &Script<'_>) -> Vec<Stage> {
    let (mut stages, mut done) = (Vec::new(), 0);
    for (at, batched) in script.batched.iter().enumerate() {
        if at == 0 || done < batched.statement {
            stages.push(Stage::Together(done..batched.statement));
        }
        stages.push(Stage::Batched(at));
        done = batched.statement + 1;
    }
    stages.push(Stage::Together(done..script.statements.len()));
    stages
}

/// How far it went.
enum Went {
    ToTheEnd(u64, Vec<Restored>),
    Overtaken,
    Stopped,
}

impl Database {
    /// Applies a migration that is several transactions, or goes on with it.
    pub(super) async fn apply_pieces(&mut self, migration: &Prepared<'_>, position: usize, told: Told<'_>) -> Attempt {
        // what was seen from afar is looked at closely
        #[cfg(feature = "remote")]
        {
            self.base = None;
        }
        let went = self.go_through(migration, position, told).await;
        let stopped = |stop| Attempt { applied: Vec::new(), stopped: Some(stop) };
        match went {
            Ok(Went::ToTheEnd(milliseconds, restored)) => {
                Attempt { applied: vec![Done { milliseconds, restored, ..Done::default() }], stopped: None }
            }
            Ok(Went::Overtaken) => stopped(Stop::Overtaken),
            Ok(Went::Stopped) => stopped(Stop::Interrupted),
            Err(failure) => {
                let now = Progress::read(&self.connection).await.ok().flatten();
                let now = now.filter(|now| now.name == migration.migration.name.as_str()).map(Box::new);
                let failure = match now {
                    Some(progress) => Failure::UnderWay { failure: Box::new(failure), progress },
                    None => failure,
                };
                Attempt::failed(0, failure)
            }
        }
    }

    async fn go_through(&mut self, migration: &Prepared<'_>, position: usize, told: Told<'_>) -> Result<Went, Failure> {
        let script = &migration.script;
        let name = migration.migration.name.as_str();
        let stages = stages(script);
        let read = |error| Failure::Engine { action: "cannot read the position", error };
        let mut restored = Vec::new();
        let mut progress = match Progress::read(&self.connection).await.map_err(read)? {
            Some(progress) if progress.name == name => progress,
            Some(_) => return Ok(Went::Overtaken),
            None => {
                let Stage::Together(first) = &stages[0] else { return Ok(Went::Overtaken) };
                match self.begin_pieces(migration, position, first.clone()).await? {
                    Some((progress, found)) => {
                        restored = found;
                        progress
                    }
                    None => return Ok(Went::Overtaken),
                }
            }
        };
        loop {
            let at = usize::try_from(progress.stage).unwrap_or(usize::MAX);
            let went = match stages.get(at) {
                Some(Stage::Together(range)) if at + 1 == stages.len() => {
                    match self.end_pieces(migration, position, &progress, range.clone()).await? {
                        Some(milliseconds) => return Ok(Went::ToTheEnd(milliseconds, restored)),
                        None => Walked::Moved,
                    }
                }
                Some(Stage::Together(range)) => self.go_on(migration, &mut progress, range.clone()).await?,
                Some(Stage::Batched(which)) => self.run_batched(migration, &mut progress, *which, &mut *told).await?,
                // of another version of the tool
                None => return Ok(Went::Overtaken),
            };
            match went {
                Walked::Finished => {}
                Walked::Stopped => return Ok(Went::Stopped),
                // somebody else is at work on it
                Walked::Moved => match Progress::read(&self.connection).await.map_err(read)? {
                    Some(now) if now.name == name => progress = now,
                    _ => {
                        self.tracker = None;
                        return Ok(Went::Overtaken);
                    }
                },
            }
        }
    }

    /// The first transaction. `None` if it is not this migration's turn.
    async fn begin_pieces(
        &mut self,
        migration: &Prepared<'_>,
        position: usize,
        first: Range<usize>,
    ) -> Result<Option<(Progress, Vec<Restored>)>, Failure> {
        let started = Instant::now();
        self.begin().await?;
        let result = match self.is_turn(position).await {
            Ok(true) => self.begin_inside(migration, first, started).await.map(Some),
            Ok(false) => Ok(None),
            Err(failure) => Err(failure),
        };
        match result {
            Ok(Some((progress, restored))) => match self.commit_piece().await {
                Ok(()) => Ok(Some((progress, restored))),
                Err(failure) => Err(failure),
            },
            other => {
                self.roll_back().await;
                other
            }
        }
    }

    async fn begin_inside(
        &mut self,
        migration: &Prepared<'_>,
        first: Range<usize>,
        started: Instant,
    ) -> Result<(Progress, Vec<Restored>), Failure> {
        let name = migration.migration.name.to_string();
        let mut progress = Progress { name, checksum: migration.migration.sql.to_hex(), ..Progress::default() };
        // another one may have come first
        if Progress::read(&self.connection).await.map_err(cannot_write)?.is_some() {
            let message = "another migration is under way".to_owned();
            return Err(cannot_write(EngineError { kind: ErrorKind::Constraint, message }));
        }
        self.run_bound(progress.begin()).await.map_err(cannot_write)?;
        let restored = self.preflights(migration).await?;
        self.forget_what_is_outdated().await.map_err(cannot_read)?;
        self.run_part(migration, first).await?;
        for batched in &migration.script.batched {
            self.check_batched(migration, batched).await?;
        }
        progress.schema_hash = self.tracker().await.map_err(cannot_read)?.hash().to_hex();
        progress.stage = 1;
        progress.worked_ms = milliseconds(started);
        self.run_bound(vec![progress.moved()]).await.map_err(cannot_write)?;
        Ok((progress, restored))
    }

    /// The statements between two that are cut.
    async fn go_on(
        &mut self,
        migration: &Prepared<'_>,
        progress: &mut Progress,
        range: Range<usize>,
    ) -> Result<Walked, Failure> {
        let started = Instant::now();
        self.begin().await?;
        let result = match self.is_where(progress).await {
            Ok(true) => {
                let mut next = progress.clone();
                next.next_stage();
                next.pieces += 1;
                self.go_on_inside(migration, &mut next, range, started).await.map(|()| Some(next))
            }
            Ok(false) => Ok(None),
            Err(failure) => Err(failure),
        };
        match result {
            Ok(Some(next)) => match self.commit_piece().await {
                Ok(()) => {
                    *progress = next;
                    Ok(Walked::Finished)
                }
                Err(Failure::Engine { error, .. }) if error.kind == ErrorKind::Lost => Ok(Walked::Moved),
                Err(failure) => Err(failure),
            },
            Ok(None) => {
                self.roll_back().await;
                Ok(Walked::Moved)
            }
            Err(failure) => {
                self.roll_back().await;
                Err(failure)
            }
        }
    }

    async fn go_on_inside(
        &mut self,
        migration: &Prepared<'_>,
        next: &mut Progress,
        range: Range<usize>,
        started: Instant,
    ) -> Result<(), Failure> {
        self.forget_what_is_outdated().await.map_err(cannot_read)?;
        self.run_part(migration, range).await?;
        next.schema_hash = self.tracker().await.map_err(cannot_read)?.hash().to_hex();
        next.worked_ms += milliseconds(started);
        self.run_bound(vec![next.moved()]).await.map_err(cannot_write)
    }

    /// Runs statements that are not the last ones: what they lead to is no state that a snapshot has.
    async fn run_part(&mut self, migration: &Prepared<'_>, range: Range<usize>) -> Result<(), Failure> {
        let statements = &migration.script.statements[range.clone()];
        if statements.is_empty() {
            return Ok(());
        }
        let wanted = self.wanted(migration).await.map_err(cannot_read)?;
        let unreadable = self.tracker().await.map_err(cannot_read)?.unreadable().to_vec();
        let wanted = Wanted { hash: None, drift: None, unreadable: &unreadable, ..wanted };
        self.try_expressions(statements).await?;
        self.run_checked(statements, &[], None, &wanted).await.map_err(|failure| numbered(failure, range.start))
    }

    /// The last transaction: how long all have taken, or `None` if somebody else was there.
    async fn end_pieces(
        &mut self,
        migration: &Prepared<'_>,
        position: usize,
        progress: &Progress,
        range: Range<usize>,
    ) -> Result<Option<u64>, Failure> {
        let started = Instant::now();
        self.begin().await?;
        let result = match self.is_where(progress).await {
            Ok(true) => self.end_inside(migration, position, progress, range, started).await.map(Some),
            Ok(false) => Ok(None),
            Err(failure) => Err(failure),
        };
        match result {
            Ok(Some(milliseconds)) => match self.commit_piece().await {
                Ok(()) => {
                    self.expect_own_commit().await;
                    Ok(Some(milliseconds))
                }
                // the history says whether it is there
                Err(Failure::Engine { error, .. }) if error.kind == ErrorKind::Lost => Ok(None),
                Err(failure) => Err(failure),
            },
            other => {
                self.roll_back().await;
                other
            }
        }
    }

    async fn end_inside(
        &mut self,
        migration: &Prepared<'_>,
        position: usize,
        progress: &Progress,
        range: Range<usize>,
        started: Instant,
    ) -> Result<u64, Failure> {
        // before the schema is read, of which the table is no part
        for sql in Progress::end() {
            self.connection.run(sql).await.map_err(cannot_write)?;
        }
        self.forget_what_is_outdated().await.map_err(cannot_read)?;
        let wanted = self.wanted(migration).await.map_err(cannot_read)?;
        let statements = &migration.script.statements[range.clone()];
        self.try_expressions(statements).await?;
        self.run_checked(statements, &[], None, &wanted).await.map_err(|failure| numbered(failure, range.start))?;
        let duration = progress.worked_ms + milliseconds(started);
        let recorded = self.record(migration, position, duration).await;
        recorded.map_err(|error| Failure::Engine { action: "cannot record the migration", error })?;
        Ok(duration)
    }

    /// Whether the position is where it was, now that nobody else can move it.
    async fn is_where(&mut self, progress: &Progress) -> Result<bool, Failure> {
        let (holds, values) = progress.guard();
        match self.connection.rows_with(&format!("SELECT {holds}"), values).await {
            Ok(rows) => Ok(rows.first().and_then(|row| row.first()).is_some_and(|value| integer(value) == 1)),
            Err(error) if error.kind == ErrorKind::Statement => Ok(false),
            Err(error) => Err(Failure::Engine { action: "cannot read the position", error }),
        }
    }

    async fn run_bound(&self, statements: Vec<Bound>) -> Result<(), EngineError> {
        let statements = statements.iter().map(|(sql, values)| (sql.as_str(), values.clone()));
        self.connection.run_each_with(statements).await.map_err(|(_, error)| error)
    }

    async fn commit_piece(&mut self) -> Result<(), Failure> {
        let committed = self.connection.commit().await;
        if let Err(error) = committed {
            self.roll_back().await;
            return Err(Failure::Engine { action: CANNOT_COMMIT, error });
        }
        Ok(())
    }
}

/// A failure with the number that its statement has in the whole script.
fn numbered(failure: Failure, before: usize) -> Failure {
    match failure {
        Failure::Statement { number, line, statement, error } if number > 0 => {
            Failure::Statement { number: number + before, line, statement, error }
        }
        other => other,
    }
}

fn cannot_write(error: EngineError) -> Failure {
    Failure::Engine { action: "cannot write the position down", error }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_script_is_cut_at_its_batched_statements() {
        let stages = |text: &str| stages(&Script::parse(text, Path::new("m")).expect("the script is right"));
        let batched = "-- dbmigrate: batched 5 by id\nDELETE FROM t;\n";
        let both = [Stage::Together(0..0), Stage::Batched(0), Stage::Together(1..1)];
        assert_eq!(stages(batched), both);
        let text = format!("CREATE TABLE a (b);\n{batched}{batched}CREATE TABLE b (b);\n{batched}CREATE TABLE c (b);");
        let all = [
            Stage::Together(0..1),
            Stage::Batched(0),
            Stage::Batched(1),
            Stage::Together(3..4),
            Stage::Batched(2),
            Stage::Together(5..6),
        ];
        assert_eq!(stages(&text), all);
    }
}
