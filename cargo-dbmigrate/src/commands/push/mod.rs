//! `push`: makes a database what the structs declare, without a migration.

mod arguments;
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

pub(crate) use arguments::Push;
use run::{Decided, Live, Run};

use crate::database::failure::engine_error;
use crate::database::file;
use crate::database::rehearsal::Rehearsal;
use crate::database::{open, remove_if_empty, watched};
use crate::decisions::answers::{Acceptance, FOR_PUSH, Word};
use crate::decisions::ask::Asker;
use crate::error::{CommandError, Result};
use crate::project::Context;
use crate::report::rows;
use crate::{exit, structs};

/// How often a plan is made anew because somebody else has changed the database in the meantime.
const ATTEMPTS: usize = 5;

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Push) -> Result<u8> {
    let url = context.database(&arguments.connect)?;
    context.printer.detail("Database", format!("{url} (from {})", url.source()));
    let declared = structs::read_all(context)?;
    let mut command_line = "cargo dbmigrate push".to_owned();
    command_line.push_str(if arguments.dry_run { " --dry-run" } else { "" });
    arguments.answers.push_to(&mut command_line);
    let asker = Asker {
        context,
        declared: &declared,
        answers: &arguments.answers,
        words: FOR_PUSH,
        command_line,
        untouched: "nothing was changed",
        given: std::cell::RefCell::default(),
    };
    let run = Run { context, arguments, url: &url, declared: &declared, asker };
    for _ in 0..ATTEMPTS {
        if let Some(code) = run.attempt().map_err(|error| run.asker.with_answers(error))? {
            return Ok(code);
        }
        context.printer.status("Planning", format!("{url} anew: its schema was changed in the meantime"));
    }
    Err(CommandError::failed(format!("the schema of `{url}` changes all the time"))
        .note("nothing was changed")
        .help("find out who changes it, and push again when it is quiet"))
}

impl Run<'_> {
    /// Looks at the database and makes it what is declared. `None`: it has changed in the meantime.
    fn attempt(&self) -> Result<Option<u8>> {
        let mut live = self.look()?;
        refused::unreadable_names(self, &live)?;
        let decided = live::decide(self, &mut live)?;
        if decided.diff.is_empty() {
            self.nothing_to_do(&live, &decided);
            return Ok(Some(exit::DONE));
        }
        let mut plan = plan(&live.found.schema, &decided.wanted.schema, &decided.diff, &decided.decisions)
            .map_err(|error| CommandError::failed(error.to_string()).note("nothing was changed"))?;
        plan.preflights.extend(decided.guards.iter().cloned());
        refused::in_the_way(self, &live, &plan)?;
        proof::prove(self, &live, &decided, &plan)?;
        if self.arguments.dry_run {
            drop(live.database.take());
            if self.rehearse(&live.found, &decided, &plan)?.is_none() {
                return Ok(None);
            }
            self.show(&live, &decided, &plan);
            return Ok(Some(exit::DONE));
        }
        self.say_changes(&decided, &plan);
        let Some(milliseconds) = self.apply(live.database.take(), &live.found, &decided, &plan)? else {
            return Ok(None);
        };
        self.say_done(&live, &decided, &plan, milliseconds);
        Ok(Some(exit::DONE))
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
        let accepted = self.arguments.answers.accepted(FOR_PUSH)?;
        if !history.is_empty() && !accepted.contains(&Acceptance::Word(Word::History)) {
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
        let retries = self.arguments.retries.unwrap_or(self.context.config.retries);
        let database = match database {
            Some(database) => database,
            None => open(self.context, self.url, true)?,
        };
        let mut database = database.retrying(retries);
        let work = Arc::new(Work::default());
        if self.context.printer.shows_progress() {
            database = watched(database, &work, self.url)?;
        }
        let result = {
            let progress = self.context.printer.progress_within("Changing", 1, rows::within(Arc::clone(&work)));
            progress.step(0, self.url);
            block_on(database.push(&change(before, decided, plan)))
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
        let retries = self.arguments.retries.unwrap_or(self.context.config.retries);
        let mut rehearsal = Rehearsal::of(self.context, self.url, retries)?;
        let result = block_on(rehearsal.database().push(&change(before, decided, plan)));
        match result {
            Ok(Step::Applied { milliseconds }) => Ok(Some(milliseconds)),
            Ok(Step::Overtaken) => Ok(None),
            Err(failure) => Err(refused::failure(self, &failure, decided, plan)),
        }
    }

    fn nothing_to_do(&self, live: &Live, decided: &Decided) {
        let printer = &self.context.printer;
        let declared = &self.declared.schema;
        self.say_json(decided, &[], None);
        if declared.is_empty() && live.found.schema.is_empty() {
            printer.warning(
                "no struct with `#[derive(Table)]` was found",
                &[format!(
                    "looked in the library and the binaries of `{}`; see `cargo dbmigrate init`",
                    self.context.package.name
                )],
            );
            return;
        }
        let tables = crate::report::counted(declared.tables.len() + declared.virtual_tables.len(), "table");
        printer.status("Unchanged", format!("{} is what the structs declare ({tables})", self.url));
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

fn change<'a>(before: &'a Introspected, decided: &'a Decided, plan: &'a Plan) -> Change<'a> {
    Change {
        before,
        wanted: &decided.wanted.schema,
        preflights: &plan.preflights,
        statements: plan.statements().collect(),
    }
}
