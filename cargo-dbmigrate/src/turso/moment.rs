//! A point in time: read as people write it, and said as the platform API wants it.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use toml::value::Datetime;

use crate::seeding::{calendar, date};

/// What stands for a number of seconds.
const UNITS: [(&str, i64); 5] = [("second", 1), ("minute", 60), ("hour", 3600), ("day", 86_400), ("week", 604_800)];

/// A point in time in UTC, to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(i64);

impl Moment {
    /// This one.
    pub(crate) fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }

    /// The time that is meant by a text: RFC 3339, or how long ago (`2 hours ago`).
    pub(crate) fn parse(text: &str, now: Self) -> Result<Self, String> {
        let text = text.trim();
        if let Some(span) = text.strip_suffix(" ago") {
            return ago(span.trim(), now).ok_or_else(|| format!("`{text}` is not a time, such as `2 hours ago`"));
        }
        let wrong = || format!("`{text}` is not a time, such as `{now}` or `2 hours ago`");
        let value: Datetime = text.to_uppercase().parse().map_err(|_| wrong())?;
        match (value.date, value.time, value.offset) {
            (Some(_), Some(_), Some(_)) => date::seconds(&value).map(Self).ok_or_else(wrong),
            (Some(_), Some(_), None) => {
                Err(format!("`{text}` has no time zone: add `Z` for UTC, or the offset, such as `+02:00`"))
            }
            _ => Err(wrong()),
        }
    }

    /// So many seconds later.
    pub(crate) fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// As it stands in a name: `20260102t030405`.
    pub(crate) fn stamp(self) -> String {
        self.to_string()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
            .trim_end_matches('Z')
            .to_lowercase()
    }
}

/// `2 hours`, `90 minutes`, `a day`.
fn ago(span: &str, now: Moment) -> Option<Moment> {
    let (count, unit) = span.split_once(' ')?;
    let count: i64 = match count {
        "a" | "an" | "one" => 1,
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
        _ => return None,
    };
    let unit = unit.trim();
    let unit = unit.strip_suffix('s').unwrap_or(unit);
    let (_, seconds) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    now.0.checked_sub(count.checked_mul(seconds)?).map(Moment)
}

/// RFC 3339 in UTC.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, of_day) = (self.0.div_euclid(calendar::DAY), self.0.rem_euclid(calendar::DAY));
        let (year, month, day) = calendar::date(days);
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Result<String, String> {
        Moment::parse(text, Moment(1_767_323_045)).map(|moment| moment.to_string())
    }

    #[test]
    fn times_are_read_as_rfc_3339_and_as_how_long_ago() {
        for (text, wanted) in [
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
            ("2026-01-02t03:04:05z", "2026-01-02T03:04:05Z"),
            (" 2026-01-02 03:04:05.678+01:30 ", "2026-01-02T01:34:05Z"),
            ("2024-02-29T23:59:59-00:30", "2024-03-01T00:29:59Z"),
            ("2 hours ago", "2026-01-02T01:04:05Z"),
            ("1 hour ago", "2026-01-02T02:04:05Z"),
            ("90 minutes ago", "2026-01-02T01:34:05Z"),
            ("a day ago", "2026-01-01T03:04:05Z"),
            ("30 seconds ago", "2026-01-02T03:03:35Z"),
        ] {
            assert_eq!(said(text).as_deref(), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_in_words() {
        for (text, wanted) in [
            ("", "is not a time"),
            ("yesterday", "is not a time"),
            ("2026-01-02", "is not a time"),
            ("03:04:05", "is not a time"),
            ("2026-13-02T03:04:05Z", "is not a time"),
            ("2026-01-02T03:04:05", "has no time zone"),
            ("2 fortnights ago", "is not a time"),
            ("-2 hours ago", "is not a time"),
            ("99999999999999999999 days ago", "is not a time"),
            ("9223372036854775807 weeks ago", "is not a time"),
        ] {
            let message = said(text).expect_err(text);
            assert!(message.contains(wanted), "{text}: {message}");
        }
    }

    #[test]
    fn a_time_in_a_name_has_digits_and_a_letter_only() {
        assert_eq!(Moment(1_767_323_045).stamp(), "20260102t030405");
    }
}
