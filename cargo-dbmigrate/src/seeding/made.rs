//! Rows that are made from a description: the seam between a set and what makes them.

use dbmigrate_core::schema::Schema;

use super::model::{Made, Seed};
use super::rows::Generated;
use crate::diagnostic::Diagnostic;

/// What makes the rows of a table.
///
/// # Errors
/// What is wrong with the description.
pub(crate) fn generator(seed: &Seed, made: &Made, _schema: &Schema) -> Result<Box<dyn Generated>, Vec<Diagnostic>> {
    let name = &seed.tables[made.table].table.name;
    let error = Diagnostic::error(format!("generated rows of `{name}` cannot be made by this version"));
    Err(vec![error.at(&seed.files[made.file], made.settings.span.clone(), "")])
}
