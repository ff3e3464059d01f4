//! `repair`: files, lock and history that do not fit together are made to, where somebody says what is meant.

mod arguments;
mod edited;
mod lock;
mod marked;
mod named;
mod records;
mod renamed;
mod said;
mod snapshot;

use dbmigrate_core::engine::apply::inspect;
use dbmigrate_core::folder::Verify;
use pollster::block_on;

pub(crate) use arguments::Repair;
use records::Records;

use crate::database::state::failure;
use crate::error::Result;
use crate::exit;
use crate::project::Context;

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Repair) -> Result<u8> {
    if let Some(name) = &arguments.edited {
        edited::run(context, arguments, name)?;
    } else if let Some(name) = &arguments.renamed {
        renamed::run(context, arguments, name)?;
    } else if let Some(name) = &arguments.snapshot {
        snapshot::run(context, arguments, name)?;
    } else if arguments.lock {
        lock::run(context, arguments)?;
    } else if let Some(name) = &arguments.applied {
        marked::applied(context, arguments, name)?;
    } else if let Some(name) = &arguments.not_applied {
        marked::not_applied(context, arguments, name)?;
    } else {
        look(context, arguments)?;
    }
    Ok(exit::DONE)
}

/// Says what is wrong, with the command that repairs it.
///
/// # Errors
/// What is wrong.
fn look(context: &Context, arguments: &Repair) -> Result<()> {
    let folder = context.folder_as_listed()?;
    context.refuse_missing(&folder)?;
    folder.verify(Verify::All)?;
    let Some(mut records) = Records::of(context, arguments, false)? else {
        said::nothing(context, "the migrations and their lock fit together: nothing to repair");
        return Ok(());
    };
    let (_, standing) =
        block_on(inspect(&mut records.database, &folder)).map_err(|error| failure(error, (&records.url).into()))?;
    if let Some(error) = standing.into_error() {
        return Err(failure(error, (&records.url).into()));
    }
    said::nothing(context, &format!("the migrations, their lock and {} fit together: nothing to repair", records.url));
    Ok(())
}
