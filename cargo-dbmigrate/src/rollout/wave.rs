//! The members of a wave, migrated: each on its own, and once more later where its host had no time for it.

use std::time::Instant;

use dbmigrate_core::engine::apply::{Advanced, Applied, Loss, Observer, Options, States, apply_pending_with};
use dbmigrate_core::engine::pieces::Limits;
use dbmigrate_core::folder::Folder;
use pollster::block_on;

use super::host::Went;
use super::interrupt::Interrupt;
use super::look::{Look, opened};
use super::pool::Task;
use super::survey;
use super::trouble::Trouble;
use crate::fleet::Member;
use crate::project::{Context, Retry};
use crate::report::under_way::Pieces;

/// What came of the migrations of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Came {
    /// How many were applied, in all tries.
    pub(super) applied: usize,
    /// What went wrong, in the last of them.
    pub(super) trouble: Option<Trouble>,
    /// How long they took.
    pub(super) milliseconds: u64,
}

/// What is done with a member.
pub(super) struct Migrating<'a> {
    pub(super) context: &'a Context,
    pub(super) folder: &'a Folder,
    pub(super) members: &'a [Member],
    /// How often a server is tried again.
    pub(super) retries: Retry,
    /// How large the pieces of migrations are that are several transactions.
    pub(super) pace: Limits,
    pub(super) options: Options<'a>,
    pub(super) states: &'a States,
    pub(super) looks: &'a [Option<Look>],
    pub(super) heard: &'a Interrupt,
    pub(super) pieces: &'a Pieces,
}

impl Task for Migrating<'_> {
    type Answer = Came;

    fn host(&self, member: usize) -> String {
        survey::host(&self.members[member])
    }

    fn work(&self, at: usize, earlier: Option<Came>) -> (Came, Went) {
        let Self { heard, pieces, .. } = *self;
        let (member, look) = (&self.members[at], self.looks[at].as_ref());
        let begun = Instant::now();
        let mut counting = Counting { applied: 0, of: None, name: &member.name, pieces, heard, at: None };
        // what was seen then is not what is there now
        let seen = look.and_then(|look| look.seen).filter(|_| earlier.is_none());
        let result = opened(self.context, member).and_then(|database| {
            let mut database = database.retrying(self.retries.of(&member.url)).pacing(self.pace);
            if let Some(base) = seen.and_then(|seen| self.states.base(seen)) {
                database = database.beginning_at(base);
            }
            let run = block_on(apply_pending_with(&mut database, self.folder, self.options, &mut counting));
            run.map(drop).map_err(|error| Trouble::of(error, member))
        });
        let cut = counting.at.take().filter(|_| heard.is_heard());
        let trouble = result.err().or_else(|| cut.map(|migration| Trouble::interrupted(&migration)));
        let pending = look.and_then(|look| look.pending).map_or(0, |pending| pending as usize);
        let left = counting.of.or_else(|| trouble.is_none().then_some(0));
        let before = earlier.as_ref().map_or(0, |earlier| earlier.applied(pending, left));
        let went = trouble.as_ref().map_or(Went::Well, |trouble| trouble.went);
        let took = earlier.map_or(0, |earlier| earlier.milliseconds) + milliseconds(begun);
        (Came { applied: before + counting.applied, trouble, milliseconds: took }, went)
    }

    fn given_up(&self, _: usize, host: &str) -> Came {
        Came { applied: 0, trouble: Some(Trouble::not_asked(host)), milliseconds: 0 }
    }

    fn is_stopped(&self) -> bool {
        self.heard.is_heard()
    }
}

impl Came {
    /// How many were applied, now that it is known how many of those that were pending are `left`: the answer to one
    /// more may have been lost.
    fn applied(&self, pending: usize, left: Option<usize>) -> usize {
        let is_lost = self.trouble.as_ref().is_some_and(Trouble::is_loss);
        let really = left.filter(|_| is_lost).map_or(0, |left| pending.saturating_sub(left));
        self.applied.max(really)
    }
}

/// How long it is since then.
pub(super) fn milliseconds(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Counts what is applied to a member, and shows how far what takes long is. Who interrupts it ends a migration that is
/// several transactions behind one of them; any other is finished.
struct Counting<'a> {
    applied: usize,
    /// How many there were when the first began.
    of: Option<usize>,
    /// The name of the member.
    name: &'a str,
    pieces: &'a Pieces,
    heard: &'a Interrupt,
    /// The migration in the middle of which it is.
    at: Option<String>,
}

impl Observer for Counting<'_> {
    fn begin(&mut self, _: &str, _: usize, of: usize) {
        self.of.get_or_insert(of);
    }

    fn loses(&mut self, _: &Loss) {}

    fn wants_losses(&self) -> bool {
        false
    }

    fn applied(&mut self, _: &Applied) {
        self.applied += 1;
        self.at = None;
    }

    fn advanced(&mut self, advanced: &Advanced) {
        self.at = Some(advanced.migration.clone());
        self.pieces.note_of(self.name, advanced);
    }

    fn is_stopped(&self) -> bool {
        self.at.is_some() && self.heard.is_heard()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_whose_answer_was_lost_is_counted_when_it_is_found() {
        let came = |kind, applied| {
            let trouble = Trouble { kind, message: String::new(), alike: None, went: Went::Silent };
            Came { applied, trouble: Some(trouble), milliseconds: 0 }
        };
        assert_eq!(came("lost", 1).applied(4, Some(2)), 2, "one more than was known");
        assert_eq!(came("lost", 1).applied(4, Some(0)), 4);
        assert_eq!(came("lost", 1).applied(4, None), 1);
        assert_eq!(came("locked", 1).applied(4, Some(0)), 1, "those are of another run");
    }
}
