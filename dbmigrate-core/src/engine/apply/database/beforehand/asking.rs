//! Rows asked in pieces, without a lock that others would have to wait for.

use std::thread;
use std::time::{Duration, Instant};

use super::{FEW, FIRST, MOST};
use crate::engine::apply::database::Database;
use crate::engine::apply::database::noted::is_missing;
use crate::engine::connection::integer;
use crate::engine::connection::piece::Piece;
use crate::engine::error::EngineError;
use crate::engine::in_place::beforehand::{Answer, Asking, Parted, Question, Size};
use crate::engine::pieces::{Limits, Mark, Pace, Times};

/// How long a piece is that keeps writers of a file waiting.
const SHORT: Duration = Duration::from_millis(40);
/// How long one is that keeps none waiting. The write-ahead log grows until it ends.
const LONG: Duration = Duration::from_secs(1);
/// How long nobody reads behind such a piece, so that a writer can begin the log anew.
const BREAK: Duration = Duration::from_millis(10);

/// What tells that rows are what they were when they were asked.
pub(super) enum Watch<'a> {
    /// Nobody has written: the state of the file.
    State(i64),
    /// What was written is logged: the query for whether that is so.
    Logs(&'a str),
    /// It is looked at later.
    Later,
}

/// What a piece is read with, and who has to wait for it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// A transaction that could write, because the table is read in another form: whoever writes waits.
    Locked,
    /// A read of a file with a rollback journal: whoever commits waits, and keeps the next piece waiting until then.
    Shared,
    /// A read of a file with a write-ahead log: nobody waits.
    Logged,
    /// A read on a server: nobody waits, and each piece is several requests.
    Served,
    /// A transaction on a server of which nothing stays, as the table is read in another form: whoever writes waits.
    Altered,
}

impl Reading {
    /// Whether a table of that size is one piece.
    fn takes_all(self, size: Size) -> bool {
        self == Self::Logged && !size.takes.is_zero() && size.takes < LONG / 2
    }

    /// The pace of pieces, the first of which is sure to be no longer than it should be.
    fn pace(self, wanted: Limits, size: Size) -> Pace {
        let limits = match self {
            Self::Locked | Self::Shared => Limits { target: wanted.target.min(SHORT), ..wanted },
            Self::Logged => Limits { target: LONG, lag: LONG * 2, ..wanted },
            Self::Served => Limits::default(),
            Self::Altered => wanted,
        };
        let half = u128::from(size.rows) * limits.target.as_nanos() / size.takes.as_nanos().max(1) / 2;
        let first = u64::try_from(half).unwrap_or(u64::MAX).max(FIRST);
        let most = match self {
            Self::Logged => MOST * 20,
            // a piece of numbers has as many rows behind others that had few
            _ if size.is_dense() => first * 4,
            _ => MOST,
        };
        Pace::new(limits, first, most)
    }
}

impl Database {
    async fn reading(&self, question: &Question) -> Result<Reading, EngineError> {
        if !self.connection.is_local() {
            return Ok(if question.needs_transaction() { Reading::Altered } else { Reading::Served });
        }
        if question.needs_transaction() {
            return Ok(Reading::Locked);
        }
        let has_log = "SELECT 1 FROM pragma_journal_mode WHERE journal_mode = 'wal'";
        Ok(if self.connection.first_row(has_log).await?.is_some() { Reading::Logged } else { Reading::Shared })
    }

    /// Asks all rows of a table: whether none contradicts. `None` if what is written is not seen any more.
    pub(super) async fn ask_all_rows(
        &mut self,
        question: &mut Question,
        watch: &Watch<'_>,
    ) -> Result<Option<bool>, EngineError> {
        let mut reading = self.reading(question).await?;
        let mut pace = reading.pace(self.pace, question.size());
        if let Some(work) = &self.work {
            work.begin(Some(question.size().rows).filter(|rows| *rows > 0));
        }
        let mut low: Option<Mark> = None;
        loop {
            let size = pace.size();
            let started = Instant::now();
            let rows = (!reading.takes_all(question.size())).then_some(size);
            let answer = self.next(question, low.as_ref(), rows).await?;
            let pause = pace.took(held(started));
            if !self.is_seen(watch).await? {
                return Ok(None);
            }
            match answer {
                Answer::UpTo(mark) => low = Some(mark),
                Answer::Nothing => break,
                Answer::Contradiction => return Ok(Some(false)),
                Answer::Unclear => {
                    question.insist();
                    reading = self.reading(question).await?;
                    pace = reading.pace(self.pace, question.size());
                    continue;
                }
            }
            if let Some(work) = &self.work {
                work.add(size);
            }
            match reading {
                Reading::Locked | Reading::Altered => thread::sleep(pause),
                Reading::Logged => thread::sleep(BREAK),
                Reading::Shared | Reading::Served => {}
            }
        }
        if let Some(work) = &self.work {
            work.begin(None);
        }
        Ok(Some(true))
    }

