//! What is said of a roll-out: where the members stand, what each wave came to, and the end.

use std::fmt::Write as _;

use crate::error::CommandError;
use crate::exit;
use crate::fleet::Member;
use crate::messages::{self, FailureOfMembers, MembersIn, RolledOut, SlowedHost};
use crate::report::Printer;
use crate::report::counted;
use crate::report::duration::Elapsed;

use super::survey::standing;
use super::totals::Settled;
use super::wanted::Wanted;
use super::waves::Wave;

/// How many reasons are shown.
const MOST_SHOWN: usize = 8;

/// No reason is longer, in characters.
const LONGEST: usize = 160;

/// Says where the members stand.
pub(super) fn surveyed(wanted: &Wanted<'_>, states: &[MembersIn], milliseconds: u64) {
    let (printer, asked) = (&wanted.context.printer, states.iter().map(|one| one.members).sum());
    let of = wanted.shard.map(|shard| format!(" (shard {shard})")).unwrap_or_default();
    let first = format!("{} of `{}`{of} in {}", counted(asked, "member"), wanted.fleet, Elapsed(milliseconds));
    let width = states.iter().map(|one| one.members.to_string().len()).max().unwrap_or(0);
    let lines = states.iter().map(|one| format!("{:>width$} {}", one.members, standing(one.state, one.pending)));
    printer.status("Surveyed", std::iter::once(first).chain(lines).collect::<Vec<_>>().join("\n"));
    printer.message(|| messages::Survey {
        target: wanted.fleet.to_owned(),
        shard: wanted.shard.map(|shard| shard.to_string()),
        members: asked,
        head: wanted.head(),
        states: states.to_vec(),
        milliseconds,
    });
}

/// Says which waves there will be.
pub(super) fn planned(wanted: &Wanted<'_>, waves: &[Wave], rest: usize) {
    let printer = &wanted.context.printer;
    let wave = |wave: &Wave| match &wave.members[..] {
        [only] => format!("{}: {}", wave.name, wanted.members[*only].name),
        members => format!("{}: {}", wave.name, counted(members.len(), "member")),
    };
    let mut lines: Vec<String> = waves.iter().map(wave).collect();
    lines.extend((rest > 0).then(|| format!("in no wave: {}", counted(rest, "member"))));
    if !lines.is_empty() {
        printer.status("Pending", lines.join("\n"));
    }
}

/// Says that all that was wanted was a rehearsal on so many of the members that are behind.
pub(super) fn rehearsed(wanted: &Wanted<'_>, count: usize, behind: usize) {
    let text = format!(
        "{}: rehearsed on {count} of {} to migrate, nothing was changed",
        wanted.fleet,
        counted(behind, "member")
    );
    wanted.context.printer.status("Finished", text);
}

/// Says what a wave came to.
pub(super) fn waved(wanted: &Wanted<'_>, wave: &messages::Wave) {
    let failed = if wave.failed > 0 { format!(", {} failed", wave.failed) } else { String::new() };
    let left = wave.members - wave.migrated - wave.failed;
    let left = if left > 0 { format!(", {left} not") } else { String::new() };
    let text = format!(
        "{} of {} ({}): {} migrated{failed}{left} in {}",
        wave.wave + 1,
        wave.of,
        wave.name,
        counted(wave.migrated, "member"),
        Elapsed(wave.milliseconds)
    );
    wanted.context.printer.status("Wave", text);
    wanted.context.printer.message(|| wave.clone());
}

/// Says what became of a member: to programs, and in detail.
pub(super) fn settled(wanted: &Wanted<'_>, member: &Member, settled: &Settled) {
    let printer = &wanted.context.printer;
    if printer.is_verbose() {
        let text = match &settled.trouble {
            Some(trouble) => format!("{}: {}", member.name, trouble.message),
            None if settled.applied > 0 => {
                format!("{}: {} applied", member.name, counted(settled.applied, "migration"))
            }
            None => format!("{}: nothing applied", member.name),
        };
        printer.detail("Member", text);
    }
    printer.message(|| messages::Member {
        target: wanted.fleet.to_owned(),
        member: member.name.clone(),
        database: member.url.to_string(),
        outcome: settled.outcome,
        before: settled.before,
        applied: settled.applied,
        pending: settled.pending,
        kind: settled.trouble.as_ref().map(|trouble| trouble.kind.to_owned()),
        error: settled.trouble.as_ref().map(|trouble| trouble.message.clone()),
        milliseconds: settled.milliseconds,
    });
}

