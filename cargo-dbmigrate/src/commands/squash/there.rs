//! Which databases have only some of the migrations that are to be squashed: they must get the others first.

use dbmigrate_core::engine::apply::Target as _;
use dbmigrate_core::engine::apply::history::common;
use dbmigrate_core::folder::Folder;
use dbmigrate_core::shell::shell_flag;
use pollster::block_on;

use super::Squash;
use crate::database::failure::engine_error;
use crate::database::{open, to_ask};
use crate::error::Result;
use crate::project::Context;
use crate::project::url::DatabaseUrl;

/// Says so for each database that is named anywhere and can be asked.
///
/// # Errors
/// If what names the databases is wrong.
pub(super) fn warn_of_partly(
    context: &Context,
    arguments: &Squash,
    folder: &Folder,
    (first, last): (usize, usize),
) -> Result<()> {
    let all = context.every_database(&arguments.connect, arguments.offline)?;
    for url in to_ask(context, all, arguments.offline)? {
        let applied = match applied(context, folder, &url) {
            Ok(applied) => applied,
            Err(error) => {
                let message = format!("`{url}` cannot be asked which of the migrations it has: {}", error.message());
                context.printer.warning(&message, &[]);
                continue;
            }
        };
        if applied > first && applied <= last {
            let (has, lacks) = (&folder.migrations()[applied - 1].name, &folder.migrations()[applied].name);
            let flag = match url.target() {
                Some(target) => shell_flag("--target", &target.name),
                None => shell_flag("--url", &url.to_string()),
            };
            let message = format!("`{url}` has `{has}`, but not `{lacks}`: it must get the rest before the squash");
            let up_to = &folder.migrations()[last].name;
            let help = format!("apply them first: `cargo dbmigrate migrate {flag} --to {up_to}`");
            context.printer.warning(&message, &[help]);
        }
    }
    Ok(())
}

/// How many of the folder's migrations a database has.
fn applied(context: &Context, folder: &Folder, url: &DatabaseUrl) -> Result<usize> {
    let mut database = open(context, url, false)?;
    let history =
        block_on(database.history()).map_err(|error| engine_error("cannot read the history", &error, url.into()))?;
    Ok(common(&history, folder.migrations()).migrations())
}
