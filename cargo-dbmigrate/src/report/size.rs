//! How large something is, in words.

use std::fmt;

/// So many bytes, as `12.3 MB`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bytes(pub(crate) u64);

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_one_digit_behind_the_point() {
        let said = [0, 999, 1000, 4096, 999_950, 12_345_678, u64::MAX].map(|bytes| Bytes(bytes).to_string());
        assert_eq!(said, ["0 B", "999 B", "1.0 kB", "4.1 kB", "1.0 MB", "12.4 MB", "18446.8 PB"]);
    }
}
