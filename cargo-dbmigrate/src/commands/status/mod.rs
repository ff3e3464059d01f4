//! `status`: which migrations a database has, lacks, or has in another version. Whatever is wrong, what can be listed is
//! listed first.

mod fleet;
mod waiting;

use clap::Args;
use dbmigrate_core::engine::apply::correct::{Noted, noted};
use dbmigrate_core::engine::apply::history::common;
use dbmigrate_core::engine::apply::{ApplyError, Database, Record, RecordKind, Standing, Target as _, inspect};
use dbmigrate_core::engine::tools::tool;
use dbmigrate_core::folder::{Folder, Migration, Script, Verify};
use pollster::block_on;

use crate::database::failure::{drift_help, drift_message, engine_error, not_empty_help};
use crate::database::file;
use crate::database::open;
use crate::database::state::failure;
use crate::diagnostic::Diagnostic;
use crate::error::Result;
use crate::exit;
use crate::fleet::{Where, refuse_without_fleet};
use crate::keeping::{Thing, things};
use crate::messages;
use crate::project::url::{Connect, DatabaseUrl};
use crate::project::{BEFORE_DEPLOYING, Context, ONCE_DEPLOYED};
use crate::report::counted;
use crate::report::difference;
use crate::report::under_way::so_far;
use crate::structs;
use waiting::waiting;

