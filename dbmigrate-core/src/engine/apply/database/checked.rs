//! Statements that are run and looked at: what they have to lead to, and what they must not break.

use std::time::Instant;

use super::super::drift::{Drift, Tolerated};
use super::super::followers::Followers;
use super::super::hidden::{Hidden, TakenOut};
use super::super::rebuilds::references::AtRisk;
use super::super::statistics::Statistics;
use super::super::{Failure, Prepared, work};
use super::{Database, cannot_read};
use crate::engine::check::{Broken, Violations, broken_among, broken_objects};
use crate::engine::connection::{Row, integer};
use crate::engine::engines::Engine;
use crate::engine::error::EngineError;
use crate::engine::introspect::Unreadable;
use crate::folder::RustStep;
use crate::folder::script::{Allow, Rebuild};
use crate::plan::{UNCHECKED, can_break_references};
use crate::sql::{Name, Statement, StatementKind};

/// What has to be there after statements ran.
#[derive(Default)]
pub(super) struct Wanted<'a> {
    /// The hash of the schema, unless only a part of it is there.
    pub(super) hash: Option<String>,
    /// What could not be represented before either.
    pub(super) unreadable: &'a [Unreadable],
    /// What did not compile before either.
    pub(super) broken: Vec<Broken>,
    /// The views and triggers that need not compile.
    pub(super) unchecked: Vec<Name>,
    /// The drift that has to be what it was, in which case the schema has no hash to compare.
    pub(super) drift: Option<&'a Tolerated>,
}

