//! `migrate`: applies the migrations that a database does not have yet.

use clap::{Args, ValueEnum};
use dbmigrate_core::engine::apply::runner::{pending, touched};
use dbmigrate_core::engine::apply::{
    Applied, ApplyError, Database, Drifted, Loss, Observer, Options, Standing, Target as _, apply_pending_with, inspect,
};
use dbmigrate_core::folder::{Folder, Migration, Script, Verify};
use pollster::block_on;
use serde_json::json;

use super::open::{open, remove_if_empty};
use super::replay::apply_error;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::report::{Printer, Progress, counted};
use crate::url::DatabaseUrl;
use crate::{exit, package};

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
The database is the first of these that is there: --url, TURSO_DATABASE_URL in the environment,
TURSO_DATABASE_URL in .env, `url` in dbmigrate.toml, dev.db.")]
pub struct Migrate {
    /// Database: a path or file: URL
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,

    /// Show what would be applied, change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Last migration to apply, by name or number
    #[arg(long, value_name = "NAME")]
    pub to: Option<String>,

    /// Go on beside what somebody has changed in the database by hand
    #[arg(long, value_enum, value_name = "WORD")]
    pub accept: Vec<Acceptable>,
}

/// What can be accepted of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Acceptable {
    /// That it is not what its last migration left.
    #[value(help = None)]
    Drift,
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub fn run(context: &Context, arguments: &Migrate) -> Result<u8> {
    let url = context.database(arguments.url.as_deref())?;
    context.printer.detail("Database", format!("{url} (from {})", url.source()));
    let folder = context.folder()?;
    // the SQL of every migration: an edited file must not go unnoticed because it was applied long ago
    folder.verify(Verify::Sql)?;
    let to = arguments.to.as_deref();
    let options = Options { to, accept_drift: arguments.accept.contains(&Acceptable::Drift), atomic: false };
    if folder.migrations().is_empty() {
        context.printer.warning(
            &format!("there are no migrations in `{}`", folder.path().display()),
            &[
                "write one from your structs: `cargo dbmigrate generate`".to_owned(),
                "or from a database: `cargo dbmigrate pull --baseline --out src/schema.rs`".to_owned(),
            ],
        );
        return Ok(exit::DONE);
    }
    if arguments.dry_run {
        return dry_run(context, &folder, &url, options);
    }
    let shown = url.to_string();
    // a wrong `--to` must not leave an empty file behind
    check_name(&folder, to)?;
    let is_new = !url.path().exists();
    let mut database = open(context, &url, true)?;
    let mut observer = Watch { printer: &context.printer, database: &shown, progress: None, done: 0 };
    let result = block_on(apply_pending_with(&mut database, &folder, options, &mut observer));
    let Watch { progress, done, .. } = observer;
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
            } else {
                let total: u64 = outcome.applied.iter().map(|applied| applied.milliseconds).sum();
                context
                    .printer
                    .status("Finished", format!("{shown}: {} applied in {total} ms", counted(count, "migration")));
            }
            Ok(exit::DONE)
        }
        Err(error) => {
            let is_untouched = done == 0 && matches!(error, ApplyError::Engine { .. });
            drop(database);
            if is_new {
                remove_if_empty(url.path());
            }
            let error = failure_of_run(error, &shown);
            Err(match done {
                0 if is_untouched => error.note("nothing was changed"),
                0 => error,
                1 => error.note("1 migration before it was applied and stays"),
                _ => error.note(format!("{done} migrations before it were applied and stay")),
            })
        }
    }
}

/// An [`ApplyError`] as the error of a command that has only read so far.
pub(super) fn failure(error: ApplyError, database: &str) -> CommandError {
    let is_engines = matches!(error, ApplyError::Engine { .. });
    let error = failure_of_run(error, database);
    if is_engines { error.note("nothing was changed") } else { error }
}

