//! `generate --online`: a migration that rebuilds a table while others use it.

use std::path::Path;

use dbmigrate_core::folder::Script;
use dbmigrate_core::plan::Plan;

use crate::error::{CommandError, Result};

/// The text of the migration.
///
/// # Errors
/// If it is not one rebuild.
pub(super) fn sql(name: &str, plan: &Plan) -> Result<String> {
    let plain = plan.to_sql(name);
    let refused = |message: String| {
        CommandError::usage(message)
            .help("write it as one transaction: leave `--online` out")
            .help("a change that needs no rebuild is instant, and two tables need two migrations")
    };
    let sql = plain.replacen("\n-- dbmigrate: rebuild ", "\n-- dbmigrate: online\n-- dbmigrate: rebuild ", 1);
    if sql == plain {
        return Err(refused("`--online` is for a migration that rebuilds a table, and this one does not".to_owned()));
    }
    Script::parse(&sql, Path::new("migration.sql")).map_err(|error| refused(error.message))?;
    Ok(sql)
}