impl Database {
    /// Runs the statements, and the step of a migration at its place between them, and looks at what they lead to.
    pub(super) async fn run_checked(
        &mut self,
        statements: &[Statement<'_>],
        rebuilds: &[&Rebuild],
        step: Option<(&str, RustStep)>,
        wanted: &Wanted<'_>,
    ) -> Result<(), Failure> {
        let may_write_anywhere = step.is_some();
        if !may_write_anywhere && !statements.iter().any(|statement| can_break_references(statement)) {
            return self.run_and_look(statements, rebuilds, step, wanted).await;
        }
        let mut at_risk = None;
        if !may_write_anywhere {
            at_risk = self.at_risk(statements, rebuilds).await.map_err(cannot_read)?;
        }
        let at_risk = at_risk.as_ref();
        let mut before = Violations::new();
        if !self.has_none_at_risk(at_risk).await.map_err(cannot_read)? {
            if at_risk.is_some()
                && self.connection.known_engine() == Some(Engine::LibSql)
                && self.leaves_no_violation(statements, rebuilds, at_risk, wanted).await?
            {
                return Ok(());
            }
            // which of them are new has to be known before
            before = self.violations(at_risk).await?;
        }
        self.run_and_look(statements, rebuilds, step, wanted).await?;
        self.check_references(statements, at_risk, &before).await
    }

    /// Whether there is no violation once the statements have run, which is so nearly always, and spares looking for
    /// them before. If there is one, nothing has happened.
    async fn leaves_no_violation(
        &mut self,
        statements: &[Statement<'_>],
        rebuilds: &[&Rebuild],
        at_risk: Option<&AtRisk>,
        wanted: &Wanted<'_>,
    ) -> Result<bool, Failure> {
        let engine = |error| Failure::Engine { action: "cannot set a savepoint", error };
        let measured = self.meter.as_ref().map(|meter| meter.len());
        self.connection.run(&format!("SAVEPOINT {BEFORE}")).await.map_err(engine)?;
        self.run_and_look(statements, rebuilds, None, wanted).await?;
        let is_sound = self.violations(at_risk).await?.is_empty();
        if !is_sound {
            self.connection.run(&format!("ROLLBACK TO {BEFORE}")).await.map_err(engine)?;
            self.tracker = None;
            if let (Some(meter), Some(measured)) = (&self.meter, measured) {
                meter.forget_from(measured);
            }
        }
        self.connection.run(&format!("RELEASE {BEFORE}")).await.map_err(engine)?;
        Ok(is_sound)
    }

    /// Runs the statements and the step, and compares the schema that they lead to.
    async fn run_and_look(
        &mut self,
        statements: &[Statement<'_>],
        rebuilds: &[&Rebuild],
        mut step: Option<(&str, RustStep)>,
        wanted: &Wanted<'_>,
    ) -> Result<(), Failure> {
        // before the first statement, so that only what it changes has to be read after it
        let tracker = self.tracker().await.map_err(cannot_read)?;
        let followers = Followers::of(tracker);
        let was_analyzed = tracker.stored_of(&Name::from("sqlite_stat1")).next().is_some();
        let hidden = |error| Failure::Engine { action: "cannot take out and put back what is hidden", error };
        let keep = |error| Failure::Engine { action: "cannot keep the statistics of `ANALYZE`", error };
        let mut statistics = Statistics::default();
        if was_analyzed {
            statistics = Statistics::before(&self.connection, statements).await.map_err(keep)?;
        }
        let mut taken_out = TakenOut::default();
        // the tracker changes while the statements run
        let ignore = self.ignore.clone();
        let concerned = Hidden { ignore: &ignore, follows: followers.are_there };
        let is_taken_out_for = |statement: &Statement<'_>| TakenOut::is_for(concerned, statement);
        let mut rest = statements;
        loop {
            let first = statements.len() - rest.len();
            if let Some((migration, place)) = step.take_if(|(_, place)| place.after <= first) {
                // what follows rows has to see what it writes
                std::mem::take(&mut taken_out).put_back(&self.connection).await.map_err(hidden)?;
                self.run_step(migration, place)?;
            }
            if rest.is_empty() {
                break;
            }
            // up to the step, or the next one before which something has to be taken out
            let before = step.map_or(rest.len(), |(_, place)| place.after - first);
            let begins = |at: usize| {
                let rebuild = rebuilds.iter().find(|one| one.statements.start == at)?;
                let is_plain =
                    rebuild.statements.end <= first + before && !rebuild.of(statements).iter().any(is_taken_out_for);
                is_plain.then_some(*rebuild)
            };
            if let Some(rebuild) = begins(first) {
                self.run_rebuild(rebuild, statements).await?;
                rest = &statements[rebuild.statements.end..];
                continue;
            }
            let is_other = |(at, next): &(usize, &Statement<'_>)| !is_taken_out_for(next) && begins(*at).is_none();
            let next = (first + 1..).zip(&rest[1..before]);
            let count = 1 + next.take_while(is_other).count();
            let (now, later) = rest.split_at(count);
            for rebuild in rebuilds.iter().filter(|one| (first..first + count).contains(&one.statements.start)) {
                self.keep_promise(rebuild).await?;
            }
            // run as they are written, whatever they are
            if let Some(waiting) = self.with_copy.take_if(|waiting| (first..first + count).contains(&waiting.at)) {
                self.ask_instead(&waiting).await?;
            }
            taken_out.before(&self.connection, concerned, statements, first).await.map_err(hidden)?;
            self.run_statements(now, first).await?;
            rest = later;
        }
        taken_out.put_back(&self.connection).await.map_err(hidden)?;
        statistics.put_back(&self.connection).await.map_err(keep)?;
        self.check_structure(wanted, statements).await?;
        if followers.are_there {
            followers.check(self.tracker().await.map_err(cannot_read)?, statements)?;
        }
        Ok(())
    }

    /// Runs statements, the first of which has that place in its script, counted from 0.
    pub(super) async fn run_statements(&self, statements: &[Statement<'_>], first: usize) -> Result<(), Failure> {
        if self.work.is_none() && self.meter.is_none() {
            return self.run_unwatched(statements, first).await;
        }
        for (at, statement) in statements.iter().enumerate() {
            if let Some(shown) = &self.work {
                shown.begin(self.rows_to_write(statement).await);
            }
            let started = Instant::now();
            self.run_unwatched(std::slice::from_ref(statement), first + at).await?;
            if let Some(meter) = &self.meter {
                // what changes no rows leaves the number of the statement before
                let rows = if statement.kind == StatementKind::Write { self.connection.changes() } else { 0 };
                meter.note(first + at, started.elapsed(), rows);
            }
        }
        if let Some(shown) = &self.work {
            shown.begin(None);
        }
        Ok(())
    }

    /// How many rows a statement will write, if they are many and it says so.
    async fn rows_to_write(&self, statement: &Statement<'_>) -> Option<u64> {
        let [highest, exact] = work::queries(&work::whole_table(statement)?);
        let number = |row: Option<Row>| u64::try_from(integer(row?.first()?)).ok();
        // a table without rowids is not told of either
        let highest = number(self.connection.first_row(&highest).await.ok()?)?;
        if !work::is_worth_counting(highest) {
            return None;
        }
        number(self.connection.first_row(&exact).await.ok()?)
    }

    async fn run_unwatched(&self, statements: &[Statement<'_>], first: usize) -> Result<(), Failure> {
        let texts = statements.iter().map(|statement| statement.text);
        self.connection.run_each(texts).await.map_err(|(at, error)| Failure::Statement {
            number: first + at + 1,
            line: statements[at].line,
            statement: statements[at].text.to_owned(),
            error,
        })
    }

    /// What a migration has to lead to.
    pub(super) async fn wanted<'a>(&mut self, migration: &'a Prepared<'_>) -> Result<Wanted<'a>, EngineError> {
        let script = &migration.script;
        let allows = script.allows.iter().filter(|allow| allow.lint == UNCHECKED);
        let mut wanted = Wanted {
            hash: Some(migration.migration.schema.to_hex()),
            unchecked: allows.map(Allow::name).collect(),
            drift: migration.drift.as_ref(),
            ..Wanted::default()
        };
        if !is_additive(&script.statements) {
            wanted.broken = self.broken_before().await?;
        }
        Ok(wanted)
    }

    /// What does not compile before a migration is no fault of it: it may be unchecked, or made by hand.
    async fn broken_before(&mut self) -> Result<Vec<Broken>, EngineError> {
        self.tracker().await?;
        let Some(tracker) = self.tracker.as_mut() else { return Ok(Vec::new()) };
        if tracker.broken.is_none() {
            tracker.broken = Some(broken_objects(&self.connection, tracker.schema()).await?);
        }
        Ok(tracker.broken.clone().unwrap_or_default())
    }

    pub(super) async fn check_structure(
        &mut self,
        wanted: &Wanted<'_>,
        statements: &[Statement<'_>],
    ) -> Result<(), Failure> {
        self.tracker().await.map_err(cannot_read)?;
        let Some(tracker) = self.tracker.as_mut() else { return Ok(()) };
        let known = tracker.broken.take();
        let touched = tracker.update(&self.connection, statements).await.map_err(cannot_read)?;
        let is_right = match wanted.drift {
            None => {
                let has_hash = wanted.hash.as_ref().is_none_or(|hash| tracker.hash().to_hex() == *hash);
                has_hash && tracker.unreadable() == wanted.unreadable
            }
            Some(tolerated) => {
                let now = Drift::of(tracker.canonical(), tracker.unreadable(), &tolerated.wanted);
                let objects = tolerated.drift.lost(&now);
                if !objects.is_empty() {
                    return Err(Failure::TouchesDrift { objects });
                }
                now == tolerated.drift
            }
        };
        if !is_right {
            let (found, unreadable) = (Box::new(tracker.schema().clone()), tracker.unreadable().to_vec());
            return Err(Failure::Structure { found, unreadable });
        }
        if is_additive(statements) {
            tracker.broken = known;
            return Ok(());
        }
        let broken = match (known, touched) {
            (Some(mut broken), Some(touched)) => {
                let found = broken_among(&self.connection, tracker.schema(), touched).await.map_err(cannot_read)?;
                broken.retain(|object| !found.1.contains(&object.name));
                broken.extend(found.0);
                broken
            }
            _ => broken_objects(&self.connection, tracker.schema()).await.map_err(cannot_read)?,
        };
        let is_new = |object: &&Broken| {
            let was_broken =
                wanted.broken.iter().any(|before| before.kind == object.kind && before.name == object.name);
            !was_broken && !wanted.unchecked.contains(&object.name)
        };
        if let Some(Broken { kind, name, message }) = broken.iter().find(is_new) {
            return Err(Failure::Broken { kind, name: name.to_string(), message: message.clone() });
        }
        tracker.broken = Some(broken);
        Ok(())
    }
}

/// The savepoint before the statements of which nobody knows yet whether they break references.
const BEFORE: &str = "_dbmigrate_before_statements";

/// Whether statements add tables and indexes and nothing else, so that views and triggers compile as they did.
pub(super) fn is_additive(statements: &[Statement<'_>]) -> bool {
    statements.iter().all(|statement| {
        !statement.kind.changes_schema()
            || matches!(statement.kind, StatementKind::CreateTable | StatementKind::CreateIndex)
    })
}
