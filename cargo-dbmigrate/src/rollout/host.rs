//! How much is done at once on one host: what is learned of it from how long its answers take, and from those that fail.
//!
//! It begins with few and doubles with each round of answers until that was too much, then adds one with each; what fails
//! halves it (RFC 5681, the congestion window of TCP). Answers that take much longer while no more of them come are ones
//! that wait for each other: then it is what the host really does at once, which is its rate times the fastest answer
//! (Little's law, as in TCP Vegas and BBR), and half of that more. Work differs from member to member, so that is tried
//! for a round: where less is done with fewer at once, they did not wait for each other, and all is as before.

use std::thread;
use std::time::{Duration, Instant};

use super::silence::Silence;

/// So many at once a server begins with.
const FIRST: usize = 4;

/// An answer that takes so many times as long as the fastest, and [`SLOWER_BY`] more, is a late one.
const SLOWER: u32 = 2;
const SLOWER_BY: Duration = Duration::from_millis(20);

/// The same for the disk: a few times as long as the fastest says that there is no processor left.
const SLOWER_AT_HAND: u32 = 3;
const SLOWER_AT_HAND_BY: Duration = Duration::from_millis(2);

/// So much more has to come of more at once, and so much of it has to be left with fewer.
const MORE: f64 = 1.1;
const AS_MUCH: f64 = 0.75;

/// As many as a host does at once, and so much more, so that it never waits for us.
const IN_HAND: f64 = 1.5;

/// What a server refuses within such a time it refuses for one reason.
const MOMENT: Duration = Duration::from_millis(250);

/// How work on a member went, as far as its host is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Went {
    /// It answered.
    Well,
    /// It answered that it has no such database. A libSQL server says so as well of one that it is just putting to sleep.
    Absent,
    /// Something is wrong, and nobody knows whether it was the host.
    Badly,
    /// Another client was in the way, who will be gone later.
    Busy,
    /// It did not answer, or takes no requests for now.
    Silent,
}

impl Went {
    /// Whether the same may go well later.
    pub(super) fn may_pass(self) -> bool {
        matches!(self, Self::Absent | Self::Busy | Self::Silent)
    }
}

/// What a host had against so much at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Troubles {
    /// As many were worked on at once when it was worst.
    pub(super) least: Option<usize>,
    /// How often it refused a request.
    pub(super) refused: usize,
    /// How many tries it left without an answer.
    pub(super) silent: usize,
    /// How often answers waited for each other.
    pub(super) late: usize,
    /// How often a member was put off until later.
    pub(super) put_off: usize,
    /// How long it was left alone.
    pub(super) rested: Duration,
    /// Whether it was given up.
    pub(super) given_up: bool,
}

/// A round with fewer at once, after one in which answers were late.
#[derive(Debug, Clone, Copy)]
struct Less {
    /// How many there were, what came of it in a second, and how long an answer took.
    from: usize,
    rate: f64,
    took: Duration,
}

/// What is known of a host.
#[derive(Debug)]
pub(super) struct Host {
    /// So much is done at once, and so much at least.
    limit: usize,
    least: usize,
    most: usize,
    is_disk: bool,
    /// Whether it was ever too much.
    is_known: bool,
    /// What an answer takes that waits for no other.
    fastest: Option<Duration>,
    /// Whether that is known to be another time than that of the fastest.
    is_mixed: bool,
    /// When the limit was last made smaller: what began before says nothing of it.
    changed: Option<Instant>,
    /// So many answers still come that are not as those to come.
    skip: usize,
    /// When the round began, and how long its answers took.
    round: (Option<Instant>, Vec<Duration>),
    /// How many answers a second there were in the round before.
    before: f64,
    less: Option<Less>,
    /// Whether the answers of the round before were late: in the first such round others are that were not.
    was_late: bool,
    silence: Silence,
    pub(super) troubles: Troubles,
}

impl Host {
    /// That with a name, or the disk, which has none.
    pub(super) fn new(name: &str, most: usize) -> Self {
        let at_hand = thread::available_parallelism().map_or(2, usize::from).min(most);
        let is_disk = name.is_empty();
        let (limit, least) = if is_disk { (at_hand, at_hand) } else { (FIRST.min(most), 1) };
        Self {
            limit,
            least,
            most,
            is_disk,
            is_known: false,
            fastest: None,
            is_mixed: false,
            changed: None,
            skip: 0,
            round: (None, Vec::new()),
            before: 0.0,
            less: None,
            was_late: false,
            silence: Silence::default(),
            troubles: Troubles::default(),
        }
    }

    /// How much is done at once.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Whether it gets less than is allowed.
    pub(super) fn is_slowed(&self) -> bool {
        self.is_known && self.limit < self.most && !self.is_disk
    }

    /// Until when it is left alone.
    pub(super) fn rests_until(&self) -> Option<Instant> {
        self.silence.rests_until()
    }

    /// Whether it is given up.
    pub(super) fn is_down(&self) -> bool {
        self.silence.is_down()
    }

    /// Other work begins, which takes another time.
    pub(super) fn begin(&mut self) {
        (self.fastest, self.is_mixed, self.less, self.before, self.was_late) = (None, false, None, 0.0, false);
        (self.round, self.skip) = ((None, Vec::new()), 0);
        self.silence = Silence::default();
    }

