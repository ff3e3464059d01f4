//! `restore`: a database as it was.

mod at;

use clap::Args;

use crate::error::Result;
use crate::project::Context;
use crate::project::url::{Connect, databases_help};

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = concat!("\
--at is for databases of Turso Cloud. TIME is a time with its zone, such as
2026-01-02T03:04:05Z, or '2 hours ago'. It makes a new database, verifies it,
and says what to change; the database itself is never touched. Needs
TURSO_API_TOKEN, a platform token (`turso auth api-tokens mint NAME`).

", databases_help!()))]
pub(crate) struct Restore {
    /// Restore a Turso Cloud database as of this time, into a new database
    #[arg(long, value_name = "TIME", required = true)]
    pub at: Option<String>,

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Restore) -> Result<u8> {
    let at = arguments.at.as_deref().unwrap_or_default();
    at::run(context, at, &arguments.connect)
}