/// Says what became of all, and returns the error that it is if some are left. `again` is how to go on.
pub(crate) fn concluded(
    printer: &Printer,
    sums: &RolledOut,
    (head, again): (Option<&str>, Option<&str>),
) -> Option<CommandError> {
    slowed(printer, &sums.slowed);
    let verb = if sums.left() == 0 { "Finished" } else { "Summary" };
    printer.status(verb, format!("{}: {} in {}", sums.target, sums.words(), Elapsed(sums.milliseconds)));
    printer.message(|| sums.clone());
    // for whoever merges those of all shards
    if let Some((number, _)) = sums.shard.as_deref().and_then(|shard| shard.split_once('/')) {
        printer.output(&format!("shard-{number}"), || sums.clone());
    }
    if sums.left() == 0 {
        return None;
    }
    let at = head.map_or_else(|| "at head".to_owned(), |head| format!("at `{head}`"));
    let message = format!("{} of {} of `{}` are not {at}", sums.left(), counted(sums.members, "member"), sums.target);
    let mut error = CommandError::new(exit::MEMBERS, message);
    for failure in sums.failures.iter().take(MOST_SHOWN) {
        error = error.note(reason(failure));
    }
    let more: usize = sums.failures.iter().skip(MOST_SHOWN).map(|failure| failure.count).sum();
    if more > 0 {
        error = error.note(format!("{}: other reasons", counted(more, "member")));
    }
    if let Some(why) = sums.stopped.as_deref().and_then(stopped) {
        error = error.note(format!("{} not tried: {why}", counted(sums.not_tried, "member")));
    }
    if sums.drifted > 0 {
        error = error.help(format!("what differs: `cargo dbmigrate diff -t {}`", sums.target));
    }
    Some(error.helps(again.map(|again| format!("to continue with those that are left: `{again}`"))))
}

/// Says which servers had something against so much at once. A member that does not answer is no matter of its server.
fn slowed(printer: &Printer, hosts: &[SlowedHost]) {
    let is_worth = |host: &&SlowedHost| host.refused > 0 || host.late > 0 || host.given_up;
    let worth: Vec<&SlowedHost> = hosts.iter().filter(is_worth).collect();
    if worth.is_empty() {
        return;
    }
    let mut lines: Vec<String> = worth.iter().take(MOST_SHOWN).map(|host| slowed_line(host)).collect();
    let more = worth.len().saturating_sub(MOST_SHOWN);
    lines.extend((more > 0).then(|| format!("and {}", counted(more, "other server"))));
    printer.status("Slowed down", lines.join("\n"));
}

/// A line that fits 80 columns in most cases.
fn slowed_line(host: &SlowedHost) -> String {
    let mut line = match host.given_up {
        true => format!("{}: given up, no answer", host.host),
        false => format!("{}: to {} at once", host.host, host.least),
    };
    // what was refused for a while was not answered either
    let unanswered = host.unanswered.saturating_sub(host.refused);
    for (count, what) in [(host.refused, "refused"), (unanswered, "unanswered")] {
        if count > 0 {
            let _ = write!(line, ", {count} {what}");
        }
    }
    if host.rested >= 1000 {
        let _ = write!(line, ", paused for {}", Elapsed(host.rested));
    }
    line
}

/// What is wrong with some members, in words.
pub(crate) fn reason(failure: &FailureOfMembers) -> String {
    let named = failure.members.join(", ");
    let more = failure.count - failure.members.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let mut message = failure.message.clone();
    if message.chars().count() > LONGEST {
        message = message.chars().take(LONGEST).chain(['…']).collect();
    }
    format!("{} ({named}{more}): {message}", counted(failure.count, "member"))
}

fn stopped(why: &str) -> Option<&'static str> {
    Some(match why {
        "canary" => "the canary was not migrated",
        "max_failures" => "more failed than `max_failures` allows",
        "preflight" => "more would fail than `max_failures` allows, so none was written to",
        "interrupted" => "the roll-out was interrupted",
        "waves" => "they are in no wave",
        _ => return None,
    })
}
