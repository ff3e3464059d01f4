//! `baseline`: takes a database that has the schema of a migration into the history.

use clap::Args;
use dbmigrate_core::engine::apply::RecordKind;
use dbmigrate_core::engine::apply::adopt::is_adopted;
use dbmigrate_core::folder::{Folder, Migration, Verify};
use dbmigrate_core::shell::shell_quoted;
use pollster::block_on;

use crate::adopting::{Adoption, open_existing, record, refusal};
use crate::error::{CommandError, Result};
use crate::exit;
use crate::fleet::{self, Where, refuse_without_fleet};
use crate::project::url::Connect;
use crate::project::url::DatabaseUrl;
use crate::project::{Context, Yes};

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
For a database without a history that has the schema of a migration: records
that migration and all before it as applied. Exits with 4 if the schema differs,
with 5 if the database already has a history.")]
pub(crate) struct Baseline {
    /// Migration to record, by name or number [default: the last one]
    #[arg(value_name = "NAME")]
    pub name: Option<String>,

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,

    /// Which members of a fleet.
    #[command(flatten)]
    pub which: Where,

    /// Consent.
    #[command(flatten)]
    pub consent: Yes,
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Baseline) -> Result<u8> {
    if context.fleet(&arguments.connect)?.is_some() {
        let members = fleet::databases(context, &arguments.connect, &arguments.which)?;
        let folder = folder(context)?;
        return members.each(context, |context, url| one(context, arguments, &folder, url));
    }
    refuse_without_fleet(&arguments.which)?;
    let url = context.database(&arguments.connect)?;
    context.printer.detail("Database", format!("{url} (from {})", url.source()));
    one(context, arguments, &folder(context)?, &url)
}

/// The folder, whole.
fn folder(context: &Context) -> Result<Folder> {
    let folder = context.existing_folder()?;
    folder.verify(Verify::Sql)?;
    Ok(folder)
}

/// Runs it on one database.
fn one(context: &Context, arguments: &Baseline, folder: &Folder, url: &DatabaseUrl) -> Result<u8> {
    let last = migration(folder, arguments.name.as_deref())?;
    if arguments.name.is_none() {
        refuse_guess(context, folder, last, url)?;
    }
    let name = arguments.name.iter().map(|name| format!(" {}", shell_quoted(name)));
    let command = std::iter::once("cargo dbmigrate baseline".to_owned()).chain(name).collect::<String>();
    let (kind, consent) = (RecordKind::Baseline, arguments.consent.into());
    record(context, folder, last, url, Adoption { kind, expect_none: None, consent, command: &command })?;
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
    let question = |name: &&str| format!("if `{name}` was applied last: `cargo dbmigrate baseline {name}`");
    Err(error.helps(same.iter().map(question)))
}

/// The migration of that name or number, else the last one.
fn migration<'f>(folder: &'f Folder, name: Option<&str>) -> Result<&'f Migration> {
    let Some(head) = folder.head() else {
        let message = format!("no migrations in `{}`", folder.path().display());
        return Err(CommandError::usage(message)
            .help("write the first one from the database: `cargo dbmigrate pull --baseline --out src/schema.rs`")
            .help("or from your structs: `cargo dbmigrate generate`"));
    };
    let Some(name) = name else { return Ok(head) };
    let unknown = || {
        let error = CommandError::usage(format!("no migration named `{name}`"));
        let squash = folder.replacement(name).map(|squash| format!("`{}` replaces it", squash.name));
        squash.into_iter().fold(error, CommandError::note).help("list them: `cargo dbmigrate status`")
    };
    folder.find(name).ok_or_else(unknown)
}
