//! Recording the edit of a migration that was written by hand: it has to lead to what the structs declare.

use std::path::Path;

use dbmigrate_core::engine::apply::Failure;
use dbmigrate_core::engine::apply::database::not_batched;
use dbmigrate_core::engine::check::broken_objects;
use dbmigrate_core::engine::prove::differences;
use dbmigrate_core::engine::{Connection, EngineError, introspect_without};
use dbmigrate_core::folder::script::outside_of_transaction;
use dbmigrate_core::folder::{Folder, Script, Snapshot};
use dbmigrate_core::kept::{self, MisreadKeep};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::line_ends::normalized;
use pollster::block_on;

use super::arguments::Generate;
use crate::database::Subject as Where;
use crate::database::failure::{migration_error, run_outside, statement_error};
use crate::drafting::WayBack;
use crate::error::{CommandError, Result};
use crate::linting::{Drafted, Set, Subject, scope};
use crate::messages::{self, FileAction};
use crate::project::Context;
use crate::project::path;
use crate::proof;
use crate::proof::replay_to;
use crate::report::counted;
use crate::source::Declared;
use crate::{exit, structs};

/// Replays all migrations in memory, the edited one included, and records it if the result is what the structs say; not with
/// `dry_run`.
///
/// # Errors
/// If the script fails, or leads elsewhere.
pub(super) fn run(context: &Context, folder: &mut Folder, declared: &Declared, arguments: &Generate) -> Result<u8> {
    let Some(last) = folder.head().cloned() else { return Ok(exit::DONE) };
    proof::check(context, declared, &folder.schema_before(&last)?)?;
    let ignore = &context.config.ignore;
    let before = folder.migrations().len() - 1;
    let connection = replay_to(folder, before, ignore)?;
    let file = folder.sql_path(&last);
    let text = std::fs::read_to_string(&file).map_err(|error| CommandError::io("read", &file, &error))?;
    // a line end in a literal is data; the rest is run as a later `migrate` runs it
    let text = normalized(&text);
    let script = Script::parse(&text, &file)?;
    refuse_misread(&script, &file)?;
    refuse_outside(&script, &file)?;
    if let Some((line, tables)) = script.broken_promise(|| folder.schema_before(&last).ok()) {
        let failure = Failure::Rewrites { line, tables, why: None };
        let error = migration_error(last.name.as_str(), &file, &failure, &[], Where::Named("the database in memory"));
        return Err(error.note("nothing was recorded"));
    }
    block_on(run_script(&connection, &script))
        .map_err(|(line, number, error)| statement_error(&file, line, number, &error).note("nothing was recorded"))?;
    let failed = |error: EngineError| CommandError::failed(error.to_string());
    let found = block_on(introspect_without(&connection, ignore)).map_err(failed)?;
    let mut left = differences(&found.schema, &declared.schema);
    left.extend(found.unreadable.iter().map(|object| format!("`{}`: {}", object.object.name, object.reason)));
    let broken = block_on(broken_objects(&connection, &declared.schema)).map_err(failed)?;
    left.extend(broken.iter().map(|object| format!("{} `{}`: {}", object.kind, object.name, object.message)));
    if !left.is_empty() {
        let message = format!("`{}` does not produce the schema of the structs", last.name);
        let error = CommandError::new(exit::DIFFERENCE, message).at(path::for_display(&file).display());
        return Err(left
            .iter()
            .fold(error, |error, difference| error.note(format!("missing: {difference}")))
            .note("nothing was recorded")
            .help("edit the migration or the structs, then run again: `cargo dbmigrate generate --custom`"));
    }
    refuse_batches(&script, &folder.schema_before(&last)?, &declared.schema, &file)?;
    if let Some(undo) = &script.undo {
        let way_back = WayBack {
            name: last.name.as_str(),
            file: &file,
            schemas: (&folder.schema_before(&last)?, &declared.schema),
            script: &script,
            undo,
            otherwise: (
                "nothing was recorded",
                "edit the way back, then record it: `cargo dbmigrate generate --custom`",
            ),
        };
        way_back.try_out(context)?;
    }
    proof::say_assumed(context, &declared.schema, [&*text]);
    let set = Set::of(context, &arguments.levels)?;
    let (old, name) = (folder.schema_before(&last)?, last.name.as_str());
    let subject = Subject { name, file: Some(&file), sql: &text, old: &old, new: &declared.schema };
    let said = ("", "nothing was recorded");
    let drafted = Drafted::of(context, (set, &scope::target(context)?), (&subject, declared), said)?;
    if arguments.dry_run {
        let said = format!("{} produces the schema of the structs, nothing was recorded", last.name);
        context.printer.status("Checked", said);
        context.printer.message(|| messages::Plan {
            name: last.name.to_string(),
            sql: text.to_string(),
            changes: Vec::new(),
        });
        drafted.warn(context, None, "");
        return Ok(exit::DONE);
    }
    let snapshot = Snapshot { schema: declared.schema.clone(), renamed_from: structs::renamed_from(declared) };
    folder.reseal_last(&snapshot)?;
    drafted.warn(context, None, "");
    context
        .printer
        .status("Recorded", format!("the edit of {} ({})", last.name, counted(script.statements.len(), "statement")));
    let file = file.display().to_string();
    context.printer.message(|| messages::Recorded { name: last.name.to_string(), file });
    context.printer.wrote(&folder.snapshot_path(&last), FileAction::Updated);
    context.printer.wrote(&folder.lock_path(), FileAction::Updated);
    context.printer.next(&["apply it: `cargo dbmigrate migrate`".to_owned()]);
    Ok(exit::DONE)
}

