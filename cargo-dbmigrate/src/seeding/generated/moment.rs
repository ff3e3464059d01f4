//! Dates and times: seconds since 1970 in UTC, and how columns write them.

use crate::seeding::calendar::{DAY, date, days};

/// How a column stores a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Seconds since 1970.
    Seconds,
    /// Thousandths of a second since 1970.
    Milliseconds,
    /// Millionths.
    Microseconds,
    /// Days since 1970.
    Days,
    /// Days of the Julian calendar, as `julianday` has them.
    Julian,
    /// `2024-02-29`
    Date,
    /// `23:59:59`
    Time,
    /// `2024-02-29 23:59:59`
    Spaced,
    /// `2024-02-29T23:59:59Z`
    Iso,
    /// `2024-02-29T23:59:59.000Z`
    IsoMilliseconds,
    /// `2024`
    Year,
}

impl Form {
    /// The forms by the names that settings have for them.
    pub(super) const NAMES: [(&'static str, Self); 10] = [
        ("date", Self::Date),
        ("datetime", Self::Spaced),
        ("iso", Self::Iso),
        ("iso_ms", Self::IsoMilliseconds),
        ("julian", Self::Julian),
        ("time", Self::Time),
        ("unix", Self::Seconds),
        ("unix_ms", Self::Milliseconds),
        ("unix_us", Self::Microseconds),
        ("year", Self::Year),
    ];

    /// How many seconds lie between two values that can be told apart.
    pub(super) fn step(self) -> i64 {
        match self {
            Self::Days | Self::Date => DAY,
            Self::Year => 366 * DAY,
            _ => 1,
        }
    }

    /// Whether it is a number.
    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Seconds | Self::Milliseconds | Self::Microseconds | Self::Days | Self::Julian | Self::Year)
    }
}

/// Seconds since 1970 of `2024-02-29`, with `23:59`, `23:59:59` and `Z` behind it if they are there.
pub(super) fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    let (date, time) = match text.split_once(['T', ' ', 't']) {
        Some((date, time)) => (date, time.trim_end_matches(['Z', 'z'])),
        None => (text, ""),
    };
    let numbers = |text: &str, by: char| -> Option<Vec<i64>> {
        text.split(by).map(|part| part.parse::<u32>().ok().map(i64::from)).collect()
    };
    let [year, month, day] = numbers(date, '-')?[..] else { return None };
    let time = if time.is_empty() { vec![0, 0] } else { numbers(time.split('.').next()?, ':')? };
    let (hour, minute, second) = match time[..] {
        [hour, minute] => (hour, minute, 0),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    let whole = days(year, month, day);
    let is_date = self::date(whole) == (year, month, day);
    (is_date && hour < 24 && minute < 60 && second < 60).then_some(whole * DAY + hour * 3600 + minute * 60 + second)
}

/// Appends a number with leading zeros.
fn padded(text: &mut String, number: i64, width: u32) {
    for place in (0..width).rev() {
        let digit = number / 10_i64.pow(place) % 10;
        text.push(char::from(b'0' + u8::try_from(digit).unwrap_or_default()));
    }
}

/// A time as text, in a form that is text.
pub(super) fn text(seconds: i64, form: Form) -> String {
    let mut text = String::with_capacity(24);
    let (whole, rest) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    if form != Form::Time {
        let (year, month, day) = date(whole);
        padded(&mut text, year, 4);
        text.push('-');
        padded(&mut text, month, 2);
        text.push('-');
        padded(&mut text, day, 2);
    }
    if form == Form::Date {
        return text;
    }
    match form {
        Form::Time => {}
        Form::Spaced => text.push(' '),
        _ => text.push('T'),
    }
    padded(&mut text, rest / 3600, 2);
    text.push(':');
    padded(&mut text, rest / 60 % 60, 2);
    text.push(':');
    padded(&mut text, rest % 60, 2);
    match form {
        Form::Iso => text.push('Z'),
        Form::IsoMilliseconds => text.push_str(".000Z"),
        _ => {}
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        let seconds = parse("2024-02-29T23:59:58Z").expect("a time");
        assert_eq!(seconds, 1_709_251_198);
        assert_eq!(text(seconds, Form::Iso), "2024-02-29T23:59:58Z");
        assert_eq!(text(seconds, Form::Spaced), "2024-02-29 23:59:58");
        assert_eq!(text(seconds, Form::Date), "2024-02-29");
        assert_eq!(text(seconds, Form::Time), "23:59:58");
        assert_eq!(parse("2024-02-30"), None);
        assert_eq!(parse("2024-02-29 24:00"), None);
        assert_eq!(parse("yesterday"), None);
    }
}
