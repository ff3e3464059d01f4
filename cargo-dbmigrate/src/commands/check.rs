//! `check`: the gate for CI, without a database: structs, snapshots and migrations are in step.

use clap::Args;
use dbmigrate_core::diff::diff;
use dbmigrate_core::folder::{Folder, Verify};
use pollster::block_on;

use crate::error::{CommandError, Result};
use crate::messages;
use crate::project::Context;
use crate::proof;
use crate::proof::replay_all;
use crate::report::counted;
use crate::source::Declared;
use crate::{exit, structs};

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Exits with 4 if the structs have changes to generate, with 5 if a migration was
edited.")]
pub(crate) struct Check {}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, _arguments: &Check) -> Result<u8> {
    let folder = context.folder()?;
    folder.verify(Verify::All)?;
    let declared = structs::read_all(context)?;
    let count = folder.migrations().len();
    let replay = || {
        let progress = context.printer.progress("Replaying", count as u64);
        progress.step(0, format!("{count} migrations"));
        replay_all(&folder, &context.config.ignore)
    };
    // if nothing differs, what the migrations lead to is what is declared, and need not be made a second time
    let replayed = structs::is_unchanged(&folder, &declared).then(replay);
    if let Some(Ok(replayed)) = &replayed {
        // there was nothing else before
        let faults = block_on(replayed.check(&declared.schema, &declared.view_columns))
            .map_err(|error| structs::declaration_error(context, &declared, &error))?;
        structs::warn_of_faults(context, &declared, faults);
    } else {
        // what is wrong with the structs is said first
        let head = folder.head_snapshot()?;
        let renames = structs::pending_renames(&declared, &head);
        proof::check(context, &declared, &renames.apply(&head.schema))?;
        context.refuse_missing(&folder)?;
        compare(context, &folder, &declared)?;
        replayed.unwrap_or_else(replay)?;
    }
    let tables = declared.schema.tables.len() + declared.schema.virtual_tables.len();
    context.printer.message(|| messages::Checked { migrations: count, tables });
    context.printer.status(
        "Checked",
        format!("{}: structs, snapshots and {} agree", counted(tables, "table"), counted(count, "migration")),
    );
    Ok(exit::DONE)
}

/// The structs must be what the last snapshot says.
fn compare(context: &Context, folder: &Folder, declared: &Declared) -> Result<()> {
    let head = folder.head_snapshot()?;
    let renames = structs::pending_renames(declared, &head);
    let difference = diff(&head.schema, &declared.schema, &renames).map_err(|error| {
        let error_at_struct = structs::rename_error(context, declared, &error, "nothing was written");
        error_at_struct.unwrap_or_else(|| CommandError::new(exit::DIFFERENCE, error.to_string()))
    })?;
    if difference.is_empty() {
        return Ok(());
    }
    let message = "the structs are ahead of the migrations";
    let error = CommandError::new(exit::DIFFERENCE, message);
    let changes = difference.changes();
    context.printer.annotate(|| structs::without_migration(declared, &changes));
    context.printer.message(|| messages::Changes { changes: changes.iter().map(ToString::to_string).collect() });
    Err(changes
        .iter()
        .fold(error, |error, change| error.note(change.to_string()))
        .help("write the migration: `cargo dbmigrate generate`"))
}
