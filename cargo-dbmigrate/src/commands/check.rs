//! `check`: the gate for CI, without a database: structs, snapshots and migrations are in step.

use clap::Args;

use crate::context::Context;
use crate::error::{CommandError, Result};

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Exits with 4 if a migration is to be generated, with 5 if a migration was edited.")]
pub struct Check {}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub fn run(_context: &Context, _arguments: &Check) -> Result<u8> {
    Err(CommandError::failed("`check` is not built yet"))
}
