//! `diff`: how two of structs, snapshots and databases differ.

use clap::Args;

use crate::context::Context;
use crate::error::{CommandError, Result};

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
pub struct Diff {
    /// Database: a path or file: URL
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub fn run(_context: &Context, _arguments: &Diff) -> Result<u8> {
    Err(CommandError::failed("not built yet"))
}
