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
    /// When the round began, and how long its answers took.
    round: (Option<Instant>, Vec<Duration>),
    /// How many answers a second there were in the round before.
    before: f64,
    less: Option<Less>,
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
            round: (None, Vec::new()),
            before: 0.0,
            less: None,
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
        (self.fastest, self.is_mixed, self.less, self.before) = (None, false, None, 0.0);
        self.round = (None, Vec::new());
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
                self.round.0 = None;
                self.changed = Some(now);
                return;
            }
            self.troubles.late += 1;
            self.note_least();
        }
        if !self.is_late(took) {
            if self.is_known && is_used {
                self.limit = (self.limit + 1).min(self.most);
            }
        } else if self.limit <= self.least {
            // none of ours waits for another
            self.fastest = Some(took);
        } else if !has_more {
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
        self.changed = Some(now);
        self.round = (None, Vec::new());
    }

    fn note_least(&mut self) {
        self.troubles.least = Some(self.troubles.least.map_or(self.limit, |least| least.min(self.limit)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A host that does so much at once, each in the same time, and lets the rest wait in a queue; members are as many as
    /// wanted. Its clock is computed, so that each run is the same.
    struct Simulated {
        host: Host,
        now: Instant,
        /// When each slot of the host is free again.
        free: Vec<Instant>,
        /// What is under way: when it ends, and when it began.
        under_way: Vec<(Instant, Instant)>,
        done: usize,
    }

    impl Simulated {
        fn new(at_once: usize, most: usize) -> Self {
            let now = Instant::now();
            let host = Host::new("a host", most);
            Self { host, now, free: vec![now; at_once], under_way: Vec::new(), done: 0 }
        }

        /// Works on so many members, each of which takes as long as `takes` says, and returns how many a second.
        fn works(&mut self, count: usize, takes: impl Fn(usize) -> Duration) -> f64 {
            let (begun, end) = (self.now, self.done + count);
            while self.done < end {
                while self.under_way.len() < self.host.limit() {
                    let (began, slot) = (self.now, self.free.iter_mut().min().expect("a slot"));
                    *slot = (*slot).max(began) + takes(self.done + self.under_way.len());
                    self.under_way.push((*slot, began));
                }
                let (at, _) = self.under_way.iter().enumerate().min_by_key(|(_, (ends, _))| *ends).expect("one");
                let at_once = self.under_way.len();
                let (ends, began) = self.under_way.swap_remove(at);
                self.now = ends;
                self.host.learn(Went::Well, (began, ends), at_once);
                self.done += 1;
            }
            count as f64 / (self.now - begun).as_secs_f64()
        }
    }

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn a_host_that_answers_as_fast_as_before_gets_as_much_as_is_allowed_within_a_few_rounds() {
        let mut simulated = Simulated::new(64, 32);
        simulated.works(4 + 8 + 16, |_| ms(40));
        assert_eq!(simulated.host.limit(), 32);
        simulated.works(1000, |nth| ms(40 + (nth as u64 * 7) % 30));
        assert_eq!((simulated.host.limit(), simulated.host.troubles), (32, Troubles::default()));
    }

    #[test]
    fn a_host_that_does_four_at_once_gets_few_more_and_does_no_less_for_it() {
        let mut simulated = Simulated::new(4, 64);
        simulated.works(200, |_| ms(20));
        let mut most = 0;
        for _ in 0..200 {
            let rate = simulated.works(10, |_| ms(20));
            assert!(rate > 190.0, "{rate} of 200 a second");
            most = most.max(simulated.host.limit());
        }
        assert!((4..=14).contains(&most), "{most}");
        assert!(simulated.host.troubles.late > 0 && simulated.host.troubles.least >= Some(4));
    }

    #[test]
    fn a_host_that_slows_down_gets_less_and_when_it_recovers_as_much_as_before() {
        let mut simulated = Simulated::new(32, 16);
        simulated.works(300, |_| ms(20));
        assert_eq!(simulated.host.limit(), 16);
        simulated.free.truncate(2);
        simulated.works(300, |_| ms(40));
        assert!(simulated.host.limit() <= 8, "{}", simulated.host.limit());
        simulated.free = vec![simulated.now; 32];
        simulated.works(400, |_| ms(20));
        assert_eq!(simulated.host.limit(), 16);
    }

    #[test]
    fn members_with_more_to_do_are_not_taken_for_a_host_that_is_slow() {
        let mut simulated = Simulated::new(64, 16);
        let rate = simulated.works(1000, |nth| if nth % 3 == 0 { ms(40) } else { ms(400) });
        // sixteen at once, 280 ms on average
        assert!(rate > 0.85 * 16.0 / 0.28, "{rate}");
        assert_eq!((simulated.host.limit(), simulated.host.troubles.late), (16, 0));
    }

    #[test]
    fn a_way_that_got_longer_is_no_queue() {
        let mut simulated = Simulated::new(64, 16);
        simulated.works(300, |_| ms(20));
        simulated.works(1000, |_| ms(200));
        assert_eq!((simulated.host.limit(), simulated.host.troubles.late), (16, 0));
    }

    #[test]
    fn what_fails_halves_it_once_for_all_that_was_under_way() {
        let mut host = Host::new("a host", 16);
        let begun = Instant::now();
        (0..100).for_each(|_| host.learn(Went::Well, (begun, begun + ms(10)), 16));
        assert_eq!(host.limit(), 16);
        let failed = begun + ms(20);
        (0..8).for_each(|_| host.learn(Went::Busy, (begun + ms(10), failed), 16));
        assert_eq!(host.limit(), 8, "of the same moment");
        let mut now = failed;
        for _ in 0..200 {
            host.learn(Went::Well, (now, now + ms(10)), 16);
            now += ms(10);
        }
        assert_eq!(host.limit(), 16, "one more with each round");
        for _ in 0..10 {
            host.learn(Went::Silent, (now, now + ms(10)), 16);
            now += ms(10);
        }
        assert_eq!((host.limit(), host.troubles.least), (1, Some(1)));
    }

    #[test]
    fn what_is_refused_halves_it_once_a_moment_and_is_left_alone_as_long_as_it_wants() {
        let mut host = Host::new("a host", 16);
        let begun = Instant::now();
        (0..100).for_each(|_| host.learn(Went::Well, (begun, begun + ms(10)), 16));
        let now = begun + ms(20);
        let longer: Vec<Duration> = (0..3).map(|_| host.refuse(now, Some(ms(2000)))).collect();
        assert_eq!(longer, [ms(2000), ms(0), ms(0)]);
        assert_eq!((host.limit(), host.rests_until()), (8, Some(now + ms(2000))));
        assert_eq!((host.troubles.refused, host.troubles.rested), (3, ms(2000)));
        host.refuse(now + ms(2000), None);
        assert_eq!(host.limit(), 4);
    }

    #[test]
    fn files_are_worked_on_by_every_processor_and_by_more_threads_only_where_that_is_no_slower() {
        let cores = thread::available_parallelism().map_or(2, usize::from).min(16);
        let mut disk = Host::new("", 16);
        assert_eq!(disk.limit(), cores);
        let mut now = Instant::now();
        let mut works = |disk: &mut Host, took: Duration, count: usize| {
            for _ in 0..count {
                disk.learn(Went::Well, (now, now + took), 16);
                now += took;
            }
        };
        works(&mut disk, ms(2), 100);
        assert_eq!(disk.limit(), 16, "they wait for the disk");
        works(&mut disk, ms(12), 500);
        assert_eq!(disk.limit(), cores, "they wait for each other");
    }
}
