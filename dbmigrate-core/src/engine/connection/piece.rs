//! A transaction behind a condition: one of the many that a long migration is made of. On a server it is one request, with
//! what is to be known for the next one.

use std::time::{Duration, Instant};

use super::{Backend, Connection, Row, integer};
use crate::engine::error::{EngineError, ErrorKind, UNANSWERED};
use crate::engine::pieces::{Bound, Times};

/// What has to hold when the lock is held, and what is done then.
#[derive(Debug, Clone, Default)]
pub struct Piece {
    /// What is looked at before, in a transaction that only reads, so that nobody has to wait for it; not on a server, where
    /// everybody's commits copy the log as long as somebody reads.
    pub reading: Vec<Bound>,
    /// An expression, and its values: if it is not true, nothing is done.
    pub guard: Bound,
    /// The statements.
    pub statements: Vec<Bound>,
    /// What is asked behind the commit.
    pub behind: Vec<Bound>,
    /// Whether references are checked, and actions of foreign keys happen, as for an application.
    pub foreign_keys: bool,
    /// For how much longer a server may take for it than for another one.
    pub longer: Duration,
}

/// What became of it.
#[derive(Debug)]
pub enum Worked {
    /// It was committed.
    Done {
        /// How many rows each statement has written.
        changes: Vec<u64>,
        /// The answers to what was asked behind it.
        answers: Vec<Result<Vec<Row>, EngineError>>,
        /// How long it took.
        times: Times,
    },
    /// The condition did not hold, and nothing was done.
    NotItsTurn,
}

/// Why it was not committed; nothing of it stays, unless the answer was lost ([`ErrorKind::Lost`]).
#[derive(Debug)]
pub struct NotWorked {
    /// The statement that failed, counted from 0; `None` if it was something around them.
    pub statement: Option<usize>,
    /// Why.
    pub error: EngineError,
}

impl NotWorked {
    fn around(error: EngineError) -> Self {
        Self { statement: None, error }
    }

    /// Whether it may go well the next time: somebody else has had the lock, or nothing has arrived.
    pub fn may_be_tried_again(&self) -> bool {
        use ErrorKind::{Locked, Stolen, StreamExpired, Unreachable};
        matches!(self.error.kind, Locked | Stolen | StreamExpired | Unreachable)
    }

    /// Whether a server that is up has not answered in time.
    pub fn is_unanswered(&self) -> bool {
        self.is_lost() && self.error.message.contains(UNANSWERED)
    }

    /// Whether nobody knows what became of it.
    pub fn is_lost(&self) -> bool {
        self.error.kind == ErrorKind::Lost
    }
}

impl Connection {
    /// Does a piece of work, or nothing at all.
    ///
    /// # Errors
    /// If it fails.
    pub async fn work(&self, piece: &Piece) -> Result<Worked, NotWorked> {
        match &self.backend {
            Backend::Local(_) => {
                let worked = self.work_here(piece).await;
                if !matches!(worked, Ok(Worked::Done { .. })) {
                    self.roll_back().await;
                }
                worked
            }
            #[cfg(feature = "remote")]
            Backend::Server(server) => server.work(piece),
        }
    }

    async fn work_here(&self, piece: &Piece) -> Result<Worked, NotWorked> {
        let keys = if piece.foreign_keys { "PRAGMA foreign_keys = ON" } else { "PRAGMA foreign_keys = OFF" };
        self.run(keys).await.map_err(NotWorked::around)?;
        let Some(read) = self.read_here(piece).await? else { return Ok(Worked::NotItsTurn) };
        let begun = Instant::now();
        self.begin().await.map_err(NotWorked::around)?;
        let (waited, locked) = (begun.elapsed(), Instant::now());
        if !self.is_its_turn(piece).await? {
            return Ok(Worked::NotItsTurn);
        }
        let mut changes = Vec::with_capacity(piece.statements.len());
        for (at, (sql, values)) in piece.statements.iter().enumerate() {
            let run = self.run_with(sql, values.clone()).await;
            run.map_err(|error| NotWorked { statement: Some(at), error })?;
            changes.push(self.changes());
        }
        self.commit().await.map_err(NotWorked::around)?;
        let times = Times { read, waited, held: locked.elapsed() };
        let answers = self.ask_all_with(piece.behind.clone()).await.map_err(NotWorked::around)?;
        Ok(Worked::Done { changes, answers, times })
    }

    /// Whether what has to hold for a piece does.
    async fn is_its_turn(&self, piece: &Piece) -> Result<bool, NotWorked> {
        let (holds, values) = &piece.guard;
        match self.rows_with(&format!("SELECT {holds}"), values.clone()).await {
            Ok(rows) => Ok(rows.first().is_some_and(|row| integer(&row[0]) == 1)),
            // what it is about is there no more
            Err(error) if error.kind == ErrorKind::Statement => Ok(false),
            Err(error) => Err(NotWorked::around(error)),
        }
    }

