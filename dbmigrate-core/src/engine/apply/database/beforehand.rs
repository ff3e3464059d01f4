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
//! All of that but the asking is spared where nobody else writes meanwhile, which the engine tells (`data_version`): so it
//! is tried without a log first, and with one from the first write of another program on.
//!
//! Nothing of it is needed for the migration to be right: where it cannot be done, or a row contradicts, the rows are asked
//! with the lock, as those of a small table are. Whoever dies leaves triggers behind that log; the next run for the
//! migration goes on with them, any other one removes them, and several at once share them.

mod asking;

use std::time::{Duration, Instant};

use super::super::{Failure, Prepared, Restored, Step};
use super::Database;
use super::promised::is_promised;
use crate::engine::connection::piece::Piece;
use crate::engine::connection::{integer, text};
use crate::engine::engines::Engine;
use crate::engine::error::EngineError;
use crate::engine::in_place::beforehand::{self, Answer, Asking, Parted, Question, Subject};
use crate::engine::in_place::{Satisfied, is_worth_it};
use crate::engine::pieces::Pace;
use crate::plan::counted_rows;
use crate::schema::ForeignKey;
use crate::sql::{Expr, Name};
use asking::Watch;

/// What takes less is asked with the lock.
pub(super) const LONG: Duration = Duration::from_millis(70);
/// The rows of the first piece, of what nobody has measured.
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
    /// The foreign keys that all rows follow then.
    pub(super) followed: Vec<(Name, ForeignKey)>,
    /// What the engine called the state of the file in which rows were asked, if nothing logs what is written behind it.
    state: Option<i64>,
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

/// What one run has seen of it.
#[derive(Debug, Default)]
pub(super) struct Experience {
    /// Whether somebody else was seen to write while rows were asked.
    others_write: bool,
    /// Whether it is known that nothing was made for asking rows, which would have to be removed.
    has_nothing_asked: bool,
    /// The checksum of a migration whose rows are asked with the lock, because something came of asking before.
    asked_in_vain: Option<String>,
    /// How often the schema was changed while rows were asked.
    times_moved: u32,
    /// How long the rows of the migration at work were asked, while others could write.
    took: Duration,
}

