//! `migrate --plan`: applies exactly what was planned, or nothing.

use std::path::Path;

use dbmigrate_core::engine::apply::State;
use dbmigrate_core::folder::Folder;

use crate::database::Run;
use crate::error::Result;
use crate::messages::ApprovedPlan;
use crate::planning;
use crate::project::Context;
use crate::project::url::{Connect, DatabaseUrl};

/// The plan that is to be applied, if one is.
///
/// # Errors
/// If it cannot be read, or was edited.
pub(super) fn read(file: Option<&Path>) -> Result<Option<ApprovedPlan>> {
    file.map(planning::read).transpose()
}

/// The database that is meant: that of the plan, if none is named.
pub(super) fn connect(given: &Connect, plan: Option<&ApprovedPlan>) -> Connect {
    let mut connect = given.clone();
    if !connect.names_one() {
        connect.target.extend(plan.and_then(|plan| plan.target.clone()));
    }
    connect
}

/// The state that the database has to be in when the first migration begins, if there is a plan, which must hold now.
///
/// # Errors
/// If it does not.
pub(super) fn hold(
    context: &Context,
    folder: &Folder,
    url: &DatabaseUrl,
    plan: (Option<&Path>, Option<&ApprovedPlan>),
) -> Result<Option<State>> {
    let (Some(file), Some(plan)) = plan else { return Ok(None) };
    let wanted = Run { context, folder, url, options: planning::options(plan), place: None };
    planning::hold(file, plan, &wanted).map(Some)
}
