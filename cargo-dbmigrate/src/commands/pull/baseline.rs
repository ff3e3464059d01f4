//! `pull --baseline`: a database as structs, as the first migration, and as the start of its own history.

use dbmigrate_core::diff::{Renames, diff};
use dbmigrate_core::engine::apply::adopt::equal;
use dbmigrate_core::engine::apply::{RecordKind, Target as _, history};
use dbmigrate_core::folder::{Folder, Slug, Snapshot};
use dbmigrate_core::plan::{Decisions, plan};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::shell::shell_flag;
use pollster::block_on;

use super::arguments::Pull;
use super::beside::Beside;
use super::read::{self, Pulled};
use super::said::{stop_using, unrecorded};
use super::take_over::{self, Step};
use crate::adopting::{self, Adoption};
use crate::database::failure::{apply_error, engine_error};
use crate::drafting::{BASELINE, with_command};
use crate::error::{CommandError, Result};
use crate::project::url::DatabaseUrl;
use crate::project::{Context, config};
use crate::report::counted;
use crate::tools::found::Found;
use crate::{exit, structs};

/// The name of the migration, without its number.
const SLUG: &str = "baseline";

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(super) fn run(
    context: &Context,
    arguments: &Pull,
    url: &DatabaseUrl,
    other: Option<(&Found, &Beside)>,
) -> Result<u8> {
    let tool = other.map(|(found, _)| found.tool);
    let changed = other.map(|(found, _)| refuse_unrecorded(context, url, found)).transpose()?;
    let pulled = read::read(context, arguments, url)?;
    refuse_unsuitable(context, &pulled, url)?;
    let schema = &pulled.found.schema;
    let steps = [first_migration(schema)?];
    let mut folder = take_over::open_folder(context, &steps, |folder| refusal(context, folder, schema, url))?;
    if folder.migrations().len() > 1 {
        // the first is this very one, so the others were made from here
        let message = format!("`{}` has migrations after the baseline", folder.path().display());
        return Err(CommandError::new(exit::INCONSISTENT, message)
            .note("nothing was changed")
            .help("if the database has the schema of the first one: `cargo dbmigrate baseline 1`"));
    }
    refuse_other_history(context, arguments, &folder, url)?;
    let mut next = structs_of(context, arguments, &pulled, url)?;
    let mode = tool.map_or_else(|| "--baseline".to_owned(), |tool| shell_flag("--from", tool.about().name));
    let again = format!("cargo dbmigrate pull {mode}{}", arguments.again());
    take_over::check_structs(context, schema, arguments.out.as_deref(), &mut next, &again)?;
    other.map_or(Ok(()), |(_, beside)| beside.settle())?;
    take_over::write_missing(context, &mut folder, &steps, &url.to_string())?;
    if let Some(last) = folder.head() {
        let kind = tool.map_or(RecordKind::Baseline, |tool| RecordKind::Imported(tool.about().name));
        let (expect_none, consent) = (changed.flatten(), arguments.consent.into());
        let adoption = Adoption { kind, expect_none, consent, command: &again };
        adopting::record(context, &folder, last, url, adoption)?;
    }
    context.ignore_in_git(Some(url))?;
    next.push("change the structs, then write the next migration: `cargo dbmigrate generate`".to_owned());
    next.extend(other.map(|(found, _)| stop_using(found, None)));
    context.printer.next(&next);
    Ok(exit::DONE)
}

/// That the folder has migrations already, and what to do instead: a database may have been adopted before, or have what
/// one of them produces, also one that was squashed since.
fn refusal(context: &Context, folder: &Folder, schema: &Schema, url: &DatabaseUrl) -> CommandError {
    let count = counted(folder.migrations().len(), "migration");
    let message = format!("`{}` already has {count}, and a baseline must be the first", folder.path().display());
    let error = CommandError::new(exit::INCONSISTENT, message).note("nothing was changed");
    let database = adopting::open_existing(context, url, "pull --baseline");
    let history = database.ok().and_then(|mut database| block_on(database.history()).ok()).unwrap_or_default();
    if let Some(last) = history.last() {
        return error
            .note(format!("`{url}` has a migration history already, up to `{}`", last.name))
            .help("see where it stands: `cargo dbmigrate status`");
    }
    adopting::said_equal(error, &equal(folder, schema)).unwrap_or_else(|error| {
        error
            .help("if the database has the schema of one of them: `cargo dbmigrate baseline`")
            .help("show its schema as structs: `cargo dbmigrate pull`")
    })
}

