//! `generate --online`: a migration that rebuilds a table while others use it.

use std::path::Path;

use dbmigrate_core::folder::Script;
use dbmigrate_core::folder::script::Place;
use dbmigrate_core::plan::Plan;
use dbmigrate_core::schema::Schema;

use crate::drafting::online;
use crate::error::{CommandError, Result};
use crate::linting::scope;
use crate::project::Context;

/// The text of the migration.
///
/// # Errors
/// If it is not one rebuild.
pub(super) fn sql(name: &str, plan: &Plan) -> Result<String> {
    online(&plan.to_sql(name)).map_err(|message| {
        CommandError::usage(message)
            .help("write it as one transaction: leave `--online` out")
            .help("a change that needs no rebuild is instant, and two tables need two migrations")
    })
}

/// Warns of a copy that is not needed: where the definition is replaced in place, nobody waits either.
///
/// # Errors
/// If the configured databases cannot be told.
pub(super) fn warn(context: &Context, name: &str, plan: &Plan, before: &Schema) -> Result<()> {
    let sql = plan.to_sql(name);
    let script = Script::parse(&sql, Path::new(name))?;
    let place = if scope::target(context)?.is_server { Place::Server } else { Place::File };
    let is_needed = script.in_place(before, place).len() < script.rebuilds.len();
    if !is_needed && !script.rebuilds.is_empty() {
        let help =
            "leave `--online` out: the rows are read while others write, and the definition is replaced in place";
        context.printer.warning("`--online` copies every row, and none needs to be copied", &[help.to_owned()]);
    }
    Ok(())
}
