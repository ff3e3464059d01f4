//! Whether what was planned still holds: the database, the state that it is in, and the migrations.

use std::path::Path;

use dbmigrate_core::engine::apply::history::common_of;
use dbmigrate_core::engine::apply::{Options, State};
use dbmigrate_core::folder::Folder;

use super::made::{address, look, planned};
use crate::database::Run;
use crate::database::changed::state_differences;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::messages::ApprovedPlan;
use crate::project::path;

/// Compares a plan with what there is. `wanted` has the options of the plan. Returns the state that the database is in,
/// and has to be in when the first migration begins.
///
/// # Errors
/// Exit code 5 with what differs, and what `migrate` would end with.
pub(crate) fn hold(file: &Path, plan: &ApprovedPlan, wanted: &Run<'_>) -> Result<State> {
    let shown = path::for_display(file).display().to_string();
    let again = format!("make a new plan, and have it approved: `cargo dbmigrate plan --out {shown}`");
    let refused = |message: String, differences: Vec<String>| {
        let error = CommandError::new(exit::INCONSISTENT, message);
        differences.into_iter().fold(error, CommandError::note).note("nothing was changed").help(again.clone())
    };
    let (name, place) = (wanted.url.target().map(|target| target.name.clone()), address(wanted.context, wanted.url));
    if wanted.context.package.name != plan.package {
        let message = format!("`{shown}` is for package `{}`, not `{}`", plan.package, wanted.context.package.name);
        return Err(refused(message, Vec::new()));
    }
    if name != plan.target || place != plan.database {
        let words = |name: &Option<String>, place: &str| match name {
            Some(name) => format!("target `{name}` (`{place}`)"),
            None => format!("`{place}`"),
        };
        let (theirs, ours) = (words(&plan.target, &plan.database), words(&name, &place));
        return Err(refused(format!("`{shown}` is for {theirs}, not for {ours}"), Vec::new()));
    }
    let differences = files(plan, wanted.folder);
    if !differences.is_empty() {
        return Err(refused(format!("the migrations are not those of `{shown}`"), differences));
    }
    let mut stands = look(wanted).map_err(|error| error.help(again.clone()))?;
    let expected = State {
        history: plan.state.history.clone(),
        schema: plan.state.schema.clone(),
        unreadable: plan.state.unreadable.clone(),
    };
    if stands.state != expected {
        let mut differences = state_differences(&expected, &stands.state);
        differences.extend(drift(&plan.state.drift, &stands.drift));
        let applied = stands.state.history.iter().skip(plan.state.position).map(|(name, sql)| (name, sql));
        if !plan.migrations.is_empty() && applied.eq(plan.migrations.iter().map(|one| (&one.name, &one.sql))) {
            differences.push("all of the plan is applied".to_owned());
        }
        return Err(refused(format!("`{}` has changed since `{shown}` was made", wanted.url), differences));
    }
    let mut grown = Vec::new();
    for then in &plan.migrations {
        let Some(migration) = wanted.folder.find(&then.name) else { continue };
        let now = planned(wanted.folder, migration, stands.database.as_mut())?;
        for (before, now) in then.losses.iter().zip(now.losses) {
            if let (Some(before), Some(count)) = (before.count, now.count)
                && count > before
                && now.kept.is_none()
            {
                grown
                    .push(format!("`{}` would lose {count} of `{}`, and {before} were planned", then.name, now.object));
            }
        }
    }
    if !grown.is_empty() {
        return Err(refused(format!("`{}` would lose more than `{shown}` says", wanted.url), grown));
    }
    Ok(expected)
}

/// How the migrations differ from those that were planned.
fn files(plan: &ApprovedPlan, folder: &Folder) -> Vec<String> {
    let mut differences = Vec::new();
    let listed = folder.migrations();
    // how many records there are says nothing about where they end in the folder
    let first = common_of(&plan.state.history, listed).migrations();
    for (at, wanted) in plan.migrations.iter().enumerate() {
        let Some(found) = folder.migrations().iter().find(|one| one.name.as_str() == wanted.name) else {
            differences.push(format!("`{}` is missing", wanted.name));
            continue;
        };
        if found.index != first + at {
            differences.push(format!("`{}` is at another place", wanted.name));
        }
        if found.sql.to_hex() != wanted.sql {
            differences.push(format!("`{}` has other SQL", wanted.name));
        }
        if found.snapshot.to_hex() != wanted.snapshot {
            differences.push(format!("`{}` has another snapshot", wanted.name));
        }
    }
    let end = first + plan.migrations.len();
    if plan.to.is_none() {
        let more = listed.iter().skip(end);
        differences.extend(more.map(|one| format!("`{}` is new", one.name)));
    }
    let chain = end.checked_sub(1).and_then(|last| listed.get(last)).map(|last| folder.seal_at(last).to_hex());
    if differences.is_empty() && !plan.migrations.is_empty() && chain != plan.lock {
        differences.push("a migration before them has changed".to_owned());
    }
    differences
}

/// How a drift that was accepted differs from the one that there is.
fn drift(before: &[String], now: &[String]) -> Vec<String> {
    let new = now.iter().filter(|line| !before.contains(line)).map(|line| format!("drift: {line}"));
    let gone = before.iter().filter(|line| !now.contains(line)).map(|line| format!("no longer: {line}"));
    new.chain(gone).collect()
}

/// The options that a plan was made with.
pub(crate) fn options(plan: &ApprovedPlan) -> Options<'_> {
    Options { to: plan.to.as_deref(), accept_drift: plan.accept_drift, atomic: plan.atomic, ..Options::default() }
}