/// The tool has to have applied something, if only the database tells of it. Returns a query that returns a row as soon as
/// it applies more.
fn refuse_unrecorded(context: &Context, url: &DatabaseUrl, found: &Found) -> Result<Option<String>> {
    let about = found.tool.about();
    let mut database = adopting::open_existing(context, url, &format!("pull {}", shell_flag("--from", about.name)))?;
    let action = format!("cannot read what {} has recorded", about.title());
    let said = found.recorded(&mut database, None);
    let recorded = said.map_err(|error| engine_error(&action, &error, url.into()))?;
    match recorded.rows.as_deref() {
        Some([_, ..]) => Ok(recorded.changed),
        rows => Err(unrecorded(found, rows.is_some(), &url.to_string())),
    }
}

/// The database may have been adopted by an earlier run, but not be the work of other migrations.
fn refuse_other_history(context: &Context, arguments: &Pull, folder: &Folder, url: &DatabaseUrl) -> Result<()> {
    let mut database = adopting::open_existing(context, url, &format!("pull --baseline{}", arguments.again()))?;
    let history = block_on(database.history())
        .map_err(|error| engine_error("cannot read the history", &error, url.into()).note("nothing was changed"))?;
    history::compare(&history, folder.migrations()).map_err(|error| apply_error(&error.into(), url.into()))?;
    Ok(())
}

/// Writes the structs; without a file for them, only if the package has none. Returns what is left to be done by hand.
fn structs_of(context: &Context, arguments: &Pull, pulled: &Pulled, url: &DatabaseUrl) -> Result<Vec<String>> {
    let has_structs = || Ok::<_, CommandError>(!structs::read(context)?.schema.is_empty());
    if arguments.out.is_none() && has_structs().map_err(|error| error.note("nothing was changed"))? {
        return Ok(Vec::new());
    }
    let next = read::write_structs(context, arguments, &url.into(), pulled)?;
    if arguments.out.is_some() {
        return Ok(next);
    }
    Ok(vec!["write the structs to the package: `cargo dbmigrate pull --out src/schema.rs`".to_owned()])
}

/// What the model cannot represent cannot be in a snapshot either.
fn refuse_unsuitable(context: &Context, pulled: &Pulled, url: &DatabaseUrl) -> Result<()> {
    let found = &pulled.found;
    if let [first, ..] = &found.unreadable[..] {
        let message = format!("{} of `{url}` cannot be represented", counted(found.unreadable.len(), "object"));
        let error = CommandError::failed(message).note("nothing was changed");
        let lines = found.unreadable.iter().take(5);
        let error = lines
            .fold(error, |error, one| error.note(format!("{} `{}`: {}", one.object.kind, one.object.name, one.reason)));
        return Err(error.help(config::hiding(&context.config, &first.object.table)));
    }
    if found.schema.is_empty() {
        return Err(CommandError::new(exit::DIFFERENCE, format!("`{url}` is empty: nothing to adopt"))
            .note("nothing was changed")
            .help("declare tables, then write the first migration: `cargo dbmigrate generate`"));
    }
    Ok(())
}

/// The migration that makes all of a schema.
fn first_migration(schema: &Schema) -> Result<Step> {
    let failed = |error: String| CommandError::failed(error);
    let old = Schema::default();
    let difference = diff(&old, schema, &Renames::default()).map_err(|error| failed(error.to_string()))?;
    let plan = plan(&old, schema, &difference, &Decisions::default()).map_err(|error| failed(error.to_string()))?;
    let slug = Slug::sanitize(SLUG).ok_or_else(|| failed("cannot name the migration".to_owned()))?;
    let sql = with_command(&plan, Step::name(&slug, 0).as_str(), BASELINE);
    let snapshot = Snapshot { schema: schema.clone(), renamed_from: Vec::new() };
    Ok(Step { slug, sql, snapshot })
}
