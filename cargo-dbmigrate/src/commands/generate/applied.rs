//! Whether a database has the last migration already: then it is history, and stays.

use dbmigrate_core::engine::apply::Target as _;
use dbmigrate_core::folder::Migration;
use pollster::block_on;

use super::arguments::Generate;
use crate::database::failure::engine_error;
use crate::database::{file, open};
use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::Context;
use crate::project::url::{DatabaseUrl, Place};

/// Looks at every database that is named anywhere, and at the default one.
///
/// # Errors
/// Exit code 5 if one of them has the migration, 1 if one cannot be asked.
pub(super) fn refuse(context: &Context, arguments: &Generate, last: &Migration) -> Result<()> {
    for url in context.databases(&arguments.connect)? {
        let is_server = matches!(url.place(), Place::Server(_));
        if is_server && arguments.offline {
            context.printer.detail("Skipped", format!("{url}: not asked because of `--offline`"));
            continue;
        }
        if !file::exists(&url)? {
            continue;
        }
        context.printer.detail("Database", format!("{url} (from {})", url.source()));
        if has(context, arguments, &url, last)? {
            let message = format!("`{}` was applied to `{url}`, so it stays as it is", last.name);
            return Err(CommandError::new(exit::INCONSISTENT, message)
                .note("nothing was changed")
                .help("change what it did with a new migration: `cargo dbmigrate generate`"));
        }
    }
    Ok(())
}

fn has(context: &Context, arguments: &Generate, url: &DatabaseUrl, last: &Migration) -> Result<bool> {
    let mut database = open(context, url, false)?;
    let history = block_on(database.history()).map_err(|error| {
        let shown = engine_error("cannot read the history", &error, url.into());
        let shown = shown.note(format!("so nobody knows whether it has `{}`; nothing was changed", last.name));
        match url.place() {
            Place::Server(_) => {
                let command = arguments.command_line();
                shown.help(format!("if you know that it does not: `{command} --offline`"))
            }
            Place::File(_) => shown,
        }
    })?;
    let (name, sql) = (last.name.as_str(), last.sql.to_hex());
    Ok(history.iter().any(|record| {
        record.name == name
            || record.checksum == sql && record.position > 0 && {
                usize::try_from(record.position) == Ok(last.index + 1)
            }
    }))
}
