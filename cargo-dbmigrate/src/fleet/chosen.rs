//! The databases of a command that runs on each member of a fleet, or on a database or targets as ever.

use super::conditions::{Standing, Where};
use crate::error::{CommandError, Result};
use crate::messages::MemberState;
use crate::project::Context;
use crate::project::targets::Databases;
use crate::project::url::Connect;
use crate::rollout::survey::{Look, survey};

/// The members that are meant, if a fleet is named, else as [`Context::databases`].
///
/// # Errors
/// As for [`Context::databases`] and [`super::Fleet::members_where`].
pub(crate) fn databases(context: &Context, connect: &Connect, which: &Where) -> Result<Databases> {
    let Some(fleet) = context.fleet(connect)? else {
        refuse_without_fleet(which)?;
        return context.databases(connect);
    };
    let mut members = fleet.members_where(context, which)?;
    if which.asks() {
        let folder = context.existing_folder()?;
        let looks = survey(context, &folder, &members, &fleet.target.rollout);
        let mut looks = looks.iter();
        members.retain(|member| looks.next().is_some_and(|look| which.holds(member, standing(look))));
    }
    Ok(Databases::of_fleet(fleet.name(), members.into_iter().map(|member| member.url).collect()))
}

/// Refuses conditions where no fleet is named.
///
/// # Errors
/// Exit code 2.
pub(crate) fn refuse_without_fleet(which: &Where) -> Result<()> {
    if which.is_all() {
        return Ok(());
    }
    Err(CommandError::usage("`--where` chooses members of a fleet, and no fleet is named")
        .help("name one: `-t NAME`, a target with `fleet` in `dbmigrate.toml`"))
}

/// Where a member stands, as conditions know it.
pub(crate) fn standing(look: &Look) -> Standing {
    let state = match look.state {
        MemberState::AtHead => "at_head",
        MemberState::Behind => "behind",
        MemberState::Drifted => "drifted",
        MemberState::UnknownHistory => "unknown_history",
        MemberState::Unreachable => "unreachable",
    };
    Standing { state, behind: look.pending }
}
