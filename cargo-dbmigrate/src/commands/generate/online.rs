//! `generate --online`: a migration that rebuilds a table while others use it.

use dbmigrate_core::plan::Plan;

use crate::drafting::online;
use crate::error::{CommandError, Result};

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
