//! `migrate`: applies the migrations that a database does not have yet.

use clap::{Args, ValueEnum};
use dbmigrate_core::config::MOST_RETRIES;
use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::runner::{pending, touched};
use dbmigrate_core::engine::apply::{
    Announcement, Applied, ApplyError, Database, Drifted, Failure, Loss, Observer, Options, Standing, Target as _,
    apply_pending_with, inspect, status,
};
use dbmigrate_core::engine::error::ErrorKind;
use dbmigrate_core::engine::remote::{Refusal, refusals};
use dbmigrate_core::folder::{Folder, Migration, Script, Verify};
use pollster::block_on;
use serde_json::json;

use crate::database::Subject;
use crate::database::failure::apply_error;
use crate::database::file;
use crate::database::state::{failure, failure_of_run, state_after};
use crate::database::{open, remove_if_empty};
use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::Context;
use crate::project::path;
use crate::project::url::Connect;
use crate::project::url::DatabaseUrl;
use crate::report::loss::say_loss;
use crate::report::{Printer, Progress, counted};
use crate::structs;

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
The database is the first of these that is there: --url, TURSO_DATABASE_URL in the environment,
TURSO_DATABASE_URL in .env, `url` in dbmigrate.toml, dev.db.
The token for a server is TURSO_AUTH_TOKEN, in the environment or in .env.")]
pub(crate) struct Migrate {
    /// Show what would be applied, change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Last migration to apply, by name or number
    #[arg(long, value_name = "NAME")]
    pub to: Option<String>,

    /// Apply all of them in one transaction, or none
    #[arg(long)]
    pub atomic: bool,

    /// How often to try again what a server has given up because another writer was waiting (3)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=i64::from(MOST_RETRIES)))]
    pub retries: Option<u32>,

    /// Go on beside what somebody has changed in the database by hand
    #[arg(long, value_enum, value_name = "WORD")]
    pub accept: Vec<Acceptable>,

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,
}

/// What can be accepted of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Acceptable {
    /// That it is not what its last migration left.
    #[value(help = None)]
    Drift,
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Migrate) -> Result<u8> {
    let url = context.database(&arguments.connect)?;
    context.printer.detail("Database", format!("{url} (from {})", url.source()));
    let folder = context.existing_folder()?;
    // the SQL of every migration: an edited file must not go unnoticed because it was applied long ago
    folder.verify(Verify::Sql)?;
    let to = arguments.to.as_deref();
    let options = Options { to, accept_drift: arguments.accept.contains(&Acceptable::Drift), atomic: arguments.atomic };
    // a wrong `--to` must not leave an empty file behind
    check_name(&folder, to)?;
    if folder.migrations().is_empty() {
        return nothing_there(context, &folder, &url);
    }
    if arguments.dry_run {
        return dry_run(context, &folder, &url, options);
    }
    let shown = url.to_string();
    let is_new = !file::exists(&url)?;
    let retries = arguments.retries.unwrap_or(context.config.retries);
    let mut database = open(context, &url, true)?.retrying(retries);
    let mut observer = Watch {
        printer: &context.printer,
        database: &shown,
        folder: &folder,
        progress: None,
        done: 0,
        of: 0,
        next: None,
    };
    let result = block_on(apply_pending_with(&mut database, &folder, options, &mut observer));
    let Watch { progress, done, of, next, .. } = observer;
    drop(progress);
    match result {
        Ok(outcome) => {
            let count = outcome.applied.len();
            context.printer.json("migrated", &json!({ "database": shown, "applied": count, "before": outcome.before }));
            if count == 0 {
                context.printer.status(
                    "Unchanged",
                    format!("{shown}: nothing to apply ({} applied)", counted(outcome.before, "migration")),
                );
                if to.is_none() {
                    structs::warn_if_ahead(context, &folder);
                }
            } else {
                let total: u64 = outcome.applied.iter().map(|applied| applied.milliseconds).sum();
                context
                    .printer
                    .status("Finished", format!("{shown}: {} applied in {total} ms", counted(count, "migration")));
            }
            Ok(exit::DONE)
        }
        Err(error) => {
            drop(database);
            if is_new {
                remove_if_empty(&url);
            }
            let state = state_after(&error, &shown, next.as_deref(), (done, of));
            let shown = failure_of_run(error, (&url).into());
            Err(state.into_iter().fold(shown, CommandError::note))
        }
    }
}

