//! Numbers as messages say them: `1,234,567`, `12.3 MB`, `about 2.5 s`.

use std::fmt;
use std::time::Duration;

/// A number as it is read: `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many bytes, as `12.3 MB`.
#[derive(Debug, Clone, Copy)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
        if self.0 < 1000 {
            return write!(f, "{} B", self.0);
        }
        let (mut tenths, mut unit) = (u128::from(self.0).div_ceil(100), 0);
        while tenths >= 10_000 && unit + 1 < UNITS.len() {
            tenths = tenths.div_ceil(1000);
            unit += 1;
        }
        write!(f, "{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
    }
}

/// A time that is estimated: `about 2.5 s`, `about 4 minutes`.
#[derive(Debug, Clone, Copy)]
pub struct About(pub Duration);

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_millis().div_ceil(100) {
            tenths @ ..100 => write!(f, "about {}.{} s", tenths / 10, tenths % 10),
            tenths @ ..1200 => write!(f, "about {} s", tenths.div_ceil(10)),
            tenths => write!(f, "about {} minutes", tenths.div_ceil(600)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn sizes_have_one_digit_behind_the_point() {
        let said = [0, 999, 1000, 4096, 999_950, 12_345_678, u64::MAX].map(|bytes| Bytes(bytes).to_string());
        assert_eq!(said, ["0 B", "999 B", "1.0 kB", "4.1 kB", "1.0 MB", "12.4 MB", "18446.8 PB"]);
    }

    #[test]
    fn estimates_are_not_more_precise_than_they_are() {
        let said =
            [0, 130, 9_900, 9_901, 61_500, 119_000, 240_001].map(|ms| About(Duration::from_millis(ms)).to_string());
        assert_eq!(
            said,
            ["about 0.0 s", "about 0.2 s", "about 9.9 s", "about 10 s", "about 62 s", "about 119 s", "about 5 minutes"]
        );
    }
}
