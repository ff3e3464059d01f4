//! `check --with`: every step in Rust tried in memory, on an empty database and on generated rows.

use dbmigrate_core::engine::apply::Failure;
use dbmigrate_core::engine::step::{Tried, try_on_rows};
use dbmigrate_core::folder::{Folder, Script};
use pollster::block_on;

use super::with_step;
use crate::database::Subject;
use crate::database::failure::migration_error;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::Context;
use crate::proof;
use crate::report::counted;

/// The database that they are tried in.
const MEMORY: Subject<'static> = Subject::Named("the database in memory");

/// Tries the steps of all migrations, and says what was shown.
///
/// # Errors
/// If a step fails on an empty database, or breaks something: its transaction, the schema, foreign keys.
pub(crate) fn try_steps(context: &Context, folder: &Folder) -> Result<()> {
    let Some(steps) = context.steps.steps() else { return Ok(()) };
    proof::replay_with_steps(folder, &context.config.ignore, &context.steps)?;
    for name in with_step(folder)? {
        let Some(migration) = folder.find(&name) else { continue };
        let text = folder.sql(migration)?;
        let file = folder.sql_path(migration);
        let script = Script::parse(&text, &file)?;
        let (before, file) = (folder.schema_before(migration)?, &file);
        let tried = block_on(try_on_rows(&before, migration, script, steps, &context.config.ignore))
            .map_err(|error| CommandError::failed(error.to_string()))?;
        let Tried { rows, failure } = tried;
        match failure {
            None => {
                let rows = counted(rows, "generated row");
                context.printer.status("Proved", format!("the step in Rust of {name}, on {rows}"));
            }
            // a value may be one that no database has
            Some(failure @ (Failure::Step { .. } | Failure::Preflight { .. } | Failure::Statement { .. })) => {
                let why = match failure {
                    Failure::Step { message, .. } => message,
                    other => other.to_string(),
                };
                let message = format!("the step in Rust of `{name}` is not proven on generated rows: {why}");
                let help = "whether it fails on the rows of a database: `cargo dbmigrate migrate --dry-run --with BIN`";
                context.printer.warning(&message, &[help.to_owned()]);
            }
            Some(failure) => {
                let error = migration_error(&name, file, &failure, &[], MEMORY);
                return Err(error.with_exit_code(exit::INCONSISTENT).note("it was tried on generated rows"));
            }
        }
    }
    Ok(())
}
