//! `status` of a fleet: how many members stand where.

use std::collections::{BTreeMap, BTreeSet};

use dbmigrate_core::folder::{Folder, Verify};

use super::waiting::waiting;
use crate::error::Result;
use crate::exit;
use crate::fleet::{Fleet, Member, Where, standing};
use crate::messages::{self, MemberState, MembersIn};
use crate::project::{BEFORE_DEPLOYING, Context, ONCE_DEPLOYED};
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
    let looks = survey::survey(context, &folder, &members, &fleet.target.rollout);
    let all = members.iter().zip(&looks);
    let shown: Vec<(&Member, &Look)> = all.filter(|(member, look)| which.holds(member, standing(look))).collect();
    let waits = Waits::of(&folder, &shown);
    for (member, look) in &shown {
        printer.message(|| message(fleet, member, look, &waits));
    }
    let states = histogram(shown.iter().map(|(_, look)| *look));
    if which.is_all() && !printer.is_verbose() {
        table(context, &states, &shown, &waits);
    } else {
        list(context, &shown, &waits);
    }
    printer.message(|| messages::FleetStatus {
        target: fleet.name().to_owned(),
        members: shown.len(),
        head: folder.head().map(|head| head.name.to_string()),
        states: states.clone(),
        waiting: shown.iter().filter(|(_, look)| waits.is_all_of(look)).count(),
    });
    conclude(context, fleet, &shown, &waits);
    let is_in = |wanted: &[MemberState]| shown.iter().any(|(_, look)| wanted.contains(&look.state));
    Ok(match () {
        () if is_in(&[MemberState::UnknownHistory, MemberState::Unreachable]) => exit::MEMBERS,
        () if is_in(&[MemberState::Behind, MemberState::Drifted]) => exit::DIFFERENCE,
        () => exit::DONE,
    })
}

/// How many of what members lack waits for the deployment of its release, by how many migrations they have.
struct Waits(BTreeMap<u32, u32>);

impl Waits {
    fn of(folder: &Folder, shown: &[(&Member, &Look)]) -> Self {
        let behind = shown.iter().filter(|(_, look)| look.state == MemberState::Behind);
        let places: BTreeSet<u32> = behind.filter_map(|(_, look)| look.applied).collect();
        let count = |applied: u32| u32::try_from(waiting(folder, applied as usize)).unwrap_or(u32::MAX);
        // on a database without migrations no release runs
        Self(places.into_iter().filter(|applied| *applied > 0).map(|applied| (applied, count(applied))).collect())
    }

    fn count(&self, look: &Look) -> Option<u32> {
        match look.state {
            MemberState::Behind => look.applied.map(|applied| self.0.get(&applied).copied().unwrap_or(0)),
            _ => None,
        }
    }

    /// Whether all that a member lacks waits.
    fn is_all_of(&self, look: &Look) -> bool {
        self.count(look).is_some_and(|count| count > 0 && Some(count) == look.pending)
    }

    /// What is said behind where a member stands.
    fn words(&self, look: &Look) -> String {
        match self.count(look).unwrap_or(0) {
            0 => String::new(),
            1 if self.is_all_of(look) => ", which waits for its deployment".to_owned(),
            _ if self.is_all_of(look) => ", which wait for their deployment".to_owned(),
            1 => ", 1 waits for its deployment".to_owned(),
            count => format!(", {count} wait for their deployment"),
        }
    }
}

fn message(fleet: &Fleet, member: &Member, look: &Look, waits: &Waits) -> messages::MemberStatus {
    messages::MemberStatus {
        target: fleet.name().to_owned(),
        member: member.name.clone(),
        database: member.url.to_string(),
        state: look.state,
        applied: look.applied,
        pending: look.pending,
        waiting: waits.count(look),
        labels: member.labels.clone(),
        error: look.trouble.as_ref().map(|trouble| trouble.message.clone()),
    }
}

/// A line for each state, with as many names as fit of those that are not at head.
fn table(context: &Context, states: &[MembersIn], shown: &[(&Member, &Look)], waits: &Waits) {
    let width = states.iter().map(|one| one.members.to_string().len()).max().unwrap_or_default();
    for one in states {
        let mut text = format!("{:>width$}  {}", one.members, survey::standing(one.state, one.pending));
        let is_in = |look: &Look| {
            let pending = (one.state == MemberState::Behind).then_some(look.pending).flatten();
            look.state == one.state && (one.state != MemberState::Behind || pending.map(|n| n as usize) == one.pending)
        };
        if one.state == MemberState::AtHead {
            context.printer.result(text);
            continue;
        }
        // who lacks as many has as many
        let first = shown.iter().find(|(_, look)| is_in(look));
        text.push_str(&first.map(|(_, look)| waits.words(look)).unwrap_or_default());
        let of: Vec<&str> =
            shown.iter().filter(|(_, look)| is_in(look)).map(|(member, _)| member.name.as_str()).collect();
        context.printer.result(format!("{text}: {}", names(text.chars().count() + 2, of.into_iter())));
    }
}

/// A line for each member.
fn list(context: &Context, shown: &[(&Member, &Look)], waits: &Waits) {
    let width = shown.iter().map(|(member, _)| member.name.chars().count()).max().unwrap_or_default();
    for (member, look) in shown {
        let state = survey::standing(look.state, look.pending.map(|pending| pending as usize));
        context.printer.result(format!("{:width$}  {state}{}", member.name, waits.words(look)));
    }
}

/// Says what is wrong, once for all members with the same reason, and what to do next.
fn conclude(context: &Context, fleet: &Fleet, shown: &[(&Member, &Look)], waits: &Waits) {
    let printer = &context.printer;
    let count = |state: MemberState| shown.iter().filter(|(_, look)| look.state == state).count();
    let (behind, drifted) = (count(MemberState::Behind), count(MemberState::Drifted));
    for failure in reasons(shown.iter().filter(|(_, look)| look.state != MemberState::Drifted).copied()) {
        printer.warning(&reason(&failure), &[]);
    }
    let waiting = shown.iter().filter(|(_, look)| waits.is_all_of(look)).count();
    let has_waiting = shown.iter().any(|(_, look)| waits.count(look).is_some_and(|count| count > 0));
    let verb = match (behind, drifted) {
        (_, 1..) => "Drifted",
        (1.., _) if behind == waiting => "Waiting",
        (1.., _) => "Pending",
        _ => "Current",
    };
    let of = counted(shown.len(), "member");
    printer.status(verb, format!("{}: {} of {of} at head", fleet.name(), count(MemberState::AtHead)));
    let mut next = Vec::new();
    if behind > 0 && !has_waiting {
        next.push("apply the rest: `cargo dbmigrate migrate`".to_owned());
    }
    if behind > waiting && has_waiting {
        next.push(BEFORE_DEPLOYING.to_owned());
    }
    if has_waiting {
        next.push(ONCE_DEPLOYED.to_owned());
    }
    if drifted > 0 {
        next.push("see what differs: `cargo dbmigrate diff`".to_owned());
    }
    printer.next(&next);
}
