//! What waits until its release is deployed.

use dbmigrate_core::engine::apply::is_after_deploy;
use dbmigrate_core::folder::Folder;

/// How many of the pending migrations wait until their release is deployed.
pub(super) fn waiting(folder: &Folder, applied: usize) -> usize {
    let pending = folder.migrations().iter().skip(applied);
    // what cannot be read is said in its line
    pending.filter(|migration| is_after_deploy(folder, migration).unwrap_or(false)).count()
}
