//! `push`: makes a database what the structs declare, without a migration.

use clap::Args;

use crate::context::Context;
use crate::error::{CommandError, Result};

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
pub struct Push {
    /// Database: a path or file: URL
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub fn run(_context: &Context, _arguments: &Push) -> Result<u8> {
    Err(CommandError::failed("not built yet"))
}
