//! How long something took, in cargo's form.

use std::fmt;

/// So many milliseconds, as `0.02s` or `1m 02s`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Elapsed(pub(crate) u64);

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0 / 1000;
        if seconds >= 60 {
            write!(f, "{}m {:02}s", seconds / 60, seconds % 60)
        } else {
            write!(f, "{seconds}.{:02}s", self.0 % 1000 / 10)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_as_cargo_says_them() {
        let said = [0, 9, 10, 2770, 59_999, 60_000, 62_400, 3_600_000].map(|time| Elapsed(time).to_string());
        assert_eq!(said, ["0.00s", "0.00s", "0.01s", "2.77s", "59.99s", "1m 00s", "1m 02s", "60m 00s"]);
    }
}