/// A folder as `init` makes it, which is right for a database that has no history.
fn nothing_there(context: &Context, folder: &Folder, url: &DatabaseUrl) -> Result<u8> {
    if file::exists(url)? {
        let mut database = open(context, url, false)?;
        block_on(status(&mut database, folder)).map_err(|error| failure(error, url.into()))?;
    }
    context.printer.warning(
        &format!("there are no migrations in `{}`", folder.path().display()),
        &[
            "write one from your structs: `cargo dbmigrate generate`".to_owned(),
            "or from a database: `cargo dbmigrate pull --baseline --out src/schema.rs`".to_owned(),
        ],
    );
    Ok(exit::DONE)
}

fn check_name(folder: &Folder, to: Option<&str>) -> Result<()> {
    match to.filter(|name| folder.find(name).is_none()) {
        Some(name) => Err(apply_error(&ApplyError::Unknown { name: name.to_owned() }, Subject::Named("the database"))),
        None => Ok(()),
    }
}

fn dry_run(context: &Context, folder: &Folder, url: &DatabaseUrl, options: Options<'_>) -> Result<u8> {
    let shown = url.to_string();
    let mut database = if file::exists(url)? { Some(open(context, url, false)?) } else { None };
    let mut applied = 0;
    let mut drifted = None;
    if let Some(database) = &mut database {
        expect(database, folder, options).map_err(|error| failure(error, url.into()))?;
        let (status, standing) = block_on(inspect(database, folder)).map_err(|error| failure(error, url.into()))?;
        applied = status.applied;
        match standing {
            Standing::AsRecorded => {}
            Standing::Drifted(found) if options.accept_drift => drifted = Some(found),
            other => {
                if let Some(error) = other.into_error() {
                    return Err(failure(error, url.into()));
                }
            }
        }
    }
    if let Some(drifted) = &drifted {
        say_drift(&context.printer, drifted, &shown);
    }
    let waiting = pending(folder, applied, options.to).map_err(|error| failure(error, url.into()))?;
    for migration in waiting {
        if let Some(drifted) = &drifted {
            let touched = touched(drifted, folder, migration);
            touched.map_err(|error| failure(error, url.into()))?;
        }
    }
    for migration in waiting {
        if url.file().is_none() {
            refuse_for_server(folder, migration).map_err(|error| failure(error, url.into()))?;
        }
        show(context, folder, migration, database.as_mut())?;
    }
    let count = waiting.len();
    context.printer.status("Pending", format!("{shown}: {}, nothing was changed", counted(count, "migration")));
    Ok(exit::DONE)
}

/// What a server would refuse, before anything of it is shown.
fn refuse_for_server(folder: &Folder, migration: &Migration) -> std::result::Result<(), ApplyError> {
    let file = folder.sql_path(migration);
    let text = folder.sql(migration)?;
    let script = Script::parse(&text, &file)?;
    let Some(Refusal { index, line, reason }) = refusals(&script.statements).into_iter().next() else { return Ok(()) };
    let statement = script.statements.get(index).map(|statement| statement.text.to_owned()).unwrap_or_default();
    let error = EngineError { kind: ErrorKind::Statement, message: reason };
    let failure = Box::new(Failure::Statement { number: index + 1, line, statement, error });
    Err(ApplyError::Migration { name: migration.name.to_string(), file, failure, differences: Vec::new() })
}

