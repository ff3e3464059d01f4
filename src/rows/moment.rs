//! Dates and times as text, in the form that SQLite's own functions return (sqlite.org/lang_datefunc.html), so that
//! they sort in order of time, also together with what `CURRENT_TIMESTAMP` and `datetime()` return.
//!
//! Instants are in UTC and have no offset. What is read may have one, `T` for the space, and no seconds.

use super::ValueError;

/// Year, month and day.
pub(super) type Date = (i32, u8, u8);

/// Hours, minutes, seconds and nanoseconds; 60 seconds are a leap second.
pub(super) type Time = (u8, u8, u8, u32);

/// `2024-02-29`.
pub(super) fn date_text((year, month, day): Date) -> Result<String, ValueError> {
    if !(0..=9999).contains(&year) {
        return Err(ValueError::new(format!("the year {year}, but years in SQLite are 0000 to 9999")));
    }
    Ok(format!("{year:04}-{month:02}-{day:02}"))
}

/// `23:59:59`, with as many digits of a second as there are.
pub(super) fn time_text((hour, minute, second, nanosecond): Time) -> String {
    let text = format!("{hour:02}:{minute:02}:{second:02}");
    if nanosecond == 0 {
        return text;
    }
    let digits = format!("{nanosecond:09}");
    format!("{text}.{}", digits.trim_end_matches('0'))
}

/// `2024-02-29 23:59:59`.
pub(super) fn date_time_text(date: Date, time: Time) -> Result<String, ValueError> {
    Ok(format!("{} {}", date_text(date)?, time_text(time)))
}

/// Reads [`date_text`].
pub(super) fn date(text: &str) -> Option<Date> {
    let [year, month, day] = parts(text, '-')?;
    Some((number(year, 4)?, number(month, 2)?, number(day, 2)?))
}

/// Reads [`time_text`].
pub(super) fn time(text: &str) -> Option<Time> {
    let (text, fraction) = text.split_once('.').map_or((text, "0"), |(text, fraction)| (text, fraction));
    let [hour, minute, second] = parts(text, ':').or_else(|| {
        let [hour, minute] = parts(text, ':')?;
        Some([hour, minute, "00"])
    })?;
    let digits = fraction.get(..fraction.len().min(9))?;
    // what is finer cannot be kept, and is not rounded away in silence
    if fraction[digits.len()..].bytes().any(|byte| byte != b'0') {
        return None;
    }
    let nanosecond = number::<u32>(digits, digits.len())? * 10_u32.pow(9 - u32::try_from(digits.len()).ok()?);
    Some((number(hour, 2)?, number(minute, 2)?, number(second, 2)?, nanosecond))
}

/// Reads [`date_time_text`].
pub(super) fn date_time(text: &str) -> Option<(Date, Time)> {
    let (date, time) = text.split_once([' ', 'T'])?;
    Some((self::date(date)?, self::time(time)?))
}

/// Reads [`date_time_text`] with or without an offset, in minutes.
pub(super) fn instant(text: &str) -> Option<(Date, Time, i32)> {
    if let Some(text) = text.strip_suffix(['Z', 'z']) {
        let (date, time) = date_time(text)?;
        return Some((date, time, 0));
    }
    // those of the date are before the tenth byte
    let Some(at) = text.rfind(['+', '-']).filter(|at| *at > 10) else {
        let (date, time) = date_time(text)?;
        return Some((date, time, 0));
    };
    let (text, offset) = text.split_at(at);
    let [hours, minutes] = parts(&offset[1..], ':')?;
    let (hours, minutes): (i32, i32) = (number(hours, 2)?, number(minutes, 2)?);
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let (date, time) = date_time(text.trim_end())?;
    (hours < 24 && minutes < 60).then_some((date, time, sign * (hours * 60 + minutes)))
}

fn parts<const N: usize>(text: &str, separator: char) -> Option<[&str; N]> {
    let parts: Vec<&str> = text.split(separator).collect();
    parts.try_into().ok()
}

fn number<T: std::str::FromStr>(digits: &str, length: usize) -> Option<T> {
    let is_number = digits.len() == length && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { digits.parse().ok() } else { None }
}
