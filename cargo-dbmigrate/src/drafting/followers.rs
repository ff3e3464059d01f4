//! That a migration leaves the keys alone by which rows are known that earlier migrations have kept values of.

use std::path::Path;

use dbmigrate_core::engine::apply::{Database, Failure, Prepared};
use dbmigrate_core::folder::{Folder, Script};
use dbmigrate_core::plan::Plan;
use dbmigrate_core::shell::shell_quoted;
use pollster::block_on;

use crate::project::Context;
use crate::proof::replay_to;

/// Warns if `migrate` will refuse a plan, behind the first `count` migrations, where values are still kept whose rows
/// could not be followed any more. It is tried out on a database that has all that they keep.
pub(crate) fn warn_of_lost_keys(context: &Context, (folder, count): (&Folder, usize), plan: &Plan) {
    let before = folder.migrations().get(..count).unwrap_or_default();
    let Some(last) = before.last() else { return };
    // nothing moves that rows are known by
    if plan.moving.is_empty() {
        return;
    }
    let keeps = |text: &str| text.contains("-- dbmigrate: keep ");
    if !before.iter().any(|migration| folder.sql(migration).is_ok_and(|text| keeps(&text))) {
        return;
    }
    let text = plan.to_sql("next");
    let Ok(script) = Script::parse(&text, Path::new("next")) else { return };
    // what is wrong with the migrations before is said by whoever applies them
    let Ok(connection) = replay_to(folder, count, &context.config.ignore) else { return };
    let mut database = Database::from_connection(connection).ignoring(context.config.ignore.clone());
    let prepared = Prepared { migration: last, file: "next".into(), script, drift: None };
    let Err(failure) = block_on(database.apply_part(&prepared)) else { return };
    let Failure::KeptRows { kept, .. } = &failure else { return };
    context.printer.warning(
        &failure.to_string(),
        &[
            "`migrate` refuses that as long as a database keeps them".to_owned(),
            format!("if what is kept is no longer needed: `cargo dbmigrate kept drop {}`", shell_quoted(kept)),
        ],
    );
}