/// Tells the database what is pending, so that what is to be said of it is asked together with the schema.
fn expect(database: &mut Database, folder: &Folder, options: Options<'_>) -> std::result::Result<(), ApplyError> {
    let applied = block_on(status(database, folder))?.applied;
    let waiting = pending(folder, applied, options.to)?;
    let texts = waiting.iter().map(|migration| folder.sql(migration)).collect::<std::result::Result<Vec<_>, _>>()?;
    let scripts = waiting.iter().zip(&texts).map(|(migration, text)| Script::parse(text, &folder.sql_path(migration)));
    database.expect(&scripts.collect::<std::result::Result<Vec<_>, _>>()?);
    Ok(())
}

fn show(context: &Context, folder: &Folder, migration: &Migration, database: Option<&mut Database>) -> Result<()> {
    let file = folder.sql_path(migration);
    let text = folder.sql(migration)?;
    let script = Script::parse(&text, &file)?;
    let printer = &context.printer;
    let count = script.statements.len();
    printer.json("pending", &json!({ "name": migration.name.as_str(), "statements": count, "sql": text }));
    if printer.is_verbose() {
        printer.result(text.trim_end());
    } else {
        let file = path::for_display(&file);
        printer.result(format!("{} ({}, {})", migration.name, counted(count, "statement"), file.display()));
    }
    if let Some(database) = database {
        for loss in block_on(database.losses(&script)) {
            say_loss(printer, "Would drop", &loss);
        }
        for announcement in database.announcements(&script) {
            announce(printer, migration.name.as_str(), &announcement);
        }
    }
    Ok(())
}

/// Says what has drifted, and was accepted.
fn say_drift(printer: &Printer, drifted: &Drifted, database: &str) {
    let (migration, lines) = (&drifted.migration, drifted.lines());
    printer.warning(&format!("`{database}` is not what its last migration `{migration}` left, as accepted"), &[]);
    printer.status("By hand", lines.join("\n"));
    printer.json("drift", &json!({ "database": database, "migration": migration, "differences": lines }));
}

/// Says what is worth knowing before a migration begins.
fn announce(printer: &Printer, name: &str, announcement: &Announcement) {
    let (what, text, object) = match announcement {
        Announcement::LongRebuild { table, rows } => (
            "long_rebuild",
            format!(
                "{name} copies the {rows} rows of `{table}`; if that takes over 5 seconds while somebody else writes, \
                 it is rolled back and tried again"
            ),
            json!({ "table": table.to_string(), "rows": rows }),
        ),
        Announcement::Large { bytes } => (
            "large",
            format!("{name} has {} MB of statements, which travel in several requests", bytes.div_ceil(1024 * 1024)),
            json!({ "bytes": bytes }),
        ),
        _ => return,
    };
    printer.status("Large", text);
    printer.json("announcement", &json!({ "migration": name, "what": what, "details": object }));
}

/// Shows what happens.
struct Watch<'p> {
    printer: &'p Printer,
    database: &'p str,
    folder: &'p Folder,
    progress: Option<Progress>,
    /// How many were applied.
    done: usize,
    /// How many there are in all.
    of: usize,
    /// The first migration that was not applied, once it was tried.
    next: Option<String>,
}

impl Observer for Watch<'_> {
    fn begin(&mut self, name: &str, _: usize, of: usize) {
        self.of = of;
        let progress = self.progress.get_or_insert_with(|| self.printer.progress("Applying", of as u64));
        progress.step(self.done as u64, name);
        self.next = Some(name.to_owned());
    }

    fn loses(&mut self, loss: &Loss) {
        say_loss(self.printer, "Dropping", loss);
    }

    fn announce(&mut self, name: &str, announcement: &Announcement) {
        announce(self.printer, name, announcement);
    }

    fn drifted(&mut self, drifted: &Drifted) {
        say_drift(self.printer, drifted, self.database);
    }

    fn applied(&mut self, applied: &Applied) {
        self.done += 1;
        let after = self.folder.find(&applied.name).and_then(|one| self.folder.migrations().get(one.index + 1));
        self.next = after.map(|next| next.name.to_string());
        self.printer.status("Applied", format!("{} ({} ms)", applied.name, applied.milliseconds));
        self.printer.json("applied", &json!({ "name": applied.name, "milliseconds": applied.milliseconds }));
    }
}
