//! `generate`: the structs against the last snapshot, the difference as a migration.

use clap::Args;

use crate::context::Context;
use crate::error::{CommandError, Result};

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Examples:
  cargo dbmigrate generate
  cargo dbmigrate generate --rename users.nick=handle
  cargo dbmigrate generate --rename users=people --name people
  cargo dbmigrate generate --backfill users.age=0
  cargo dbmigrate generate --accept drop_column:users.legacy")]
pub struct Generate {
    /// Name of the migration; else it says what changed
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Show the migration, write nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Exit with 4 if there is something to generate, write nothing
    #[arg(long, conflicts_with = "dry_run")]
    pub check: bool,

    /// Write a migration to be edited by hand, also if nothing changed
    #[arg(long, conflicts_with = "check")]
    pub custom: bool,

    /// A table (`users=people`) or column (`users.nick=handle`) was renamed
    #[arg(long, value_name = "OLD=NEW")]
    pub rename: Vec<String>,

    /// Value of existing rows in a new or no longer nullable column, as SQL
    #[arg(long, value_name = "TABLE.COLUMN=SQL")]
    pub backfill: Vec<String>,

    /// Accept what a lint warns of (`drop_column:users.legacy`), or `all`
    #[arg(long, value_name = "LINT:OBJECT")]
    pub accept: Vec<String>,
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub fn run(_context: &Context, _arguments: &Generate) -> Result<u8> {
    Err(CommandError::failed("`generate` is not built yet"))
}
