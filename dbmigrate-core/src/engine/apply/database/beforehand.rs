//! Rows that are asked before the lock is taken, so that whoever writes waits for milliseconds only: see
//! [`crate::engine::in_place::beforehand`].
//!
//! ```text
//! begin    logs and triggers, in one short transaction
//! ask      all rows of each table, in pieces
//! catch up what the log has, in short transactions, until it has little
//! settle   in the transaction of the migration: the rest of the log; then there are no logs and triggers any more
//! ```
//!
//! Nothing of it is needed for the migration to be right: where it cannot be done, or a row contradicts, the rows are asked
//! with the lock, as those of a small table are. Whoever dies leaves triggers behind that log; the next run for the
//! migration goes on with them, any other one removes them, and several at once share them.

use std::thread;
use std::time::{Duration, Instant};

use super::super::{Failure, Prepared, Restored, Step};
use super::Database;
use crate::engine::connection::piece::Piece;
use crate::engine::connection::{integer, text};
use crate::engine::engines::Engine;
use crate::engine::error::EngineError;
use crate::engine::in_place::Satisfied;
use crate::engine::in_place::beforehand::{self, Asking, Question};
use crate::engine::pieces::{Limits, Pace, Range, Times};
use crate::plan::counted_rows;
use crate::sql::{Expr, Name};

/// What takes less is asked with the lock.
pub(super) const LONG: Duration = Duration::from_millis(70);
/// How long a piece takes: a reader of a file holds its writers back, unless that has a write-ahead log.
const PIECE: Duration = Duration::from_millis(40);
/// The rows of the first piece.
const FIRST: u64 = 10_000;
/// The most that a piece has.
const MOST: u64 = 2_000_000;
/// As many rows of the log as are asked with the lock.
const FEW: u64 = 1_000;
/// How often the schema may be changed meanwhile before the rows are asked with the lock.
const MOST_MOVED: u32 = 5;
/// How often it is tried to have the lock before the log has grown again.
const TRIES: u32 = 20;

/// What is asked of the rows before the lock is taken, while it is.
#[derive(Debug, Clone, Default)]
pub(super) struct Beforehand {
    pub(super) questions: Vec<Question>,
    /// What is known of the rows once it has the lock.
    pub(super) satisfied: Vec<Satisfied>,
    /// The conditions of rows that there are none of then.
    pub(super) sought: Vec<(Name, String)>,
}

impl Beforehand {
    /// Whether a preflight is known to find nothing.
    pub(super) fn tells(&self, preflight: &str) -> bool {
        sought_by(preflight).is_some_and(|sought| self.sought.contains(&sought))
    }
}

/// The condition of the rows that a preflight counts, in its canonical text, and their table.
pub(super) fn sought_by(preflight: &str) -> Option<(Name, String)> {
    counted_rows(preflight).map(|(table, condition)| (table, Expr::new(condition).canonical()))
}

/// What came of asking.
pub(super) enum Asked {
    /// There is nothing to ask beforehand.
    Nothing,
    /// No row contradicts, apart from those that the log has.
    All(Beforehand),
    /// A row contradicts, or it cannot be known.
    Contradicted,
    /// The schema was changed meanwhile: look again.
    Moved,
}

/// How it looks with the lock held.
enum Settled {
    /// All rows are as they have to be.
    Holds,
    /// The log has too much again.
    Grown,
    Contradicted,
    Moved,
}

