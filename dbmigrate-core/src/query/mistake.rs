//! How mistakes are worded, and what was probably meant.

use super::Mistake;
use super::ast::{Ident, Span};
use crate::sql::distance::distance;

impl Mistake {
    pub(super) fn boxed(span: Span, message: String) -> Box<Self> {
        Box::new(Self::new(span, message))
    }

    pub(super) fn new(span: Span, message: String) -> Self {
        Self { span, message, help: None, engine_accepts: false }
    }

    pub(super) fn with_help(mut self, help: impl Into<Option<String>>) -> Self {
        self.help = help.into();
        self
    }

    /// Marks a mistake that the engine does not find.
    pub(super) fn beyond_the_engine(mut self) -> Self {
        self.engine_accepts = true;
        self
    }
}

/// The one of `known` that was probably meant by `given`: a third of its letters may be wrong, and two that were
/// swapped count once.
pub(super) fn closest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_ascii_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for candidate in known {
        let lower = candidate.to_ascii_lowercase();
        let mut wrong = distance(given.as_bytes(), lower.as_bytes());
        if wrong == 2 && is_swapped(given.as_bytes(), lower.as_bytes()) {
            wrong = 1;
        }
        // a word that the other begins with is near, however long the rest is
        let begins = given.len() >= 3 && lower.len() >= 3 && (lower.starts_with(&given) || given.starts_with(&lower));
        let is_near = wrong <= given.len().max(lower.len()) / 3 || begins;
        if is_near && best.is_none_or(|(least, _)| wrong < least) {
            best = Some((wrong, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Whether two neighbouring letters are all that differs.
fn is_swapped(one: &[u8], other: &[u8]) -> bool {
    let Some(at) = one.iter().zip(other).position(|(one, other)| one != other) else { return false };
    one.len() == other.len()
        && one.get(at + 2..) == other.get(at + 2..)
        && one.get(at) == other.get(at + 1)
        && one.get(at + 1) == other.get(at)
}

/// `did you mean …?`
pub(super) fn did_you_mean<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    closest(given, known).map(|meant| format!("did you mean `{meant}`?"))
}

/// What names are there, for a help line: all of few, none of many.
pub(super) fn there_are<'a>(what: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    const MOST: usize = 12;
    let known: Vec<&str> = known.into_iter().collect();
    let all = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    (!known.is_empty() && known.len() <= MOST).then(|| format!("{what}: {all}"))
}

pub(super) fn quoted(ident: &Ident<'_>) -> String {
    format!("`{}`", ident.text)
}

/// `1 value`, `2 values`.
pub(super) fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
