//! `check`: the gate for CI: structs, snapshots and migrations agree, the SQL in the source fits, and lints find nothing that
//! is denied in what is new, or in what is pending in a database whose rows are asked.

use clap::Args;
use dbmigrate_core::engine::apply::{Database, status};
use dbmigrate_core::engine::trial::{self, Questions};
use dbmigrate_core::folder::{Folder, Migration};
use dbmigrate_core::lint::Target;
use dbmigrate_core::shell::shell_flag;
use pollster::block_on;

use crate::database::failure::engine_error;
use crate::database::file;
use crate::database::open;
use crate::database::state::failure;
use crate::drafting::is_baseline;
use crate::error::{CommandError, Result};
use crate::fleet::{self, Where, refuse_without_fleet};
use crate::linting::run::Look;
use crate::linting::scope::{self, Since};
use crate::linting::shown::{Place, Shown, are_denied};
use crate::linting::{LintLevels, Linted, Set, fix, probes, run};
use crate::messages;
use crate::project::Context;
use crate::project::url::{Connect, DatabaseUrl};
use crate::queries::checked::{Checked as Queries, Wanted};
use crate::report::counted;
use crate::source::Declared;
use crate::stepping::{With, try_steps, with_step};
use crate::tools::convert::is_imported;
use crate::{exit, proof, structs, templates};

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Exits with 4 if the structs have changes to generate, SQL in the source does not
fit the schema, or a lint that is denied finds something, with 5 if a migration
was edited.

Lints look at the migrations that are new: that the branch this one goes to
does not have. It is that of the pull request in CI, else the default branch of
`origin`, else `main` or `master`. Without git, all are new. With --target or
--url, lints look at the migrations that are pending in that database instead,
and count its rows: a token that can only read will do.")]
pub(crate) struct Check {
    /// Lint the migrations that a branch, a commit or a lock does not have
    #[arg(long, value_name = "REF")]
    pub since: Option<String>,

    /// Lint all migrations
    #[arg(long, conflicts_with = "since")]
    pub all: bool,

    /// Hold queries against another version: a tag, a branch or a commit
    #[arg(long, value_name = "REF", conflicts_with_all = ["since", "all"])]
    pub against: Option<String>,

    /// Compare how the engine runs each query before and after
    #[arg(long)]
    pub plans: bool,

    /// List the SQL in string literals with what it uses
    #[arg(long)]
    pub queries: bool,

    /// Check every package of the workspace that uses dbmigrate
    #[arg(long, conflicts_with_all = ["url", "target", "with"])]
    pub workspace: bool,

    /// Change the structs where a lint has one safe answer
    #[arg(long, conflicts_with_all = ["url", "target"])]
    pub fix: bool,

    /// Fix although there are changes that are not committed
    #[arg(long, requires = "fix")]
    pub allow_dirty: bool,

    /// Levels of lints.
    #[command(flatten)]
    pub levels: LintLevels,

    /// The program with the steps.
    #[command(flatten)]
    pub with: With,

    /// The database whose rows are asked.
    #[command(flatten)]
    pub connect: Connect,

