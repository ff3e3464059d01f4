//! Restores into an empty database of a server, and goes on with what was interrupted.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use dbmigrate_core::engine::backup::{self, FillError, Filled, fill};

use super::restoring::Restoring;
use super::said;
use crate::backups::Shown;
use crate::database::client;
use crate::database::failure::engine_error;
use crate::error::{CommandError, Result};
use crate::project::url::Server;
use crate::report::counted;

/// How many objects are named.
const MOST_SHOWN: usize = 5;

/// Restores a backup to the database of a server.
///
/// # Errors
/// If the backup is not what its manifest says, or the database is not empty, or the server fails.
pub(super) fn run(restoring: &Restoring<'_>, server: &Server) -> Result<()> {
    let started = Instant::now();
    let Restoring { context, url, backup, manifest, .. } = restoring;
    let uncompared = said::refuse_other(restoring, backup::contents(backup, Duration::ZERO, &()))?;
    let client = client(context, url, server);
    let shown = Shown(Mutex::new(context.printer.progress("Restoring", manifest.contents.rows())));
    let filled = fill(&client, backup, &manifest.contents, &shown);
    drop(shown);
    let Filled { resumed, left_out } = filled.map_err(|error| refused(restoring, error))?;
    if resumed > 0 {
        let rows = counted(usize::try_from(resumed).unwrap_or(usize::MAX), "row");
        context.printer.detail("Resumed", format!("{rows} were there already"));
    }
    said::restored(restoring, started, None, &left_out, &uncompared);
    Ok(())
}

fn refused(restoring: &Restoring<'_>, error: FillError) -> CommandError {
    let (url, command) = (restoring.url, restoring.command);
    match error {
        FillError::NotEmpty { objects } => {
            let named = objects.iter().take(MOST_SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let more = if objects.len() > MOST_SHOWN { ", …" } else { "" };
            CommandError::failed(format!("`{url}` is not empty, and a restore does not replace what a server has"))
                .note(format!("it has: {named}{more}"))
                .note("nothing was changed")
                .help(format!("restore into an empty database: `{command} --url URL`"))
                .help(format!("or into a file: `{command} --url restored.db`"))
        }
        FillError::Other => CommandError::failed(format!("`{url}` is half restored from another backup"))
            .note("nothing was changed")
            .help(format!("restore into an empty database: `{command} --url URL`")),
        FillError::Engine(error) => engine_error("cannot restore the database", &error, url.into())
            .note(format!("`{url}` has a part of the backup, and no history until it has all of it"))
            .help(format!("to continue where it stopped: `{command}`")),
        FillError::Differs { differences } => {
            let error = CommandError::failed(format!("`{url}` is not what the backup has"));
            let error = differences.into_iter().take(MOST_SHOWN).fold(error, CommandError::note);
            error.help(format!("restore into another empty database: `{command} --url URL`"))
        }
        FillError::Encoding { encoding } => {
            CommandError::failed(format!("the text of the backup is {encoding}, and that of servers is UTF-8"))
                .note("nothing was changed")
                .help(format!("restore it into a file: `{command} --url restored.db`"))
        }
        FillError::Nulls { columns } => {
            let error = CommandError::failed("the backup has rows without a value in columns that are NOT NULL");
            let shown = columns.into_iter().take(MOST_SHOWN);
            shown
                .fold(error, CommandError::note)
                .note("a server refuses such rows; nothing was changed")
                .help(format!("restore it into a file, where they can be filled: `{command} --url restored.db`"))
        }
        other => CommandError::failed(other.to_string()),
    }
}
