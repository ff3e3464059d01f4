//! What the new migrations change in the schema, as a diagram.

use dbmigrate_core::diff::{Renames, diff};
use dbmigrate_core::folder::Folder;

use crate::drafting::traced;
use crate::error::Result;
use crate::pictures::{compared, markdown};
use crate::project::Context;

/// How many tables a diagram in a comment has at most.
const MOST: usize = 24;

/// The changes of a migration and of all behind it; nothing if there are none, or too many.
///
/// # Errors
/// If a migration cannot be read.
pub(super) fn of(context: &Context, folder: &Folder, first: &str) -> Result<Option<String>> {
    let Some(first) = folder.find(first) else { return Ok(None) };
    let mut schemas = folder.schemas();
    let before = schemas.before(first)?;
    let new = &folder.migrations()[first.index..];
    let steps = new.iter().map(|one| Ok((folder.sql(one)?, folder.sql_path(one), schemas.at(one)?)));
    let renames = traced(before.clone(), steps)?.renames();
    let after = folder.head_schema()?;
    // a table that was renamed and then replaced is called a new one
    let difference = diff(&before, &after, &renames).or_else(|_| diff(&before, &after, &Renames::default()));
    let Ok(difference) = difference else { return Ok(None) };
    let picture = compared(&before, &after, &difference, &context.config.engine);
    Ok(markdown::of_changes(&picture, MOST))
}
