//! How large the next piece is, and how long to wait before it: as much as takes the time that is wanted, and less where
//! others have to wait.

use std::time::Duration;

/// The shortest pause between two pieces: who waits for the lock of a file looks only so often whether it is free.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
/// The longest one.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// By how much a piece may be larger than the one before.
const GROWTH: u64 = 2;

/// How long a server holds the lock for a piece.
const ON_SERVER: Duration = Duration::from_millis(100);
/// For one in so many parts of that the lock is free behind it, for those that would write more often than once a piece.
const REST_ON_SERVER: u32 = 2;
/// Who waits no longer for the lock of a server is alone there, if that is so for [`CALM_PIECES`].
const CALM: Duration = Duration::from_millis(1);
const CALM_PIECES: u32 = 8;

/// How long a piece took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    /// For what only reads, before the lock.
    pub read: Duration,
    /// For the lock.
    pub waited: Duration,
    /// From then on until the commit.
    pub held: Duration,
}

/// What is wanted of pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long the lock is held for one.
    pub target: Duration,
    /// How long others may have to wait for the lock.
    pub lag: Duration,
    /// For how long the lock is free behind a piece, at least: for one in so many parts of what it was held.
    pub rest: u32,
    /// Whether a server has the lock.
    pub is_on_server: bool,
}

impl Limits {
    /// The same on a server, where others also wait while its log is copied into the database behind a piece.
    ///
    /// A server hands its lock to whoever has waited for it longest, so that a pause is needed only for those who come
    /// later. It refuses writes while it copies its log, and those that others have been faster than nine times: the fewer
    /// pieces there are, the fewer writes are refused.
    #[must_use]
    pub fn on_server(self) -> Self {
        Self { target: self.target.min(ON_SERVER), rest: REST_ON_SERVER, is_on_server: true, ..self }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { target: Duration::from_millis(250), lag: Duration::from_millis(500), rest: 8, is_on_server: false }
    }
}

/// The pace of a table.
#[derive(Debug, Clone)]
pub struct Pace {
    limits: Limits,
    size: u64,
    least: u64,
    most: u64,
    pause: Duration,
    /// For how many pieces nobody was waited for.
    calm: u32,
}

impl Pace {
    /// One whose first piece has so many rows, and none more than `most`.
    pub fn new(limits: Limits, first: u64, most: u64) -> Self {
        let most = most.max(1);
        // what does not become shorter by being smaller is not cut ever smaller
        let least = (most / 100).clamp(1, 100);
        // whoever waits begins to wait when the lock is taken
        let target = limits.target.min(limits.lag / 2);
        let (limits, size) = (Limits { target, ..limits }, first.clamp(least, most));
        Self { limits, size, least, most, pause: SHORTEST_PAUSE, calm: 0 }
    }

    /// How many rows the next piece is to have.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes in what the last piece took. Returns how long to wait before the next one.
    pub fn took(&mut self, times: Times) -> Duration {
        let Times { waited, held, .. } = times;
        let (held_ms, target_ms) = (millis(held).max(1), millis(self.limits.target).max(1));
        let fitting = self.size.saturating_mul(target_ms) / held_ms;
        self.size = fitting.clamp(self.size / GROWTH, self.size.saturating_mul(GROWTH)).clamp(self.least, self.most);
        if waited > self.limits.lag {
            // others are writing as well, and wait as long
            self.size = (self.size / GROWTH).max(self.least);
            self.pause = (self.pause * 2).clamp(held, LONGEST_PAUSE.max(held));
        } else {
            self.pause = (self.pause / 2).max(SHORTEST_PAUSE).max(held / self.limits.rest.max(1));
        }
        self.calm = if waited < CALM { self.calm + 1 } else { 0 };
        if self.limits.is_on_server && self.calm >= CALM_PIECES {
            return Duration::ZERO;
        }
        self.pause
    }

    /// The lock could not be had, or was taken away: less, and later. Returns how long to wait.
    pub fn failed(&mut self) -> Duration {
        self.size = (self.size / 4).max(self.least);
        self.pause = (self.pause * 2).max(SHORTEST_PAUSE * 10).min(LONGEST_PAUSE);
        self.pause
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn times(waited: u64, held: u64) -> Times {
        Times { waited: MS(waited), held: MS(held), ..Times::default() }
    }

    #[test]
    fn pieces_become_as_large_as_takes_the_time_that_is_wanted() {
        let mut pace = Pace::new(Limits::default(), 1000, 100_000);
        for _ in 0..20 {
            let held = pace.size() / 100;
            pace.took(times(0, held));
        }
        assert_eq!(pace.size(), 25_000);
        let mut few = Pace::new(Limits::default(), 1000, 5000);
        for _ in 0..5 {
            few.took(times(0, 1));
        }
        assert_eq!(few.size(), 5000);
    }

    #[test]
    fn whoever_waits_too_long_makes_the_next_piece_smaller_and_later() {
        let limits = Limits { lag: MS(100), ..Limits::default() };
        let mut pace = Pace::new(limits, 1000, 100_000);
        let first = pace.took(times(0, 50));
        let second = pace.took(times(200, 50));
        assert!(pace.size() < 1000 && second > first, "{} {first:?} {second:?}", pace.size());
        assert_eq!(pace.took(times(0, 50)), second / 2);
        // a server is left alone for a part of the time, unless nobody else is there
        let mut server = Pace::new(Limits::default().on_server(), 1000, 100_000);
        for _ in 1..CALM_PIECES {
            assert_eq!(server.took(times(0, 60)), MS(30));
        }
        assert_eq!(server.took(times(0, 60)), Duration::ZERO);
        assert_eq!(server.took(times(2, 60)), MS(30));
        for _ in 0..50 {
            pace.failed();
        }
        assert_eq!(pace.size(), 100);
    }
}
