//! Whether a host answers at all: one that does not is left alone for longer and longer, and given up in the end.

use std::time::{Duration, Instant};

/// How long it is left alone when it does not answer a second time; twice as long with each time, up to the longest.
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(8);

/// It is given up when it has not answered for so long, and so often.
const PATIENCE: Duration = Duration::from_secs(7);
const TIMES: u32 = 3;

/// No server is left alone for longer because it says so.
const LONGEST_WANTED: Duration = Duration::from_secs(300);

/// How long a host has been silent.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Silence {
    since: Option<Instant>,
    /// How often it was tried, those under way at one time counted as once.
    times: u32,
    last: Option<Instant>,
    rests_until: Option<Instant>,
    is_down: bool,
}

impl Silence {
    /// It has answered.
    pub(super) fn ends(&mut self) {
        (self.since, self.times, self.last) = (None, 0, None);
    }

    /// It has not answered what was begun then. Returns for how much longer it is left alone.
    pub(super) fn goes_on(&mut self, begun: Instant, now: Instant) -> Duration {
        if self.last.is_some_and(|last| begun < last) {
            return Duration::ZERO;
        }
        let since = *self.since.get_or_insert(begun);
        (self.times, self.last) = (self.times + 1, Some(now));
        self.is_down |= self.times >= TIMES && now.saturating_duration_since(since) >= PATIENCE;
        match self.times {
            // it may be one member alone
            0 | 1 => Duration::ZERO,
            _ if self.is_down => Duration::ZERO,
            times => self.rest(now, (FIRST * 2_u32.saturating_pow((times - 2).min(16))).min(LONGEST)),
        }
    }

    /// Leaves it alone for so long. Returns how much longer that is.
    pub(super) fn rest(&mut self, now: Instant, wait: Duration) -> Duration {
        let (before, until) = (self.rests_until.unwrap_or(now).max(now), now + wait.min(LONGEST_WANTED));
        if until <= before {
            return Duration::ZERO;
        }
        self.rests_until = Some(until);
        until - before
    }

    /// Until when it is left alone.
    pub(super) fn rests_until(&self) -> Option<Instant> {
        self.rests_until
    }

    /// Whether it is given up.
    pub(super) fn is_down(&self) -> bool {
        self.is_down
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_never_answers_is_given_up_after_some_seconds_and_a_few_tries() {
        let begun = Instant::now();
        let (mut silence, mut now, mut tries) = (Silence::default(), begun, 0);
        while !silence.is_down() {
            // all that is under way fails at once
            (0..16).for_each(|_| {
                silence.goes_on(now, now + Duration::from_millis(1));
            });
            now = silence.rests_until().unwrap_or(now).max(now + Duration::from_millis(1));
            tries += 1;
        }
        assert_eq!(tries, 7);
        let mut slow = Silence::default();
        let timeout = Duration::from_secs(30);
        (0..3).for_each(|nth| {
            slow.goes_on(begun + timeout * nth, begun + timeout * (nth + 1));
        });
        assert!(slow.is_down(), "three times without an answer within a minute");
    }

    #[test]
    fn an_answer_ends_it() {
        let begun = Instant::now();
        let mut silence = Silence::default();
        for nth in 0..100 {
            let now = begun + Duration::from_secs(nth);
            silence.goes_on(now, now);
            silence.goes_on(now, now);
            silence.ends();
        }
        assert!(!silence.is_down());
    }
}