    /// Which members of a fleet.
    #[command(flatten)]
    pub which: Where,
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Check) -> Result<u8> {
    let set = Set::of(context, &arguments.levels)?;
    let databases = if arguments.connect.names_one() {
        Some(fleet::databases(context, &arguments.connect, &arguments.which)?)
    } else {
        refuse_without_fleet(&arguments.which)?;
        None
    };
    let folder = context.folder()?;
    let printer = &context.printer;
    let agreed = proof::agree(context, &folder, |declared, changes| {
        printer.annotate(|| structs::without_migration(declared, changes));
        printer.message(|| messages::Changes { changes: changes.iter().map(ToString::to_string).collect() });
    })?;
    let (count, tables) = (folder.migrations().len(), agreed.tables);
    let with_step = with_step(&folder)?;
    let is_tried = arguments.with.with.is_some();
    let steps = if is_tried { Vec::new() } else { with_step.clone() };
    printer.message(|| messages::Checked { migrations: count, tables, steps_left_out: steps.clone() });
    printer.status(
        "Checked",
        format!("{}: structs, snapshots and {} agree", counted(tables, "table"), counted(count, "migration")),
    );
    if is_tried {
        try_steps(&arguments.with.started(context, &folder)?, &folder)?;
    }
    if !with_step.is_empty() {
        say_unseen(context, &with_step, is_tried);
    }
    templates::check(context, &folder)?;
    proof::say_assumed_of(context, &agreed.declared.schema, &folder);
    if arguments.fix && !arguments.allow_dirty {
        fix::refuse_uncommitted(context)?;
    }
    let wanted = Wanted { list: arguments.queries, against: arguments.against.as_deref(), plans: arguments.plans };
    let queries = Queries::of(context, &folder, &agreed.declared, wanted)?;
    let questions = Questions { release: queries.release(), planned: queries.planned(), ..Questions::default() };
    let run = Run { folder: &folder, set, declared: agreed.declared, questions };
    let (since, is_guessed) = match arguments.since.as_ref().or(arguments.against.as_ref()) {
        Some(typed) => (Since::typed(&folder, typed)?, false),
        None if arguments.all || databases.is_some() => (Since::Nothing, false),
        None => (Since::parted(context, &folder)?, true),
    };
    let mut new = since.new_ones(&folder);
    let code = if is_guessed && leave_out_adopted(context, &folder, &mut new)? && new.is_empty() {
        printer.message(|| linted_message(&[], since.label(), (0, 0)));
        exit::DONE
    } else {
        match databases {
            Some(databases) => databases.each(context, |context, url| run.on(context, url, &new))?,
            None => run.offline(context, &since, &new, arguments)?,
        }
    };
    // the lints are said in any case, and what they deny first
    queries.error(context).map_or(Ok(code), Err)
}

/// Leaves out what databases have from before: from another tool, or as a baseline. It cannot be written otherwise now.
/// Returns whether there was any.
fn leave_out_adopted(context: &Context, folder: &Folder, new: &mut Vec<&Migration>) -> Result<bool> {
    let count = new.len();
    let (mut kept, mut baselines) = (Vec::with_capacity(count), 0);
    for migration in new.drain(..) {
        let sql = folder.sql(migration)?;
        if is_baseline(&sql) {
            baselines += 1;
        } else if !is_imported(&sql) {
            kept.push(migration);
        }
    }
    *new = kept;
    let left_out = count - new.len();
    if left_out > 0 {
        let what =
            if baselines == left_out { "the baseline".to_owned() } else { counted(left_out, "imported migration") };
        context.printer.status("Skipped", format!("lints of {what}; to see them: `cargo dbmigrate check --all`"));
    }
    Ok(left_out > 0)
}

/// Says what neither the proof nor lints see of steps in Rust.
fn say_unseen(context: &Context, with_step: &[String], is_tried: bool) {
    let (what, they) = match with_step {
        [_] => ("the step in Rust", "it writes"),
        _ => ("the steps in Rust", "they write"),
    };
    let of = with_step.join(", ");
    let said = match is_tried {
        true => format!("lints do not see what {what} of {of} writes"),
        false => format!("{what} of {of}: not run without `--with BIN`, and lints do not see what {they}"),
    };
    context.printer.status("Skipped", said);
}

/// What is looked at.
struct Run<'a> {
    folder: &'a Folder,
    set: Set,
    declared: Declared,
    questions: Questions,
}