impl Database {
    /// Asks what can be asked before the lock is taken, and applies the migration. `None` if there is nothing to ask.
    pub(super) async fn apply_asked(
        &mut self,
        migration: &Prepared<'_>,
        position: usize,
    ) -> Result<Option<(Step, Vec<Restored>)>, Failure> {
        if !self.connection.is_local() {
            return Ok(None);
        }
        let started = Instant::now();
        let engine = |error| Failure::Engine { action: "cannot look at the rows", error };
        let asked = match self.ask(migration, position).await {
            Ok(Asked::Nothing) => return Ok(None),
            Ok(Asked::Moved) => {
                self.forget_asked().await.map_err(engine)?;
                self.times_moved += 1;
                if self.times_moved >= MOST_MOVED {
                    self.asked_in_vain = Some(migration.migration.sql.to_hex());
                }
                return Ok(Some((Step::Overtaken, Vec::new())));
            }
            Ok(Asked::All(asked)) => asked,
            Ok(Asked::Contradicted) | Err(_) => return self.contradicted(migration).await.map(Some),
        };
        for tries in (0..TRIES).rev() {
            self.begin().await?;
            let mut restored = Vec::new();
            let settled = match self.is_turn(position).await {
                Ok(true) => self.settle_asked(migration, &asked, tries == 0).await.map_err(engine),
                Ok(false) => Ok(Settled::Moved),
                Err(failure) => Err(failure),
            };
            let result = match settled {
                Ok(Settled::Holds) => {
                    self.beforehand = Some(Beforehand { questions: Vec::new(), ..asked.clone() });
                    let applied = self.apply_inside(migration, position, started).await;
                    self.beforehand = None;
                    applied.map(|found| {
                        restored = found;
                        true
                    })
                }
                Ok(Settled::Moved) => Ok(false),
                Ok(Settled::Grown) => {
                    self.roll_back().await;
                    if !self.catch_up(&asked.questions).await.map_err(engine)? {
                        return self.contradicted(migration).await.map(Some);
                    }
                    continue;
                }
                Ok(Settled::Contradicted) => {
                    self.roll_back().await;
                    return self.contradicted(migration).await.map(Some);
                }
                Err(failure) => Err(failure),
            };
            let step = self.end(result, started).await;
            if !matches!(step, Ok(Step::Applied { .. })) {
                self.forget_asked().await.map_err(engine)?;
            }
            self.expect_own_commit().await;
            return step.map(|step| Some((step, restored)));
        }
        self.contradicted(migration).await.map(Some)
    }

    /// Removes what was made for asking, and refuses the migration if that is what its preflights do: without the lock.
    /// Otherwise the rows are asked with the lock, once the schema has been compared again.
    async fn contradicted(&mut self, migration: &Prepared<'_>) -> Result<(Step, Vec<Restored>), Failure> {
        let engine = |error| Failure::Engine { action: "cannot look at the rows", error };
        self.forget_asked().await.map_err(engine)?;
        self.asked_in_vain = Some(migration.migration.sql.to_hex());
        self.preflights(migration).await?;
        Ok((Step::Overtaken, Vec::new()))
    }

    /// Asks all rows of tables for which that takes long.
    pub(super) async fn ask(&mut self, migration: &Prepared<'_>, position: usize) -> Result<Asked, EngineError> {
        if self.is_rehearsal || !self.connection.is_autocommit() {
            return Ok(Asked::Nothing);
        }
        let is_possible = self.data_version.is_none() && self.least_rows < u64::MAX;
        let rebuilds = &migration.script.rebuilds;
        let is_sought = is_possible && migration.script.rust.is_none() && !rebuilds.is_empty();
        if !is_sought && self.has_nothing_asked {
            return Ok(Asked::Nothing);
        }
        if self.connection.is_local() && self.connection.engine().await? != Engine::LibSql {
            return Ok(Asked::Nothing);
        }
        let checksum = migration.migration.sql.to_hex();
        let mut questions = Vec::new();
        if is_sought && self.asked_in_vain.as_ref() != Some(&checksum) {
            questions = self.questions(migration).await?;
        }
        if questions.is_empty() && self.has_nothing_asked {
            return Ok(Asked::Nothing);
        }
        match self.asked_at(&checksum, &questions).await? {
            Some(true) if !questions.is_empty() => {}
            Some(_) => return Ok(Asked::Moved),
            None => {
                self.has_nothing_asked = true;
                if questions.is_empty() {
                    return Ok(Asked::Nothing);
                }
                if !self.begin_asking(migration, position, &checksum, &questions).await? {
                    return Ok(Asked::Moved);
                }
            }
        }
        self.tracker = None;
        for question in &questions {
            match self.ask_all_rows(question, &checksum, &questions).await? {
                Some(true) => {}
                Some(false) => return Ok(Asked::Contradicted),
                None => return Ok(Asked::Moved),
            }
        }
        if !self.catch_up(&questions).await? {
            return Ok(Asked::Contradicted);
        }
        let satisfied = questions.iter().map(Question::satisfied).collect();
        let sought = questions.iter().flat_map(Question::sought).collect();
        Ok(Asked::All(Beforehand { questions, satisfied, sought }))
    }

