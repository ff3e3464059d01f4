//! How a database differs from the state that it was in when it was looked at before.

use dbmigrate_core::engine::apply::State;

use crate::database::Subject;
use crate::error::CommandError;
use crate::exit;

/// That a database is not in the state that it was in when it was looked at before, and how it differs.
pub(crate) fn other_state(expected: &State, found: &State, database: Subject<'_>) -> CommandError {
    let error = CommandError::new(exit::INCONSISTENT, format!("`{database}` has changed in between"));
    state_differences(expected, found).into_iter().fold(error, CommandError::note).note("nothing was changed")
}

/// How two states differ, a line each.
pub(crate) fn state_differences(expected: &State, found: &State) -> Vec<String> {
    let mut lines = Vec::new();
    let (before, now) = (&expected.history, &found.history);
    let same = before.iter().zip(now).take_while(|(before, now)| before == now).count();
    lines.extend(now.iter().skip(same).map(|(name, _)| format!("applied in between: `{name}`")));
    lines.extend(before.iter().skip(same).map(|(name, _)| format!("no longer in its history: `{name}`")));
    if expected.schema != found.schema {
        lines.push(format!("its schema has the hash {}, not {}", short(&found.schema), short(&expected.schema)));
    }
    let missing = |from: &State, of: &State| -> Vec<String> {
        from.unreadable.iter().filter(|one| !of.unreadable.contains(one)).cloned().collect()
    };
    lines.extend(missing(found, expected).into_iter().map(|object| format!("added or changed: {object}")));
    lines.extend(missing(expected, found).into_iter().map(|object| format!("dropped or changed: {object}")));
    lines
}

/// Enough of a hash to tell it from another one.
fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}
