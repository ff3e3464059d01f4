//! An edit that is accepted: in the lock, and in the database that has the old text.

use dbmigrate_core::engine::prove::differences;
use dbmigrate_core::engine::replay::schema_as_it_lies;
use dbmigrate_core::folder::{Checksum, Folder, Migration};
use dbmigrate_core::schema::canonical::SchemaHash;
use dbmigrate_core::shell::shell_quoted;
use pollster::block_on;

use super::arguments::{Repair, Word};
use super::named::{in_lock, migration};
use super::records::{Change, Records, note};
use super::said::{self, report, short};
use crate::error::{CommandError, Result};
use crate::project::Context;
use crate::{exit, git};

/// Runs it.
///
/// # Errors
/// What went wrong.
pub(super) fn run(context: &Context, arguments: &Repair, name: &str) -> Result<()> {
    let mut folder = context.folder_as_listed()?;
    let listed = migration(&folder, name)?.clone();
    let is_edited = folder.sql(&listed).is_err();
    let text = folder.sql_as_it_lies(&listed)?;
    let edited = Migration { sql: if is_edited { Checksum::of_sql(&text) } else { listed.sql }, ..listed.clone() };
    let records = Records::of(context, arguments, false)?;
    let (old, new) = (listed.sql.to_hex(), edited.sql.to_hex());
    let recorded = records.as_ref().and_then(|records| {
        let at = records.history.iter().position(|record| record.name == listed.name.as_str())?;
        (records.history[at].checksum != new).then_some(at)
    });
    if !is_edited && recorded.is_none() {
        said::nothing(context, &format!("{} is what was recorded, apart from its comments", listed.name));
        return Ok(());
    }
    if is_edited {
        refuse_other_schema(context, &folder, &listed)?;
    }
    refuse_unsaid(arguments, &listed)?;
    let what = format!("edited {}", listed.name);
    let changed: Vec<(usize, &Migration)> = recorded.iter().map(|at| (*at, &edited)).collect();
    let change = records.as_ref().zip(recorded).map(|(records, at)| {
        let record = &records.history[at];
        Change {
            what: format!("change the record of `{}`", listed.name),
            schema_hash: None,
            kept: records.history.len(),
            changed: &changed,
            added: &[],
            filled: &[],
            notes: vec![note(what.clone(), Some(record))],
            shown: vec![(what.clone(), short(&record.checksum).to_owned(), short(&new).to_owned())],
        }
    });
    if let (Some(records), Some(change)) = (&records, &change) {
        records.consent(context, arguments, change)?;
    }
    if is_edited {
        if !arguments.dry_run {
            folder.accept_sql(&listed)?;
        }
        let one = in_lock(&folder, what, short(&old), short(&new));
        report(context, &one, arguments.dry_run);
    }
    if let (Some(records), Some(change)) = (records, change) {
        records.make(context, arguments, &change)?;
    }
    if !arguments.dry_run {
        let name = shell_quoted(listed.name.as_str());
        context.printer.next(&[format!(
            "in each other database that has it: `cargo dbmigrate repair --edited {name} --accept edits --url URL`"
        )]);
    }
    Ok(())
}

/// An edit that leads to another schema would make every later snapshot wrong.
fn refuse_other_schema(context: &Context, folder: &Folder, listed: &Migration) -> Result<()> {
    let again = |error: CommandError| {
        let is_last = listed.index + 1 == folder.migrations().len();
        let error = error.note("nothing was changed");
        let error = if is_last {
            error.help("if no database has it yet, record the edit: `cargo dbmigrate generate --custom`")
        } else {
            error
        };
        error.help("undo the edit, and write a new migration: `cargo dbmigrate generate --custom`")
    };
    let found = block_on(schema_as_it_lies(folder, listed, &context.config.ignore)).map_err(|message| {
        again(CommandError::failed(format!("cannot accept the edit of `{}`: {message}", listed.name)))
    })?;
    if Checksum::from(SchemaHash::of(&found)) == listed.schema {
        return Ok(());
    }
    let message = format!("the edit of `{}` changes the schema that it produces", listed.name);
    let error = CommandError::new(exit::DIFFERENCE, message);
    let wanted = folder.schema_at(listed);
    let lines = wanted.map(|wanted| differences(&wanted, &found)).unwrap_or_default();
    Err(again(lines.into_iter().take(20).fold(error, |error, line| error.note(format!("edit: {line}")))))
}

/// Other statements need the word: databases that have run the old ones stay as they are.
fn refuse_unsaid(arguments: &Repair, listed: &Migration) -> Result<()> {
    if arguments.accepts(Word::Edits) {
        return Ok(());
    }
    let error =
        CommandError::new(exit::DECISION, format!("`{}` has other statements than databases have run", listed.name))
            .note("the schema is the same; rows that the old statements have written stay as they are")
            .note("nothing was changed");
    let error = match git::log_of(listed.name.as_str()) {
        Some(command) => error.help(format!("see what was edited: `{command}`")),
        None => error,
    };
    Err(error.help(format!("to accept it: `{} --accept edits`", arguments.command_line())))
}