/// Refuses what cannot run in the transaction that the migration is.
fn refuse_outside(script: &Script<'_>, file: &Path) -> Result<()> {
    let words = script.statements.iter().filter_map(|one| Some((one.line, outside_of_transaction(one.text)?)));
    let Some((line, word)) = words.filter(|_| !script.no_transaction).min() else { return Ok(()) };
    Err(CommandError::failed(format!("`{word}` cannot run in a transaction, and a migration runs in one"))
        .at(format!("{}:{line}", path::for_display(file).display()))
        .note("nothing was recorded")
        .helps(run_outside(&word)))
}

/// Refuses a statement that means something else in batches.
fn refuse_batches(script: &Script<'_>, before: &Schema, after: &Schema, file: &Path) -> Result<()> {
    let Some((line, not)) = not_batched(before, after, script) else { return Ok(()) };
    Err(CommandError::failed(format!("the statement cannot be run in batches: {}", not.message))
        .at(format!("{}:{line}", path::for_display(file).display()))
        .note("nothing was recorded")
        .helps(not.help)
        .help("or delete the line of `batched`, then record it: `cargo dbmigrate generate --custom`"))
}

/// Refuses directives of what is kept that do not fit the statements: nothing could be brought back.
fn refuse_misread(script: &Script<'_>, file: &Path) -> Result<()> {
    let Err(MisreadKeep { line, message }) = kept::read(&script.keeps, &script.statements) else { return Ok(()) };
    let place = format!("{}:{line}", path::for_display(file).display());
    Err(CommandError::failed(message).at(place).note("nothing was recorded"))
}

/// Line, number and error of the statement that fails.
type Failed = (usize, usize, dbmigrate_core::engine::EngineError);

async fn run_script(connection: &Connection, script: &Script<'_>) -> std::result::Result<(), Failed> {
    for preflight in &script.preflights {
        connection.first_row(&preflight.query).await.map_err(|error| (preflight.line, 0, error))?;
    }
    for (at, statement) in script.statements.iter().enumerate() {
        connection.run(statement.text).await.map_err(|error| (statement.line, at + 1, error))?;
    }
    Ok(())
}
