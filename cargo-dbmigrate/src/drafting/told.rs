//! What a migration does, with its step in Rust, which no statement shows.

use dbmigrate_core::folder::Script;
use dbmigrate_core::plan::{self, Cost, Told};

/// What the migration of that name does. A step may read and write every row.
pub(crate) fn told(name: &str, text: &str, script: &Script<'_>) -> Vec<Told> {
    let mut told = plan::told(name, text, &script.statements);
    told.extend(script.rust.map(|_| Told { title: "run a step in Rust".to_owned(), cost: Cost::Rewrite }));
    told
}

/// Whether its header says all of that.
pub(crate) fn is_told_by_header(name: &str, text: &str, script: &Script<'_>) -> bool {
    script.rust.is_none() && plan::is_told_by_header(name, text, &script.statements)
}
