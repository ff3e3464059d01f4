//! Migrations that are written from a database, not from structs: the folder gets them, and structs that are there have
//! to say the same, so that the next `generate` has nothing to do.
//!
//! Everything is written in an order in which an interrupted run is completed by the next one: structs, migrations one
//! by one, the record in the database. What is there already and is what would be written is left as it is.

use std::path::Path;

use dbmigrate_core::engine::prove::{check_declaration, differences};
use dbmigrate_core::folder::{Checksum, Folder, MigrationName, Slug, Snapshot, Verify};
use dbmigrate_core::schema::Schema;
use pollster::block_on;

use crate::adopting::with_differences;
use crate::error::{CommandError, Result};
use crate::messages::{self, FileAction};
use crate::project::Context;
use crate::proof;
use crate::report::counted;
use crate::{exit, structs};

/// A migration that is to be in the folder.
pub(super) struct Step {
    pub(super) slug: Slug,
    pub(super) sql: String,
    pub(super) snapshot: Snapshot,
}

impl Step {
    /// The name that it gets at a place, counted from 0.
    pub(super) fn name(slug: &Slug, at: usize) -> MigrationName {
        MigrationName::new(u32::try_from(at + 1).unwrap_or(u32::MAX), slug)
    }
}

/// Opens the folder, which has to be empty or to have some of the first migrations of `steps` already, or all of them
/// and others after them. `refuse` is what is said of other migrations.
///
/// # Errors
/// If the folder has others, or is not consistent.
pub(super) fn open_folder(
    context: &Context,
    steps: &[Step],
    refuse: impl FnOnce(&Folder) -> CommandError,
) -> Result<Folder> {
    let mut folder = context.folder()?;
    for (at, (listed, step)) in folder.migrations().iter().zip(steps).enumerate() {
        let is_same = listed.name == Step::name(&step.slug, at) && listed.sql == Checksum::of_sql(&step.sql);
        if !is_same {
            return Err(refuse(&folder));
        }
    }
    if let Some(next) = steps.get(folder.migrations().len()) {
        folder.remove_left_over(&next.slug, &next.sql, &next.snapshot)?;
    }
    folder.verify(Verify::All)?;
    Ok(folder)
}

/// Adds what the folder lacks, and says so.
///
/// # Errors
/// If it cannot be written. What was added before stays, and is completed by the next run.
pub(super) fn write_missing(context: &Context, folder: &mut Folder, steps: &[Step], from: &str) -> Result<usize> {
    let missing = steps.get(folder.migrations().len()..).unwrap_or_default();
    let mut names = Vec::with_capacity(missing.len());
    for step in missing {
        let name = folder.add(&step.slug, &step.sql, &step.snapshot)?.name.to_string();
        let file = folder.head().map(|head| folder.sql_path(head).display().to_string());
        context.printer.message(|| messages::Generated {
            name: Some(name.clone()),
            file,
            changes: Vec::new(),
            cost: None,
            from: Some(from.to_owned()),
        });
        context.wrote_migration(folder, &name, FileAction::Created);
        context.printer.detail("Generated", &name);
        names.push(name);
    }
    match &names[..] {
        [] => {}
        [only] => context.printer.status("Generated", format!("{only} (from {from})")),
        [first, .., last] => {
            let count = counted(names.len(), "migration");
            context.printer.status("Generated", format!("{count}, {first} to {last} (from {from})"));
        }
    }
    Ok(names.len())
}

/// Whether the structs of the package may go with this schema: they declare it, or there are none yet because what was
/// written to `out` is not part of the package. Then `next` gets a line that says how it becomes one. `again` is the
/// command.
///
/// # Errors
/// What they say instead. Nothing was recorded then.
pub(super) fn check_structs(
    context: &Context,
    wanted: &Schema,
    out: Option<&Path>,
    next: &mut Vec<String>,
    again: &str,
) -> Result<()> {
    let declared = structs::read(context).map_err(|error| error.note("nothing was recorded"))?;
    if declared.schema.is_empty() {
        if out.is_some() && !next.iter().any(|step| step.starts_with("add ")) {
            next.push("declare the new module in the crate root: `mod schema;`".to_owned());
        }
        return block_on(check_declaration(wanted, &[]))
            .map(drop)
            .map_err(|error| CommandError::failed(error.to_string()));
    }
    let found = differences(&declared.schema, wanted);
    if found.is_empty() {
        return proof::check(context, &declared, wanted);
    }
    let message = format!("the structs of `{}` do not match the database", context.package.name);
    let error = with_differences(CommandError::new(exit::DIFFERENCE, message), "in the structs", &found);
    Err(error
        .helps(next.iter().cloned())
        .help("remove the structs that differ")
        .note("no migration was written, and nothing was recorded")
        .help(format!("then run again: `{again}`")))
}
