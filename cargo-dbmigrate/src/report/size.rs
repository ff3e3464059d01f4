//! How large something is, as people say it.

use std::fmt;

/// So many bytes, as `712 KB` or `1.2 GB`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size(pub(crate) u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 3] = [(1024, "KB"), (1024 * 1024, "MB"), (1024 * 1024 * 1024, "GB")];
        let Some((unit, name)) = UNITS.iter().rev().find(|(unit, _)| self.0 >= *unit) else {
            return write!(f, "{} bytes", self.0);
        };
        let tenths = self.0.saturating_mul(10) / unit;
        match tenths {
            100.. => write!(f, "{} {name}", tenths / 10),
            _ => write!(f, "{}.{} {name}", tenths / 10, tenths % 10),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_in_the_unit_that_fits() {
        let said = [0, 1023, 1024, 1536, 729_088, 126_000_000, 1_288_490_189].map(|bytes| Size(bytes).to_string());
        assert_eq!(said, ["0 bytes", "1023 bytes", "1.0 KB", "1.5 KB", "712 KB", "120 MB", "1.2 GB"]);
    }
}
