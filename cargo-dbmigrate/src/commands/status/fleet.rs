//! `status` of a fleet: how many members stand where.

use dbmigrate_core::folder::Verify;

use crate::error::Result;
use crate::exit;
use crate::fleet::{Fleet, Member, Where, standing};
use crate::messages::{self, MemberState, MembersIn};
use crate::project::Context;
use crate::report::counted;
use crate::report::member::names;
use crate::rollout::reason;
use crate::rollout::survey::{self, Look, histogram, reasons};

/// Runs it and returns the exit code: 4 if members are behind or drifted, 6 if some cannot be told of.
///
/// # Errors
/// What went wrong with the fleet or the folder, and not with a member.
pub(super) fn run(context: &Context, fleet: &Fleet, which: &Where) -> Result<u8> {
    let printer = &context.printer;
    let folder = context.existing_folder()?;
    folder.verify(Verify::Sql)?;
    let members = fleet.members_where(context, which)?;
    let looks = survey::survey(context, &folder, &members, fleet.target.rollout.parallel);
    let all = members.iter().zip(&looks);
    let shown: Vec<(&Member, &Look)> = all.filter(|(member, look)| which.holds(member, standing(look))).collect();
    for (member, look) in &shown {
        printer.message(|| message(fleet, member, look));
    }
    let states = histogram(shown.iter().map(|(_, look)| *look));
    if which.is_all() && !printer.is_verbose() {
        table(context, &states, &shown);
    } else {
        list(context, &shown);
    }
    printer.message(|| messages::FleetStatus {
        target: fleet.name().to_owned(),
        members: shown.len(),
        head: folder.head().map(|head| head.name.to_string()),
        states: states.clone(),
    });
    conclude(context, fleet, &shown);
    let is_in = |wanted: &[MemberState]| shown.iter().any(|(_, look)| wanted.contains(&look.state));
    Ok(match () {
        () if is_in(&[MemberState::UnknownHistory, MemberState::Unreachable]) => exit::MEMBERS,
        () if is_in(&[MemberState::Behind, MemberState::Drifted]) => exit::DIFFERENCE,
        () => exit::DONE,
    })
}

fn message(fleet: &Fleet, member: &Member, look: &Look) -> messages::MemberStatus {
    messages::MemberStatus {
        target: fleet.name().to_owned(),
        member: member.name.clone(),
        database: member.url.to_string(),
        state: look.state,
        applied: look.applied,
        pending: look.pending,
        labels: member.labels.clone(),
        error: look.trouble.as_ref().map(|trouble| trouble.message.clone()),
    }
}

/// A line for each state, with as many names as fit of those that are not at head.
fn table(context: &Context, states: &[MembersIn], shown: &[(&Member, &Look)]) {
    let width = states.iter().map(|one| one.members.to_string().len()).max().unwrap_or_default();
    for one in states {
        let text = format!("{:>width$}  {}", one.members, survey::standing(one.state, one.pending));
        let is_in = |look: &Look| {
            let pending = (one.state == MemberState::Behind).then_some(look.pending).flatten();
            look.state == one.state && (one.state != MemberState::Behind || pending.map(|n| n as usize) == one.pending)
        };
        if one.state == MemberState::AtHead {
            context.printer.result(text);
            continue;
        }
        let of: Vec<&str> =
            shown.iter().filter(|(_, look)| is_in(look)).map(|(member, _)| member.name.as_str()).collect();
        context.printer.result(format!("{text}: {}", names(text.chars().count() + 2, of.into_iter())));
    }
}

/// A line for each member.
fn list(context: &Context, shown: &[(&Member, &Look)]) {
    let width = shown.iter().map(|(member, _)| member.name.chars().count()).max().unwrap_or_default();
    for (member, look) in shown {
        let state = survey::standing(look.state, look.pending.map(|pending| pending as usize));
        context.printer.result(format!("{:width$}  {state}", member.name));
    }
}

/// Says what is wrong, once for all members with the same reason, and what to do next.
fn conclude(context: &Context, fleet: &Fleet, shown: &[(&Member, &Look)]) {
    let printer = &context.printer;
    let count = |state: MemberState| shown.iter().filter(|(_, look)| look.state == state).count();
    let (behind, drifted) = (count(MemberState::Behind), count(MemberState::Drifted));
    for failure in reasons(shown.iter().filter(|(_, look)| look.state != MemberState::Drifted).copied()) {
        printer.warning(&reason(&failure), &[]);
    }
    let verb = match (behind, drifted) {
        (_, 1..) => "Drifted",
        (1.., _) => "Pending",
        _ => "Current",
    };
    let of = counted(shown.len(), "member");
    printer.status(verb, format!("{}: {} of {of} at head", fleet.name(), count(MemberState::AtHead)));
    let mut next = Vec::new();
    if behind > 0 {
        next.push("apply the rest: `cargo dbmigrate migrate`".to_owned());
    }
    if drifted > 0 {
        next.push("see what differs: `cargo dbmigrate diff`".to_owned());
    }
    printer.next(&next);
}
