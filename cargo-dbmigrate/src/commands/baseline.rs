//! `baseline`: takes a database that has the schema of a migration into the history.

use clap::Args;
use dbmigrate_core::engine::apply::adopt::is_adopted;
use dbmigrate_core::engine::apply::{AdoptError, Adopted, Database, RecordKind, adopt};
use dbmigrate_core::folder::{Folder, Migration, Verify};
use pollster::block_on;
use serde_json::json;

use super::migrate::failure;
use super::open::open;
use super::place;
use crate::cli::Connect;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::report::counted;
use crate::url::DatabaseUrl;

/// How many differences are shown.
const SHOWN_DIFFERENCES: usize = 20;

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
For a database that was not made by migrations and has no history, but has the schema of one. All
migrations up to that one are recorded as applied; none of their statements is executed.
Exits with 4 if the schema is another one, with 5 if the database has a history.")]
pub struct Baseline {
    /// Migration whose schema the database has, by name or number; else the last one
    #[arg(value_name = "NAME")]
    pub name: Option<String>,

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub fn run(context: &Context, arguments: &Baseline) -> Result<u8> {
    let url = context.database(&arguments.connect)?;
    context.printer.detail("Database", format!("{url} (from {})", url.source()));
    let folder = context.folder()?;
    folder.verify(Verify::Sql)?;
    let last = migration(&folder, arguments.name.as_deref())?;
    if arguments.name.is_none() {
        refuse_guess(context, &folder, last, &url)?;
    }
    record(context, &folder, last, &url, RecordKind::Baseline, None)?;
    if last.index + 1 < folder.migrations().len() {
        context.printer.next(&["apply the rest: `cargo dbmigrate migrate`".to_owned()]);
    }
    Ok(exit::DONE)
}

/// Migrations that change rows only leave the schema as it is, so that it does not tell whether they were applied.
fn refuse_guess(context: &Context, folder: &Folder, last: &Migration, url: &DatabaseUrl) -> Result<()> {
    let same = folder.migrations().iter().rev().take_while(|migration| migration.schema == last.schema);
    let mut same: Vec<&str> = same.map(|migration| migration.name.as_str()).collect();
    same.reverse();
    let [first, rest @ ..] = &same[..] else { return Ok(()) };
    if rest.is_empty() {
        return Ok(());
    }
    let mut database = open_existing(context, url, "baseline")?;
    let shown = url.to_string();
    let adopted = block_on(is_adopted(&mut database, folder, last)).map_err(|error| refusal(error, last, url))?;
    if adopted.is_some() {
        return Ok(());
    }
    let message = format!("`{shown}` has the schema of `{first}`, which `{}` does not change", rest.join("`, `"));
    let error = CommandError::new(exit::DECISION, message).note("nothing was changed");
    let question = |name: &&str| format!("if `{name}` was the last to be done: `cargo dbmigrate baseline {name}`");
    Err(error.helps(same.iter().map(question)))
}

/// The migration of that name or number, else the last one.
fn migration<'f>(folder: &'f Folder, name: Option<&str>) -> Result<&'f Migration> {
    let Some(head) = folder.head() else {
        let message = format!("there are no migrations in `{}`", folder.path().display());
        return Err(CommandError::usage(message)
            .help("write the first from the database: `cargo dbmigrate pull --baseline --out src/schema.rs`")
            .help("or from your structs: `cargo dbmigrate generate`"));
    };
    let Some(name) = name else { return Ok(head) };
    let unknown = || CommandError::usage(format!("there is no migration `{name}`"));
    folder.find(name).ok_or_else(|| unknown().help("list them: `cargo dbmigrate status`"))
}

