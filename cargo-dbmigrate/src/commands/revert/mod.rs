//! `revert`: a new migration that takes others back.

mod arguments;
mod by_hand;
mod carried;
mod converted;
mod counts;
mod draft;
mod history;
mod inverse;
mod kept;
mod only;
mod returning;
mod returns;
mod round_trip;
mod said;
mod span;
mod undo;

use dbmigrate_core::folder::{Folder, MigrationName, Verify};

pub(crate) use arguments::Revert;
use draft::{Draft, Wanted};
use history::Entry;
use said::{left_behind, report, say};
use span::{Meant, meant, runs};

use crate::error::{CommandError, Result};
use crate::messages::LeftBehind;
use crate::project::Context;
use crate::source::Declared;
use crate::{drafting, exit, rewriting};

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Revert) -> Result<u8> {
    let mut folder = context.existing_folder()?;
    folder.verify(Verify::Sql)?;
    let meant = meant(&folder, arguments)?;
    let (Meant::From(from) | Meant::Only(from)) = meant;
    let entries = folder.migrations()[from..].iter().map(|migration| Entry::read(&folder, migration));
    let entries = entries.collect::<Result<Vec<Entry>>>()?;
    let reverted = if let Meant::Only(_) = meant { &entries[..1] } else { &entries[..] };
    refuse_rows_only(&folder, reverted)?;
    let declared = crate::structs::or_nothing(context)?;
    let wanted = Wanted { context, arguments, declared: &declared };
    let drafts = match meant {
        Meant::Only(_) => vec![wanted.of_first(&entries, folder.next_sequence())?],
        Meant::From(_) => {
            let runs = runs(&entries).into_iter().zip(folder.next_sequence()..);
            runs.map(|(run, sequence)| wanted.of_run(run, sequence)).collect::<Result<_>>()?
        }
    };
    let left = left_behind(&folder, reverted);
    write(context, arguments, &mut folder, (&drafts, &left))?;
    fit(context, arguments, &folder, declared, &drafts)?;
    Ok(exit::DONE)
}

/// Writes the migrations, or shows them.
fn write(
    context: &Context,
    arguments: &Revert,
    folder: &mut Folder,
    (drafts, left): (&[Draft], &[LeftBehind]),
) -> Result<()> {
    let mut written = drafts.iter().filter(|draft| !draft.is_empty()).peekable();
    if written.peek().is_none() {
        say(context, &[], left);
        context.printer.status("Unchanged", "these migrations change nothing together: nothing to revert");
        return Ok(());
    }
    let mut shown = 0;
    if let [only] = drafts {
        drafting::warn_of_lost_keys(context, (folder, folder.migrations().len()), &only.plan);
    }
    for draft in written {
        let next = folder.next_name(&draft.slug);
        let name = MigrationName::new(next.sequence().saturating_add(shown), &draft.slug).to_string();
        let sql = draft.to_sql(&name);
        if arguments.dry_run {
            shown += 1;
            drafting::show(context, &name, &sql, &draft.plan);
        } else {
            folder.add(&draft.slug, &sql, &draft.snapshot)?;
        }
        report(context, folder, (&name, arguments.dry_run), draft, left);
    }
    say(context, drafts, left);
    Ok(())
}

/// Says which structs do not fit any more, or changes them, and what to do next.
fn fit(context: &Context, arguments: &Revert, folder: &Folder, declared: Declared, drafts: &[Draft]) -> Result<()> {
    let (Some(last), Some(trace)) =
        (drafts.last(), drafts.iter().map(|draft| draft.trace.clone()).reduce(|one, next| one.then(&next)))
    else {
        return Ok(());
    };
    if drafts.iter().all(Draft::is_empty) {
        return Ok(());
    }
    let is_known = !declared.schema.is_empty();
    let is_written = arguments.write && !arguments.dry_run && is_known;
    let target = &last.snapshot.schema;
    let declared = if is_written { rewriting::fit(context, declared, target, &trace)? } else { declared };
    let is_left = is_known && rewriting::say_left(context, &declared, target, &trace);
    if !arguments.dry_run {
        said::next(context, folder, is_left, arguments.write);
    }
    Ok(())
}

/// Refuses migrations that no schema shows anything of, if there are no others.
fn refuse_rows_only(folder: &Folder, reverted: &[Entry]) -> Result<()> {
    let is_nothing = |entry: &Entry| entry.keeps_the_schema() && !entry.has_undo;
    let Some(entry) = reverted.iter().rev().find(|entry| !entry.by_hand.is_empty()) else { return Ok(()) };
    if !reverted.iter().all(is_nothing) {
        return Ok(());
    }
    let message = match &reverted {
        [_] => format!("cannot revert `{}`: it changes rows only, and has no way back of its own", entry.name()),
        _ => "cannot revert these migrations: they change rows only, and have no way back of their own".to_owned(),
    };
    let line = entry.by_hand.line();
    let file = folder.sql_path(&entry.migration);
    Err(CommandError::failed(message)
        .at(format!("{}:{}", file.display(), line.unwrap_or(1)))
        .note("a way back is what follows `-- dbmigrate: undo` in a migration when it is recorded")
        .note("nothing was written")
        .help("write the statements in a new migration: `cargo dbmigrate generate --custom`"))
}
