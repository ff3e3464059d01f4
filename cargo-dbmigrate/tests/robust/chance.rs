//! Random numbers from a seed that is printed, so that a failure can be had again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A generator: SplitMix64 (Steele, Lea and Flood, 2014).
pub(crate) struct Chance(u64);

impl Chance {
    /// From `DBMIGRATE_SEED`, else from the clock. Tests print what they began with.
    pub(crate) fn new(what: &str) -> Self {
        let given = std::env::var("DBMIGRATE_SEED").ok().and_then(|seed| seed.parse().ok());
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.subsec_nanos().into());
        let seed = given.unwrap_or_else(now);
        // shown with a test that fails
        println!("{what}: DBMIGRATE_SEED={seed}");
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of so many.
    pub(crate) fn one_in(&mut self, many: u64) -> bool {
        self.next().is_multiple_of(many)
    }

    /// Any time up to this one.
    pub(crate) fn within(&mut self, longest: Duration) -> Duration {
        let nanoseconds = u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.next() % nanoseconds.max(1))
    }
}