    /// What is to be asked of tables for which that takes long.
    async fn questions(&mut self, migration: &Prepared<'_>) -> Result<Vec<Question>, EngineError> {
        let script = &migration.script;
        let preflights: Vec<&str> = script.preflights.iter().map(|preflight| preflight.query.as_str()).collect();
        let mut questions = Vec::new();
        for (number, marked) in script.rebuilds.iter().enumerate() {
            // before anything else is read, because most tables are small
            let is_large = !self.connection.is_local() || self.is_large(&marked.rebuild).await;
            if !is_large {
                continue;
            }
            let question =
                Question::of(&self.connection, &marked.rebuild, &script.statements, &preflights, number).await?;
            let Some(question) = question else { continue };
            let (takes, rows) = question.estimate(&self.connection).await?;
            if rows >= self.least_rows && takes >= self.long {
                questions.push(question);
            }
        }
        Ok(questions)
    }

    /// Whether rows are being asked for this migration, and the schema is what it was when that began; `None` if none are.
    async fn asked_at(&self, checksum: &str, questions: &[Question]) -> Result<Option<bool>, EngineError> {
        let rows = match self.connection.rows(&beforehand::at(checksum, questions)).await {
            Err(error) if super::noted::is_missing(&error) => return Ok(None),
            rows => rows?,
        };
        Ok(Some(rows.first().is_some_and(|row| row.get(1).is_some_and(|value| integer(value) == 1))))
    }

    /// Makes the logs and triggers. False if it is not its turn, or that is not known.
    async fn begin_asking(
        &mut self,
        migration: &Prepared<'_>,
        position: usize,
        checksum: &str,
        questions: &[Question],
    ) -> Result<bool, EngineError> {
        self.turn_foreign_keys_off().await?;
        let version = self.tracker().await?.version();
        let guard = format!(
            "(SELECT schema_version FROM pragma_schema_version) = {version} AND \
             (SELECT ifnull(max(position), 0) FROM _dbmigrate_history WHERE position >= 1) = {position}"
        );
        let statements = beforehand::begin(migration.migration.name.as_str(), checksum, questions);
        let statements = statements.into_iter().map(|sql| (sql, Vec::new())).collect();
        let piece = Piece { guard: (guard, Vec::new()), statements, ..Piece::default() };
        self.has_nothing_asked = false;
        let mut pace = Pace::new(self.pace_of_asking(), FIRST, MOST);
        self.work_until(&piece, &mut pace).await.map(|worked| worked.is_some()).map_err(|failed| failed.error)
    }

    /// Asks all rows of a table: whether none contradicts. `None` if the schema was changed meanwhile.
    async fn ask_all_rows(
        &mut self,
        question: &Question,
        checksum: &str,
        questions: &[Question],
    ) -> Result<Option<bool>, EngineError> {
        let has_log = "SELECT 1 FROM pragma_journal_mode WHERE journal_mode = 'wal'";
        let holds_back = question.needs_transaction()
            || self.connection.is_local() && self.connection.first_row(has_log).await?.is_none();
        // a reader holds nothing on a server, where each piece is several requests
        let limits = if self.connection.is_local() { self.pace_of_asking() } else { Limits::default() };
        let mut pace = Pace::new(limits, FIRST, MOST);
        let mut range = Range::default();
        if let Some(work) = &self.work {
            work.begin(question.estimate(&self.connection).await.ok().map(|(_, rows)| rows));
        }
        loop {
            let size = pace.size();
            let started = Instant::now();
            let (sql, values) = question.key().end_of(range.low.as_ref(), size);
            let end = self.connection.rows_with(&sql, values).await?;
            range.high = end.first().and_then(|row| question.key().mark(row));
            if self.is_contradicted(question, Asking::Range(&range)).await? {
                return Ok(Some(false));
            }
            let pause = pace.took(held(started));
            if self.asked_at(checksum, questions).await? != Some(true) {
                return Ok(None);
            }
            if let Some(work) = &self.work {
                work.add(size);
            }
            match range.high.take() {
                Some(high) => range.low = Some(high),
                None => break,
            }
            if holds_back {
                thread::sleep(pause);
            }
        }
        if let Some(work) = &self.work {
            work.begin(None);
        }
        Ok(Some(true))
    }

    /// Whether one of these rows contradicts, in a transaction of its own if there has to be one.
    async fn is_contradicted(&self, question: &Question, asking: Asking<'_>) -> Result<bool, EngineError> {
        if !question.needs_transaction() {
            return question.is_contradicted(&self.connection, asking).await;
        }
        self.connection.begin().await?;
        let found = question.is_contradicted(&self.connection, asking).await;
        self.connection.roll_back().await;
        found
    }

