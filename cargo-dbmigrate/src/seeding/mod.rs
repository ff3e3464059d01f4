//! Puts the rows of a set into a database: `seeds/<set>/` is read, checked against the schema and against itself, and
//! written so that a second run finds nothing to do.
//!
//! `folder` finds a set, `documents` reads its files, `understand` makes rows of them whose values fit their columns,
//! `order` says what comes first, `check` tries them on a database in memory, `there` looks for what the database has,
//! and `write` does the rest.

pub(crate) mod calendar;
mod check;
mod convert;
pub(crate) mod date;
pub(crate) mod documents;
mod errors;
pub(crate) mod folder;
pub(crate) mod fresh;
mod generated;
mod keys;
mod made;
pub(crate) mod model;
mod order;
pub(crate) mod read;
mod references;
mod refused;
pub(crate) mod rows;
pub(crate) mod script;
mod statement;
mod there;
mod twin;
mod understand;
pub(crate) mod write;

use dbmigrate_core::schema::Schema;

use documents::Documents;
use errors::NOTHING;
use folder::Folder;
use model::{Mode, Seed};
pub(crate) use order::Unit;
pub(crate) use references::Found;
use references::Reference;
use rows::Generated;

use crate::diagnostic::Diagnostic;
use crate::error::Result;
use crate::project::Context;

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
pub(crate) fn read(context: &Context, name: Option<&str>) -> Result<Documents> {
    let folder: Folder = folder::find(&context.package.root.join(&context.config.seeds), name)?;
    let set = folder.name.clone();
    documents::read(folder).map_err(|errors| errors::failed(&context.printer, &set, errors).note(NOTHING))
}

/// Checks a set against the schema of a database, against itself, and its references against the rows that are there.
///
/// # Errors
/// All that is wrong with it.
pub(crate) fn prepare(
    context: &Context,
    documents: &Documents,
    (schema, declared): (&Schema, Option<&Schema>),
    database: &Found<'_>,
) -> Result<Ready> {
    let variable = |name: &str| context.variable(name);
    let around = understand::Surroundings { schema, declared, ignore: &context.config.ignore, variable: &variable };
    let (seed, mut errors) = understand::understand(documents, &around);
    let units = order::order(&seed).unwrap_or_else(|found| {
        errors.extend(found);
        Vec::new()
    });
    let generators = made::generators(&seed, schema, declared).unwrap_or_else(|found| {
        errors.extend(found);
        Vec::new()
    });
    errors.extend(refused_modes(&seed));
    let checked = check::check(&seed, &units, schema)?;
    errors.extend(checked.errors);
    if errors.is_empty() {
        return Ok(Ready { seed, units, generators, open: checked.open });
    }
    // all at once, also what only the database knows
    errors.extend(references::looked_up(&seed, &checked.open, database)?);
    Err(errors::failed(&context.printer, &documents.name, errors).note(NOTHING))
}

/// Tables that are to have no other rows than those of the set, which does not list them all.
fn refused_modes(seed: &Seed) -> Vec<Diagnostic> {
    let made = seed.made.iter().map(|made| (made.table, made.file, "are generated"));
    let scripts = seed.scripts.iter().filter_map(|script| Some((script.table?, script.file, "come from statements")));
    let is_synced = |(table, ..): &(usize, usize, &str)| seed.tables[*table].mode == Mode::Sync;
    let error = |(table, file, how): (usize, usize, &str)| {
        let name = &seed.tables[table].table.name;
        let error = Diagnostic::error(format!("`sync` cannot tell which rows of `{name}` are surplus: some {how}"));
        error.at(&seed.files[file], 0..0, "").help("use `mode = \"upsert\"`, or list all rows")
    };
    made.chain(scripts).filter(is_synced).map(error).collect()
}
