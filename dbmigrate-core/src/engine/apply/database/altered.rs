//! A rebuild on a server in which no row is written: see [`crate::engine::in_place::altered`].
//!
//! The statements of columns stand for those of the rebuild, in a request like any other: foreseen on a twin, held against
//! what the server has stored, recorded as the migration that it is. What the rows have to be like is asked before there is
//! a lock ([`super::beforehand`]), or in the request if that takes no time. Whatever is otherwise than foreseen leaves
//! nothing behind, and the migration is applied as it is written.

use std::sync::Arc;

use super::super::rebuilds::references::AtRisk;
use super::super::{Attempt, Done, Prepared, Stop};
use super::Database;
use super::beforehand::{Asked, Beforehand};
use super::forecast::Foreseen;
use super::judged::Result as Outcome;
use super::promised::AtWork;
use crate::engine::connection::Connection;
use crate::engine::error::ErrorKind;
use crate::engine::in_place::altered::{Altered, contradicted};
use crate::engine::in_place::beforehand::{self, Asking, Question};
use crate::engine::in_place::sentinel;
use crate::folder::script::{Preflight, Rebuild, Script};
use crate::sql::split;

/// What became of it.
enum Sent {
    Done(Attempt),
    /// Something was not as foreseen, and nothing has happened.
    Otherwise,
}

impl Database {
    /// Applies a migration by what stands for its rebuilds, or refuses it because that cannot be; `None` if it has to be
    /// applied as it is written.
    pub(super) async fn apply_altered(&mut self, migration: &Prepared<'_>, position: usize) -> Option<Attempt> {
        if let Some(attempt) = self.apply_standing(migration, position).await {
            return Some(attempt);
        }
        self.keep_promises(&migration.script).await.err().map(|failure| Attempt::failed(0, failure))
    }

    async fn apply_standing(&mut self, migration: &Prepared<'_>, position: usize) -> Option<Attempt> {
        let script = &migration.script;
        if self.is_rehearsal || self.data_version.is_some() || migration.drift.is_some() || script.rust.is_some() {
            return None;
        }
        let scratch = Connection::from_driver(self.connection.scratch()?().ok()?);
        let sentinel = sentinel(&scratch).await.ok()?;
        let schema = self.tracker().await.ok()?.schema().clone();
        let altered = Altered::of(&schema, script, &sentinel)?;
        let rebuilds: Vec<&Rebuild> = script.rebuilds.iter().map(|marked| &marked.rebuild).collect();
        let mut foreseen = None;
        for way in &altered.ways {
            if self.is_foreseen(&standing(migration, &way.behind_rows(&[]), Vec::new())).await {
                foreseen = Some(way);
                break;
            }
        }
        let way = foreseen?;
        self.at_work = AtWork::of(script);
        self.at_work.forms = way.forms().cloned().collect();
        let asked = match self.ask(migration, position).await {
            Ok(Asked::All(mut asked)) => {
                // what was written since may be what the old definition reads, too
                asked.questions.iter_mut().for_each(Question::insist);
                Some(asked)
            }
            Ok(Asked::Nothing) => None,
            Ok(Asked::Moved) => {
                self.forget_asked().await.ok()?;
                self.tracker = None;
                return Some(Attempt { applied: Vec::new(), stopped: Some(Stop::Overtaken) });
            }
            Ok(Asked::Contradicted) | Err(_) => {
                self.forget_asked().await.ok()?;
                return None;
            }
        };
        let preflights = preflights(migration, &altered, asked.as_ref());
        let followed = asked.as_ref().map_or(&[][..], |asked| &asked.followed);
        let at_risk = AtRisk::of(&schema, &script.statements, &rebuilds, followed);
        let keeps_references = at_risk.is_some_and(|at_risk| at_risk.tables(&schema).is_empty());
        let text = way.behind_rows(asked.as_ref().map_or(&[], |asked| &asked.questions));
        let sent = self.send_standing(&standing(migration, &text, preflights), position, keeps_references).await;
        match sent {
            Sent::Done(attempt) if attempt.stopped.is_none() => Some(attempt),
            Sent::Done(attempt) => {
                let _ = self.forget_asked().await;
                Some(attempt)
            }
            Sent::Otherwise => {
                let _ = self.forget_asked().await;
                self.tracker = None;
                None
            }
        }
    }

