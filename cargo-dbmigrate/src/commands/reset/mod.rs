//! `reset`: makes a local database anew from the migrations, or takes it to them with its rows.

mod anew;
mod arguments;
mod keep;
mod rows;

use dbmigrate_core::folder::{Folder, Verify};

pub(crate) use arguments::Reset;

use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::Context;
use crate::project::url::DatabaseUrl;

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Reset) -> Result<u8> {
    let url = context.database(&arguments.connect)?;
    context.printer.detail("Database", format!("{url} (from {})", url.source()));
    if url.file().is_none() {
        return Err(CommandError::usage(format!("`{url}` is on a server, and `reset` only works on local files"))
            .note("nothing was changed")
            .help("name a file: `cargo dbmigrate reset --url dev.db`"));
    }
    let folder = context.existing_folder()?;
    folder.verify(Verify::Sql)?;
    if folder.migrations().is_empty() {
        return Err(no_migrations(&folder, &url));
    }
    if arguments.keep_data {
        return keep::run(context, arguments, &folder, &url);
    }
    if !arguments.answers.changes_nothing() {
        return Err(CommandError::usage("`--rename`, `--backfill` and `--convert` require `--keep-data`"));
    }
    let context = &arguments.with.started(context, &folder)?;
    anew::run(context, arguments, &folder, &url)
}

fn no_migrations(folder: &Folder, url: &DatabaseUrl) -> CommandError {
    let message = format!("no migrations in `{}` to create `{url}` from", folder.path().display());
    CommandError::new(exit::INCONSISTENT, message)
        .note("nothing was changed")
        .help("write one from your structs: `cargo dbmigrate generate`")
        .help("or work without migrations: `cargo dbmigrate push`")
}
