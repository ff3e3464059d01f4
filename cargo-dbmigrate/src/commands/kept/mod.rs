//! `kept`: what databases keep of what migrations dropped or converted, and how it ends.

mod arguments;
mod drop;
mod list;

use arguments::Action;
pub(crate) use arguments::Kept;

use crate::error::Result;
use crate::project::Context;

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Kept) -> Result<u8> {
    let databases = context.databases(arguments.connect())?;
    let folder = context.folder_as_listed().ok();
    databases.each(context, |context, url| {
        context.printer.detail("Database", format!("{url} (from {})", url.source()));
        match &arguments.action {
            Some(Action::Drop(arguments)) => drop::run(context, arguments, folder.as_ref(), url),
            None => list::run(context, folder.as_ref(), url),
        }
    })
}
