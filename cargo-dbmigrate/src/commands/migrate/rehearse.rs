//! `migrate --rehearse`: the pending migrations on a copy first. The database itself is migrated only if it is what was
//! copied.

use std::fs::File;

use dbmigrate_core::engine::apply::{Database, State};

use crate::database::Run;
use crate::error::Result;
use crate::exit;
use crate::rehearsing::{Original, Rehearsed, rehearse};
use crate::report::counted;

/// What a run begins with.
#[derive(Default)]
pub(super) struct Beginning {
    /// The database, if it is open already.
    pub(super) database: Option<Database>,
    /// The only state that is migrated.
    pub(super) expected: Option<State>,
    /// What has to stay open as long as the database.
    pub(super) files: Vec<File>,
}

impl From<Option<Database>> for Beginning {
    fn from(database: Option<Database>) -> Self {
        Self { database, ..Self::default() }
    }
}

/// Rehearses what is pending, before it is applied.
///
/// # Errors
/// If that does not go well.
pub(super) fn first(plan: &Run<'_>, opened: Option<Database>) -> Result<Beginning> {
    let Some(Rehearsed { state, original, .. }) = rehearse(plan, opened, |_| {})? else {
        return Ok(Beginning::default());
    };
    let (database, files) = match original {
        Some(Original { database, files }) => (Some(database), files),
        None => (None, Vec::new()),
    };
    Ok(Beginning { database, expected: Some(state), files })
}

/// Rehearses what is pending, and nothing else. Returns the exit code.
///
/// # Errors
/// If that does not go well.
pub(super) fn only(plan: &Run<'_>) -> Result<u8> {
    let rehearsed = rehearse(plan, None, |_| {})?;
    let count = rehearsed.map_or(0, |rehearsed| rehearsed.report.migrations.len());
    let (verb, what) = match count {
        0 => ("Unchanged", "nothing to apply".to_owned()),
        _ => ("Pending", format!("{} went well on a copy", counted(count, "migration"))),
    };
    plan.context.printer.status(verb, format!("{}: {what}, nothing was changed", plan.url));
    Ok(exit::DONE)
}
