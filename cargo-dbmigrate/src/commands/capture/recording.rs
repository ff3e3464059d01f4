//! A migration recorded as applied in the database whose change it is, and in no other.

use dbmigrate_core::engine::apply::{ApplyError, Correction, Database, RecordKind, Status, correct};
use dbmigrate_core::engine::error::ErrorKind;
use dbmigrate_core::folder::Migration;
use pollster::block_on;

use super::arguments::Capture;
use crate::database::state::failure;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::url::DatabaseUrl;
use crate::project::{Context, Intent};

/// Sees to it that there is consent to record something.
///
/// # Errors
/// Exit code 3 if there is none.
pub(super) fn consent(context: &Context, arguments: &Capture, url: &DatabaseUrl, what: &str) -> Result<()> {
    let (what, command) = (format!("record `{what}` as applied"), arguments.command_line());
    let intent = Intent { what: &what, command: &command, why: None, untouched: "nothing was changed" };
    context.consent(url, arguments.consent.into(), intent)
}

/// Why migrations were not recorded.
pub(super) enum Unrecorded {
    /// They were not.
    Known(CommandError),
    /// A server has not answered, so that they may be recorded.
    Unknown(CommandError),
}

/// Records migrations behind those that the database has. Whether its schema is what they produce is looked at while
/// no other program can change it.
///
/// # Errors
/// If it is not, or the database cannot be written to.
pub(super) fn record(
    database: &mut Database,
    status: &Status,
    migrations: &[Migration],
    url: &DatabaseUrl,
) -> std::result::Result<(), Unrecorded> {
    let Some(last) = migrations.last() else { return Ok(()) };
    let correction = Correction {
        before: &status.history,
        schema_hash: Some(last.schema.to_hex()),
        kept: status.history.len(),
        changed: &[],
        added: migrations,
        filled: &[],
        kind: RecordKind::Capture,
        notes: &[],
    };
    match block_on(correct(database, &correction)) {
        Ok(None) => Ok(()),
        Ok(Some(_)) => {
            let message = format!("another program changed `{url}` in the meantime");
            Err(Unrecorded::Known(CommandError::new(exit::INCONSISTENT, message).help("run the command again")))
        }
        Err(ApplyError::Engine { action, error }) if error.kind == ErrorKind::Lost => {
            Err(Unrecorded::Unknown(failure(ApplyError::Engine { action, error }, url.into())))
        }
        Err(error) => Err(Unrecorded::Known(failure(error, url.into()))),
    }
}
