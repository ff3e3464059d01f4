//! A table gone through in pieces: each a range of its key, a transaction, and a step of the position that is kept.

use std::thread;
use std::time::Duration;

use super::super::Advanced;
use super::Database;
use crate::engine::connection::piece::{Piece, Worked};
use crate::engine::error::EngineError;
use crate::engine::pieces::{Bound, Key, Mark, Pace, Part, Range, Times};
use crate::engine::progress::Progress;

/// How often a piece is tried that does not get the lock, or does not arrive.
const TRIES: u32 = 10;

/// The size of the first piece, as long as nothing is known.
const FIRST: u64 = 1000;

/// How many rows are counted to know how many there are.
const COUNTED: u64 = 1_000_000;

/// What is done with a table.
pub(super) struct Walk<'w> {
    /// In which order.
    pub(super) key: &'w Key,
    /// How many rows a piece has at most.
    pub(super) most: u64,
    /// The statements for the rows of a range. The rows that the last one writes are counted.
    pub(super) statements: &'w dyn Fn(&Range) -> Vec<Bound>,
    /// Whether references are checked, and actions of foreign keys happen.
    pub(super) foreign_keys: bool,
    /// The line in the migration, for whoever is told.
    pub(super) line: usize,
}

/// How far it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walked {
    /// To the end: the position is at the next part.
    Finished,
    /// Somebody else has done it, or given it up: the position says where it is, if it is there.
    Moved,
    /// It was told to stop.
    Stopped,
}

/// Who is told of each piece, and whether it goes on.
pub(super) type Told<'t> = &'t mut dyn FnMut(&Advanced) -> bool;

/// Why a walk ended early: the statement that failed, counted from 0, if it was one.
pub(super) type Failed = (Option<usize>, EngineError);

impl Database {
    /// Goes through a table from the position on.
    ///
    /// # Errors
    /// If a piece fails. Those before it stay, and so does their position.
    pub(super) async fn walk(
        &mut self,
        progress: &mut Progress,
        walk: &Walk<'_>,
        told: Told<'_>,
    ) -> Result<Walked, Failed> {
        let around = |error| (None, error);
        let mut pace = Pace::new(self.pace, progress.size.unwrap_or(FIRST), walk.most);
        let extent = self.extent(walk.key, progress).await.map_err(around)?;
        let mut known: Option<(Option<Mark>, u64)> = None;
        let mut tries = TRIES;
        loop {
            let (high, size) = if let Some(known) = known.take() {
                known
            } else {
                let (sql, values) = walk.key.end_of(progress.reached.as_ref(), pace.size());
                let rows = self.connection.rows_with(&sql, values).await.map_err(around)?;
                (rows.first().and_then(|row| walk.key.mark(row)), pace.size())
            };
            let range = Range { low: progress.reached.clone(), high };
            let mut next = progress.clone();
            next.pieces += 1;
            let behind = if let Some(high) = &range.high {
                (next.reached, next.size) = (Some(high.clone()), Some(size));
                next.visited += size;
                vec![walk.key.end_of(Some(high), pace.size())]
            } else {
                next.next_stage();
                Vec::new()
            };
            let mut statements = (walk.statements)(&range);
            let counted = statements.len().saturating_sub(1);
            statements.push(if range.high.is_some() { next.moved_behind_writing() } else { next.moved() });
            let foreign_keys = walk.foreign_keys;
            let piece = Piece { guard: progress.guard(), statements, behind, foreign_keys, ..Piece::default() };
            let asked = pace.size();
            let (changes, answers, times) = match self.connection.work(&piece).await {
                Ok(Worked::Done { changes, answers, times }) => (changes, answers, times),
                Ok(Worked::NotItsTurn) => match self.look_again(progress).await.map_err(around)? {
                    true => continue,
                    false => return Ok(Walked::Moved),
                },
                // it would not answer the next time either; the position says what became of it
                Err(failed) if failed.is_unanswered() => return Err((None, failed.error)),
                Err(failed) if failed.is_lost() => match self.look_again(progress).await.map_err(around)? {
                    true => continue,
                    false => return Ok(Walked::Moved),
                },
                Err(failed) if failed.may_be_tried_again() && tries > 0 => {
                    tries -= 1;
                    thread::sleep(pace.failed());
                    continue;
                }
                // the last one is that of the position
                Err(failed) => return Err((failed.statement.filter(|at| *at <= counted), failed.error)),
            };
            tries = TRIES;
            let written = changes.get(counted).copied().unwrap_or_default();
            let pause = pace.took(times);
            let Times { waited, held, .. } = times;
            let is_last = range.high.is_none();
            let said = Advanced {
                migration: progress.name.clone(),
                line: walk.line,
                table: walk.key.table.clone(),
                visited: if is_last { progress.visited.saturating_add(written.min(size)) } else { next.visited },
                changed: progress.changed + written,
                rows: size,
                part: if is_last { Some(1.0) } else { extent.part(&next) },
                held,
                waited,
                pause: if is_last { Duration::ZERO } else { pause },
            };
            let changed = if is_last { 0 } else { progress.changed + written };
            let worked_ms = progress.worked_ms + u64::try_from(held.as_millis()).unwrap_or_default();
            *progress = Progress { changed, worked_ms, ..next };
            let goes_on = told(&said);
            if is_last {
                return Ok(Walked::Finished);
            }
            if !goes_on {
                return Ok(Walked::Stopped);
            }
            known = match answers.into_iter().next() {
                Some(Ok(rows)) if asked / 2 <= pace.size() => {
                    Some((rows.first().and_then(|row| walk.key.mark(row)), asked))
                }
                // it is asked again
                _ => None,
            };
            thread::sleep(pause);
        }
    }

