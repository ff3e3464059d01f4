//! `diff` of a fleet: what was changed by hand in members, those with the same changes together.

use dbmigrate_core::folder::Verify;

use crate::error::Result;
use crate::exit;
use crate::fleet::{Fleet, Where};
use crate::messages;
use crate::project::Context;
use crate::report::Tone;
use crate::report::counted;
use crate::report::member::names;
use crate::rollout::drift::{Drift, drift};

/// Runs it and returns the exit code: 4 if a member has drifted.
///
/// # Errors
/// What went wrong with the fleet or the folder, and not with a member.
pub(super) fn run(context: &Context, fleet: &Fleet, which: &Where) -> Result<u8> {
    let printer = &context.printer;
    let folder = context.existing_folder()?;
    folder.verify(Verify::Sql)?;
    let Drift { members: all, meant, unknown, groups } = drift(context, &folder, fleet, which)?;
    for group in &groups {
        let members = || group.members.iter().map(|at| all[*at].name.as_str());
        let start = format!("{}: ", counted(group.members.len(), "member"));
        printer.result(format!("{start}{}", names(start.len(), members())));
        for line in &group.changes {
            let tone = match line.chars().next() {
                Some('+') => Tone::Added,
                Some('-' | '!') => Tone::Gone,
                _ => Tone::Changed,
            };
            printer.difference(tone, &format!("  {line}"), None);
        }
        printer.message(|| messages::FleetDifference {
            target: fleet.name().to_owned(),
            migration: group.migration.clone(),
            members: members().map(str::to_owned).collect(),
            changes: group.changes.clone(),
        });
    }
    let drifted: usize = groups.iter().map(|group| group.members.len()).sum();
    let (name, of) = (fleet.name(), counted(meant, "member"));
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
    let whose = match &groups[..] {
        [_] => name.to_owned(),
        groups => format!("{name}/{}", all[groups[0].members[0]].name),
    };
    printer.next(&[format!("keep a change, and bring it to every member: `cargo dbmigrate capture -t {whose}`")]);
    Ok(exit::DIFFERENCE)
}
