//! `capture`: what was changed by hand in a database becomes a migration that this database has already.

mod arguments;
mod draft;
mod fleet;
mod found;
mod mirror;
mod one;
mod pending;
mod recording;
mod said;

pub(crate) use arguments::Capture;

use crate::error::Result;
use crate::fleet::refuse_without_fleet;
use crate::project::Context;

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Capture) -> Result<u8> {
    if let Some(fleet) = context.fleet(&arguments.connect)? {
        return fleet::run(context, arguments, &fleet);
    }
    refuse_without_fleet(&arguments.which)?;
    let url = context.database(&arguments.connect)?;
    context.printer.detail("Database", format!("{url} (from {})", url.source()));
    one::one(context, arguments, &url)
}
