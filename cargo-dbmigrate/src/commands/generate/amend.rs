//! `generate --amend`: the last migration anew, from the snapshot before it to the structs as they are now.

use dbmigrate_core::folder::{Folder, Migration, MigrationName, SNAPSHOT_FILE, SQL_FILE, Slug, Snapshot, Verify};
use dbmigrate_core::plan::Plan;

use super::arguments::Generate;
use super::planned::{asker, linted, name, nothing_to_do, proven, report, suggested};
use super::undo::refuse_squash;
use super::{applied, online, phased};
use crate::decisions::ask::{Asker, Decided};
use crate::drafting::{Written, is_generated, show, snapshot_before, warn_of_lost_keys};
use crate::error::{CommandError, Result};
use crate::linting::Drafted;
use crate::messages::FileAction;
use crate::project::Context;
use crate::{exit, structs};

/// Runs it and returns the exit code.
///
/// # Errors
/// If it was applied somewhere or written by hand, and everything that a migration is refused for.
pub(super) fn run(context: &Context, arguments: &Generate) -> Result<u8> {
    let mut folder = context.folder()?;
    folder.verify(Verify::Sql)?;
    let Some(last) = folder.head().cloned() else {
        let message = format!("no migrations in `{}`", folder.path().display());
        return Err(CommandError::usage(message).help("write one from your structs: `cargo dbmigrate generate`"));
    };
    let declared = structs::read_all(context)?;
    let is_same = structs::is_unchanged(&folder, &declared);
    let is_otherwise = arguments.online || arguments.phased;
    if is_same && arguments.answers.are_none() && arguments.name.is_none() && !is_otherwise {
        return Ok(nothing_to_do(context, &declared, &folder));
    }
    refuse_squash(&last)?;
    applied::refuse(context, arguments, &folder, &last)?;
    let Some(written) = is_generated(&folder, &last, &folder.sql(&last)?)? else {
        let message = format!("`{}` was written by hand and cannot be regenerated", last.name);
        return Err(CommandError::new(exit::INCONSISTENT, message)
            .at(folder.sql_path(&last).display())
            .note("nothing was written")
            .help("edit it by hand, then record the edit: `cargo dbmigrate generate --custom`")
            .help("or write the changes to a new migration: `cargo dbmigrate generate`"));
    };
    if written.marks.waits() {
        let message = format!("`{}` waits for a deployment, and what is new does not belong behind it", last.name);
        return Err(CommandError::new(exit::INCONSISTENT, message)
            .note("nothing was written")
            .help("to write both halves again, remove one and then the other: `cargo dbmigrate generate --undo`")
            .help("or write the changes to a new migration: `cargo dbmigrate generate`"));
    }
    let asker = asker(context, arguments, &declared, last.name.sequence());
    anew(&asker, arguments, &mut folder, &last, written).map_err(|error| asker.with_answers(error))
}

/// Decides, plans, proves, and writes; with `--dry-run` all but the last.
fn anew(
    asker: &Asker<'_>,
    arguments: &Generate,
    folder: &mut Folder,
    last: &Migration,
    Written { decisions: mut carried, plan: old, .. }: Written,
) -> Result<u8> {
    let (context, declared) = (asker.context, asker.declared);
    let before = snapshot_before(folder, last)?;
    carried.keep_what_fits(&before.schema, &declared.schema);
    let keeps = arguments.keeps(context.config.keep || carried.keep.is_some());
    carried.keep = keeps.then(|| last.name.sequence());
    carried.online |= arguments.online;
    let Decided { decisions, diff, .. } = asker.decide_after(carried, &before, false)?;
    if diff.is_empty() {
        let message = format!("`{}` would be empty: the structs match the migration before it", last.name);
        return Err(CommandError::new(exit::DECISION, message)
            .note("nothing was written")
            .help("remove it: `cargo dbmigrate generate --undo`"));
    }
    let change = (&before, &decisions, &diff);
    if arguments.phased && phased::write(asker, arguments, (&mut *folder, Some(&last.name)), change)? {
        return Ok(exit::DONE);
    }
    let plan = proven((context, arguments), declared, &before, &decisions, &diff)?;
    warn_of_lost_keys(context, (folder, folder.migrations().len() - 1), &plan);
    let after = folder.schema_at(last)?;
    // a name that somebody has given stays
    let was_given = last.name.slug() != suggested(&old, &before.schema, &after).as_str();
    let slug = match Slug::sanitize(last.name.slug()) {
        Some(slug) if arguments.name.is_none() && was_given => slug,
        _ => name(arguments, &plan, &before.schema, &declared.schema)?,
    };
    let migration = MigrationName::new(last.name.sequence(), &slug).to_string();
    let sql = if decisions.online { online::sql(&migration, &plan)? } else { plan.to_sql(&migration) };
    let drafted = linted(asker, arguments, (&migration, &sql), &before.schema)?;
    if arguments.dry_run {
        show(context, &migration, &sql, &plan);
        drafted.warn(context, None, &asker.command_line());
        return Ok(exit::DONE);
    }
    let snapshot = Snapshot { schema: declared.schema.clone(), renamed_from: structs::renamed_from(declared) };
    folder.replace_last(&slug, &sql, &snapshot)?;
    say(context, arguments, folder, (last.name.as_str(), &migration), &plan, drafted);
    Ok(exit::DONE)
}

fn say(
    context: &Context,
    arguments: &Generate,
    folder: &Folder,
    (old, new): (&str, &str),
    plan: &Plan,
    drafted: Drafted,
) {
    if old != new {
        let gone = folder.path().join(old);
        context.printer.wrote(&gone.join(SQL_FILE), FileAction::Removed);
        context.printer.wrote(&gone.join(SNAPSHOT_FILE), FileAction::Removed);
        context.printer.status("Replaced", format!("{old} with {new}"));
    }
    let done = if old == new { FileAction::Overwrote } else { FileAction::Created };
    report(context, arguments, folder, (new, done), plan, drafted);
}
