//! `generate --rust`: a migration with a step in Rust, and the function to write.

use dbmigrate_core::plan::Plan;

use crate::error::{CommandError, Result};
use crate::project::Context;

/// Refuses what is no name of a function.
pub(super) fn check(function: &str) -> Result<()> {
    match syn::parse_str::<syn::Ident>(function) {
        Ok(_) => Ok(()),
        Err(_) => Err(CommandError::usage(format!("`{function}` is no name of a function"))
            .help("name one as in Rust: `cargo dbmigrate generate --rust hash_tokens`")),
    }
}

/// The migration: what the structs need, if they have changed, and the step.
pub(super) fn sql(migration: &str, plan: &Plan) -> String {
    let planned = if plan.is_empty() { format!("-- {migration}\n") } else { plan.to_sql(migration) };
    format!(
        "{}\n\n-- The step in Rust runs here, in the migration's transaction, and may only read and write rows. Move the \
         line between\n-- the statements that go before it and those that go behind it, then record the edit:\n-- cargo \
         dbmigrate generate --custom\n-- dbmigrate: rust\n",
        planned.trim_end()
    )
}

/// Shows the function, and where it is named.
pub(super) fn report(context: &Context, migration: &str, file: &str, function: &str) {
    let printer = &context.printer;
    printer.result(format!(
        "fn {function}(step: &mut dbmigrate::migrate::Step<'_>) -> dbmigrate::migrate::StepResult {{\n    let rows = \
         step.query(\"SELECT …\", &[])?;\n    for row in rows {{\n        // row.get::<i64>(0)?\n        step.execute(\"UPDATE …\", &[])?;\n    \
         }}\n    Ok(())\n}}"
    ));
    printer.next(&[
        "write the function in the application".to_owned(),
        format!("name it: `embed_migrations!(steps {{ \"{migration}\" => {function} }})`"),
        format!("see where it runs in {file}"),
    ]);
}
