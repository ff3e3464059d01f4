//! Writes the folder.

use dbmigrate_core::folder::{MigrationName, Rewrite, Rewritten, SNAPSHOT_FILE, SQL_FILE};

use crate::error::Result;
use crate::git;
use crate::messages::FileAction;
use crate::project::Context;
use crate::rebasing::{How, Rebased, Sides};

/// Makes the folder that of the rebased history.
///
/// # Errors
/// If it cannot be written, or somebody else has written to it.
pub(super) fn write(context: &Context, sides: &Sides, rebased: &Rebased) -> Result<Rewritten> {
    let folder = &context.folder_path;
    // what moves, and what a squash of the others replaces
    let all = sides.ours.iter().flat_map(|ours| &ours.side.migrations).map(|migration| &migration.name);
    let stays = |name: &&MigrationName| rebased.folder.migrations().iter().any(|migration| migration.name == **name);
    let gone: Vec<MigrationName> = all.chain(&sides.expanded).filter(|name| !stays(name)).cloned().collect();
    // what is kept as it is needs no copy, nor does what git has
    let is_safe = |name: &MigrationName| {
        let is_kept = rebased
            .placed
            .iter()
            .any(|placed| placed.moved.migration.name == *name && matches!(placed.how, How::Kept | How::Edited));
        is_kept || git::has_bytes(&folder.join(name).join(SQL_FILE))
    };
    let replaced = rebased.folder.migrations().iter().map(|migration| migration.name.clone());
    let lies_there = |name: &MigrationName| folder.join(name).join(SQL_FILE).is_file();
    let is_same = |name: &MigrationName| {
        let read = |path: std::path::PathBuf| std::fs::read(path).ok();
        read(folder.join(name).join(SQL_FILE)) == read(rebased.folder.path().join(name).join(SQL_FILE))
    };
    let mut copied: Vec<MigrationName> = gone.iter().cloned().chain(replaced).collect();
    copied.retain(|name| lies_there(name) && !is_same(name) && !is_safe(name));
    copied.sort();
    copied.dedup();
    let rewrite = Rewrite { gone, copied };
    let done = rebased.folder.write_to(folder, sides.seen.as_deref(), &rewrite)?;
    for name in &done.removed {
        context.printer.wrote(&folder.join(name).join(SQL_FILE), FileAction::Removed);
        context.printer.wrote(&folder.join(name).join(SNAPSHOT_FILE), FileAction::Removed);
    }
    for name in &done.written {
        context.printer.wrote(&folder.join(name).join(SQL_FILE), FileAction::Created);
        context.printer.wrote(&folder.join(name).join(SNAPSHOT_FILE), FileAction::Created);
    }
    if done.lock {
        context.printer.wrote(&folder.join(dbmigrate_core::folder::lock::FILE_NAME), FileAction::Updated);
    }
    Ok(done)
}
