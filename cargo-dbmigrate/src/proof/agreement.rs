//! Whether structs, snapshots and migrations agree, without a database.

use dbmigrate_core::diff::{Change, diff};
use dbmigrate_core::folder::{Folder, Verify};
use pollster::block_on;

use super::{declaration, replay};
use crate::error::{CommandError, Result};
use crate::project::Context;
use crate::source::Declared;
use crate::{exit, structs};

/// What agrees.
#[derive(Debug)]
pub(crate) struct Agreed {
    /// The structs.
    pub(crate) declared: Declared,
    /// How many tables there are.
    pub(crate) tables: usize,
}

/// Verifies it. Changes that no migration makes are `told`, apart from being an
/// error.
///
/// # Errors
/// Exit code 4 if the structs have changes to generate, 5 if a migration was edited or is not what its snapshot says.
pub(crate) fn agree(context: &Context, folder: &Folder, told: impl FnOnce(&Declared, &[Change])) -> Result<Agreed> {
    folder.verify(Verify::All)?;
    let declared = structs::read_all(context)?;
    let count = folder.migrations().len();
    let replay = || {
        let progress = context.printer.progress("Replaying", count as u64);
        progress.step(0, format!("{count} migrations"));
        replay::replay_all(folder, &context.config.ignore)
    };
    // if nothing differs, what the migrations lead to is what is declared, and need not be made a second time
    let replayed = structs::is_unchanged(folder, &declared).then(replay);
    if let Some(Ok(replayed)) = &replayed {
        // there was nothing else before
        let faults = block_on(replayed.check(&declared.schema, &declared.view_columns))
            .map_err(|error| structs::declaration_error(context, &declared, &error))?;
        structs::warn_of_faults(context, &declared, faults);
    } else {
        // what is wrong with the structs is said first
        let head = folder.head_snapshot()?;
        let renames = structs::pending_renames(&declared, &head);
        declaration::check(context, &declared, &renames.apply(&head.schema))?;
        context.refuse_missing(folder)?;
        compare(context, folder, &declared, told)?;
        replayed.unwrap_or_else(replay)?;
    }
    let tables = declared.schema.tables.len() + declared.schema.virtual_tables.len();
    Ok(Agreed { declared, tables })
}

/// The structs must be what the last snapshot says.
fn compare(
    context: &Context,
    folder: &Folder,
    declared: &Declared,
    told: impl FnOnce(&Declared, &[Change]),
) -> Result<()> {
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
    told(declared, &changes);
    Err(changes
        .iter()
        .fold(error, |error, change| error.note(change.to_string()))
        .help("write the migration: `cargo dbmigrate generate`"))
}
