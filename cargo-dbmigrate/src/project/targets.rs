//! The databases that a command is for: one, or several targets one after the other, with a summary and the worst exit
//! code.

use dbmigrate_core::config::{ALL_TARGETS, DEMO, PRODUCTION};

use super::context::Context;
use super::members;
use super::picked::{Picked, chosen, is_configured, known, of_one, refuse_both};
use crate::error::{CommandError, Result};
use crate::exit;
use crate::messages::{self, Ended};
use crate::project::config::FILE_NAME;
use crate::project::url::{Connect, DatabaseUrl, Found, Surroundings, unset};
use crate::report::Printer;

/// The exit codes from the best to the worst: what was found, what is left to decide, what failed and may not the next
/// time, what somebody has to repair, and what is wrong for all.
const FROM_BEST: [u8; 7] =
    [exit::DONE, exit::DIFFERENCE, exit::DECISION, exit::MEMBERS, exit::FAILED, exit::INCONSISTENT, exit::USAGE];

/// A database of a run.
#[derive(Debug, Clone)]
enum Chosen {
    Database(DatabaseUrl),
    /// An optional target whose variable is not set.
    Skipped {
        target: String,
        variable: String,
    },
    /// A fleet, which `all` does not mean.
    Fleet(String),
}

/// The databases of a run, one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Databases {
    all: Vec<Chosen>,
    /// Whether each gets a heading, and all of them a summary: also if it is one, where all were asked for.
    has_summary: bool,
    /// The fleet that they are members of, if they are.
    fleet: Option<String>,
}

impl Context {
    /// The databases that `--url` or `--target` name, for a command that can be run on several. Nothing is opened.
    ///
    /// # Errors
    /// Exit code 2 for names that are those of no target, for targets without their variables, and for two targets that
    /// are one database.
    pub(crate) fn databases(&self, connect: &Connect) -> Result<Databases> {
        if connect.target.is_empty() {
            return Ok(Databases {
                all: vec![Chosen::Database(self.unnamed(connect)?)],
                has_summary: false,
                fleet: None,
            });
        }
        refuse_both(connect)?;
        let around = self.surroundings();
        let picked = chosen(connect, &around)?;
        let mut all = Vec::with_capacity(picked.len());
        for one in &picked {
            let target = match one {
                Picked::Target(target) => target,
                Picked::Fleet(name) => {
                    all.push(Chosen::Fleet(name.clone()));
                    continue;
                }
                Picked::Member(fleet, member) => {
                    all.push(Chosen::Database((self.find_member)(self, connect, fleet, member)?));
                    continue;
                }
            };
            all.push(match DatabaseUrl::of_target(target, connect, &around)? {
                Found::Database(url) => Chosen::Database(url),
                Found::Unset(variable) if target.is_optional() => {
                    Chosen::Skipped { target: target.name.clone(), variable }
                }
                Found::Unset(variable) => return Err(unset(&target.name, &variable)),
            });
        }
        let has_summary = all.len() > 1 || connect.target.iter().any(|name| name.trim() == ALL_TARGETS);
        let databases = Databases { all, has_summary, fleet: None };
        for url in databases.urls() {
            refuse_same(url, &around)?;
            self.warn_of_readers(url);
        }
        Ok(databases)
    }

    /// The database that `--url` or `--target` names, for a command that is run on one.
    ///
    /// # Errors
    /// As for [`Context::databases`], and exit code 2 for several targets and for an optional one without its variable.
    pub(crate) fn database(&self, connect: &Connect) -> Result<DatabaseUrl> {
        if let Some(name) = connect.target.iter().find(|name| *name == ALL_TARGETS) {
            return Err(CommandError::usage(format!("`{name}` means all targets, and this command is for one"))
                .help("name one of them: `-t NAME`"));
        }
        let mut all = self.databases(connect)?.all.into_iter();
        match (all.next(), all.next()) {
            (Some(Chosen::Database(url)), None) => Ok(url),
            (Some(Chosen::Skipped { target, variable }), None) => Err(unset(&target, &variable)),
            (Some(Chosen::Fleet(name)), None) => Err(of_one(&name)),
            _ => Err(CommandError::usage("several targets are named, and this command is for one")
                .help("run it once for each: `-t NAME`")),
        }
    }

    /// Whether a word is the name of a target. Those of migrations begin with their numbers.
    pub(crate) fn is_target(&self, word: &str) -> bool {
        let is_number = word.starts_with(|first: char| first.is_ascii_digit());
        !is_number && known(&self.config).iter().any(|target| target.name == word)
    }

    /// The database of a target that is named otherwise than by `--target`.
    ///
    /// # Errors
    /// As for [`Context::database`].
    pub(crate) fn target(&self, name: &str, connect: &Connect) -> Result<DatabaseUrl> {
        self.database(&Connect { target: vec![name.to_owned()], url: None, timeout: connect.timeout })
    }