    /// Takes over the position that somebody else has moved it to, and says whether it is still in this part.
    async fn look_again(&mut self, progress: &mut Progress) -> Result<bool, EngineError> {
        let Some(now) = Progress::read(&self.connection).await? else { return Ok(false) };
        if now.name != progress.name || now.stage != progress.stage {
            return Ok(false);
        }
        *progress = now;
        Ok(true)
    }

    /// How far the table reaches, so that somebody can be told how much of it is done.
    async fn extent(&mut self, key: &Key, progress: &mut Progress) -> Result<Extent, EngineError> {
        let [ends, count] = [key.ends(), key.count(COUNTED)];
        let answers = match progress.of {
            Some(_) => self.connection.ask_all(&[ends]).await?,
            None => self.connection.ask_all(&[ends, count]).await?,
        };
        let mut answers = answers.into_iter();
        let ends = answers.next().unwrap_or_else(|| Ok(Vec::new()))?;
        if let Some(rows) = answers.next() {
            let count = rows?.first().and_then(|row| row.first()).map_or(0, crate::engine::value::integer);
            progress.of = u64::try_from(count).ok();
        }
        let ends = ends.first().and_then(|row| match &row[..] {
            [crate::engine::value::Value::Integer(first), crate::engine::value::Value::Integer(last)] => {
                Some((*first, *last))
            }
            _ => None,
        });
        Ok(Extent { ends })
    }
}

/// The first and the last key of a table, where they are numbers.
struct Extent {
    ends: Option<(i64, i64)>,
}

impl Extent {
    /// How much is done, from 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "it is shown as a percentage")]
    fn part(&self, progress: &Progress) -> Option<f64> {
        let of = progress.of.filter(|of| *of > 0)?;
        if of < COUNTED {
            return Some((progress.visited as f64 / of as f64).min(1.0));
        }
        let (first, last) = self.ends?;
        match progress.reached.as_deref() {
            Some([Part::Integer(reached)]) if last > first => {
                Some(((*reached as f64 - first as f64) / (last as f64 - first as f64)).clamp(0.0, 1.0))
            }
            _ => None,
        }
    }
}
