//! Durations as people write them into files: `5s`, `1.5s`, `250ms`, `2m`, `1h`.

use std::time::Duration;

/// What is expected, for messages.
pub const EXPECTED: &str = "a duration, such as `5s`, `250ms` or `2m`";

/// The longest that is read: a day.
const LONGEST: u64 = 86_400_000;

/// The units, with their milliseconds.
const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

/// Reads one. `None` if it is none, or longer than a day.
pub fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    let end = text.find(|char: char| !char.is_ascii_digit() && char != '.')?;
    let (number, unit) = text.split_at(end);
    let (_, unit) = UNITS.into_iter().find(|(name, _)| *name == unit.trim_start())?;
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    if part.is_empty() || part.len() > 9 {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(unit)?;
    let scale = 10_u64.checked_pow(u32::try_from(part.len()).ok()?)?;
    let part = part.parse::<u64>().ok()?.checked_mul(unit)? / scale;
    let milliseconds = whole.checked_add(part).filter(|all| *all <= LONGEST)?;
    Some(Duration::from_millis(milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_number_and_a_unit() {
        let milliseconds = |text: &str| parse(text).map(|duration| duration.as_millis());
        for (text, wanted) in [
            ("5s", 5000),
            ("250ms", 250),
            ("1.5s", 1500),
            ("2m", 120_000),
            ("1h", 3_600_000),
            (" 0s ", 0),
            ("5 s", 5000),
        ] {
            assert_eq!(milliseconds(text), Some(wanted), "{text}");
        }
        for text in ["", "5", "s", "5 seconds", "-5s", "1.s", ".5s", "1.2.3s", "25h", "99999999999999999999s", "5S"] {
            assert_eq!(milliseconds(text), None, "{text}");
        }
    }
}
