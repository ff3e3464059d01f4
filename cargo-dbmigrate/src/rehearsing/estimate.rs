//! What a migration that took so long on a copy is expected to take in the database itself.

use std::time::Duration;

use dbmigrate_core::lint::pace::on_server;

/// Where the database itself is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In a file that writes ahead: what the log has is written to the database later.
    Log,
    /// In a file that is written while it is locked, after what was there before was saved.
    File,
    /// On a server to which a question takes so long.
    Server(Duration),
}

/// The time that a migration is expected to take, and for which nobody else can write, in milliseconds. `taken` is what
/// it took on the copy, `settled` what it took to bring what it wrote from the log to the file.
pub(super) fn of(place: Place, taken: u64, settled: Duration) -> u64 {
    let milliseconds = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    match place {
        Place::Log => taken,
        Place::File => taken.saturating_add(milliseconds(settled)),
        Place::Server(trip) => on_server(taken).saturating_add(milliseconds(trip)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_never_less_than_what_it_took() {
        let settled = Duration::from_millis(30);
        assert_eq!(of(Place::Log, 100, settled), 100);
        assert_eq!(of(Place::File, 100, settled), 130);
        assert_eq!(of(Place::Server(Duration::from_millis(40)), 100, settled), 190);
    }
}
