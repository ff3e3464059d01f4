//! Making a database what the structs declare, without a migration: the decisions with its rows at hand, the plan, the
//! proof, the one transaction, and what is said of it.

mod linted;
mod live;
mod proof;
mod refused;
mod run;
mod said;

use std::sync::Arc;

use dbmigrate_core::engine::Introspected;
use dbmigrate_core::engine::apply::{Database, Push as Change, Step, Target as _, Work};
use dbmigrate_core::plan::{Plan, plan};
use pollster::block_on;

pub(crate) use run::Run;
use run::{Decided, Live};

use crate::database::failure::engine_error;
use crate::database::file;
use crate::database::rehearsal::Rehearsal;
use crate::database::{open, remove_if_empty, watched};
use crate::decisions::answers::{Acceptance, Word};
use crate::error::{CommandError, Result};
use crate::linting::Drafted;
use crate::project::Intent;
use crate::report::rows;

/// How often a plan is made anew because somebody else has changed the database in the meantime.
const ATTEMPTS: usize = 5;

impl Run<'_> {
    /// Goes on until the database is what is declared.
    ///
    /// # Errors
    /// What went wrong.
    pub(crate) fn to_the_end(&self) -> Result<()> {
        for _ in 0..ATTEMPTS {
            if self.attempt().map_err(|error| self.asker.with_answers(error))? {
                return Ok(());
            }
            let text = format!("{} again: its schema changed in the meantime", self.url);
            self.context.printer.status("Planning", text);
        }
        Err(CommandError::failed(format!("the schema of `{}` keeps changing", self.url))
            .note("nothing was changed")
            .help("find out what changes it, then push again"))
    }

    /// Looks at the database and makes it what is declared. False: it has changed in the meantime.
    fn attempt(&self) -> Result<bool> {
        let mut live = self.look()?;
        refused::unreadable_names(self, &live)?;
        let decided = live::decide(self, &mut live)?;
        if decided.diff.is_empty() && self.taking.is_none() {
            self.nothing_to_do(&live, &decided);
            return Ok(true);
        }
        let mut plan = plan(&live.found.schema, &decided.wanted.schema, &decided.diff, &decided.decisions)
            .map_err(|error| CommandError::failed(error.to_string()).note("nothing was changed"))?;
        plan.preflights.extend(decided.guards.iter().cloned());
        refused::in_the_way(self, &live, &plan)?;
        proof::prove(self, &live, &decided, &plan)?;
        let linted = self.linted(&live, &decided, &plan)?;
        let warn = |linted: Option<Drafted>| {
            if let Some(drafted) = linted {
                drafted.warn(self.context, None, &self.asker.command_line());
            }
        };
        if self.only_show {
            drop(live.database.take());
            if self.rehearse(&live.found, &decided, &plan)?.is_none() {
                return Ok(false);
            }
            self.show(&live, &decided, &plan);
            warn(linted);
            return Ok(true);
        }
        warn(linted);
        self.obtain_consent(&plan)?;
        self.say_changes(&decided, &plan);
        let Some(milliseconds) = self.apply(live.database.take(), &live.found, &decided, &plan)? else {
            return Ok(false);
        };
        self.say_done(&live, &decided, &plan, milliseconds);
        Ok(true)
    }

    /// Gets consent to make the change, if the database is a protected target.
    fn obtain_consent(&self, plan: &Plan) -> Result<()> {
        let changes = crate::report::counted(plan.changes.len(), "change");
        let what = match self.taking {
            Some(_) => format!("make {changes} and record all migrations as applied"),
            None => format!("push {changes}"),
        };
        let command = self.asker.command_line();
        let intent = Intent { what: &what, command: &command, why: None, untouched: self.asker.untouched };
        self.context.consent(self.url, self.consent, intent)
    }

    fn look(&self) -> Result<Live> {
        if !file::exists(self.url)? {
            file::check(self.url)?;
            let found = Introspected::default();
            return Ok(Live { database: None, found, broken: Vec::new(), has_history: false });
        }
        let mut database = open(self.context, self.url, false)?;
        let read = |error| engine_error("cannot read the schema", &error, self.url.into()).note("nothing was changed");
        let found = block_on(database.introspected()).map_err(read)?;
        let history = block_on(database.history()).map_err(read)?;
        let broken = block_on(database.broken(&found.schema)).map_err(read)?;
        let accepted = self.asker.answers.accepted(self.asker.words)?;
        if !history.is_empty() && self.taking.is_none() && !accepted.contains(&Acceptance::Word(Word::History)) {
            return Err(refused::history(self, history.len()));
        }
        Ok(Live { database: Some(database), found, broken, has_history: !history.is_empty() })
    }

    /// Makes the change, and returns how long it took; `None` if somebody else was faster.
    fn apply(
        &self,
        database: Option<Database>,
        before: &Introspected,
        decided: &Decided,
        plan: &Plan,
    ) -> Result<Option<u64>> {
        let is_new = database.is_none();
        let database = match database {
            Some(database) => database,
            None => open(self.context, self.url, true)?,
        };
        let mut database = database.retrying(self.retries);
        let work = Arc::new(Work::default());
        if self.context.printer.shows_progress() {
            database = watched(database, &work, self.url)?;
        }
        let result = {
            let progress = self.context.printer.progress_within("Changing", 1, rows::within(Arc::clone(&work)));
            progress.step(0, self.url);
            block_on(database.push(&self.change(before, decided, plan)))
        };
        let finished = block_on(database.finish());
        drop(database);
        match result {
            Ok(Step::Applied { milliseconds }) => {
                finished.map_err(|error| {
                    engine_error("cannot restore the connection's settings", &error, self.url.into())
                })?;
                Ok(Some(milliseconds))
            }
            Ok(Step::Overtaken) => Ok(None),
            Err(failure) => {
                if is_new {
                    remove_if_empty(self.url);
                }
                Err(refused::failure(self, &failure, decided, plan))
            }
        }
    }

    /// Makes the change where nothing of it stays. `None`: somebody else has changed the schema.
    fn rehearse(&self, before: &Introspected, decided: &Decided, plan: &Plan) -> Result<Option<u64>> {
        let mut rehearsal = Rehearsal::of(self.context, self.url, self.retries)?;
        let result = block_on(rehearsal.database().push(&self.change(before, decided, plan)));
        match result {
            Ok(Step::Applied { milliseconds }) => Ok(Some(milliseconds)),
            Ok(Step::Overtaken) => Ok(None),
            Err(failure) => Err(refused::failure(self, &failure, decided, plan)),
        }
    }

    fn change<'c>(&'c self, before: &'c Introspected, decided: &'c Decided, plan: &'c Plan) -> Change<'c> {
        Change {
            before,
            wanted: &decided.wanted.schema,
            preflights: &plan.preflights,
            statements: plan.statements().collect(),
            history: self.taking,
        }
    }

    fn nothing_to_do(&self, live: &Live, decided: &Decided) {
        let printer = &self.context.printer;
        let declared = &self.declared.schema;
        self.say_json(decided, &[], None);
        if declared.is_empty() && live.found.schema.is_empty() {
            printer.warning(
                "no struct with `#[derive(Table)]` found",
                &[format!(
                    "searched the library and binaries of `{}`; to add one: `cargo dbmigrate init`",
                    self.context.package.name
                )],
            );
            return;
        }
        let tables = crate::report::counted(declared.tables.len() + declared.virtual_tables.len(), "table");
        printer.status("Unchanged", format!("{} matches the structs ({tables})", self.url));
        self.say_left_alone(live, decided, self.context.printer.is_verbose());
    }

    fn show(&self, live: &Live, decided: &Decided, plan: &Plan) {
        let printer = &self.context.printer;
        let sql = plan.to_sql(&format!("push to {}", self.url));
        printer.result(sql.trim_end());
        self.say_json(decided, &plan.changes, Some(&sql));
        self.say_left_alone(live, decided, true);
    }
}
