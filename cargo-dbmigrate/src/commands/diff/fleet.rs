//! `diff` of a fleet: what was changed by hand in members, those with the same changes together.

use std::collections::BTreeMap;

use dbmigrate_core::engine::apply::{Standing, inspect};
use dbmigrate_core::folder::{Folder, Verify};
use pollster::block_on;

use crate::database::open;
use crate::database::state::failure;
use crate::error::Result;
use crate::exit;
use crate::fleet::{Fleet, Member, Where, standing};
use crate::messages::{self, MemberState};
use crate::project::Context;
use crate::report::Tone;
use crate::report::counted;
use crate::report::member::names;
use crate::rollout::survey::{ask, survey};

/// The last migration, and what differs from what it left.
type Changes = (String, Vec<String>);

/// Runs it and returns the exit code: 4 if a member has drifted.
///
/// # Errors
/// What went wrong with the fleet or the folder, and not with a member.
pub(super) fn run(context: &Context, fleet: &Fleet, which: &Where) -> Result<u8> {
    let printer = &context.printer;
    let folder = context.existing_folder()?;
    folder.verify(Verify::Sql)?;
    let members = fleet.members_where(context, which)?;
    let looks = survey(context, &folder, &members, fleet.target.rollout.parallel);
    let is_meant = |at: &usize| which.holds(&members[*at], standing(&looks[*at]));
    let meant: Vec<usize> = (0..members.len()).filter(is_meant).collect();
    let of_state = |states: &[MemberState]| {
        let is_in = |at: &usize| states.contains(&looks[*at].state);
        meant.iter().copied().filter(is_in).collect::<Vec<usize>>()
    };
    let mut groups: BTreeMap<Changes, Vec<&str>> = BTreeMap::new();
    let mut unknown = of_state(&[MemberState::UnknownHistory, MemberState::Unreachable]).len();
    let (drifted, parallel) = (of_state(&[MemberState::Drifted]), fleet.target.rollout.parallel);
    for (at, changes) in ask(&members, &drifted, parallel, |member| changes(context, &folder, member)) {
        match changes {
            Ok(Some(changes)) => groups.entry(changes).or_default().push(&members[at].name),
            // somebody has undone them meanwhile
            Ok(None) => {}
            Err(error) => {
                unknown += 1;
                printer.warning(error.message(), &[]);
            }
        }
    }
    let mut groups: Vec<(Changes, Vec<&str>)> = groups.into_iter().collect();
    groups.sort_by_key(|(_, members)| std::cmp::Reverse(members.len()));
    for ((migration, changes), members) in &groups {
        let start = format!("{}: ", counted(members.len(), "member"));
        printer.result(format!("{start}{}", names(start.len(), members.iter().copied())));
        for line in changes {
            let tone = match line.chars().next() {
                Some('+') => Tone::Added,
                Some('-' | '!') => Tone::Gone,
                _ => Tone::Changed,
            };
            printer.difference(tone, &format!("  {line}"), None);
        }
        printer.message(|| messages::FleetDifference {
            target: fleet.name().to_owned(),
            migration: migration.clone(),
            members: members.iter().map(|name| (*name).to_owned()).collect(),
            changes: changes.clone(),
        });
    }
    let drifted: usize = groups.iter().map(|(_, members)| members.len()).sum();
    let (name, of) = (fleet.name(), counted(meant.len(), "member"));
    if unknown > 0 {
        let message = format!("{} of `{name}` could not be compared", counted(unknown, "member"));
        printer.warning(&message, &[format!("see why: `cargo dbmigrate status -t {name}`")]);
    }
    if drifted == 0 {
        printer.status("Equal", format!("{name}: none of {of} has drifted"));
        return Ok(if unknown > 0 { exit::MEMBERS } else { exit::DONE });
    }
    let ways = if groups.len() == 1 { "in one way".to_owned() } else { format!("in {} ways", groups.len()) };
    printer.status("Drifted", format!("{name}: {drifted} of {of}, {ways}"));
    let first = groups[0].1[0];
    printer
        .next(&[format!("keep a change, and bring it to every member: `cargo dbmigrate capture -t {name}/{first}`")]);
    Ok(exit::DIFFERENCE)
}

/// What differs in a member from what its last migration left.
fn changes(context: &Context, folder: &Folder, member: &Member) -> Result<Option<Changes>> {
    let mut database = open(context, &member.url, false)?;
    let (_, standing) =
        block_on(inspect(&mut database, folder)).map_err(|error| failure(error, (&member.url).into()))?;
    Ok(match standing {
        Standing::Drifted(drifted) => Some((drifted.migration.clone(), drifted.lines())),
        Standing::AsRecorded | Standing::NotEmpty(_) => None,
    })
}