    /// Looks at what is to be looked at before, and says how long that took. `None` if it is not its turn.
    async fn read_here(&self, piece: &Piece) -> Result<Option<Duration>, NotWorked> {
        if piece.reading.is_empty() {
            return Ok(Some(Duration::ZERO));
        }
        let begun = Instant::now();
        self.run("BEGIN").await.map_err(NotWorked::around)?;
        if !self.is_its_turn(piece).await? {
            return Ok(None);
        }
        for (sql, values) in &piece.reading {
            self.run_with(sql, values.clone()).await.map_err(NotWorked::around)?;
        }
        self.commit().await.map_err(NotWorked::around)?;
        Ok(Some(begun.elapsed()))
    }
}

/// The same on a server.
#[cfg(feature = "remote")]
mod on_server {
    use super::{Duration, EngineError, NotWorked, Piece, Times, Worked};
    use crate::engine::connection::server::{ServerConnection, of_commit, stolen};
    use crate::engine::remote::{Batch, Outcome, is_autocommit, not, ok};
    use crate::engine::value::Value;

    /// What a guard that does not hold has in its message.
    const NOT_ITS_TURN: &str = "_dbmigrate_not_its_turn";

    /// What the server's clock says, in milliseconds.
    const CLOCK: &str = "SELECT (julianday('now') - 2440587.5) * 86400000.0";

    impl ServerConnection {
        pub(in crate::engine::connection) fn work(&self, piece: &Piece) -> Result<Worked, NotWorked> {
            let mut batch = Batch::writing();
            let keys = if piece.foreign_keys { "PRAGMA foreign_keys = ON" } else { "PRAGMA foreign_keys = OFF" };
            let keys = batch.step(None, keys, Vec::new(), false);
            let (holds, values) = &piece.guard;
            let holds = format!("SELECT json_extract('{{}}', iif({holds}, '$', '{NOT_ITS_TURN}'))");
            let first = batch.step(Some(ok(keys)), CLOCK, Vec::new(), true);
            let begun = batch.step(Some(ok(first)), "BEGIN IMMEDIATE", Vec::new(), false);
            let locked = batch.step(Some(ok(begun)), CLOCK, Vec::new(), true);
            let guard = batch.step(Some(ok(locked)), holds, values.clone(), false);
            let mut last = guard;
            for (sql, values) in &piece.statements {
                last = batch.step(Some(ok(last)), sql, values.clone(), false);
            }
            let end = batch.step(Some(ok(last)), CLOCK, Vec::new(), true);
            let commit = batch.step(Some(ok(end)), "COMMIT", Vec::new(), false);
            batch.step(Some(not(is_autocommit())), "ROLLBACK", Vec::new(), false);
            let behind = |(sql, values): &(String, Vec<Value>)| batch.step(Some(ok(commit)), sql, values.clone(), true);
            let behind: Vec<u32> = piece.behind.iter().map(behind).collect();
            let place = |step: u32| {
                let at = step.checked_sub(guard + 1).filter(|at| (*at as usize) < piece.statements.len());
                at.and_then(|at| usize::try_from(at).ok())
            };
            let outcome = self.send_within(&batch, self.patience(piece.longer)).map_err(|error| {
                match self.refused(&batch, &error) {
                    Some((step, error)) => NotWorked { statement: u32::try_from(step).ok().and_then(place), error },
                    None => NotWorked::around(error),
                }
            })?;
            if outcome.is_ok(commit) {
                let steps = guard + 1..end;
                let changes =
                    steps.map(|step| outcome.step(step).and_then(|one| one.as_ref().ok()).map_or(0, |one| one.changes));
                let clock = |step| clock(&outcome, step);
                let answer = |step: u32| match outcome.step(step) {
                    Some(Ok(rows)) => Ok(rows.rows.clone()),
                    Some(Err(error)) => Err(error.clone()),
                    None => Ok(Vec::new()),
                };
                return Ok(Worked::Done {
                    changes: changes.collect(),
                    answers: behind.into_iter().map(answer).collect(),
                    times: Times {
                        read: Duration::ZERO,
                        waited: between(clock(first), clock(locked)),
                        held: between(clock(locked), clock(end)),
                    },
                });
            }
            let error: Option<(u32, &EngineError)> = outcome.errors().find(|(step, _)| *step <= commit);
            match error {
                Some((step, error)) if step == guard => {
                    let is_turned_down =
                        error.message.contains(NOT_ITS_TURN) || error.message.contains("no such table");
                    if is_turned_down { Ok(Worked::NotItsTurn) } else { Err(NotWorked::around(error.clone())) }
                }
                Some((step, error)) if step == commit => Err(NotWorked::around(of_commit(error))),
                Some((step, error)) => Err(NotWorked { statement: place(step), error: error.clone() }),
                None => Err(NotWorked::around(stolen())),
            }
        }
    }

    fn clock(outcome: &Outcome, step: u32) -> f64 {
        match outcome.rows(step).and_then(|rows| rows.first()?.first()) {
            Some(Value::Real(milliseconds)) => *milliseconds,
            _ => 0.0,
        }
    }

    fn between(first: f64, second: f64) -> Duration {
        Duration::try_from_secs_f64((second - first).max(0.0) / 1000.0).unwrap_or_default()
    }
}
