//! A database that was changed by hand and lacks migrations of the folder: a capture comes behind them, so they come
//! first, unless it is their change that was made by hand.

use dbmigrate_core::engine::apply::runner::touched;
use dbmigrate_core::engine::apply::{ApplyError, Drifted, Status};
use dbmigrate_core::folder::{Folder, Migration};
use dbmigrate_core::schema::canonical::SchemaHash;
use dbmigrate_core::shell::shell_quoted;

use crate::drafting::is_captured;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::url::DatabaseUrl;
use crate::report::counted;

/// The pending migrations that were captured elsewhere and whose change was made by hand here as well: those up to the
/// one whose schema the database has.
///
/// # Errors
/// If one of them cannot be read.
pub(super) fn same_change<'f>(folder: &'f Folder, status: &Status, drifted: &Drifted) -> Result<&'f [Migration]> {
    let pending = &folder.migrations()[status.applied..];
    let Some(count) = produced(pending, drifted) else { return Ok(&[]) };
    for migration in &pending[..count] {
        if !is_captured(&folder.sql(migration)?) {
            return Ok(&[]);
        }
    }
    Ok(&pending[..count])
}

/// How many of these migrations produce the schema that was found.
fn produced(pending: &[Migration], drifted: &Drifted) -> Option<usize> {
    let hash = SchemaHash::of(&drifted.found).to_hex();
    let is_it = |migration: &Migration| migration.schema.to_hex() == hash;
    pending.iter().position(is_it).filter(|_| drifted.unreadable.is_empty()).map(|at| at + 1)
}

/// That the pending migrations come first, and how.
pub(super) fn first(folder: &Folder, status: &Status, drifted: &Drifted, url: &DatabaseUrl) -> CommandError {
    let pending = &folder.migrations()[status.applied..];
    let lacks = counted(pending.len(), "migration");
    let error = CommandError::new(exit::INCONSISTENT, format!("`{url}` was changed by hand, and lacks {lacks}"));
    if let Some(last) = produced(pending, drifted).and_then(|count| pending.get(count - 1)) {
        let name = shell_quoted(last.name.as_str());
        return error
            .note(format!("its schema is what `{}` produces", last.name))
            .note("nothing was changed")
            .help(format!("if the change was that of the migration: `cargo dbmigrate repair --applied {name}`"));
    }
    let error = error.note("a captured migration comes after all others").note("nothing was changed");
    let in_the_way =
        pending.iter().find(|one| matches!(touched(drifted, folder, one), Err(ApplyError::Migration { .. })));
    match in_the_way {
        None => error
            .help("apply them beside the change: `cargo dbmigrate migrate --accept drift`")
            .help("then capture it: `cargo dbmigrate capture`"),
        Some(migration) => error
            .note(format!("`{}` changes what was changed by hand", migration.name))
            .help(format!(
                "if no database has {}: `cargo dbmigrate generate --undo`, then `cargo dbmigrate capture`, then \
                 `cargo dbmigrate generate`",
                if pending.len() == 1 { "it" } else { "them, for each of them" }
            ))
            .help(format!(
                "or undo the change by hand: `cargo dbmigrate diff --from database --to {} --sql` prints the statements",
                shell_quoted(&drifted.migration)
            )),
    }
}
