//! `branch list`: what was made here and is still there, in the organization of a database.

use dbmigrate_core::engine::remote::platform::CloudDatabase;

use super::arguments::{List, WHAT};
use crate::error::Result;
use crate::exit;
use crate::messages;
use crate::project::Context;
use crate::report::counted;
use crate::turso::{Cloud, is_ours};

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(super) fn run(context: &Context, arguments: &List) -> Result<u8> {
    let url = context.database(&arguments.connect)?;
    let cloud = Cloud::of(context, &url, WHAT)?;
    let mut ours: Vec<&CloudDatabase> = cloud.databases.iter().filter(|one| is_ours(one)).collect();
    ours.sort_by(|one, other| one.name.cmp(&other.name));
    let width = ours.iter().map(|one| one.name.len()).max().unwrap_or_default();
    for one in &ours {
        let Some(parent) = &one.parent else { continue };
        let since = parent.branched_at.as_deref().unwrap_or("unknown");
        let protection = if one.delete_protection == Some(true) { "  protected from deletion" } else { "" };
        let name = &one.name;
        context.printer.result(format!("{name:width$}  of {}  {since}{protection}", parent.name));
        context.printer.message(|| messages::Branch {
            name: one.name.clone(),
            parent: parent.name.clone(),
            host: one.host.clone(),
            branched_at: parent.branched_at.clone(),
            delete_protection: one.delete_protection == Some(true),
        });
    }
    let branches = if ours.len() == 1 { "1 branch".to_owned() } else { format!("{} branches", ours.len()) };
    let others = cloud.databases.len() - ours.len();
    let others = counted(others, "other database");
    context.printer.status("Finished", format!("`{}`: {branches}, {others}", cloud.organization));
    Ok(exit::DONE)
}
