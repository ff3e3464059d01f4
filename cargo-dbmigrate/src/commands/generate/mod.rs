//! `generate`: the structs against the last snapshot, the difference as a migration.

mod amend;
mod applied;
mod arguments;
mod online;
mod phased;
mod planned;
mod rust;
mod seal;
mod undo;
mod unshared;

use dbmigrate_core::diff::Change;
use dbmigrate_core::folder::{Folder, FolderError, Snapshot, Verify};
use dbmigrate_core::plan::Decisions;

pub(crate) use arguments::Generate;
use planned::{asker, linted, name, nothing_to_do, proven, report};

use crate::decisions::ask::{Asker, Decided, Open};
use crate::drafting::{show, template, warn_of_lost_keys};
use crate::error::{CommandError, Result};
use crate::linting::Set;
use crate::messages::{self, FileAction};
use crate::project::Context;
use crate::{exit, structs};

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Generate) -> Result<u8> {
    let is_about_databases = arguments.undo || arguments.amend;
    if !is_about_databases && (arguments.connect.names_one() || arguments.offline) {
        let flag = if arguments.offline { "--offline" } else { arguments.connect.flag() };
        return Err(CommandError::usage(format!(
            "`{flag}` requires `--undo` or `--amend`: `generate` itself uses no database"
        )));
    }
    // a wrong name is said first
    Set::of(context, &arguments.levels)?;
    arguments.rust.as_deref().map(rust::check).transpose()?;
    if arguments.undo {
        return undo::run(context, arguments);
    }
    if arguments.amend {
        return amend::run(context, arguments);
    }
    let mut folder = context.folder()?;
    match folder.verify(Verify::Sql) {
        Err(FolderError::EditedSql { is_last: true, .. }) if arguments.custom && arguments.rust.is_none() => {
            let declared = structs::read_all(context)?;
            return seal::run(context, &mut folder, &declared, arguments);
        }
        result => result?,
    }
    let declared = structs::read_all(context)?;
    let unchanged = structs::is_unchanged(&folder, &declared);
    // answers are for the database that has changed
    let has_none = arguments.answers.changes_nothing() || context.is_one_of_several;
    if let (true, Some(back)) = (unchanged && !context.is_one_of_several, arguments.back.first()) {
        return Err(CommandError::usage(format!(
            "`--back {back}`: the structs match the migrations, so no column goes"
        )));
    }
    if unchanged && !arguments.is_by_hand() && has_none {
        return Ok(nothing_to_do(context, arguments, &declared, &folder));
    }
    let mut head = folder.head_snapshot()?;
    head.schema = head.schema.sharing(&declared.schema);
    let asker = asker(context, arguments, &declared, folder.next_sequence());
    write(&asker, arguments, &mut folder, &head).map_err(|error| asker.with_answers(error))
}

/// Decides, plans, proves, and writes; with `--dry-run` and `--check` all but the last.
fn write(asker: &Asker<'_>, arguments: &Generate, folder: &mut Folder, head: &Snapshot) -> Result<u8> {
    let (context, declared) = (asker.context, asker.declared);
    let keep = arguments.keeps(context.config.keep).then(|| folder.next_sequence());
    let decided = Decisions { keep, online: arguments.online, ..Decisions::default() };
    let Decided { decisions, diff, open } = asker.decide_after(decided, head, arguments.check)?;
    if diff.is_empty() && !arguments.is_by_hand() {
        return Ok(nothing_to_do(context, arguments, declared, folder));
    }
    if arguments.check && !open.is_empty() {
        return Ok(found_changes(asker, &diff.changes(), &open));
    }
    let change = (head, &decisions, &diff);
    if arguments.phased && !diff.is_empty() && phased::write(asker, arguments, (&mut *folder, &[]), change)? {
        return Ok(exit::DONE);
    }
    let plan = proven((context, arguments), declared, head, &decisions, &diff)?;
    warn_of_lost_keys(context, (folder, folder.migrations().len()), &plan);
    if arguments.check {
        return Ok(found_changes(asker, &diff.changes(), &[]));
    }
    let slug = name(arguments, &plan, &head.schema, &declared.schema)?;
    let migration = folder.next_name(&slug).to_string();
    let sql = match &arguments.rust {
        Some(_) => rust::sql(&migration, &plan),
        None if plan.is_empty() => template(&migration),
        None if arguments.online => online::sql(&migration, &plan)?,
        None => plan.to_sql(&migration),
    };
    if arguments.online {
        online::warn(context, &migration, &plan, &head.schema)?;
    }
    let drafted = linted(asker, arguments, (&migration, &sql), &head.schema)?;
    if arguments.dry_run {
        show(context, &migration, &sql, &plan);
        drafted.warn(context, None, &asker.command_line());
        return Ok(exit::DONE);
    }
    let snapshot = Snapshot { schema: declared.schema.clone(), renamed_from: structs::renamed_from(declared) };
    folder.add(&slug, &sql, &snapshot)?;
    report(context, arguments, folder, (&migration, FileAction::Created), &plan, drafted);
    Ok(exit::DONE)
}

/// Says what no migration does yet, and what there will be to decide.
fn found_changes(asker: &Asker<'_>, changes: &[Change], open: &[Open]) -> u8 {
    let context = asker.context;
    let lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
    context.printer.annotate(|| structs::without_migration(asker.declared, changes));
    context.printer.open_decisions(|| asker.diagnostics(open));
    context.printer.result(lines.join("\n"));
    context.printer.message(|| messages::Changes { changes: lines });
    context.printer.status("Changed", "the structs are ahead of the migrations: `cargo dbmigrate generate`");
    exit::DIFFERENCE
}
