//! Migrations that are written from a database, not from structs: the folder gets them, and the structs have to say
//! the same, so that the next `generate` has nothing to do.
//!
//! Everything is written in an order in which an interrupted run is completed by the next one: structs, migrations one
//! by one, the record in the database. What is there already and is what would be written is left as it is.

use std::path::Path;

use dbmigrate_core::engine::prove::differences;
use dbmigrate_core::folder::{Checksum, Folder, MigrationName, Slug, Snapshot, Verify};
use dbmigrate_core::schema::Schema;

use super::baseline::with_differences;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::report::counted;
use crate::source::Declared;
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
        let is_same = listed.name == Step::name(&step.slug, at) && listed.sql == Checksum::of_text(step.sql.as_bytes());
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
        context.printer.json("generated", &serde_json::json!({ "name": name, "file": file, "from": from }));
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

/// The structs of the package, if they declare this schema. `next` is what may be left to be done by hand before the
/// structs that were written to `out` are read; `again` is the command.
///
/// # Errors
/// What they say instead. Nothing was recorded then.
pub(super) fn declared(
    context: &Context,
    wanted: &Schema,
    out: Option<&Path>,
    next: &[String],
    again: &str,
) -> Result<Declared> {
    let declared = structs::read(context).map_err(|error| error.note("nothing was recorded"))?;
    let found = differences(&declared.schema, wanted);
    if found.is_empty() {
        return Ok(declared);
    }
    let mut error = match out {
        Some(out) if declared.schema.is_empty() => {
            let message = format!("`{}` is not part of `{}` yet", out.display(), context.package.name);
            CommandError::new(exit::DIFFERENCE, message).helps(next.iter().cloned())
        }
        _ => {
            let message = format!("the structs of `{}` do not say what the database has", context.package.name);
            let error = with_differences(CommandError::new(exit::DIFFERENCE, message), "in the structs", &found);
            error.helps(next.iter().cloned()).help("take out the structs that say something else")
        }
    };
    if declared.schema.is_empty() && !next.iter().any(|step| step.starts_with("add ")) {
        error = error.help("declare its module where the crate begins, such as `mod schema;`");
    }
    Err(error.note("no migration was written, and nothing was recorded").help(format!("then run it again: `{again}`")))
}