    /// The database that is used where no target is named. If it is one that is configured as protected, it is that.
    fn unnamed(&self, connect: &Connect) -> Result<DatabaseUrl> {
        let around = self.surroundings();
        let url = DatabaseUrl::find(connect, &around)?;
        self.warn_of_readers(&url);
        let mut protected = self.config.targets.iter().filter(|one| one.fleet.is_none() && one.is_protected());
        Ok(match protected.find(|target| url.is_target(target, &around)) {
            Some(target) => url.also(target),
            None => url,
        })
    }

    /// The targets that are configured, and those that there are without: their databases, as far as they are named.
    ///
    /// # Errors
    /// As for [`Context::databases`].
    pub(super) fn targets(&self, connect: &Connect, around: &Surroundings<'_>) -> Result<Vec<DatabaseUrl>> {
        let mut urls = Vec::new();
        for target in known(&self.config).into_iter().filter(|target| target.fleet.is_none()) {
            match DatabaseUrl::of_target(&target, connect, around)? {
                Found::Database(url) => urls.push(url),
                Found::Unset(variable) if is_configured(&target, &self.config) && !target.is_optional() => {
                    let message = format!("target `{}` is not checked: `{variable}` is not set", target.name);
                    self.printer.warning(&message, &[]);
                }
                Found::Unset(_) => {}
            }
        }
        Ok(urls)
    }
}

impl Databases {
    /// Members of a fleet.
    pub(crate) fn of_fleet(fleet: &str, members: Vec<DatabaseUrl>) -> Self {
        let all = members.into_iter().map(Chosen::Database).collect();
        Self { all, has_summary: false, fleet: Some(fleet.to_owned()) }
    }

    /// Whether they are the members of a fleet.
    pub(crate) fn are_members(&self) -> bool {
        self.fleet.is_some()
    }

    /// Those that are named.
    pub(crate) fn urls(&self) -> impl Iterator<Item = &DatabaseUrl> {
        self.all.iter().filter_map(|one| match one {
            Chosen::Database(url) => Some(url),
            Chosen::Skipped { .. } | Chosen::Fleet(_) => None,
        })
    }

    /// Refuses consent to writing to a target that is none of these.
    ///
    /// # Errors
    /// Exit code 2.
    pub(crate) fn refuse_consent_to_others(&self, names: &[String]) -> Result<()> {
        let is_here = |name: &String| {
            self.all.iter().any(|one| match one {
                Chosen::Database(url) => url.target().is_some_and(|target| target.is_called(name)),
                Chosen::Skipped { target, .. } | Chosen::Fleet(target) => target == name,
            })
        };
        match names.iter().find(|name| !is_here(name)) {
            Some(name) => Err(CommandError::usage(format!("`--yes {name}`: this run has no target `{name}`"))
                .note("nothing was changed")
                .help(format!("name it as the target, too: `-t {name}`"))),
            None => Ok(()),
        }
    }

    /// Runs a command on each of them, and returns the worst exit code. What one of several fails with is shown at once,
    /// and the others are run on all the same, as they are other databases. What is wrong with the command line or the
    /// configuration is wrong for all, and who ends a question ends them all.
    ///
    /// # Errors
    /// Whatever one database fails with if it is the only one.
    pub(crate) fn each(
        &self,
        context: &Context,
        mut run: impl FnMut(&Context, &DatabaseUrl) -> Result<u8>,
    ) -> Result<u8> {
        if let Some(fleet) = &self.fleet {
            let urls: Vec<&DatabaseUrl> = self.urls().collect();
            return members::each(context, fleet, urls.into_iter(), run);
        }
        match &self.all[..] {
            [Chosen::Database(url)] if !self.has_summary => return run(context, url),
            [Chosen::Skipped { target, variable }] if !self.has_summary => {
                skip(&context.printer, target, variable);
                return Ok(exit::DONE);
            }
            _ => {}
        }
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(self.all.len());
        let mut is_stopped = false;
        for chosen in &self.all {
            let outcome = match chosen {
                Chosen::Skipped { target, variable } => {
                    skip(&context.printer.on_target(target), target, variable);
                    Outcome { target, database: None, end: End::Skipped(variable) }
                }
                Chosen::Fleet(target) => {
                    let printer = context.printer.on_target(target);
                    printer.status("Skipped", format!("{target}: a fleet is run on its own, `-t {target}`"));
                    Outcome { target, database: None, end: End::Fleet }
                }
                Chosen::Database(url) => {
                    let target = url.target().map_or("", |target| &target.name);
                    let end = if is_stopped {
                        End::NotTried
                    } else {
                        let (code, goes_on) = run_on(context, target, url, &mut run);
                        is_stopped = !goes_on;
                        End::Run(code)
                    };
                    Outcome { target, database: Some(url), end }
                }
            };
            outcomes.push(outcome);
        }
        Ok(summary(&context.printer, &outcomes))
    }
}

