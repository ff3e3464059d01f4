//! What to do where libSQL lacks what the application adds to it: help for whatever says so, wherever it comes from.

use std::borrow::Cow;

use dbmigrate_core::engine::brought::{Missing, brought};

use crate::diagnostic::Diagnostic;
use crate::error::CommandError;

/// The table of `dbmigrate.toml` that every such help names, so that nothing is said twice.
const TABLE: &str = "`[engine]`";

/// The error with the help that is missing.
pub(super) fn helped(error: &CommandError) -> Cow<'_, CommandError> {
    let shown: Vec<&str> = error.rendered().iter().map(|rendered| rendered.text.as_str()).collect();
    if error.help_lines().iter().map(String::as_str).chain(shown.iter().copied()).any(|text| text.contains(TABLE)) {
        return Cow::Borrowed(error);
    }
    let notes = error.notes().iter().map(String::as_str);
    let said: Vec<&str> = std::iter::once(error.message()).chain(notes).collect();
    let texts: Vec<&str> = said.iter().copied().chain(shown).collect();
    match help(&said, &texts) {
        help if help.is_empty() => Cow::Borrowed(error),
        help => Cow::Owned(error.clone().helps(help)),
    }
}

/// What to add to the help of a warning.
pub(super) fn help_with(message: &str, known: &[String]) -> Vec<String> {
    if known.iter().any(|help| help.contains(TABLE)) {
        return Vec::new();
    }
    help(&[message], &[message])
}

/// The help for a message about a schema whose statements are these.
pub(crate) fn help_in(message: &str, statements: &[String]) -> Vec<String> {
    help(&[message], &statements.iter().map(String::as_str).collect::<Vec<_>>())
}

/// What to add to the help of a diagnostic.
pub(super) fn help_for(diagnostic: &Diagnostic) -> Vec<String> {
    if diagnostic.help.iter().any(|help| help.contains(TABLE)) {
        return Vec::new();
    }
    let said: Vec<&str> = std::iter::once(&diagnostic.message).chain(&diagnostic.notes).map(String::as_str).collect();
    if said.iter().all(|text| Missing::of(text).is_none()) {
        return Vec::new();
    }
    let sources: Vec<String> =
        diagnostic.labels.iter().filter_map(|label| fs_err::read_to_string(&label.file).ok()).collect();
    let texts: Vec<&str> = said.iter().copied().chain(sources.iter().map(String::as_str)).collect();
    help(&said, &texts)
}

/// The help for what is said, where `texts` may have the calls of a function in them.
fn help(said: &[&str], texts: &[&str]) -> Vec<String> {
    let Some(missing) = said.iter().find_map(|text| Missing::of(text)) else { return Vec::new() };
    let declared = brought();
    missing.help(&declared.as_deref().cloned().unwrap_or_default(), texts)
}