impl Run<'_> {
    fn look<'l>(&'l self, target: &'l Target) -> Look<'l> {
        Look { set: &self.set, target, declared: Some(&self.declared), questions: Some(&self.questions) }
    }

    /// Lints what is new.
    fn offline(mut self, context: &Context, since: &Since, new: &[&Migration], arguments: &Check) -> Result<u8> {
        let target = scope::target(context)?;
        let mut linted = run::migrations(self.folder, new, self.look(&target))?;
        if arguments.fix {
            let (declared, changed) = fix::fix(context, &self.set, self.declared, &mut linted)?;
            self.declared = declared;
            if changed {
                // what is left stands at other places now
                let again = run::migrations(self.folder, new, self.look(&target))?;
                linted = fix::left(again, &linted);
            }
        }
        let again = match &arguments.since {
            Some(since) => format!(" {}", shell_flag("--since", since)),
            None if arguments.all => " --all".to_owned(),
            None => String::new(),
        };
        let fix = (!arguments.fix).then(|| format!("cargo dbmigrate check{again} --fix"));
        conclude(context, &self.set, &linted, (since.label(), &since.said(linted.len())), fix.as_deref())
    }

    /// Lints those of them that are pending in a database, and asks its rows.
    fn on(&self, context: &Context, url: &DatabaseUrl, new: &[&Migration]) -> Result<u8> {
        let mut database = if file::exists(url)? { Some(open(context, url, false)?) } else { None };
        let applied = match &mut database {
            Some(database) => {
                block_on(status(database, self.folder)).map_err(|error| failure(error, url.into()))?.applied
            }
            None => 0,
        };
        let pending: Vec<&Migration> = new.iter().copied().filter(|one| one.index >= applied).collect();
        let target = Target { is_server: url.file().is_none(), ..Target::default() };
        let connection = database.as_ref().map(Database::connection);
        let mut questions = self.questions.clone();
        if let Some(connection) = connection.filter(|_| !questions.planned.is_empty()) {
            questions.statistics = block_on(trial::statistics(connection))
                .map_err(|error| engine_error("cannot read what `ANALYZE` knows", &error, url.into()))?;
        }
        let look = Look { questions: Some(&questions), ..self.look(&target) };
        let linted = probes::pending(self.folder, &pending, look, connection)?
            .map_err(|error| engine_error("cannot count the rows", &error, url.into()))?;
        let missing = if database.is_none() { ", the file does not exist yet" } else { "" };
        let what = format!("{} pending in `{url}`{missing}", counted(linted.len(), "migration"));
        conclude(context, &self.set, &linted, (None, &what), Some("cargo dbmigrate check --all --fix"))
    }
}

fn linted_message(linted: &[Linted], since: Option<&str>, (denied, warnings): (usize, usize)) -> messages::Linted {
    let migrations = linted.iter().map(|one| one.name.clone()).collect();
    messages::Linted { target: None, migrations, since: since.map(str::to_owned), denied, warnings }
}

/// Says what was found, and what would `fix` some of it.
fn conclude(
    context: &Context,
    set: &Set,
    linted: &[Linted],
    (since, what): (Option<&str>, &str),
    fix: Option<&str>,
) -> Result<u8> {
    let printer = &context.printer;
    let shown = Shown::of(linted, set, Place::File);
    printer.diagnostics(&shown.warnings);
    let (denied, warnings) = (shown.denied.len(), shown.warnings.len());
    printer.message(|| linted_message(linted, since, (denied, warnings)));
    let can_be_fixed = linted.iter().flat_map(|one| &one.found).any(|found| !found.edits.is_empty());
    let fix =
        fix.filter(|_| can_be_fixed).map(|fix| format!("fix the structs where there is one safe answer: `{fix}`"));
    if denied > 0 {
        let error = CommandError::new(exit::DIFFERENCE, are_denied(denied, &format!(" in {what}")));
        let error = error.diagnostics(printer.render(&shown.denied));
        return Err(fix.into_iter().fold(error, CommandError::help));
    }
    printer.status("Linted", format!("{what}: {}", shown.tally()));
    printer.next(fix.as_slice());
    Ok(exit::DONE)
}
