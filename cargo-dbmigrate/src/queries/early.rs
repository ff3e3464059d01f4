//! Queries that need what waits for the deployment of this version: until then it runs without it.

use dbmigrate_core::engine::apply::is_after_deploy;
use dbmigrate_core::folder::Folder;

use super::application::Application;
use super::judged::{Judged, Outcome, judge};
use super::schemas::Schemas;
use crate::diagnostic::Diagnostic;
use crate::error::{CommandError, Result};
use crate::project::Context;

/// Warnings for the queries that fit the last schema, and not the one in front of the migrations at the end of the folder that
/// wait for a deployment. Whether those are applied by now is not known here, so they are no errors.
///
/// # Errors
/// If a migration cannot be read, or nothing can be opened in memory.
pub(super) fn too_early(
    context: &Context,
    folder: &Folder,
    application: &Application,
    judged: &[Judged<'_>],
) -> Result<Vec<Diagnostic>> {
    let mut first = None;
    for migration in folder.migrations().iter().rev() {
        let waits = is_after_deploy(folder, migration).map_err(|error| CommandError::failed(error.to_string()))?;
        if !waits {
            break;
        }
        first = Some(migration);
    }
    let Some(first) = first else { return Ok(Vec::new()) };
    let schemas = Schemas::only(context, folder.schema_before(first)?, &application.made)?;
    let before = judge(&application.literals.written, &schemas, &context.config.queries)?;
    let own = context.config.database_name();
    let fits = |one: &Judged<'_>| matches!(one.outcome, Outcome::Fits(_)) && one.database.as_deref() == own;
    let mut warnings = Vec::new();
    for (_, one) in judged.iter().zip(&before).filter(|(last, _)| fits(last)) {
        let Outcome::Refused(refused) = &one.outcome else { continue };
        for refusal in refused {
            let message = format!("{}, until `{}` is applied", refusal.message, first.name);
            let warning = Diagnostic::warning(message)
                .at(&one.written.file, one.written.place(&refusal.span), "")
                .note("that migration waits until this version is deployed, which runs this query before");
            warnings.push(warning);
        }
    }
    Ok(warnings)
}
