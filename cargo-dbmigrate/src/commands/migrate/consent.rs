//! Consent to migrate a protected target. What is committed and checked has been seen by others: a pipeline applies it
//! without being told to, and nothing else.

use dbmigrate_core::config::Target;
use dbmigrate_core::engine::apply::{Database, Options, Phase, Standing, inspect, is_after_deploy, waiting};
use dbmigrate_core::folder::{Folder, Migration, SNAPSHOT_FILE, SQL_FILE, lock};
use pollster::block_on;

use crate::database::state::failure;
use crate::database::{file, open};
use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::url::DatabaseUrl;
use crate::project::{Context, Intent, Yes};
use crate::report::counted;
use crate::report::prompt::NoAnswer;
use crate::{git, proof};

/// A database that was opened before its migrations are applied, and what is known of it by then.
#[derive(Default)]
pub(super) struct Opened {
    /// The database, unless nobody had to look at it, or it is new.
    pub(super) database: Option<Database>,
    /// How many migrations it has, if it was looked at, and can be migrated.
    pub(super) applied: Option<usize>,
}

/// How many migrations are named.
const NAMED: usize = 3;

/// Gets consent, if the database is a protected target and something is pending. `command` is what was typed. Returns the
/// database if it was opened for that: on a server, another connection would take time.
///
/// # Errors
/// Exit code 3 if there is none, and what the run would end with if the database cannot be migrated.
pub(super) fn obtain(
    context: &Context,
    folder: &Folder,
    url: &DatabaseUrl,
    options: Options<'_>,
    (given, command): (Yes, &str),
) -> Result<Opened> {
    if given.yes || !url.target().is_some_and(|target| target.is_protected) {
        return Ok(Opened::default());
    }
    let mut database = if file::exists(url)? { Some(open(context, url, false)?) } else { None };
    let (applied, waiting) = match &mut database {
        Some(database) => pending_on(database, folder, url, options)?,
        None => (0, waiting(folder, 0, options).map_err(|error| failure(error, url.into()))?),
    };
    let opened = Opened { applied: database.is_some().then_some(applied), database };
    if waiting.is_empty() {
        return Ok(opened);
    }
    // a plan was approved as it is
    if applied > 0 && options.phase.is_none() && options.expected.is_none() {
        refuse_both_phases(folder, waiting, &url.to_string(), command)?;
    }
    let why = if context.printer.can_ask() { None } else { unseen(context, folder, waiting) };
    if why.is_none() && !context.printer.can_ask() {
        return Ok(opened);
    }
    let intent = Intent { what: &what(waiting), command, why: why.as_deref(), untouched: "nothing was changed" };
    context.consent(url, given.into(), intent)?;
    Ok(opened)
}

/// Refuses migrations of which one waits for a deployment that nobody has said anything about.
fn refuse_both_phases(folder: &Folder, waiting: &[Migration], target: &str, command: &str) -> Result<()> {
    for migration in waiting {
        let waits = is_after_deploy(folder, migration).map_err(|error| CommandError::failed(error.to_string()))?;
        if waits {
            let message = format!("`{}` waits for a deployment, and `{target}` is protected", migration.name);
            return Err(CommandError::new(exit::DECISION, message)
                .note("nothing was changed")
                .help(format!("before the deployment: `{command} --phase before`"))
                .help(format!("once no older release runs: `{command} --phase after`"))
                .help(format!("all at once, while no release runs: `{command} --yes`")));
        }
    }
    Ok(())
}

/// Gets consent to migrate so many members of a fleet, if that is a protected target.
///
/// # Errors
/// Exit code 3 if there is none.
pub(super) fn of_fleet(
    context: &Context,
    folder: &Folder,
    (target, count): (&Target, usize),
    (waiting, phase): (&[Migration], Option<Phase>),
    (given, command): (Yes, &str),
) -> Result<()> {
    if given.yes || !target.is_protected() {
        return Ok(());
    }
    if phase.is_none() && waiting.first().is_some_and(|first| first.index > 0) {
        refuse_both_phases(folder, waiting, &target.name, command)?;
    }
    let name = &target.name;
    let what = format!("{} to {}", what(waiting), counted(count, "member"));
    let untouched = "no member was changed";
    if context.printer.can_ask() {
        return match context.printer.confirm(&format!("`{name}` is protected: {what}?")) {
            Ok(true) => Ok(()),
            Ok(false) => Err(CommandError::new(exit::DECISION, format!("cancelled, {untouched}"))),
            Err(NoAnswer::Cancelled) => Err(CommandError::cancelled(untouched)),
            Err(NoAnswer::Failed(error)) => Err(CommandError::failed(format!("no answer: {error}"))),
        };
    }
    let Some(why) = unseen(context, folder, waiting) else { return Ok(()) };
    let message = format!("target `{name}` is protected: consent is needed to {what}");
    Err(CommandError::new(exit::DECISION, message)
        .note(why)
        .note(untouched)
        .help(format!("to go ahead: `{command} --yes`")))
}

/// How many migrations a database has, and those that a run would apply.
///
/// # Errors
/// What that run would end with if the database cannot be migrated.
pub(super) fn pending_on<'f>(
    database: &mut Database,
    folder: &'f Folder,
    url: &DatabaseUrl,
    options: Options<'_>,
) -> Result<(usize, &'f [Migration])> {
    let failed = |error| failure(error, url.into());
    let (status, standing) = block_on(inspect(database, folder)).map_err(failed)?;
    match standing {
        Standing::Drifted(_) if options.accept_drift => {}
        standing => {
            if let Some(error) = standing.into_error() {
                return Err(failed(error));
            }
        }
    }
    Ok((status.applied, waiting(folder, status.applied, options).map_err(failed)?))
}

fn what(waiting: &[Migration]) -> String {
    let names: Vec<String> = waiting.iter().map(|migration| format!("`{}`", migration.name)).collect();
    match &names[..] {
        [first, .., last] if names.len() > NAMED => format!("apply {} migrations, {first} to {last}", names.len()),
        [before @ .., last] if !before.is_empty() => format!("apply {} and {last}", before.join(", ")),
        _ => format!("apply {}", names.join("")),
    }
}

/// Why nobody can have seen what is about to be applied, if that is so: it is in no commit, or not what `check` would
/// pass.
fn unseen(context: &Context, folder: &Folder, waiting: &[Migration]) -> Option<String> {
    let of = |migration: &Migration| [SQL_FILE, SNAPSHOT_FILE].map(|file| format!("{}/{file}", migration.name));
    let mut files = vec![lock::FILE_NAME.to_owned()];
    files.extend(waiting.iter().flat_map(of));
    match git::uncommitted(folder.path(), &files) {
        Err(why) => return Some(format!("the migrations are not committed: {why}")),
        Ok(files) => {
            if let Some(first) = files.first() {
                return Some(format!("`{}` is not committed as it is", folder.path().join(first).display()));
            }
        }
    }
    let error = proof::agree(context, folder, |_, _| {}).err()?;
    Some(format!("`check` does not pass: {}", error.message()))
}