/// Runs a command on one of several targets: the exit code, and whether it goes on with the next one.
fn run_on(
    context: &Context,
    target: &str,
    url: &DatabaseUrl,
    run: &mut impl FnMut(&Context, &DatabaseUrl) -> Result<u8>,
) -> (u8, bool) {
    let context = Context { printer: context.printer.on_target(target), ..context.clone() };
    context.printer.status("Target", format!("{target} ({url})"));
    context.printer.message(|| messages::Target { on: url.into() });
    match run(&context, url) {
        Ok(code) => (code, true),
        Err(error) => {
            let (code, is_cancelled) = (error.exit_code(), error.is_cancelled());
            let says_so = error.message().contains(&format!("`{target}`"));
            let error = if says_so { error } else { error.note(format!("the target is `{target}`")) };
            context.printer.error(&error);
            (code, code != exit::USAGE && !is_cancelled)
        }
    }
}

fn skip(printer: &Printer, target: &str, variable: &str) {
    printer.status("Skipped", format!("{target}: `{variable}` is not set"));
    printer.message(|| messages::Skipped { target: target.to_owned(), variable: variable.to_owned() });
}

/// What became of one of several databases.
struct Outcome<'a> {
    target: &'a str,
    database: Option<&'a DatabaseUrl>,
    end: End<'a>,
}

enum End<'a> {
    Run(u8),
    Skipped(&'a str),
    Fleet,
    NotTried,
}

impl Outcome<'_> {
    fn code(&self) -> Option<u8> {
        match self.end {
            End::Run(code) => Some(code),
            End::Skipped(_) | End::Fleet | End::NotTried => None,
        }
    }

    fn words(&self) -> String {
        match self.end {
            End::Run(exit::DONE) => "done".to_owned(),
            End::Run(exit::DIFFERENCE) => "differs (exit code 4)".to_owned(),
            End::Run(exit::DECISION) => "needs a decision (exit code 3)".to_owned(),
            End::Run(exit::INCONSISTENT) => "inconsistent (exit code 5)".to_owned(),
            End::Run(code) => format!("failed (exit code {code})"),
            End::Skipped(variable) => format!("skipped, `{variable}` is not set"),
            End::Fleet => format!("skipped, a fleet is run on its own: `-t {}`", self.target),
            End::NotTried => "not tried".to_owned(),
        }
    }

    fn message(&self) -> messages::TargetOutcome {
        let database = self.database.map(ToString::to_string);
        let outcome = match self.end {
            End::Run(exit::DONE) => Ended::Done,
            End::Run(exit::DIFFERENCE) => Ended::Difference,
            End::Run(exit::DECISION) => Ended::Decision,
            End::Run(_) => Ended::Failed,
            End::Skipped(_) | End::Fleet => Ended::Skipped,
            End::NotTried => Ended::NotTried,
        };
        messages::TargetOutcome { target: self.target.to_owned(), database, outcome, exit_code: self.code() }
    }
}

/// The worse one of two exit codes.
pub(crate) fn worse(one: u8, other: u8) -> u8 {
    let rank = |code: u8| FROM_BEST.iter().position(|known| *known == code);
    if rank(other) > rank(one) { other } else { one }
}

/// Says what became of each, and returns the worst exit code.
fn summary(printer: &Printer, outcomes: &[Outcome<'_>]) -> u8 {
    let worst =
        outcomes.iter().filter_map(Outcome::code).max_by_key(|code| FROM_BEST.iter().position(|one| one == code));
    if worst.is_none() {
        let is_fleet = outcomes.iter().any(|outcome| matches!(outcome.end, End::Fleet));
        let why = if is_fleet { "fleets are run on their own" } else { "no target has its variables set" };
        printer.warning(&format!("nothing was done: {why}"), &[]);
    }
    let worst = worst.unwrap_or(exit::DONE);
    let lines = outcomes.iter().map(|outcome| format!("{}: {}", outcome.target, outcome.words()));
    printer.status("Summary", lines.collect::<Vec<_>>().join("\n"));
    let targets = || outcomes.iter().map(Outcome::message).collect();
    printer.message(|| messages::Summary { targets: targets(), exit_code: worst });
    worst
}

/// Two targets that are one database: whatever is meant for one of them would be done to the other.
fn refuse_same(url: &DatabaseUrl, around: &Surroundings<'_>) -> Result<()> {
    let Some(own) = url.target() else { return Ok(()) };
    let is_implied = |name: &str| [PRODUCTION, DEMO].contains(&name);
    let others = around.config.other_targets.iter().cloned();
    let same = known(around.config).into_iter().chain(others).find(|other| {
        // a variable that nobody has called a target says nothing about those that somebody has
        let counts = is_configured(other, around.config) || is_implied(&own.name);
        other.name != own.name && other.fleet.is_none() && counts && url.is_target(other, around)
    });
    let Some(other) = same else { return Ok(()) };
    let place = |url: Option<&str>, variable: Option<&str>| match (url, variable) {
        (None, Some(variable)) => format!("`{variable}`"),
        _ => format!("`url` of `[targets.{}]` in `{FILE_NAME}`", other.name),
    };
    Err(CommandError::usage(format!("targets `{}` and `{}` are the same database: `{url}`", own.name, other.name))
        .note(format!(
            "`{}` is from {}, `{}` from {}",
            own.name,
            url.source(),
            other.name,
            place(other.url.as_deref(), other.url_variable())
        ))
        .note("nothing was changed")
        .help("give each target a database of its own"))
}
