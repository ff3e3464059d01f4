//! Which migrations have a step in Rust.

use dbmigrate_core::folder::{Folder, RustStep, Script};

use crate::error::Result;

/// The names of the migrations that have one, in their order.
///
/// # Errors
/// If a file cannot be read, or a directive not be understood.
pub(crate) fn with_step(folder: &Folder) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for migration in folder.migrations() {
        let text = folder.sql(migration)?;
        // most have none, and are not read twice
        if text.contains(RustStep::WORD) && Script::parse(&text, &folder.sql_path(migration))?.rust.is_some() {
            found.push(migration.name.to_string());
        }
    }
    Ok(found)
}
