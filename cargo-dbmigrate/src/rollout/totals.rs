//! What became of a fleet: counted member by member, and put together from several runs.

use crate::fleet::Member;
use crate::messages::{FailureOfMembers, MemberOutcome, RolledOut, SlowedHost};

use super::trouble::{Reasons, Trouble};

/// What became of a member.
#[derive(Debug, Clone)]
pub(super) struct Settled {
    pub(super) outcome: MemberOutcome,
    pub(super) before: Option<usize>,
    pub(super) applied: usize,
    pub(super) pending: Option<usize>,
    pub(super) trouble: Option<Trouble>,
    pub(super) milliseconds: u64,
}

/// What became of all so far.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) sums: RolledOut,
    reasons: Reasons,
}

impl Totals {
    /// Takes in what became of a member.
    pub(super) fn add(&mut self, member: &Member, settled: &Settled) {
        *count(&mut self.sums, settled.outcome) += 1;
        self.sums.applied += settled.applied;
        if let Some(trouble) = &settled.trouble {
            self.reasons.add(member, trouble);
        }
    }

    /// The sums, with the reasons.
    pub(super) fn finish(self) -> RolledOut {
        RolledOut { failures: self.reasons.sorted(), ..self.sums }
    }
}

/// The number of members of that outcome.
fn count(sums: &mut RolledOut, outcome: MemberOutcome) -> &mut usize {
    match outcome {
        MemberOutcome::Migrated => &mut sums.migrated,
        MemberOutcome::Unchanged => &mut sums.unchanged,
        MemberOutcome::Failed => &mut sums.failed,
        MemberOutcome::Drifted => &mut sums.drifted,
        MemberOutcome::UnknownHistory => &mut sums.unknown_history,
        MemberOutcome::Unreachable => &mut sums.unreachable,
        MemberOutcome::NotTried => &mut sums.not_tried,
    }
}

impl RolledOut {
    /// The members that are not where they should be.
    pub(crate) fn left(&self) -> usize {
        self.failed + self.drifted + self.unknown_history + self.unreachable + self.not_tried
    }

    /// The numbers in words, those that are not 0.
    pub(crate) fn words(&self) -> String {
        let numbers = [
            (self.migrated, "migrated"),
            (self.unchanged, "unchanged"),
            (self.failed, "failed"),
            (self.drifted, "drifted"),
            (self.unknown_history, "with another history"),
            (self.unreachable, "unreachable"),
            (self.not_tried, "not tried"),
        ];
        let words: Vec<String> =
            numbers.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
        if words.is_empty() { "no member".to_owned() } else { words.join(", ") }
    }
}

/// A reason without what it says of the member that it was worded for: the first one that is named.
fn alike(failure: &FailureOfMembers) -> String {
    let Some(member) = failure.members.first() else { return failure.message.clone() };
    let parts = failure.message.split('`').enumerate();
    parts
        .map(|(at, part)| if at % 2 == 1 && part.contains(member.as_str()) { "…" } else { part })
        .collect::<Vec<_>>()
        .join("`")
}

/// What several runs have met with at the same servers.
fn add_slowed(all: &mut Vec<SlowedHost>, part: &[SlowedHost]) {
    for one in part {
        match all.iter_mut().find(|known| known.host == one.host) {
            Some(known) => {
                known.least = known.least.min(one.least);
                known.parallel = known.parallel.min(one.parallel);
                known.refused += one.refused;
                known.unanswered += one.unanswered;
                known.late += one.late;
                known.put_off += one.put_off;
                known.rested = known.rested.max(one.rested);
                known.given_up |= one.given_up;
            }
            None => all.push(one.clone()),
        }
    }
}

/// What several runs on parts of a fleet come to.
pub(crate) fn merged(parts: &[RolledOut]) -> RolledOut {
    let mut all = RolledOut::default();
    let mut failures: Vec<FailureOfMembers> = Vec::new();
    for part in parts {
        all.target.clone_from(&part.target);
        all.members += part.members;
        all.migrated += part.migrated;
        all.unchanged += part.unchanged;
        all.failed += part.failed;
        all.drifted += part.drifted;
        all.unknown_history += part.unknown_history;
        all.unreachable += part.unreachable;
        all.not_tried += part.not_tried;
        all.applied += part.applied;
        all.milliseconds = all.milliseconds.max(part.milliseconds);
        all.stopped = all.stopped.or_else(|| part.stopped.clone());
        add_slowed(&mut all.slowed, &part.slowed);
        for failure in &part.failures {
            match failures.iter_mut().find(|known| known.kind == failure.kind && alike(known) == alike(failure)) {
                Some(known) => {
                    known.count += failure.count;
                    known.members.extend(failure.members.iter().cloned());
                    known.members.truncate(5);
                }
                None => failures.push(failure.clone()),
            }
        }
    }
    failures.sort_by_key(|failure| std::cmp::Reverse(failure.count));
    all.failures = failures;
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(members: &[&str], message: &str) -> RolledOut {
        let members: Vec<String> = members.iter().map(|name| (*name).to_owned()).collect();
        let (count, kind, message) = (members.len(), "drift".to_owned(), message.to_owned());
        RolledOut { failures: vec![FailureOfMembers { kind, message, count, members }], ..RolledOut::default() }
    }

    #[test]
    fn reasons_of_several_parts_that_differ_in_nothing_but_the_member_are_one() {
        let said = |url: &str, last: &str| format!("`{url}` does not match its last migration `{last}`");
        let parts = [
            part(&["t3", "t4"], &said("http://t3.localhost:1", "0001_first")),
            part(&["t5"], &said("http://t5.localhost:1", "0001_first")),
            part(&["t6"], &said("http://t6.localhost:1", "0002_second")),
        ];
        let found: Vec<(usize, Vec<String>)> =
            merged(&parts).failures.into_iter().map(|failure| (failure.count, failure.members)).collect();
        assert_eq!(found, [(3, vec!["t3".into(), "t4".into(), "t5".into()]), (1, vec!["t6".into()])]);
    }
}
