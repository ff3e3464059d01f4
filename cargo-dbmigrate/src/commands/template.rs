//! `template build`: makes the database that those of new tenants are copied from, and verifies it.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use dbmigrate_core::engine::apply::{Applied, Database, Loss, Observer, Standing, apply_pending, inspect};
use dbmigrate_core::engine::connection::text;
use dbmigrate_core::engine::{Connection, EngineError};
use dbmigrate_core::folder::Folder;
use pollster::block_on;

use crate::database::Subject;
use crate::database::failure::engine_error;
use crate::database::state::failure_of_run;
use crate::database::swap::NewFile;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::messages::{self, FileAction};
use crate::project::Context;
use crate::report::counted;
use crate::seeding::fresh::Seeds;
use crate::stepping::With;
use crate::templates::{self, Made};

const NEW: Subject<'static> = Subject::Named("the template");

/// The arguments.
#[derive(Debug, Clone, Args)]
pub(crate) struct Template {
    /// What to do.
    #[command(subcommand)]
    pub kind: Kind,
}

/// What can be done.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Kind {
    /// Make a database with all migrations, for new ones to be copied from
    Build(Build),
}

/// The arguments of `template build`.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Examples:
  cargo dbmigrate template build               Make template.db
  cargo dbmigrate template build --seed plans  With the rows of seeds/plans

The template has all migrations and is verified. What it was made of is written
beside it, in template.db.json, and `check` fails when that has changed. An
application copies it with `MIGRATIONS.create_from(…)`. docs/tenants.md has more.")]
pub(crate) struct Build {
    /// Where to make it [default: template.db in the package]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Set of rows in seeds/ that new databases have
    #[arg(long, value_name = "SET")]
    pub seed: Vec<String>,

    /// The program with the steps.
    #[command(flatten)]
    pub with: With,
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Template) -> Result<u8> {
    let Kind::Build(arguments) = &arguments.kind;
    let folder = context.folder()?;
    let path = arguments.out.clone().unwrap_or_else(|| templates::path(context));
    let shown = path.strip_prefix(&context.package.root).unwrap_or(&path).display().to_string();
    let seeds = arguments.seed.iter().map(|set| Seeds::read(context, Path::new(set))).collect::<Result<Vec<_>>>()?;
    let count = counted(folder.migrations().len(), "migration");
    let is_new = !path.exists();
    let said = |done| messages::Template {
        path: shown.clone(),
        done,
        migrations: folder.migrations().len(),
        seeds: arguments.seed.clone(),
    };
    if path.is_file()
        && let Some(made) = Made::read(&path).filter(|made| made.sets() == arguments.seed)
        && made.differs(&Made::of(context, &folder, &arguments.seed, &path)?).is_none()
    {
        context.printer.status("Finished", format!("`{shown}` is up to date: {count}"));
        context.printer.message(|| said(FileAction::Unchanged));
        return Ok(exit::DONE);
    }
    refuse_other(&path, &shown)?;
    let context = &arguments.with.started(context, &folder)?;
    let new = NewFile::beside(&path);
    fill(&new, context, &folder, &seeds).map_err(|error| error.note(format!("`{shown}` was not changed")))?;
    let made = Made::of(context, &folder, &arguments.seed, new.path())?;
    new.publish(&path)?;
    let manifest = templates::manifest(&path);
    fs::write(&manifest, made.text()).map_err(|error| CommandError::io("write", &manifest, &error))?;
    context.printer.status("Finished", format!("`{shown}`: {count} applied, and verified"));
    context.printer.message(|| said(if is_new { FileAction::Created } else { FileAction::Replaced }));
    Ok(exit::DONE)
}

/// Refuses to replace a file that is no template.
fn refuse_other(path: &Path, shown: &str) -> Result<()> {
    if path.exists() && Made::read(path).is_none() {
        return Err(CommandError::failed(format!("`{shown}` was not made by `template build`"))
            .note("nothing was changed")
            .help("make the template elsewhere: `cargo dbmigrate template build --out new-template.db`"));
    }
    Ok(())
}

/// Applies all migrations to the new file, puts rows into it, and verifies it.
fn fill(new: &NewFile, context: &Context, folder: &Folder, seeds: &[Seeds<'_>]) -> Result<()> {
    let engine = |error: EngineError| engine_error("cannot make the template", &error, NEW);
    let connection = block_on(Connection::open(new.path(), true)).map_err(engine)?;
    let database = Database::from_connection(connection).ignoring(context.config.ignore.clone());
    let mut database = context.steps.on(database);
    block_on(apply_pending(&mut database, folder, None, &mut Quiet)).map_err(|error| failure_of_run(error, NEW))?;
    for seed in seeds {
        seed.apply(context, &mut database, NEW)?;
    }
    let (status, standing) = block_on(inspect(&mut database, folder)).map_err(|error| failure_of_run(error, NEW))?;
    if status.applied != folder.migrations().len() || !matches!(standing, Standing::AsRecorded) {
        return Err(CommandError::failed("the template does not have the schema of the last migration"));
    }
    for (query, wanted) in [("PRAGMA integrity_check", Some("ok")), ("PRAGMA foreign_key_check", None)] {
        let row = block_on(database.connection().first_row(query)).map_err(engine)?;
        let found = row.as_ref().and_then(|row| row.first()).map(text);
        if found != wanted {
            let found = found.unwrap_or("nothing");
            return Err(CommandError::failed(format!("the template is not whole: `{query}` returns `{found}`")));
        }
    }
    drop(database);
    new.settle().map_err(|error| CommandError::io("write", new.path(), &error))
}

/// Says nothing while migrations are applied.
struct Quiet;

impl Observer for Quiet {
    fn begin(&mut self, _: &str, _: usize, _: usize) {}
    fn loses(&mut self, _: &Loss) {}
    fn applied(&mut self, _: &Applied) {}
}
