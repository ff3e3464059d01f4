//! What is left of a rebuild online, once the table has its new definition or the rebuild was given up: the other table
//! goes in pieces, because `DROP TABLE` holds the lock as long as the table is large.

use std::thread;

use super::super::Failure;
use super::Database;
use super::noted::{NOTE, bound, is_missing, mirrored, to_stage};
use super::online::{FIRST, MOST};
use crate::ddl::{Object, read};
use crate::engine::connection::piece::{NotWorked, Piece};
use crate::engine::connection::text;
use crate::engine::error::EngineError;
use crate::engine::introspect::HISTORY_TABLE;
use crate::engine::online::swap::{self, Left};
use crate::engine::online::{AT, COPY, LOG, OLD, Stage, copy};
use crate::engine::pieces::Pace;
use crate::engine::progress::Progress;
use crate::schema::Table;
use crate::sql::Name;
use crate::sql::name::quote_string;

/// What became of a migration that was to be given up.
#[derive(Debug, Clone, PartialEq)]
pub enum GivenUp {
    /// Nothing was under way.
    Nothing,
    /// Nothing is left of it.
    Gone(Box<Progress>),
    /// Its new table has taken the place of the old one: it can only be finished.
    Swapped(Box<Progress>),
    /// It is in batches, and those that are done stay done.
    Batched(Box<Progress>),
}

impl Database {
    /// Gives up the rebuild that is under way, so that nothing is left of it.
    ///
    /// # Errors
    /// If the engine fails. What is left then goes the next time.
    pub async fn give_up(&mut self) -> Result<GivenUp, Failure> {
        let engine = |error| Failure::Engine { action: "cannot give the migration up", error };
        let mut asked = None;
        if self.connection.is_local() {
            asked = self.forget_asked().await.map_err(engine)?;
        }
        let Some(progress) = Progress::read(&self.connection).await.map_err(engine)?.map(Box::new) else {
            let asked = asked.map(|name| Box::new(Progress { name, ..Progress::default() }));
            return Ok(asked.map_or(GivenUp::Nothing, GivenUp::Gone));
        };
        if progress.note.as_deref() != Some(NOTE) {
            self.connection.run_all(&Progress::end().map(str::to_owned)).await.map_err(engine)?;
            return Ok(GivenUp::Batched(progress));
        }
        loop {
            let Some(at) = self.online_at().await.map_err(engine)? else { return Ok(GivenUp::Gone(progress)) };
            if at.stage == Stage::Empty && self.stored_table(COPY).await.map_err(engine)?.is_some() {
                break;
            }
            if at.stage >= Stage::Indexes {
                return Ok(GivenUp::Swapped(progress));
            }
            let mut statements = copy::unfollow();
            statements.extend([format!("DROP TABLE {LOG}"), to_stage(Stage::Empty)]);
            let mut statements = bound(statements);
            statements.push(mirrored(FIRST));
            // whatever piece another runner is at, it is not its turn any more
            let piece = Piece { guard: (at.guard(), Vec::new()), statements, ..Piece::default() };
            let worked = self.work_until(&piece, &mut Pace::new(self.pace, FIRST, MOST)).await;
            if worked.map_err(|failed| engine(failed.error))?.is_some() {
                break;
            }
        }
        self.empty_hidden(&mut || true).await?;
        self.tracker = None;
        Ok(GivenUp::Gone(progress))
    }

