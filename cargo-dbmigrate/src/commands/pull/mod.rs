//! `pull`: a database as annotated structs.

mod arguments;
mod baseline;
mod beside;
mod cascading;
mod files;
mod first_only;
mod from;
mod read;
mod replay;
mod said;
mod tables;
mod take_over;

pub(crate) use arguments::Pull;
use read::{read, write_structs};

use crate::error::Result;
use crate::exit;
use crate::messages::On;
use crate::project::Context;

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Pull) -> Result<u8> {
    arguments.has_one_folder()?;
    let url = context.database(&arguments.connect)?;
    context.printer.detail("Database", format!("{url} (from {})", url.source()));
    match &arguments.from() {
        Some(from) => return from::run(context, arguments, from, &url),
        None if arguments.baseline => return baseline::run(context, arguments, &url, None),
        None => {}
    }
    let pulled = read(context, arguments, &url)?;
    if pulled.found.schema.is_empty() && pulled.found.unreadable.is_empty() {
        context.printer.warning(&format!("`{url}` has no tables: nothing to write"), &[]);
        return Ok(exit::DONE);
    }
    let mut next = write_structs(context, arguments, &On::from(&url), &pulled)?;
    let has_no_history = || context.folder().is_ok_and(|folder| folder.migrations().is_empty());
    if arguments.out.is_some() && arguments.tables.is_empty() && has_no_history() {
        let command = format!("cargo dbmigrate pull --baseline{}", arguments.again());
        next.push(format!("write the first migration from the database: `{command}`"));
    }
    context.printer.next(&next);
    Ok(exit::DONE)
}
