//! What was changed by hand in the members of a fleet, those with the same changes together.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use dbmigrate_core::engine::apply::{Standing, inspect};
use dbmigrate_core::folder::Folder;
use pollster::block_on;

use super::survey::{ask, survey};
use crate::database::open;
use crate::database::state::failure;
use crate::error::Result;
use crate::fleet::{Fleet, Member, Where, standing};
use crate::messages::MemberState;
use crate::project::Context;

/// The drift of a fleet.
pub(crate) struct Drift {
    /// The members that were asked.
    pub members: Vec<Member>,
    /// How many of them are meant.
    pub meant: usize,
    /// How many of those cannot be compared.
    pub unknown: usize,
    /// Those with the same changes, most of them first.
    pub groups: Vec<Group>,
}

/// Members that were changed in the same way.
pub(crate) struct Group {
    /// The last migration that they have.
    pub migration: String,
    /// What differs from what it left.
    pub changes: Vec<String>,
    /// Their numbers.
    pub members: Vec<usize>,
}

/// What was changed by hand in the members that are meant.
///
/// # Errors
/// What is wrong with the fleet, and not with a member.
pub(crate) fn drift(context: &Context, folder: &Folder, fleet: &Fleet, which: &Where) -> Result<Drift> {
    let members = fleet.members_where(context, which)?;
    let rollout = &fleet.target.rollout;
    let looks = survey(context, folder, &members, rollout);
    let is_meant = |at: &usize| which.holds(&members[*at], standing(&looks[*at]));
    let meant: Vec<usize> = (0..members.len()).filter(is_meant).collect();
    let of_state = |states: &[MemberState]| {
        let is_in = |at: &usize| states.contains(&looks[*at].state);
        meant.iter().copied().filter(is_in).collect::<Vec<usize>>()
    };
    let mut unknown = of_state(&[MemberState::UnknownHistory, MemberState::Unreachable]).len();
    let drifted = of_state(&[MemberState::Drifted]);
    let mut groups: BTreeMap<(String, Vec<String>), Vec<usize>> = BTreeMap::new();
    for (at, changes) in ask(&members, &drifted, rollout, |member| changes(context, folder, member)) {
        match changes {
            Ok(Some(changes)) => groups.entry(changes).or_default().push(at),
            // somebody has undone them meanwhile
            Ok(None) => {}
            Err(error) => {
                unknown += 1;
                context.printer.warning(error.message(), &[]);
            }
        }
    }
    let group = |((migration, changes), members)| Group { migration, changes, members };
    let mut groups: Vec<Group> = groups.into_iter().map(group).collect();
    groups.sort_by_key(|group| Reverse(group.members.len()));
    Ok(Drift { meant: meant.len(), members, unknown, groups })
}

/// The last migration of a member, and what differs from what that left.
fn changes(context: &Context, folder: &Folder, member: &Member) -> Result<Option<(String, Vec<String>)>> {
    let mut database = open(context, &member.url, false)?;
    let (_, standing) =
        block_on(inspect(&mut database, folder)).map_err(|error| failure(error, (&member.url).into()))?;
    Ok(match standing {
        Standing::Drifted(drifted) => Some((drifted.migration.clone(), drifted.lines())),
        Standing::AsRecorded | Standing::NotEmpty(_) => None,
    })
}
