//! Dates of TOML as the types of structs store them: text such as `2024-02-29 23:59:59` in UTC, or seconds since 1970.

use toml::value::{Date, Datetime, Offset, Time};

use super::calendar::{self, DAY};

/// As text: `2024-02-29`, `23:59:59`, or both; with an offset, in UTC.
pub(super) fn text(value: &Datetime) -> String {
    match (value.date, value.time, value.offset) {
        (Some(_), Some(time), Some(Offset::Custom { .. })) => {
            // what is behind the second is the same everywhere
            let (date, clock) = civil(seconds(value).unwrap_or_default());
            format!("{} {}", date_text(date), time_text(Time { nanosecond: time.nanosecond, ..clock }))
        }
        (Some(date), Some(time), _) => format!("{} {}", date_text(date), time_text(time)),
        (Some(date), None, _) => date_text(date),
        (None, Some(time), _) => time_text(time),
        (None, None, _) => String::new(),
    }
}

/// As whole seconds since 1970 in UTC; a date is its midnight. None for a time, and for parts of a second.
pub(super) fn unix(value: &Datetime) -> Option<i64> {
    match value.time.and_then(|time| time.nanosecond) {
        None | Some(0) => seconds(value),
        Some(_) => None,
    }
}

/// As seconds since 1970, what is behind them left out. None without a date.
pub(crate) fn seconds(value: &Datetime) -> Option<i64> {
    let date = value.date?;
    let of_day = value.time.map_or(0, |time| {
        i64::from(time.hour) * 3600 + i64::from(time.minute) * 60 + i64::from(time.second.unwrap_or_default())
    });
    let offset = match value.offset {
        Some(Offset::Custom { minutes }) => i64::from(minutes) * 60,
        _ => 0,
    };
    Some(calendar::days(date.year.into(), date.month.into(), date.day.into()) * DAY + of_day - offset)
}

/// The date and time of so many seconds since 1970.
fn civil(seconds: i64) -> (Date, Time) {
    let (days, of_day) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let (year, month, day) = calendar::date(days);
    let small = |value: i64| u8::try_from(value).unwrap_or_default();
    let date = Date { year: u16::try_from(year).unwrap_or_default(), month: small(month), day: small(day) };
    let time = Time {
        hour: small(of_day / 3600),
        minute: small(of_day / 60 % 60),
        second: Some(small(of_day % 60)),
        nanosecond: None,
    };
    (date, time)
}

fn date_text(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)
}

fn time_text(time: Time) -> String {
    let text = format!("{:02}:{:02}:{:02}", time.hour, time.minute, time.second.unwrap_or_default());
    match time.nanosecond {
        None | Some(0) => text,
        Some(nanosecond) => format!("{text}.{}", format!("{nanosecond:09}").trim_end_matches('0')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_stored_as_structs_store_them() {
        for (toml, as_text, as_seconds) in [
            ("1970-01-01", "1970-01-01", Some(0)),
            ("2024-02-29T23:59:59Z", "2024-02-29 23:59:59", Some(1_709_251_199)),
            ("2024-03-01T00:30:00.250+01:00", "2024-02-29 23:30:00.25", None),
            ("2000-12-31T22:00:00-02:30", "2001-01-01 00:30:00", Some(978_309_000)),
            ("1969-12-31T23:59:58", "1969-12-31 23:59:58", Some(-2)),
            ("07:32:00", "07:32:00", None),
        ] {
            let value: Datetime = toml.parse().expect("it is a date");
            assert_eq!((text(&value).as_str(), unix(&value)), (as_text, as_seconds), "{toml}");
        }
    }
}
