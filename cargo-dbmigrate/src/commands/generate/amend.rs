//! `generate --amend`: the last migration anew, from the snapshot before it to the structs as they are now.

use dbmigrate_core::folder::{Folder, Migration, MigrationName, SNAPSHOT_FILE, SQL_FILE, Slug, Snapshot, Verify};
use dbmigrate_core::plan::{Decisions, Plan};
use dbmigrate_core::sql::path::path;

use super::arguments::Generate;
use super::planned::{asker, linted, name, nothing_to_do, proven, report, suggested, suggested_for};
use super::undo::refuse_squash;
use super::{applied, online, phased};
use crate::decisions::ask::{Asker, Decided};
use crate::drafting::{Halves, Written, is_generated, last_halves, show, snapshot_before, warn_of_lost_keys};
use crate::error::{CommandError, Result};
use crate::linting::Drafted;
use crate::messages::FileAction;
use crate::project::{Context, SECOND_HALF};
use crate::source::Declared;
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
        return Ok(nothing_to_do(context, arguments, &declared, &folder));
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
        return halves_anew(context, arguments, &mut folder, &declared);
    }
    let asker = asker(context, arguments, &declared, last.name.sequence());
    let Written { decisions, plan, .. } = written;
    let before = snapshot_before(&folder, &last)?;
    // a name that somebody has given stays
    let is_given = last.name.slug() != suggested(&plan, &before.schema, &folder.schema_at(&last)?).as_str();
    let old = Old { migrations: vec![last], before, decisions, is_given };
    anew(&asker, arguments, &mut folder, old).map_err(|error| asker.with_answers(error))
}

/// The same with the two halves of a change.
fn halves_anew(context: &Context, arguments: &Generate, folder: &mut Folder, declared: &Declared) -> Result<u8> {
    let found = last_halves(folder, &declared.schema)?;
    let Some(Halves { migrations, before, diff, decisions, mut backs }) = found else {
        return Err(waits(folder)
            .help("to write both halves again, remove one and then the other: `cargo dbmigrate generate --undo`")
            .help("or write the changes to a new migration: `cargo dbmigrate generate`"));
    };
    if !arguments.phased {
        return Err(waits(folder)
            .help("to write both halves again, with what is new: `cargo dbmigrate generate --amend --phased`")
            .help("or write the changes to a new migration: `cargo dbmigrate generate`"));
    }
    for migration in &migrations {
        applied::refuse(context, arguments, folder, migration)?;
    }
    let Some(first) = migrations.first() else { return Ok(exit::DONE) };
    let suggested = suggested_for(&diff, &before.schema, &folder.schema_at(migrations.last().unwrap_or(first))?);
    // a second half alone has the name of both, and what it gets again
    let slug = match &migrations[..] {
        [only] => only.name.slug().strip_suffix(&format!("_{SECOND_HALF}")).unwrap_or(only.name.slug()),
        _ => first.name.slug(),
    };
    let (is_given, slug) = (slug != suggested.as_str(), slug.to_owned());
    // what was said of columns that do not go any more is of no use, and what is said now counts
    backs.retain(|(table, column), _| declared.schema.table(table).is_none_or(|table| table.column(column).is_none()));
    let mut arguments = arguments.clone();
    let said = backs.iter().map(|((table, column), expr)| format!("{}={expr}", path([table, column])));
    arguments.back = said.chain(arguments.back).collect();
    if arguments.name.is_none() && is_given {
        arguments.name = Some(slug);
    }
    let asker = asker(context, &arguments, declared, first.name.sequence());
    let old = Old { migrations, before, decisions, is_given };
    anew(&asker, &arguments, folder, old).map_err(|error| asker.with_answers(error))
}

/// Why the last migration is not amended by itself.
fn waits(folder: &Folder) -> CommandError {
    let last = folder.head().map(|last| last.name.to_string()).unwrap_or_default();
    let message = format!("`{last}` waits for a deployment, and what is new does not belong behind it");
    CommandError::new(exit::INCONSISTENT, message).note("nothing was written")
}

/// What is written anew.
struct Old {
    /// The last migration, or the halves of a change.
    migrations: Vec<Migration>,
    /// What was before them.
    before: Snapshot,
    /// The answers that led to them.
    decisions: Decisions,
    /// Whether somebody has given them their name.
    is_given: bool,
}

/// Decides, plans, proves, and writes; with `--dry-run` all but the last.
fn anew(asker: &Asker<'_>, arguments: &Generate, folder: &mut Folder, old: Old) -> Result<u8> {
    let (context, declared) = (asker.context, asker.declared);
    let Old { migrations, before, decisions: mut carried, is_given } = old;
    let names: Vec<MigrationName> = migrations.iter().map(|one| one.name.clone()).collect();
    let Some(first) = names.first() else { return Ok(exit::DONE) };
    carried.keep_what_fits(&before.schema, &declared.schema);
    let keeps = arguments.keeps(context.config.keep || carried.keep.is_some());
    carried.keep = keeps.then(|| first.sequence());
    carried.online |= arguments.online;
    let Decided { decisions, diff, .. } = asker.decide_after(carried, &before, false)?;
    if diff.is_empty() {
        let message = format!("`{first}` would be empty: the structs match the migration before it");
        return Err(CommandError::new(exit::DECISION, message)
            .note("nothing was written")
            .help("remove it: `cargo dbmigrate generate --undo`"));
    }
    let change = (&before, &decisions, &diff);
    if arguments.phased && phased::write(asker, arguments, (&mut *folder, &names), change)? {
        return Ok(exit::DONE);
    }
    let plan = proven((context, arguments), declared, &before, &decisions, &diff)?;
    warn_of_lost_keys(context, (folder, folder.migrations().len() - names.len()), &plan);
    let slug = match Slug::sanitize(first.slug()) {
        Some(slug) if arguments.name.is_none() && is_given => slug,
        _ => name(arguments, &plan, &before.schema, &declared.schema)?,
    };
    let migration = MigrationName::new(first.sequence(), &slug).to_string();
    let sql = if decisions.online { online::sql(&migration, &plan)? } else { plan.to_sql(&migration) };
    let drafted = linted(asker, arguments, (&migration, &sql), &before.schema)?;
    if arguments.dry_run {
        show(context, &migration, &sql, &plan);
        drafted.warn(context, None, &asker.command_line());
        return Ok(exit::DONE);
    }
    let snapshot = Snapshot { schema: declared.schema.clone(), renamed_from: structs::renamed_from(declared) };
    folder.replace_tail(names.len(), &[(&slug, &sql, &snapshot)])?;
    let gone: Vec<&str> = names.iter().map(MigrationName::as_str).filter(|name| *name != migration).collect();
    say(context, arguments, folder, (&gone, &migration), &plan, drafted);
    Ok(exit::DONE)
}

/// Says what was replaced, and what was written.
fn say(
    context: &Context,
    arguments: &Generate,
    folder: &Folder,
    (gone, new): (&[&str], &str),
    plan: &Plan,
    drafted: Drafted,
) {
    for old in gone {
        let directory = folder.path().join(old);
        context.printer.wrote(&directory.join(SQL_FILE), FileAction::Removed);
        context.printer.wrote(&directory.join(SNAPSHOT_FILE), FileAction::Removed);
    }
    if !gone.is_empty() {
        context.printer.status("Replaced", format!("{} with {new}", gone.join(", ")));
    }
    let done = if gone.is_empty() { FileAction::Overwrote } else { FileAction::Created };
    report(context, arguments, folder, (new, done), plan, drafted);
}