    /// Asks the rows that were written meanwhile, until there are few: whether none contradicts.
    async fn catch_up(&mut self, questions: &[Question]) -> Result<bool, EngineError> {
        for question in questions {
            let mut pace = Pace::new(self.pace_of_asking(), FIRST, MOST);
            while self.holds(&question.is_logged_more(FEW)).await? {
                let rows = pace.size();
                if let (Some((sql, values)), false) =
                    (question.contradicted(Asking::Logged(Some(rows))), question.needs_transaction())
                {
                    let guard = (format!("NOT EXISTS ({sql})"), values);
                    let statements = vec![(question.forget(rows), Vec::new())];
                    match self.work_until(&Piece { guard, statements, ..Piece::default() }, &mut pace).await {
                        Ok(Some((_, times))) => thread::sleep(pace.took(times)),
                        Ok(None) => return Ok(false),
                        Err(failed) => return Err(failed.error),
                    }
                    continue;
                }
                self.connection.begin().await?;
                let started = Instant::now();
                let asked = match question.is_contradicted(&self.connection, Asking::Logged(Some(rows))).await {
                    Ok(true) => Ok(true),
                    Ok(false) => self.connection.run(&question.forget(rows)).await.map(|()| false),
                    failed => failed,
                };
                let asked = match asked {
                    Ok(false) => self.connection.commit().await.map(|()| false),
                    other => other,
                };
                if !matches!(asked, Ok(false)) {
                    self.connection.roll_back().await;
                    return asked.map(|is_contradicted| !is_contradicted);
                }
                thread::sleep(pace.took(held(started)));
            }
        }
        Ok(true)
    }

    /// Asks what the logs still have, now that nobody else can write, and removes all that was made for asking.
    async fn settle_asked(
        &mut self,
        migration: &Prepared<'_>,
        asked: &Beforehand,
        whatever_is_logged: bool,
    ) -> Result<Settled, EngineError> {
        let checksum = migration.migration.sql.to_hex();
        if self.asked_at(&checksum, &asked.questions).await? != Some(true) {
            return Ok(Settled::Moved);
        }
        for question in &asked.questions {
            if !whatever_is_logged && self.holds(&question.is_logged_more(FEW)).await? {
                return Ok(Settled::Grown);
            }
            if question.is_contradicted(&self.connection, Asking::Logged(None)).await? {
                return Ok(Settled::Contradicted);
            }
        }
        self.remove_asked().await?;
        Ok(Settled::Holds)
    }

    /// Removes, in a transaction of its own, all that was made for asking, whoever has.
    pub(super) async fn forget_asked(&mut self) -> Result<Option<String>, EngineError> {
        let migration = match self.connection.first_row(&beforehand::at("", &[])).await {
            Err(error) if super::noted::is_missing(&error) => return Ok(None),
            row => row?.map(|row| text(&row[0]).to_owned()),
        };
        self.tracker = None;
        self.connection.begin().await?;
        let removed = match self.remove_asked().await {
            Ok(()) => self.connection.commit().await,
            failed => failed,
        };
        if removed.is_err() {
            self.connection.roll_back().await;
        }
        removed.map(|()| migration)
    }

    async fn remove_asked(&mut self) -> Result<(), EngineError> {
        let objects = self.connection.rows(&beforehand::objects()).await?;
        let drop = |kind: &str, name: &str| format!("DROP {} {}", kind.to_uppercase(), Name::from(name).sql());
        let statements: Vec<String> = objects.iter().map(|row| drop(text(&row[0]), text(&row[1]))).collect();
        self.connection.run_all(&statements).await?;
        self.tracker = None;
        Ok(())
    }

    async fn holds(&self, query: &str) -> Result<bool, EngineError> {
        Ok(self.connection.first_row(query).await?.is_some_and(|row| integer(&row[0]) == 1))
    }

    fn pace_of_asking(&self) -> Limits {
        Limits { target: self.pace.target.min(PIECE), ..self.pace }
    }
}

/// What was held since then, and not waited for.
fn held(since: Instant) -> Times {
    Times { held: since.elapsed(), ..Times::default() }
}

#[cfg(all(test, feature = "libsql"))]
mod tests;