    /// Empties and drops the table that is not used any more, as long as it goes on.
    pub(super) async fn empty_hidden(&mut self, goes_on: &mut dyn FnMut() -> bool) -> Result<(), Failure> {
        let failed = |NotWorked { error, .. }: NotWorked| Failure::Engine { action: "cannot drop what is left", error };
        let engine = |error| Failure::Engine { action: "cannot drop what is left", error };
        for name in [OLD, COPY] {
            let Some(table) = self.stored_table(name).await.map_err(engine)? else { continue };
            let guard = (format!("EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '{name}')"), Vec::new());
            let mut pace = Pace::new(self.pace, FIRST, MOST);
            for index in self.indexes_on(name).await.map_err(engine)? {
                let statements = bound(vec![bump(), format!("DROP INDEX IF EXISTS {}", index.sql())]);
                let piece = Piece { guard: guard.clone(), statements, ..Piece::default() };
                self.work_until(&piece, &mut pace).await.map_err(failed)?;
            }
            let left = table.as_ref().map(swap::left);
            let mut before = match &left {
                Some(query) => self.connection.first_row(query).await.map_err(engine)?.and_then(|row| Left::read(&row)),
                None => None,
            };
            while let Some((table, left)) = table.as_ref().zip(left.as_ref()) {
                let Some(delete) = swap::empty(table, pace.size()) else { break };
                if !goes_on() {
                    return Ok(());
                }
                let piece = Piece {
                    guard: guard.clone(),
                    statements: bound(vec![delete]),
                    behind: bound(vec![left.clone()]),
                    ..Piece::default()
                };
                match self.work_until(&piece, &mut pace).await.map_err(failed)? {
                    Some((answer, times)) => {
                        let now = answer.and_then(|rows| Left::read(rows.first()?));
                        let pause = pace.took(times);
                        if let Some(now) = now {
                            if now.is_empty()
                                || before.is_some_and(|before| now.dropped_in(before) <= self.pace.lag / 2)
                            {
                                break;
                            }
                            before = before.or(Some(now));
                        }
                        thread::sleep(pause);
                    }
                    // somebody else has done it, or the answer was lost
                    None if self.stored_table(name).await.map_err(engine)?.is_none() => break,
                    None => {}
                }
            }
            let piece =
                Piece { guard, statements: bound(vec![bump(), format!("DROP TABLE {name}")]), ..Piece::default() };
            self.work_until(&piece, &mut pace).await.map_err(failed)?;
        }
        let mut statements = vec![bump(), format!("DROP TABLE {AT}")];
        statements.push(bump());
        statements.extend(Progress::end().map(str::to_owned));
        let guard = (format!("EXISTS (SELECT 1 FROM {AT} WHERE stage = '{}')", Stage::Empty.name()), Vec::new());
        let piece = Piece { guard, statements: bound(statements), ..Piece::default() };
        self.work_until(&piece, &mut Pace::new(self.pace, FIRST, MOST)).await.map_err(failed)?;
        self.tracker = None;
        Ok(())
    }

    /// A hidden table; nothing inside if its text is not understood.
    async fn stored_table(&self, name: &str) -> Result<Option<Option<Table>>, EngineError> {
        let query = format!("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = '{name}'");
        let Some(row) = self.connection.first_row(&query).await? else { return Ok(None) };
        Ok(Some(match read(text(&row[0])) {
            Ok(Object::Table(table)) => Some(table),
            _ => None,
        }))
    }

    async fn indexes_on(&self, table: &str) -> Result<Vec<Name>, EngineError> {
        let table = quote_string(table);
        let query = format!(
            "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = {table} COLLATE NOCASE AND sql IS NOT NULL"
        );
        let rows = match self.connection.rows(&query).await {
            Err(error) if is_missing(&error) => Vec::new(),
            rows => rows?,
        };
        Ok(rows.iter().map(|row| Name::from(text(&row[0]))).collect())
    }
}

/// Whether all that is under way is that something hidden has to go.
pub(super) fn is_left_over(progress: &Progress) -> bool {
    let last = Stage::ALL.len() as u64 - 1;
    progress.note.as_deref() == Some(NOTE) && progress.stage == last
}

/// Keeps the last record saying that nobody has changed the schema since: the next statement changes its number by one,
/// and nothing that anybody sees.
fn bump() -> String {
    format!(
        "UPDATE {HISTORY_TABLE} SET schema_version = schema_version + 1 \
         WHERE position = (SELECT max(position) FROM {HISTORY_TABLE}) \
         AND schema_version = (SELECT schema_version FROM pragma_schema_version)"
    )
}
