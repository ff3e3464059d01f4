//! A lock that is lost or was changed by hand: made again from the directories, and tried.

use dbmigrate_core::engine::apply::history;
use dbmigrate_core::folder::{Folder, Rebuilt, Verify};

use super::arguments::{Repair, Word};
use super::named::in_lock;
use super::records::Records;
use super::said::{self, report};
use crate::database::failure::apply_error;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::Context;
use crate::proof;
use crate::report::counted;

/// Runs it.
///
/// # Errors
/// What went wrong, and what is not known.
pub(super) fn run(context: &Context, arguments: &Repair) -> Result<()> {
    if let Ok(folder) = context.folder_as_listed()
        && folder.exists()
        && folder.verify(Verify::Listing).is_ok()
    {
        said::nothing(context, &format!("{} lists what is there", folder.lock_path().display()));
        return Ok(());
    }
    let Rebuilt { mut folder, edited, missing, has_replaced } = Folder::rebuilt(&context.folder_path)?;
    refuse_unknown(arguments, &edited, &missing, has_replaced)?;
    let count = folder.migrations().len();
    // the order is right if each leads to its snapshot behind those before it
    proof::replay_to(&folder, count, &context.config.ignore).map_err(|error| error.note("nothing was changed"))?;
    if let Some(records) = Records::of(context, arguments, false)? {
        history::compare(&records.history, folder.migrations())
            .map_err(|error| apply_error(&error.into(), (&records.url).into()))?;
    }
    let before = if folder.exists() { "not whole" } else { "missing" };
    if !arguments.dry_run {
        folder.write_rebuilt()?;
    }
    let what = "made again from the directories".to_owned();
    report(context, &in_lock(&folder, what, before, &counted(count, "migration")), arguments.dry_run);
    Ok(())
}

/// Refuses what only the old lock knew.
fn refuse_unknown(arguments: &Repair, edited: &[String], missing: &[String], has_replaced: bool) -> Result<()> {
    let restore = "restore the lock from version control, another checkout or a backup";
    let refused =
        |message: String| CommandError::new(exit::INCONSISTENT, message).note("nothing was changed").help(restore);
    if has_replaced {
        return Err(refused("the lock lists migrations that were squashed, which no directory has".to_owned()));
    }
    if let Some(name) = missing.first() {
        return Err(refused(format!("the lock lists `{name}`, and there is nothing of that name")));
    }
    if let (Some(name), false) = (edited.first(), arguments.accepts(Word::Edits)) {
        let error = CommandError::new(exit::DECISION, format!("`{name}` is not what the lock lists"));
        let error = edited.iter().skip(1).fold(error, |error, name| error.note(format!("neither is `{name}`")));
        return Err(error
            .note("nothing was changed")
            .help(restore)
            .help(format!("to go by the files: `{} --accept edits`", arguments.command_line())));
    }
    Ok(())
}
