//! `check`: the gate for CI, without a database: structs, snapshots and migrations are in step.

use clap::Args;

use crate::error::Result;
use crate::messages;
use crate::project::Context;
use crate::report::counted;
use crate::{exit, proof, structs};

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Exits with 4 if the structs have changes to generate, with 5 if a migration was
edited.")]
pub(crate) struct Check {}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, _arguments: &Check) -> Result<u8> {
    let folder = context.folder()?;
    let printer = &context.printer;
    let tables = proof::agree(context, &folder, |declared, changes| {
        printer.annotate(|| structs::without_migration(declared, changes));
        printer.message(|| messages::Changes { changes: changes.iter().map(ToString::to_string).collect() });
    })?;
    let count = folder.migrations().len();
    printer.message(|| messages::Checked { migrations: count, tables });
    printer.status(
        "Checked",
        format!("{}: structs, snapshots and {} agree", counted(tables, "table"), counted(count, "migration")),
    );
    Ok(exit::DONE)
}
