//! What is said of a repair: what was there, and what is there now.

use crate::messages::{self, FileAction, On};
use crate::project::Context;

/// Something that is repaired.
pub(super) struct Repaired {
    /// The file or the database.
    pub(super) place: String,
    /// The database, if it is one.
    pub(super) on: Option<On>,
    /// In a few words.
    pub(super) what: String,
    pub(super) before: String,
    pub(super) after: String,
}

/// Says what was repaired, or would be.
pub(super) fn report(context: &Context, one: &Repaired, is_dry: bool) {
    let Repaired { place, on, what, before, after } = one;
    let verb = if is_dry { "Would repair" } else { "Repaired" };
    context.printer.status(verb, format!("{place}: {what} ({before} -> {after})"));
    context.printer.message(|| messages::Repaired {
        database: on.as_ref().map(|on| on.database.clone()),
        target: on.as_ref().and_then(|on| on.target.clone()),
        what: what.clone(),
        before: before.clone(),
        after: after.clone(),
        dry_run: is_dry,
    });
    if on.is_none() && !is_dry {
        context.printer.wrote(place.as_ref(), FileAction::Updated);
    }
}

/// That there is nothing to repair.
pub(super) fn nothing(context: &Context, text: &str) {
    context.printer.status("Unchanged", text);
}

/// Enough of a hash to tell it from another one.
pub(super) fn short(hash: &str) -> &str {
    match hash.get(..12) {
        Some(short) => short,
        None if hash.is_empty() => "none",
        None => hash,
    }
}
