//! How requests to simulated members fail, and how long they take.

use std::time::Duration;

use super::chance;

/// How one request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection is closed before anything is executed.
    Closed,
    /// Everything is executed, and the connection is closed without an answer.
    Lost,
    /// Everything is executed, and the connection is closed in the middle of the answer.
    Half,
    /// Nothing is executed, and somebody in front of the server answers with this status.
    Status(u16),
    /// Nothing is executed, and the server says that it does not have the database.
    Unknown,
    /// It takes so much longer.
    Slow(Duration),
}

/// Which requests for a member a fault is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The one after so many others from now on.
    After(usize),
    /// The next one with a `COMMIT` in it.
    Commit,
    /// Every one, until the member is well again.
    Always,
}

/// How much a server does at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// So many requests.
    pub at_once: usize,
    /// How long each of them takes then.
    pub takes: Duration,
    /// What becomes of those beyond: they wait, or are refused with 429.
    pub refuses: bool,
}

/// What happens to requests for no reason of their own: how long all of them take, and how many of 10,000 fail.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    /// How long a round trip takes, also that of opening a connection.
    pub latency: Duration,
    /// How much longer a request may take, by chance.
    pub jitter: Duration,
    /// [`Fault::Closed`].
    pub closed: u32,
    /// [`Fault::Lost`], of any request.
    pub lost: u32,
    /// [`Fault::Lost`], of requests with a `COMMIT`, beside the others.
    pub lost_commits: u32,
    /// [`Fault::Half`].
    pub half: u32,
    /// [`Fault::Status`] of 503.
    pub unavailable: u32,
    /// [`Fault::Status`] of 429.
    pub too_many: u32,
    /// After how many seconds whoever is refused with 429 or 503 is to come again, if that is said.
    pub retry_after: Option<u32>,
    /// How much the server does at once, if that is not all there is.
    pub capacity: Option<Capacity>,
    /// [`Fault::Slow`], and by how much.
    pub slow: (u32, Duration),
}

impl Weather {
    /// A storm: of a hundred requests, about six fail in one way or another, and of those with a `COMMIT` two more.
    pub fn storm() -> Self {
        Self {
            closed: 100,
            lost: 100,
            lost_commits: 200,
            half: 100,
            unavailable: 150,
            too_many: 150,
            slow: (200, Duration::from_millis(20)),
            ..Self::default()
        }
    }

    /// What happens to a request for a member.
    pub(super) fn fault(&self, seed: u64, member: &str, nth: usize, commits: bool) -> Option<Fault> {
        let rates = [
            (self.closed, Fault::Closed),
            (self.lost, Fault::Lost),
            (if commits { self.lost_commits } else { 0 }, Fault::Lost),
            (self.half, Fault::Half),
            (self.unavailable, Fault::Status(503)),
            (self.too_many, Fault::Status(429)),
            (self.slow.0, Fault::Slow(self.slow.1)),
        ];
        let mut drawn = chance::number(seed, member, nth) % 10_000;
        for (rate, fault) in rates {
            match drawn.checked_sub(u64::from(rate)) {
                Some(rest) => drawn = rest,
                None => return Some(fault),
            }
        }
        None
    }

    /// How long a request for a member takes on its way.
    pub(super) fn delay(&self, seed: u64, member: &str, nth: usize) -> Duration {
        let jitter = u64::try_from(self.jitter.as_micros()).unwrap_or(u64::MAX);
        let more = chance::number(!seed, member, nth) % jitter.saturating_add(1).max(1);
        self.latency + Duration::from_micros(more)
    }
}
