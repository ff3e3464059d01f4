//! How long work on many rows takes, as measured: the one home of what is said of it before a run.
//!
//! A million rows of 8 columns and about 100 bytes (docs/performance.md): copied in 0.8 s, half a second for each index,
//! updated in 0.7 s, their foreign keys checked in 0.15 s each. Take it as the right number of digits.

use std::time::Duration;

/// A value of a row that is copied, in nanoseconds.
const COPIED_VALUE: u64 = 100;
/// A row in an index that is built.
const INDEXED_ROW: u64 = 500;
/// A row that is updated where it is.
const UPDATED_ROW: u64 = 700;
/// A foreign key of a row that is checked.
const CHECKED_KEY: u64 = 150;

/// The bytes of a value.
const VALUE: u64 = 12;
/// The bytes of a row in an index.
const ENTRY: u64 = 20;

/// A server takes longer for the same statements than the engine in this process: half as long again, as measured with
/// rebuilds.
const ON_SERVER: (u64, u64) = (3, 2);

/// After so long, a server takes the lock from a transaction for which another client waits.
pub(super) const SERVER_PATIENCE: Duration = Duration::from_secs(5);

/// What others notice: nothing else can write for as long, and a program waits no longer unless it says so.
pub(super) const NOTICEABLE: Duration = Duration::from_secs(1);

/// What takes so long here, on a server.
pub fn on_server(here: u64) -> u64 {
    let (times, of) = ON_SERVER;
    here.saturating_mul(times) / of
}

/// What is to be done with each of many rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Pace {
    /// How long it takes, in nanoseconds.
    nanoseconds: u64,
    /// What it writes.
    bytes: u64,
}

impl Pace {
    /// Values that are copied, with so many indexes.
    pub(super) fn copied(values: usize, indexes: usize) -> Self {
        let (values, indexes) = (values as u64, indexes as u64);
        Self { nanoseconds: values * COPIED_VALUE + indexes * INDEXED_ROW, bytes: values * VALUE + indexes * ENTRY }
    }

    /// A row that is updated.
    pub(super) fn updated(values: usize) -> Self {
        Self { nanoseconds: UPDATED_ROW, bytes: values as u64 * VALUE }
    }

    /// Foreign keys that are checked, so many times.
    pub(super) fn checked(keys: usize, times: u64) -> Self {
        Self { nanoseconds: keys as u64 * CHECKED_KEY * times, bytes: 0 }
    }

    /// Both.
    #[must_use]
    pub(super) fn and(self, other: Self) -> Self {
        Self { nanoseconds: self.nanoseconds + other.nanoseconds, bytes: self.bytes + other.bytes }
    }

    /// How long it takes for so many rows.
    pub(super) fn time(self, rows: u64, is_server: bool) -> Duration {
        let here = self.nanoseconds.saturating_mul(rows);
        Duration::from_nanos(if is_server { on_server(here) } else { here })
    }

    /// What it writes for so many rows.
    pub(super) fn bytes(self, rows: u64) -> u64 {
        self.bytes.saturating_mul(rows)
    }

    /// The fewest rows with which it takes so long.
    pub(super) fn rows(self, time: Duration, is_server: bool) -> u64 {
        let each = if is_server { on_server(self.nanoseconds) } else { self.nanoseconds };
        u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).div_ceil(each.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_rows_take_at_least_so_long() {
        let pace = Pace::copied(8, 2);
        assert_eq!(pace.time(1_000_000, false), Duration::from_millis(1800));
        assert_eq!(pace.time(1_000_000, true), Duration::from_millis(2700));
        for is_server in [false, true] {
            let rows = pace.rows(NOTICEABLE, is_server);
            assert!(pace.time(rows, is_server) >= NOTICEABLE && pace.time(rows - 1, is_server) < NOTICEABLE);
        }
    }
}