/// An [`ApplyError`] as a command's error.
fn failure_of_run(error: ApplyError, database: &str) -> CommandError {
    match error {
        ApplyError::Folder(error) => error.into(),
        ApplyError::Script(error) => CommandError::from(error).note(format!("`{database}` was not touched by it")),
        other => apply_error(&other, database),
    }
}

fn check_name(folder: &Folder, to: Option<&str>) -> Result<()> {
    match to.filter(|name| folder.find(name).is_none()) {
        Some(name) => Err(apply_error(&ApplyError::Unknown { name: name.to_owned() }, "")),
        None => Ok(()),
    }
}

fn dry_run(context: &Context, folder: &Folder, url: &DatabaseUrl, options: Options<'_>) -> Result<u8> {
    let shown = url.to_string();
    let mut database = if url.path().exists() { Some(open(context, url, false)?) } else { None };
    let mut applied = 0;
    let mut drifted = None;
    if let Some(database) = &mut database {
        let (status, standing) = block_on(inspect(database, folder)).map_err(|error| failure(error, &shown))?;
        applied = status.applied;
        match standing {
            Standing::AsRecorded => {}
            Standing::Drifted(found) if options.accept_drift => drifted = Some(found),
            other => {
                if let Some(error) = other.into_error() {
                    return Err(failure(error, &shown));
                }
            }
        }
    }
    if let Some(drifted) = &drifted {
        say_drift(&context.printer, drifted, &shown);
    }
    let waiting = pending(folder, applied, options.to).map_err(|error| failure(error, &shown))?;
    for migration in waiting {
        if let Some(drifted) = &drifted {
            let touched = touched(drifted, folder, migration);
            touched.map_err(|error| failure(error, &shown))?;
        }
    }
    for migration in waiting {
        show(context, folder, migration, database.as_mut())?;
    }
    let count = waiting.len();
    context.printer.status("Pending", format!("{shown}: {}, nothing was changed", counted(count, "migration")));
    Ok(exit::DONE)
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
        let file = package::for_display(&file);
        printer.result(format!("{} ({}, {})", migration.name, counted(count, "statement"), file.display()));
    }
    if let Some(database) = database {
        for loss in block_on(database.losses(&script)) {
            say_loss(printer, "Would drop", &loss);
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

/// Says what is lost, and how much of it.
pub(super) fn say_loss(printer: &Printer, verb: &str, loss: &Loss) {
    let Loss { lint, object, count } = loss;
    let noun = match (lint.as_str(), count) {
        ("drop_table", 1) => "row",
        ("drop_table", _) => "rows",
        (_, 1) => "value",
        _ => "values",
    };
    if *count > 0 || printer.is_verbose() {
        printer.status(verb, format!("`{object}` with {count} {noun}, as allowed"));
    }
    printer.json("loss", &json!({ "lint": lint, "object": object, "count": count }));
}

/// Shows what happens.
struct Watch<'p> {
    printer: &'p Printer,
    database: &'p str,
    progress: Option<Progress>,
    done: u64,
}

impl Observer for Watch<'_> {
    fn begin(&mut self, name: &str, _: usize, of: usize) {
        let progress = self.progress.get_or_insert_with(|| self.printer.progress("Applying", of as u64));
        progress.step(self.done, name);
    }

    fn loses(&mut self, loss: &Loss) {
        let say = || say_loss(self.printer, "Dropping", loss);
        match &self.progress {
            Some(progress) => progress.above(say),
            None => say(),
        }
    }

    fn drifted(&mut self, drifted: &Drifted) {
        say_drift(self.printer, drifted, self.database);
    }

    fn applied(&mut self, applied: &Applied) {
        self.done += 1;
        let say = || self.printer.status("Applied", format!("{} ({} ms)", applied.name, applied.milliseconds));
        match &self.progress {
            Some(progress) => progress.above(say),
            None => say(),
        }
        self.printer.json("applied", &json!({ "name": applied.name, "milliseconds": applied.milliseconds }));
    }
}
