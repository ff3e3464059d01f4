//! In what state a failed run leaves a database.

use dbmigrate_core::engine::apply::{ApplyError, Failure};
use dbmigrate_core::engine::error::ErrorKind;

use super::failure::apply_error;
use super::subject::Subject;
use crate::error::CommandError;
use crate::report::under_way::so_far;

/// In what state an error leaves a database, after so many of so many migrations were applied; `next` is the first that
/// was not, as far as it was tried.
pub(crate) fn state_after(
    error: &ApplyError,
    database: &str,
    next: Option<&str>,
    (done, of): (usize, usize),
) -> Vec<String> {
    let mut state = Vec::new();
    match error {
        _ if outcome_is_unknown(error) => state.push("it is unknown whether the change was made".to_owned()),
        ApplyError::Migration { name, failure, .. } => state.push(match **failure {
            Failure::Lost { is_known: false, .. } => {
                let others = if done + 1 < of { ", or a later migration," } else { "" };
                format!("it is unknown whether `{name}`{others} was applied: the server stopped answering")
            }
            Failure::NotUndone(_) => format!(
                "the statement of `{name}` ran outside a transaction: what it did to `{database}` is kept, but not \
                 recorded"
            ),
            Failure::UnderWay { ref progress, .. } => {
                format!("`{name}` is under way in `{database}`: {}; `migrate` continues from there", so_far(progress))
            }
            _ => {
                let next = next.unwrap_or(name);
                let and = if next == name { "" } else { ", which was not applied either" };
                format!("`{database}` is as it was before `{next}`{and}")
            }
        }),
        ApplyError::Engine { .. } if done == 0 => state.push("nothing was changed".to_owned()),
        _ => {}
    }
    match done {
        0 => {}
        1 => state.push("1 migration before it was applied and kept".to_owned()),
        _ => state.push(format!("{done} migrations before it were applied and kept")),
    }
    state
}

/// Whether a migration was begun, so that somebody may have to go back.
pub(crate) fn has_begun(error: &ApplyError, done: usize) -> bool {
    done > 0 || matches!(error, ApplyError::Migration { .. }) || outcome_is_unknown(error)
}

/// Whether a server may have done what was sent to it, and did not say so.
fn outcome_is_unknown(error: &ApplyError) -> bool {
    let engine = match error {
        ApplyError::Engine { error, .. } => Some(error),
        ApplyError::Migration { failure, .. } if !matches!(**failure, Failure::Lost { .. }) => failure.engine_error(),
        _ => None,
    };
    engine.is_some_and(|error| error.kind == ErrorKind::Lost)
}

/// An [`ApplyError`] as the error of a command that applies nothing, or not yet.
pub(crate) fn failure(error: ApplyError, database: Subject<'_>) -> CommandError {
    let state = state_after(&error, &database.to_string(), None, (0, 0));
    state.into_iter().fold(failure_of_run(error, database), CommandError::note)
}

/// An [`ApplyError`] as a command's error.
pub(crate) fn failure_of_run(error: ApplyError, database: Subject<'_>) -> CommandError {
    match error {
        ApplyError::Folder(error) => error.into(),
        ApplyError::Script(error) => CommandError::from(error).note(format!("`{database}` was not changed")),
        other => apply_error(&other, database),
    }
}
