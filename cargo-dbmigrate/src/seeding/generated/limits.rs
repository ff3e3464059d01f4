//! What a column may hold, as far as its checks were understood.

use super::pattern::{glob_fits, like_fits};
use crate::seeding::rows::Value;

/// What checks say of the values of a column. Everything has to hold at once.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Limits {
    /// The only values.
    pub(super) one_of: Option<Vec<Value>>,
    /// Values that it may not have.
    pub(super) none_of: Vec<Value>,
    /// The least number, and whether it is excluded.
    pub(super) min: Option<(f64, bool)>,
    /// The greatest number, and whether it is excluded.
    pub(super) max: Option<(f64, bool)>,
    /// The least and the greatest number of characters or bytes.
    pub(super) length: (u64, Option<u64>),
    /// Patterns of `LIKE`.
    pub(super) like: Vec<String>,
    /// Patterns of `LIKE` that it may not fit.
    pub(super) unlike: Vec<String>,
    /// Patterns of `GLOB`.
    pub(super) glob: Vec<String>,
    /// Patterns of `GLOB` that it may not fit.
    pub(super) unglob: Vec<String>,
    /// Whether it holds JSON, and of which type.
    pub(super) json: Option<JsonType>,
    /// Whether it equals itself in lower (or upper) case.
    pub(super) case: Option<Case>,
    /// Whether it has no white space around it.
    pub(super) is_trimmed: bool,
    /// What it is a multiple of.
    pub(super) multiple_of: Option<i64>,
    /// What `typeof` says.
    pub(super) type_of: Option<String>,
    /// The function of dates that returns it as it is, or anything at all.
    pub(super) moment: Option<&'static str>,
}

/// What JSON is as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JsonType {
    Any,
    Object,
    Array,
}

/// Letters of one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Lower,
    Upper,
}

impl Case {
    pub(super) fn apply(self, text: &str) -> String {
        match self {
            Self::Lower => text.to_ascii_lowercase(),
            Self::Upper => text.to_ascii_uppercase(),
        }
    }
}

impl Limits {
    pub(super) fn at_least(&mut self, number: f64, is_excluded: bool) {
        let is_narrower =
            self.min.is_none_or(|(least, excluded)| number > least || (number >= least && is_excluded && !excluded));
        if is_narrower {
            self.min = Some((number, is_excluded));
        }
    }

    pub(super) fn at_most(&mut self, number: f64, is_excluded: bool) {
        let is_narrower =
            self.max.is_none_or(|(most, excluded)| number < most || (number <= most && is_excluded && !excluded));
        if is_narrower {
            self.max = Some((number, is_excluded));
        }
    }

    /// Takes only these values.
    pub(super) fn only(&mut self, values: Vec<Value>) {
        self.one_of = Some(match self.one_of.take() {
            Some(before) => before.into_iter().filter(|value| values.contains(value)).collect(),
            None => values,
        });
    }

    pub(super) fn longer(&mut self, least: u64) {
        self.length.0 = self.length.0.max(least);
    }

    pub(super) fn shorter(&mut self, most: u64) {
        self.length.1 = Some(self.length.1.map_or(most, |before| before.min(most)));
    }

    /// Whether text has to be of a form.
    pub(super) fn restricts_text(&self) -> bool {
        self.length != (0, None)
            || !(self.like.is_empty() && self.unlike.is_empty() && self.glob.is_empty() && self.unglob.is_empty())
            || self.case.is_some()
            || self.is_trimmed
            || !self.none_of.is_empty()
    }

    /// Whether a text fits what is said of texts.
    pub(super) fn allows_text(&self, text: &str) -> bool {
        let length = text.chars().count() as u64;
        length >= self.length.0
            && self.length.1.is_none_or(|most| length <= most)
            && self.like.iter().all(|pattern| like_fits(pattern, text))
            && !self.unlike.iter().any(|pattern| like_fits(pattern, text))
            && self.glob.iter().all(|pattern| glob_fits(pattern, text))
            && !self.unglob.iter().any(|pattern| glob_fits(pattern, text))
            && self.case.is_none_or(|case| case.apply(text) == text)
            && !(self.is_trimmed && text.trim_matches(' ') != text)
            && !self.none_of.iter().any(|value| matches!(value, Value::Text(other) if other == text))
            && self.one_of.as_ref().is_none_or(|values| values.contains(&Value::Text(text.to_owned())))
    }

    /// Whether a number lies where numbers may.
    pub(super) fn allows_number(&self, number: f64) -> bool {
        self.min.is_none_or(|(least, excluded)| if excluded { number > least } else { number >= least })
            && self.max.is_none_or(|(most, excluded)| if excluded { number < most } else { number <= most })
    }

    /// The integers from the least to the greatest, if a check says so.
    #[expect(clippy::cast_possible_truncation, reason = "a number out of range becomes the nearest in it")]
    pub(super) fn integers(&self) -> (Option<i64>, Option<i64>) {
        let least = self.min.map(|(least, excluded)| {
            let whole = least.ceil();
            (whole as i64).saturating_add(i64::from(excluded && whole <= least))
        });
        let most = self.max.map(|(most, excluded)| {
            let whole = most.floor();
            (whole as i64).saturating_sub(i64::from(excluded && whole >= most))
        });
        (least, most)
    }
}