    /// Asks the next rows, in a transaction of their own if there has to be one.
    async fn next(&self, question: &Question, low: Option<&Mark>, rows: Option<u64>) -> Result<Answer, EngineError> {
        // on a server, each question is one by itself
        if !question.needs_transaction() || !self.connection.is_local() {
            return question.next(&self.connection, low, rows).await;
        }
        self.connection.begin().await?;
        let answer = question.next(&self.connection, low, rows).await;
        self.connection.roll_back().await;
        answer
    }

    /// Whether whatever was written is seen.
    async fn is_seen(&self, watch: &Watch<'_>) -> Result<bool, EngineError> {
        match watch {
            Watch::Later => Ok(true),
            Watch::State(state) => Ok(self.connection.data_version().await? == Some(*state)),
            Watch::Logs(query) => {
                let rows = match self.connection.rows(query).await {
                    Err(error) if is_missing(&error) => return Ok(false),
                    rows => rows?,
                };
                Ok(rows.first().is_some_and(|row| row.get(1).is_some_and(|holds| integer(holds) == 1)))
            }
        }
    }

    /// Asks the rows that were written meanwhile, until there are few: whether none contradicts.
    pub(super) async fn catch_up(&mut self, questions: &mut [Question]) -> Result<bool, EngineError> {
        for question in questions {
            let mut pace = Reading::Locked.pace(self.pace, Size::default());
            while self.holds(&question.is_logged_more(FEW)).await? {
                match self.ask_logged(question, &mut pace).await? {
                    Answer::Contradiction => return Ok(false),
                    Answer::Unclear => question.insist(),
                    Answer::Nothing | Answer::UpTo(_) => {}
                }
            }
            if !self.ask_of_parted(question).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Asks the first rows that the log has, and takes them out of it.
    async fn ask_logged(&mut self, question: &Question, pace: &mut Pace) -> Result<Answer, EngineError> {
        let rows = pace.size();
        if let (Some((sql, values)), false) =
            (question.contradicted(Asking::Logged(Some(rows))), question.needs_transaction())
        {
            let guard = (format!("NOT EXISTS ({sql})"), values);
            let statements = vec![(question.forget(rows), Vec::new())];
            return match self.work_until(&Piece { guard, statements, ..Piece::default() }, pace).await {
                Ok(Some((_, times))) => {
                    thread::sleep(pace.took(times));
                    Ok(Answer::Nothing)
                }
                Ok(None) => question.answer(&self.connection, Asking::Logged(None)).await,
                Err(failed) => Err(failed.error),
            };
        }
        self.connection.begin().await?;
        let started = Instant::now();
        let answer = match question.answer(&self.connection, Asking::Logged(Some(rows))).await {
            Ok(Answer::Nothing) => self.connection.run(&question.forget(rows)).await.map(|()| Answer::Nothing),
            other => other,
        };
        let answer = match answer {
            Ok(Answer::Nothing) => self.connection.commit().await.map(|()| Answer::Nothing),
            other => other,
        };
        if matches!(answer, Ok(Answer::Nothing)) {
            thread::sleep(pace.took(held(started)));
        } else {
            self.connection.roll_back().await;
        }
        answer
    }

    /// Asks all rows again if parents have gone, because one of them may have been theirs: whether none was.
    async fn ask_of_parted(&mut self, question: &mut Question) -> Result<bool, EngineError> {
        let Some(logged) = question.logged_parents(&self.connection).await? else { return Ok(true) };
        match question.parted(&self.connection).await? {
            Parted::Yes => return Ok(false),
            Parted::Perhaps if self.ask_all_rows(question, &Watch::Later).await? != Some(true) => return Ok(false),
            Parted::Perhaps | Parted::No => {}
        }
        question.saw_parents(&logged);
        Ok(true)
    }
}

/// What was held since then, and not waited for.
fn held(since: Instant) -> Times {
    Times { held: since.elapsed(), ..Times::default() }
}