    /// Takes in how work went that has begun then and ends now, when so much was done at once.
    pub(super) fn learn(&mut self, went: Went, (begun, now): (Instant, Instant), at_once: usize) {
        match went {
            Went::Well | Went::Absent => {
                self.silence.ends();
                self.answered(begun, now, at_once);
            }
            Went::Badly | Went::Busy => {
                self.silence.ends();
                self.halve(begun, now);
            }
            Went::Silent => {
                self.troubles.silent += 1;
                self.troubles.rested += self.silence.goes_on(begun, now);
                self.troubles.given_up |= self.silence.is_down();
                self.halve(begun, now);
            }
        }
    }

    /// Takes in that it refuses requests, and how long it wants none. Returns for how much longer it is left alone.
    pub(super) fn refuse(&mut self, now: Instant, wait: Option<Duration>) -> Duration {
        self.troubles.refused += 1;
        let longer = wait.map_or(Duration::ZERO, |wait| self.silence.rest(now, wait));
        self.troubles.rested += longer;
        if self.changed.is_none_or(|changed| now >= changed + MOMENT) {
            self.shrink(self.limit / 2, now);
        }
        longer
    }

    fn answered(&mut self, begun: Instant, now: Instant, at_once: usize) {
        let took = now.saturating_duration_since(begun);
        if !self.is_mixed {
            self.fastest = Some(self.fastest.map_or(took, |fastest| fastest.min(took)));
        }
        let is_late = self.is_late(took);
        // more than are there are not tried out
        let is_used = at_once * 2 >= self.limit;
        if self.is_disk {
            return self.disk_answered(took, is_late, now);
        }
        // twice as many with each round, until it was too much
        if !self.is_known && !is_late && is_used {
            self.limit = (self.limit + 1).min(self.most);
        }
        if self.is_old(begun) {
            return;
        }
        if self.skip > 0 {
            self.skip -= 1;
            self.round.0 = Some(now);
            return;
        }
        let (since, answers) = &mut self.round;
        let since = *since.get_or_insert(begun);
        answers.push(took);
        let wanted = if self.less.is_some() { self.limit * 2 } else { self.limit.max(FIRST) };
        if answers.len() < wanted {
            return;
        }
        let mut answers = std::mem::take(answers);
        self.round.0 = Some(now);
        answers.sort_unstable();
        let took = answers[answers.len() / 2];
        #[expect(clippy::cast_precision_loss, reason = "no round has so many answers")]
        let rate = answers.len() as f64 / now.saturating_duration_since(since).as_secs_f64().max(1e-6);
        self.judge(rate, took, now, is_used);
    }

    /// The disk has no queue of its own: whoever waits there waits for a processor, and that is one late answer.
    fn disk_answered(&mut self, took: Duration, is_late: bool, now: Instant) {
        self.round.1.push(took);
        let is_round = self.round.1.len() >= self.limit || !self.is_known;
        if is_late && is_round {
            self.reduce(self.limit / 2, now);
        } else if is_round && !is_late {
            self.limit = (self.limit + 1).min(self.most);
            self.round.1.clear();
        }
    }

    /// What a round says: so many answers a second, the middle one of which took so long.
    fn judge(&mut self, rate: f64, took: Duration, now: Instant, is_used: bool) {
        let has_more = rate > std::mem::replace(&mut self.before, rate) * MORE;
        if let Some(less) = self.less.take() {
            if rate < less.rate * AS_MUCH {
                // they take as long as they take
                self.limit = less.from;
                (self.fastest, self.is_mixed) = (Some(less.took), true);
                self.before = less.rate;
                return self.changes(now);
            }
            self.troubles.late += 1;
            self.note_least();
        }
        let is_late = self.is_late(took);
        let was_late = std::mem::replace(&mut self.was_late, is_late && !has_more);
        if !is_late {
            if self.is_known && is_used {
                self.limit = (self.limit + 1).min(self.most);
            }
        } else if self.limit <= self.least {
            // none of ours waits for another
            self.fastest = Some(took);
        } else if !has_more && was_late {
            self.less = Some(Less { from: self.limit, rate, took });
            let really = rate * self.fastest.unwrap_or(took).as_secs_f64() * IN_HAND;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number above 0")]
            let really = really.ceil() as usize;
            self.reduce(really.max(self.limit / 2), now);
        }
    }

    fn is_late(&self, took: Duration) -> bool {
        let (times, more) = if self.is_disk { (SLOWER_AT_HAND, SLOWER_AT_HAND_BY) } else { (SLOWER, SLOWER_BY) };
        self.fastest.is_some_and(|fastest| took > fastest * times + more)
    }

    /// Whether something has begun before the limit was made smaller.
    fn is_old(&self, begun: Instant) -> bool {
        self.changed.is_some_and(|changed| begun < changed)
    }

    fn halve(&mut self, begun: Instant, now: Instant) {
        if !self.is_old(begun) {
            self.shrink(self.limit / 2, now);
        }
    }

    /// Less because of something that failed.
    fn shrink(&mut self, to: usize, now: Instant) {
        self.less = None;
        self.reduce(to, now);
        self.note_least();
    }

    fn reduce(&mut self, to: usize, now: Instant) {
        self.limit = to.min(self.limit.saturating_sub(1)).max(self.least);
        self.is_known = true;
        self.changes(now);
    }

    /// What comes now says nothing yet of the new limit.
    fn changes(&mut self, now: Instant) {
        (self.changed, self.skip) = (Some(now), self.limit);
        self.round = (None, Vec::new());
    }

    fn note_least(&mut self) {
        self.troubles.least = Some(self.troubles.least.map_or(self.limit, |least| least.min(self.limit)));
    }
}

#[cfg(test)]
mod tests;
