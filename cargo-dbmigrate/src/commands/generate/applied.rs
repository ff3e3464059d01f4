//! Whether a database has the last migration already: then it is history, and stays.

use dbmigrate_core::engine::apply::Target as _;
use dbmigrate_core::folder::{Folder, Migration};
use pollster::block_on;

use super::arguments::Generate;
use crate::database::failure::engine_error;
use crate::database::{open, to_ask};
use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::Context;
use crate::project::url::{DatabaseUrl, Place};

/// Looks at every database that is named anywhere, and at the default one.
///
/// # Errors
/// Exit code 5 if one of them has the migration, 1 if one cannot be asked.
pub(super) fn refuse(context: &Context, arguments: &Generate, folder: &Folder, last: &Migration) -> Result<()> {
    let all = context.every_database(&arguments.connect, arguments.offline)?;
    for url in to_ask(context, all, arguments.offline)? {
        if has(context, arguments, &url, (folder, last))? {
            let message = format!("`{}` is applied to `{url}` and cannot be changed", last.name);
            return Err(CommandError::new(exit::INCONSISTENT, message)
                .note("nothing was changed")
                .help("write a new migration instead: `cargo dbmigrate generate`"));
        }
    }
    Ok(())
}

fn has(
    context: &Context,
    arguments: &Generate,
    url: &DatabaseUrl,
    (folder, last): (&Folder, &Migration),
) -> Result<bool> {
    let mut database = open(context, url, false)?;
    let history = block_on(database.history()).map_err(|error| {
        let shown = engine_error("cannot read the history", &error, url.into());
        let shown = shown.note(format!("it may have `{}`; nothing was changed", last.name));
        match url.place() {
            Place::Server(_) => {
                let command = arguments.command_line();
                shown.help(format!("if it does not have it: `{command} --offline`"))
            }
            Place::File(_) => shown,
        }
    })?;
    let (name, sql) = (last.name.as_str(), last.sql.to_hex());
    // where it may stand: behind those before it, or behind those that they replace
    let before = &folder.migrations()[..last.index];
    let most = before.iter().flat_map(Migration::originals).count() + 1;
    let is_its_place = |position: i64| usize::try_from(position).is_ok_and(|at| (last.index + 1..=most).contains(&at));
    Ok(history.iter().any(|record| record.name == name || record.checksum == sql && is_its_place(record.position)))
}