impl Experience {
    /// How long the rows of the migration at work were asked, while others could write.
    pub(super) fn milliseconds(&self) -> u64 {
        u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX)
    }

    /// Nothing is asked yet of the rows of a migration.
    pub(super) fn begin(&mut self) {
        self.took = Duration::ZERO;
    }
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
    /// Takes the lock if none of the tables that the migration rebuilds is so large that its rows would be asked before: with
    /// the lock, that costs no transaction of its own.
    pub(super) async fn begin_where_tables_are_small(&mut self, migration: &Prepared<'_>) -> Result<bool, Failure> {
        let rebuilds = &migration.script.rebuilds;
        if rebuilds.is_empty() || !self.asking.has_nothing_asked || !self.connection.is_local() {
            return Ok(false);
        }
        self.begin().await?;
        for marked in rebuilds {
            if self.is_large(&marked.rebuild).await {
                self.connection.roll_back().await;
                return Ok(false);
            }
        }
        Ok(true)
    }

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
        let mut asked = match self.ask(migration, position).await {
            Ok(Asked::Nothing) => return Ok(None),
            Ok(Asked::Moved) => {
                self.forget_asked().await.map_err(engine)?;
                self.asking.times_moved += 1;
                if self.asking.times_moved >= MOST_MOVED {
                    self.asking.asked_in_vain = Some(migration.migration.sql.to_hex());
                }
                return Ok(Some((Step::Overtaken, Vec::new())));
            }
            Ok(Asked::All(asked)) => asked,
            Ok(Asked::Contradicted) | Err(_) => return self.contradicted(migration).await.map(Some),
        };
        self.asking.took = started.elapsed();
        for tries in (0..TRIES).rev() {
            self.begin().await?;
            let mut restored = Vec::new();
            let settled = match self.is_turn(position).await {
                Ok(true) => self.settle_asked(migration, &mut asked, tries == 0).await.map_err(engine),
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
                    if !self.catch_up(&mut asked.questions).await.map_err(engine)? {
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
        self.asking.asked_in_vain = Some(migration.migration.sql.to_hex());
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
        if !is_sought && self.asking.has_nothing_asked {
            return Ok(Asked::Nothing);
        }
        if self.connection.is_local() && self.connection.engine().await? != Engine::LibSql {
            return Ok(Asked::Nothing);
        }
        let checksum = migration.migration.sql.to_hex();
        let mut questions = Vec::new();
        if is_sought && self.asking.asked_in_vain.as_ref() != Some(&checksum) {
            questions = self.questions(migration).await?;
        }
        if questions.is_empty() && self.asking.has_nothing_asked {
            return Ok(Asked::Nothing);
        }
        match self.asked_at(&checksum, &questions).await? {
            Some(true) if !questions.is_empty() => {}
            Some(_) => return Ok(Asked::Moved),
            None => {
                self.asking.has_nothing_asked = true;
                if questions.is_empty() {
                    return Ok(Asked::Nothing);
                }
                if let Some(asked) = self.ask_alone(&mut questions).await? {
                    return Ok(asked);
                }
                if !self.begin_asking(migration, position, &checksum, &questions).await? {
                    return Ok(Asked::Moved);
                }
            }
        }
        self.tracker = None;
        let logged = beforehand::at(&checksum, &questions);
        for question in &mut questions {
            match self.ask_all_rows(question, &Watch::Logs(&logged)).await? {
                Some(true) => {}
                Some(false) => return Ok(Asked::Contradicted),
                None => return Ok(Asked::Moved),
            }
        }
        if !self.catch_up(&mut questions).await? {
            return Ok(Asked::Contradicted);
        }
        Ok(Asked::All(Beforehand::of(questions, None)))
    }

    /// Asks all rows as long as nobody else writes. `None` if somebody does.
    async fn ask_alone(&mut self, questions: &mut [Question]) -> Result<Option<Asked>, EngineError> {
        if self.asking.others_write || !self.connection.is_local() {
            return Ok(None);
        }
        let Some(state) = self.connection.data_version().await? else { return Ok(None) };
        for question in &mut *questions {
            match self.ask_all_rows(question, &Watch::State(state)).await? {
                Some(true) => {}
                Some(false) => return Ok(Some(Asked::Contradicted)),
                None => {
                    self.asking.others_write = true;
                    return Ok(None);
                }
            }
        }
        Ok(Some(Asked::All(Beforehand::of(questions.to_vec(), Some(state)))))
    }

    /// What is to be asked of tables for which that takes long.
    async fn questions(&mut self, migration: &Prepared<'_>) -> Result<Vec<Question>, EngineError> {
        let script = &migration.script;
        let preflights: Vec<&str> = script.preflights.iter().map(|preflight| preflight.query.as_str()).collect();
        let mut questions = Vec::new();
        for (number, marked) in script.rebuilds.iter().enumerate() {
            let rebuild = &marked.rebuild;
            // before anything else is read, because most tables are small
            let is_local = self.connection.is_local();
            if is_local && !self.is_large(rebuild).await {
                continue;
            }
            // one that has to be made in place may be small for all that
            let is_any = is_local && is_promised(script);
            if is_any && !is_worth_it(&self.connection, rebuild, self.least_rows).await? {
                continue;
            }
            self.tracker().await?;
            if self.is_like_server && !self.would_be_altered(rebuild) {
                continue;
            }
            let Some(tracker) = &self.tracker else { continue };
            let others: Vec<&Name> = script.rebuilds.iter().map(|other| &other.rebuild.table).collect();
            let others: Vec<&Name> = others.into_iter().filter(|other| **other != rebuild.table).collect();
            let (statements, others, schema) = (&script.statements, &others, tracker.schema());
            let form = self.at_work.forms.iter().find(|form| form.table == rebuild.table);
            let subject = Subject { rebuild, others, statements, preflights: &preflights, schema, form, number };
            let Some(mut question) = Question::of(&self.connection, subject).await? else { continue };
            let size = question.measure(&self.connection).await?;
            if size.rows >= self.least_rows && size.takes >= self.long {
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
        self.asking.has_nothing_asked = false;
        let mut pace = Pace::new(self.pace, FIRST, MOST);
        self.work_until(&piece, &mut pace).await.map(|worked| worked.is_some()).map_err(|failed| failed.error)
    }

    /// Asks what the logs still have, now that nobody else can write, and removes all that was made for asking.
    async fn settle_asked(
        &mut self,
        migration: &Prepared<'_>,
        asked: &mut Beforehand,
        whatever_is_logged: bool,
    ) -> Result<Settled, EngineError> {
        if let Some(state) = asked.state {
            self.asking.others_write = self.connection.data_version().await? != Some(state);
            return Ok(if self.asking.others_write { Settled::Moved } else { Settled::Holds });
        }
        let checksum = migration.migration.sql.to_hex();
        if self.asked_at(&checksum, &asked.questions).await? != Some(true) {
            return Ok(Settled::Moved);
        }
        for question in &mut asked.questions {
            if !whatever_is_logged && self.holds(&question.is_logged_more(FEW)).await? {
                return Ok(Settled::Grown);
            }
            let mut answer = question.answer(&self.connection, Asking::Logged(None)).await?;
            if answer == Answer::Unclear {
                question.insist();
                answer = question.answer(&self.connection, Asking::Logged(None)).await?;
            }
            let parted = question.parted(&self.connection).await?;
            if answer != Answer::Nothing || parted == Parted::Yes {
                return Ok(Settled::Contradicted);
            }
            if parted == Parted::Perhaps {
                return Ok(if whatever_is_logged { Settled::Contradicted } else { Settled::Grown });
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
}

impl Beforehand {
    /// What is known when no row contradicts, in that state of the file, or apart from what is logged.
    fn of(questions: Vec<Question>, state: Option<i64>) -> Self {
        Self {
            satisfied: questions.iter().map(Question::satisfied).collect(),
            sought: questions.iter().flat_map(Question::sought).collect(),
            followed: questions.iter().flat_map(Question::followed).collect(),
            questions,
            state,
        }
    }
}

#[cfg(all(test, feature = "libsql"))]
mod tests;
