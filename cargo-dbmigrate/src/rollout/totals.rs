//! What became of a fleet: counted member by member, and put together from several runs.

use crate::fleet::Member;
use crate::messages::{FailureOfMembers, MemberOutcome, RolledOut};

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
        for failure in &part.failures {
            match failures.iter_mut().find(|known| known.kind == failure.kind && known.message == failure.message) {
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
