//! What a repair is about: a migration of the folder, and its line in the lock.

use dbmigrate_core::folder::{Folder, Migration};

use super::said::Repaired;
use crate::error::{CommandError, Result};

/// The migration of that name or number.
pub(super) fn migration<'f>(folder: &'f Folder, name: &str) -> Result<&'f Migration> {
    let unknown = || CommandError::usage(format!("no migration named `{name}`"));
    folder.find(name).ok_or_else(|| unknown().help("list them: `cargo dbmigrate status`"))
}

/// A repair of the lock.
pub(super) fn in_lock(folder: &Folder, what: String, before: &str, after: &str) -> Repaired {
    let place = folder.lock_path().display().to_string();
    Repaired { place, on: None, what, before: before.to_owned(), after: after.to_owned() }
}
