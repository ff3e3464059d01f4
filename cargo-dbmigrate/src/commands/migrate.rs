//! `migrate`: applies the migrations that a database does not have yet.

use clap::Args;

use crate::context::Context;
use crate::error::{CommandError, Result};

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
The database is the first of these that is there: --url, TURSO_DATABASE_URL in the environment,
TURSO_DATABASE_URL in .env, `url` in dbmigrate.toml, dev.db.")]
pub struct Migrate {
    /// Database: a path or file: URL
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,

    /// Show what would be applied, change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Last migration to apply
    #[arg(long, value_name = "NAME")]
    pub to: Option<String>,
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub fn run(context: &Context, arguments: &Migrate) -> Result<u8> {
    let _database = context.database(arguments.url.as_deref())?;
    Err(CommandError::failed("`migrate` is not built yet"))
}