/// Records the migrations up to `last` as applied, and says so. `expect_none` is a query that has to return no row.
///
/// # Errors
/// If there is no such database, or it is not what the migration leads to.
pub(super) fn record(
    context: &Context,
    folder: &Folder,
    last: &Migration,
    url: &DatabaseUrl,
    kind: RecordKind,
    expect_none: Option<String>,
) -> Result<Adopted> {
    let shown = url.to_string();
    let mut database = open_existing(context, url, "baseline")?;
    let adopted =
        block_on(adopt(&mut database, folder, last, kind, expect_none)).map_err(|error| refusal(error, last, url))?;
    let (state, count) = match adopted {
        Adopted::Recorded(count) => ("recorded", count),
        Adopted::Unchanged(count) => ("unchanged", count),
    };
    context.printer.json("adopted", &json!({ "database": shown, "migrations": count, "state": state }));
    let migrations = counted(count, "migration");
    match adopted {
        Adopted::Recorded(_) => {
            let text = format!("{shown}: {migrations} up to {} recorded as applied, nothing executed", last.name);
            context.printer.status("Adopted", text);
        }
        Adopted::Unchanged(_) => {
            context.printer.status("Unchanged", format!("{shown}: it is at {} already ({migrations})", last.name));
        }
    }
    Ok(adopted)
}

/// Opens a database that has to be there; `command` is the one that is running.
///
/// # Errors
/// If it is not, or cannot be opened.
pub(super) fn open_existing(context: &Context, url: &DatabaseUrl, command: &str) -> Result<Database> {
    if place::exists(url)? {
        return open(context, url, false);
    }
    Err(CommandError::failed(format!("there is no database `{url}`"))
        .note("nothing was changed")
        .help(format!("name the one to adopt: `cargo dbmigrate {command} --url PATH`"))
        .help("make a new one with all migrations: `cargo dbmigrate migrate`"))
}

fn refusal(error: AdoptError, last: &Migration, database: &DatabaseUrl) -> CommandError {
    match error {
        AdoptError::Apply(error) => failure(error, database.into()),
        AdoptError::Empty => {
            CommandError::new(exit::DIFFERENCE, format!("`{database}` is empty: there is nothing to adopt"))
                .note("nothing was changed")
                .help("apply the migrations to it: `cargo dbmigrate migrate`")
        }
        AdoptError::HasHistory { applied, last: at } => {
            let message = format!("`{database}` has a migration history already, up to `{at}`");
            let error = CommandError::new(exit::INCONSISTENT, message).note("nothing was changed");
            if applied <= last.index {
                error.help(format!("apply what it lacks: `cargo dbmigrate migrate --to {}`", last.name))
            } else {
                error.help("see what it has: `cargo dbmigrate status`")
            }
        }
        AdoptError::Different { migration, differences, equal } => {
            let message = format!("`{database}` does not have the schema of `{migration}`");
            different(CommandError::new(exit::DIFFERENCE, message), &differences, &equal)
        }
        AdoptError::ChangedMeanwhile => {
            CommandError::new(exit::INCONSISTENT, format!("`{database}` was changed by somebody else in the meantime"))
                .note("nothing was recorded")
                .help("run the command again")
        }
        _ => CommandError::failed(error.to_string()),
    }
}

fn different(error: CommandError, differences: &[String], equal: &[String]) -> CommandError {
    let error = with_differences(error, "to get there", differences).note("nothing was changed");
    if equal.is_empty() {
        return error
            .help("change the database by hand, then run `cargo dbmigrate baseline` again")
            .help("see what it has, as structs: `cargo dbmigrate pull`");
    }
    let fitting = |name: &String| format!("it has that of `{name}`: `cargo dbmigrate baseline {name}`");
    error.helps(equal.iter().map(fitting))
}

/// The error with what has to change, up to a number of lines; `prefix` says where.
pub(super) fn with_differences(mut error: CommandError, prefix: &str, differences: &[String]) -> CommandError {
    for difference in differences.iter().take(SHOWN_DIFFERENCES) {
        error = error.note(format!("{prefix}: {difference}"));
    }
    if differences.len() > SHOWN_DIFFERENCES {
        error = error.note(format!("and {} more differences", differences.len() - SHOWN_DIFFERENCES));
    }
    error
}