/// What stands before what was changed by hand.
const PREFIX: &str = "drift: ";

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Exits with 4 if migrations are pending or the schema has drifted, with 5 if the
histories of database and folder diverge; with several targets (-t production
-t demo, -t all) with the worst of their exit codes. A fleet is shown as how
many of its members stand where, and exits with 6 if some cannot be told of.")]
pub(crate) struct Status {
    /// Which database.
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
pub(crate) fn run(context: &Context, arguments: &Status) -> Result<u8> {
    if let Some(fleet) = context.fleet(&arguments.connect)? {
        return fleet::run(context, &fleet, &arguments.which);
    }
    refuse_without_fleet(&arguments.which)?;
    let databases = context.databases(&arguments.connect)?;
    let folder = context.existing_folder().and_then(|folder| {
        folder.verify(Verify::Sql)?;
        Ok(folder)
    });
    // the folder is what is wrong, for all of them
    let mut broken = None;
    let code = databases.each(context, |context, database| {
        let printer = &context.printer;
        printer.detail("Database", format!("{database} (from {})", database.source()));
        match &folder {
            Ok(folder) => run_on(context, folder, database),
            Err(error) => {
                list_what_there_is(context, database);
                broken = Some(error.clone());
                Ok(error.exit_code())
            }
        }
    })?;
    broken.map_or(Ok(code), Err)
}

/// Runs it on one database.
fn run_on(context: &Context, folder: &Folder, database: &DatabaseUrl) -> Result<u8> {
    let printer = &context.printer;
    let shown = database.to_string();
    let exists = file::exists(database)?;
    let keep_days = context.config.keep_days(database.target().map(|target| target.name.as_str()));
    let mut under_way = None;
    let (history, applied, standing) = if exists {
        let mut target = open(context, database, false)?;
        match block_on(inspect(&mut target, folder)) {
            Ok((status, standing)) => {
                show_repairs(context, &mut target, database)?;
                if let Some(days) = keep_days {
                    warn_of_expired(context, &things(&mut target, Some(folder), database)?, days, &shown);
                }
                let obstacle = status.obstacle(folder);
                under_way = status.under_way.map(|progress| (progress, obstacle));
                (status.history, status.applied, standing)
            }
            Err(error) => {
                if let (ApplyError::History(_), Ok(history)) = (&error, block_on(target.history())) {
                    list((context, database), folder, &history);
                }
                return Err(failure(error, database.into()));
            }
        }
    } else {
        (Vec::new(), 0, Standing::AsRecorded)
    };
    list((context, database), folder, &history);
    let all = folder.migrations().len();
    let pending = all - applied;
    let drift = show_drift(context, &standing, &shown);
    let waiting = waiting(folder, applied);
    printer.message(|| messages::Status { on: database.into(), applied, pending, waiting, differences: drift });
    printer.annotate(|| annotations(folder, applied, &shown));
    let missing = if exists { "" } else { " (the file does not exist yet)" };
    let verb = match (pending, drift) {
        (_, 1..) => "Drifted",
        (0, _) => "Current",
        _ if pending == waiting => "Waiting",
        _ => "Pending",
    };
    let waits = match waiting {
        0 => String::new(),
        1 => ", 1 waits for the deployment of its release".to_owned(),
        count => format!(", {count} wait for the deployment of their releases"),
    };
    printer.status(verb, format!("{shown}: {applied} of {} applied{missing}{waits}", counted(all, "migration")));
    if let Some((progress, obstacle)) = &under_way {
        printer.status("Under way", format!("{}: {}", progress.name, so_far(progress)));
        printer.message(|| messages::UnderWay::of(database.into(), progress, *obstacle));
        if let Some(why) = obstacle {
            printer.warning(
                &format!("`{}` is under way in `{shown}`, and {why}", progress.name),
                &["restore it as it was when it began, from version control, then: `cargo dbmigrate migrate`"
                    .to_owned()],
            );
        }
    }
    match (&standing, pending, drift) {
        (Standing::Drifted(drifted), ..) => {
            printer.warning(&drift_message(&shown, &drifted.migration), &drift_help(&drifted.migration));
        }
        (Standing::NotEmpty(_), ..) => {
            let message = format!("`{shown}` has tables but no migration history, so `migrate` refuses it");
            printer.warning(&message, &not_empty_help());
        }
        (_, 1.., _) if under_way.is_some() => {
            if under_way.as_ref().is_some_and(|(_, obstacle)| obstacle.is_none()) {
                printer.next(&["continue with it: `cargo dbmigrate migrate`".to_owned()]);
            }
        }
        (_, 1.., _) if waiting == 0 || !exists => {
            printer.next(&["apply the rest: `cargo dbmigrate migrate`".to_owned()]);
        }
        (_, 1.., _) => {
            let (before, after) = (BEFORE_DEPLOYING.to_owned(), ONCE_DEPLOYED.to_owned());
            printer.next(&if pending == waiting { vec![after] } else { vec![before, after] });
        }
        _ => structs::warn_if_ahead(context, folder),
    }
    Ok(if pending == 0 && drift == 0 { exit::DONE } else { exit::DIFFERENCE })
}

/// What was repaired in the history of a database, for programs and with `-v`.
fn show_repairs(context: &Context, target: &mut Database, url: &DatabaseUrl) -> Result<()> {
    let printer = &context.printer;
    if !printer.is_verbose() && !printer.is_json() {
        return Ok(());
    }
    let all = block_on(noted(target)).map_err(|error| engine_error("cannot read the history", &error, url.into()))?;
    for Noted { note, at, tool_version } in all {
        printer.detail("Repair", format!("{url}: {} ({at})", note.what));
        printer.message(|| messages::Repair { on: url.into(), what: note.what, at, tool_version });
    }
    Ok(())
}

/// What is kept for longer than it is wanted stays until somebody drops it.
fn warn_of_expired(context: &Context, things: &[Thing], days: u32, database: &str) {
    let expired = things.iter().filter(|thing| thing.is_expired(Some(days)));
    let objects: Vec<String> = expired.flat_map(|thing| thing.objects.clone()).collect();
    if !objects.is_empty() {
        let days = counted(usize::try_from(days).unwrap_or(usize::MAX), "day");
        let message = format!("`{database}` has kept `{}` for longer than {days}", objects.join("`, `"));
        context
            .printer
            .warning(&message, &["to drop what is no longer wanted: `cargo dbmigrate kept drop --expired`".to_owned()]);
    }
}

/// Each pending migration at its SQL.
fn annotations(folder: &Folder, applied: usize, database: &str) -> Vec<Diagnostic> {
    let pending = folder.migrations().iter().skip(applied);
    let diagnostic = |migration: &Migration| {
        let message = format!("`{}` is pending on `{database}`", migration.name);
        Diagnostic::warning(message).at(folder.sql_path(migration), 0..0, "")
    };
    pending.map(diagnostic).collect()
}

/// A folder that is not whole, or cannot be read at all: what its lock lists, and what the database says.
fn list_what_there_is(context: &Context, database: &DatabaseUrl) {
    let folder = context.folder_as_listed().ok();
    let history = match file::exists(database) {
        Ok(true) => history(context, database),
        _ => Ok(Vec::new()),
    };
    match (history, folder) {
        (Ok(history), Some(folder)) => list((context, database), &folder, &history),
        (Ok(history), None) => {
            let width = history.iter().map(|record| record.name.len()).max().unwrap_or_default();
            for record in &history {
                line((context, database), &record.name, width, Some(record), &applied(record));
            }
        }
        // the folder is what is said to be wrong
        (Err(error), _) => context.printer.warning(error.message(), &[]),
    }
}

fn history(context: &Context, url: &DatabaseUrl) -> Result<Vec<Record>> {
    let mut database = open(context, url, false)?;
    block_on(database.history()).map_err(|error| engine_error("cannot read the history", &error, url.into()))
}

/// A line for each migration of the folder, and for each that only the database has, in the order of the history.
fn list(at: (&Context, &DatabaseUrl), folder: &Folder, history: &[Record]) {
    let migrations = folder.migrations();
    let common = common(history, migrations);
    // where one replaces several, there are more records than migrations
    let place_of = |index: usize| match common.records.get(index) {
        Some(records) => records.end,
        None => index + 1 + common.position() - common.migrations(),
    };
    let is_listed = |record: &Record| migrations.iter().any(|migration| migration.name.as_str() == record.name);
    let names = migrations.iter().map(|migration| migration.name.as_str());
    let width = names.chain(history.iter().map(|record| record.name.as_str())).map(str::len).max().unwrap_or_default();
    let mut unknown = history.iter().skip(common.position()).filter(|record| !is_listed(record)).peekable();
    let only_there = |record: &Record| {
        let why = match folder.replacement(&record.name) {
            Some(squash) => format!("replaced by {}", squash.name),
            None => "not in the folder".to_owned(),
        };
        line(at, &record.name, width, Some(record), &format!("{} ({why})", applied(record)));
    };
    for migration in migrations {
        let name = migration.name.as_str();
        let place = place_of(migration.index);
        // what only the database has stands where it was applied
        let replaced = migration.with_replaced();
        let is_before = |record: &&Record| {
            usize::try_from(record.position).is_ok_and(|position| position <= place)
                || replaced.iter().any(|one| one.name.as_str() == record.name)
        };
        while let Some(record) = unknown.next_if(|record| is_before(record)) {
            only_there(record);
        }
        let record = match common.records.get(migration.index).map(|records| &history[records.clone()]) {
            Some([.., last]) if last.name != name => {
                line(at, name, width, Some(last), &format!("{} (as what it replaces)", applied(last)));
                continue;
            }
            _ => history.iter().find(|record| record.name == name),
        };
        line(at, name, width, record, &state(folder, migration, record, place));
    }
    unknown.for_each(only_there);
}

fn line((context, url): (&Context, &DatabaseUrl), name: &str, width: usize, record: Option<&Record>, state: &str) {
    let label = context.printer.label().map(|(_, name)| format!("{name}  ")).unwrap_or_default();
    context.printer.result(format!("{label}{name:width$}  {state}"));
    context.printer.message(|| messages::Migration {
        on: url.into(),
        name: name.to_owned(),
        applied_at: record.map(|record| record.applied_at.clone()),
        kind: record.map(|record| record.kind.word().to_owned()),
        state: state.to_owned(),
    });
}

/// What became of a migration of the folder.
fn state(folder: &Folder, migration: &Migration, record: Option<&Record>, place: usize) -> String {
    let mut state = record.map_or_else(|| "pending".to_owned(), applied);
    if let Some(record) = record {
        if record.checksum != migration.sql.to_hex() {
            state.push_str(" (in another version)");
        } else if usize::try_from(record.position) != Ok(place) {
            state.push_str(" (in another place)");
        }
    }
    // files are small, and were read before
    match folder.sql(migration) {
        Ok(text) if record.is_none() => {
            if let Ok(script) = Script::parse(&text, &folder.sql_path(migration)) {
                state.push_str(if script.after_deploy.is_some() { " (after the deployment)" } else { "" });
                state.push_str(if script.rust.is_some() { " (with a step in Rust)" } else { "" });
            }
        }
        Ok(_) => {}
        Err(error) => {
            use dbmigrate_core::folder::FolderError::{Conflict, EditedSql, Missing};
            state.push_str(match error {
                EditedSql { .. } => " (edited since it was recorded)",
                Missing { .. } => " (its file is missing)",
                Conflict { .. } => " (its file has conflict markers)",
                _ => " (its file cannot be read)",
            });
        }
    }
    state
}

/// Shows what was changed by hand, and returns how much.
fn show_drift(context: &Context, standing: &Standing, database: &str) -> usize {
    let Standing::Drifted(drifted) = standing else { return 0 };
    let details = drifted.details();
    for detail in &details {
        difference::show(&context.printer, PREFIX, detail, None);
    }
    for object in &drifted.unreadable {
        difference::show_unreadable(&context.printer, PREFIX, database, object);
    }
    details.len() + drifted.unreadable.len()
}

/// Since when a database has a migration, and how it came to it.
fn applied(record: &Record) -> String {
    let since = &record.applied_at;
    match record.kind {
        RecordKind::Baseline => format!("adopted {since}"),
        RecordKind::Imported(name) => {
            format!("adopted {since} from {}", tool(name).map_or(name, |tool| tool.title))
        }
        RecordKind::Capture => format!("captured {since}"),
        RecordKind::Repair => format!("marked as applied {since}"),
        RecordKind::Rust => format!("applied {since} with its step in Rust"),
        _ => format!("applied {since}"),
    }
}
