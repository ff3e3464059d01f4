//! A query that fails if something does not hold: so that a statement in the middle of others says whether they go on.

/// What an assertion that does not hold has in its message.
pub(super) const ASSERTION: &str = "_dbmigrate_assertion";

/// A query that fails if this does not hold.
pub(super) fn assertion(holds: &str) -> String {
    format!("SELECT json_extract('{{}}', iif({holds}, '$', '{ASSERTION}'))")
}
