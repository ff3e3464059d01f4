//! `status`: which migrations a database has, lacks, or has in another version.

use clap::Args;

use crate::context::Context;
use crate::error::{CommandError, Result};

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Exits with 4 if a migration is to be applied, with 5 if the database has others.")]
pub struct Status {
    /// Database: a path or file: URL
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub fn run(context: &Context, arguments: &Status) -> Result<u8> {
    let database = context.database(arguments.url.as_deref())?;
    context.printer.detail("Database", format!("{database} (from {})", database.source()));
    Err(CommandError::failed("`status` is not built yet"))
}
