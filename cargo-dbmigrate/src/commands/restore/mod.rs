//! `restore`: a database as it was.

mod at;
mod file;
mod restoring;
mod said;
mod server;

use std::path::PathBuf;

use clap::Args;
use dbmigrate_core::engine::backup::Manifest;
use dbmigrate_core::shell::shell_word;

use restoring::Restoring;

use crate::backups::manifest_error;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::url::{Connect, Place, databases_help};
use crate::project::{Context, Intent, YesNamed, path};

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = concat!("\
PATH is a backup of `cargo dbmigrate backup` or `migrate --backup`, with its
manifest beside it. A file takes the place of the database, which is kept beside
it; no other program may use it. On a server the database must be empty. An
interrupted restore continues when the command is run again.

--at is for databases of Turso Cloud. TIME is a time with its zone, such as
2026-01-02T03:04:05Z, or '2 hours ago'. It makes a new database, verifies it,
and says what to change; the database itself is never touched. Needs
TURSO_API_TOKEN, a platform token (`turso auth api-tokens mint NAME`).

", databases_help!()))]
pub(crate) struct Restore {
    /// Backup to restore
    #[arg(value_name = "PATH", required_unless_present = "at")]
    pub path: Option<PathBuf>,

    /// Restore a Turso Cloud database as of this time, into a new database
    #[arg(long, value_name = "TIME", conflicts_with_all = ["path", "yes"])]
    pub at: Option<String>,

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,

    /// Consent.
    #[command(flatten)]
    pub consent: YesNamed,
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Restore) -> Result<u8> {
    if let Some(at) = &arguments.at {
        return at::run(context, at, &arguments.connect);
    }
    let backup = arguments.path.clone().unwrap_or_default();
    let url = context.database(&arguments.connect)?;
    context.printer.detail("Database", format!("{url} (from {})", url.source()));
    let shown = path::for_display(&backup);
    if !backup.is_file() {
        return Err(CommandError::usage(format!("no backup at `{}`", shown.display()))
            .help("make one: `cargo dbmigrate backup`"));
    }
    let manifest = Manifest::read(&backup).map_err(|error| manifest_error(&error, &backup))?;
    let command = format!("cargo dbmigrate restore {}", shell_word(&shown));
    let what = format!("restore it as of {}", manifest.taken_at);
    let intent = Intent { what: &what, command: &command, why: None, untouched: "nothing was changed" };
    context.consent(&url, (&arguments.consent).into(), intent)?;
    let restoring = Restoring { context, url: &url, backup: &backup, manifest: &manifest, command: &command };
    match url.place() {
        Place::File(path) => file::run(&restoring, path)?,
        Place::Server(server) => server::run(&restoring, server)?,
    }
    Ok(exit::DONE)
}