    /// Whether it leads to what the migration does.
    async fn is_foreseen(&mut self, standing: &Prepared<'_>) -> bool {
        matches!(self.look_ahead(std::slice::from_ref(standing)).await, Ok(known) if known.foreseen.len() == 1)
    }

    async fn send_standing(&mut self, standing: &Prepared<'_>, position: usize, keeps_references: bool) -> Sent {
        let sent = std::slice::from_ref(standing);
        // with the logs and triggers, the schema is another one
        self.tracker = None;
        let Ok(mut known) = self.look_ahead(sent).await else { return Sent::Otherwise };
        let Some(foreseen) = known.foreseen.pop().and_then(Arc::into_inner) else { return Sent::Otherwise };
        // the statements of columns do not say that all references stay as they are, and the rebuild does
        let references = foreseen.references && !keeps_references;
        known.foreseen = vec![Arc::new(Foreseen { references, ..foreseen })];
        let mut tries = self.retries;
        loop {
            let (request, count) = self.request(sent, &known, position, false);
            if count != 1 {
                return Sent::Otherwise;
            }
            let outcome = match self.send(&request) {
                Ok(outcome) => outcome,
                Err(error) if error.kind == ErrorKind::Lost => {
                    return Sent::Done(self.settle(sent, position, error).await);
                }
                Err(_) => return Sent::Otherwise,
            };
            if let Some(error) = request.doubtful_commit(&outcome) {
                return Sent::Done(self.settle(sent, position, error).await);
            }
            match request.results(&outcome, sent).into_iter().next() {
                Some(Outcome::Applied(done)) => {
                    self.expected_history = None;
                    self.tracker = None;
                    let done = Done { in_place: true, ..done };
                    return Sent::Done(Attempt { applied: vec![done], stopped: None });
                }
                Some(Outcome::Overtaken) => {
                    self.tracker = None;
                    return Sent::Done(Attempt { applied: Vec::new(), stopped: Some(Stop::Overtaken) });
                }
                Some(Outcome::Stolen(_)) if tries > 0 => self.pause(&mut tries),
                _ => return Sent::Otherwise,
            }
        }
    }
}

/// The migration with other statements.
fn standing<'t>(migration: &Prepared<'t>, text: &'t str, preflights: Vec<Preflight>) -> Prepared<'t> {
    let script = Script { statements: split(text), preflights, rebuilds: Vec::new(), ..migration.script.clone() };
    Prepared { migration: migration.migration, file: migration.file.clone(), script, drift: None }
}

/// What has to find nothing when the lock is held.
fn preflights(migration: &Prepared<'_>, altered: &Altered, asked: Option<&Beforehand>) -> Vec<Preflight> {
    let script = &migration.script;
    let line = script.rebuilds.first().map_or(0, |marked| marked.line);
    let own = |query: String| Preflight { line, message: None, query, answers: Vec::new() };
    let is_told = |preflight: &&Preflight| asked.is_some_and(|asked| asked.tells(&preflight.query));
    let mut all: Vec<Preflight> = script.preflights.iter().filter(|one| !is_told(one)).cloned().collect();
    if let Some(asked) = asked {
        let at = beforehand::at(&migration.migration.sql.to_hex(), &asked.questions);
        all.push(own(format!("SELECT 1 WHERE (SELECT holds FROM ({at})) IS NOT 1")));
        let logged = asked.questions.iter().filter_map(|question| question.contradicted(Asking::Logged(None)));
        all.extend(logged.map(|(query, _)| own(query)));
        all.extend(asked.questions.iter().flat_map(Question::partings).map(own));
    }
    let is_asked = |table| asked.is_some_and(|asked| asked.questions.iter().any(|question| question.is_of(table)));
    for (table, conditions) in altered.contradictions.iter().filter(|(table, _)| !is_asked(table)) {
        all.extend(contradicted(table, conditions).map(own));
    }
    all
}
