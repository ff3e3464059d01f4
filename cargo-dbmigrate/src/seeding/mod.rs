//! Puts the rows of a set into a database: `seeds/<set>/` is read, checked against the schema and against itself, and
//! written so that a second run finds nothing to do.
//!
//! `folder` finds a set, `documents` reads its files, `understand` makes rows of them whose values fit their columns,
//! `order` says what comes first, `check` tries them on a database in memory, `there` looks for what the database has,
//! and `write` does the rest.

mod check;
mod convert;
mod date;
pub(crate) mod documents;
mod errors;
pub(crate) mod folder;
mod generated;
mod keys;
mod made;
pub(crate) mod model;
mod order;
pub(crate) mod read;
mod references;
mod refused;
pub(crate) mod rows;
mod statement;
mod there;
mod understand;
pub(crate) mod write;

use std::path::Path;

use dbmigrate_core::ignore::Ignore;
use dbmigrate_core::schema::Schema;

use documents::Documents;
use folder::Folder;
use model::Seed;
use order::Unit;
use references::Reference;
use rows::Generated;

use crate::error::Result;
use crate::report::Printer;

/// A set that can be written into a database of a schema.
pub(crate) struct Ready {
    /// The set.
    pub seed: Seed,
    /// Its order.
    pub units: Vec<Unit>,
    /// What makes rows, for each of [`Seed::made`].
    pub generators: Vec<Box<dyn Generated>>,
    /// References that only the database can satisfy.
    pub open: Vec<Reference>,
}

/// Reads the set of that name.
///
/// # Errors
/// If there is none, or all that is wrong with its files.
pub(crate) fn read(root: &Path, name: Option<&str>, printer: &Printer) -> Result<Documents> {
    let folder: Folder = folder::find(root, name)?;
    let set = folder.name.clone();
    documents::read(folder).map_err(|errors| errors::failed(printer, &set, errors).note(NOTHING))
}

/// Checks a set against a schema and against itself.
///
/// # Errors
/// All that is wrong with it.
pub(crate) fn prepare(
    documents: &Documents,
    schema: &Schema,
    ignore: &Ignore,
    variable: &dyn Fn(&str) -> Result<Option<String>>,
    printer: &Printer,
) -> Result<Ready> {
    let failed = |errors| errors::failed(printer, &documents.name, errors).note(NOTHING);
    let around = understand::Surroundings { schema, ignore, variable };
    let seed = understand::understand(documents, &around).map_err(failed)?;
    let units = order::order(&seed).map_err(failed)?;
    let (generators, mut errors) = match made::generators(&seed, schema) {
        Ok(generators) => (generators, Vec::new()),
        Err(errors) => (Vec::new(), errors),
    };
    let checked = check::check(&seed, &units, schema)?;
    errors.extend(checked.errors);
    match errors.is_empty() {
        true => Ok(Ready { seed, units, generators, open: checked.open }),
        false => Err(failed(errors)),
    }
}

/// In what state every error before the first write leaves a database.
const NOTHING: &str = "nothing was written";
