//! How far a long statement is, in words.

use std::sync::Arc;

use dbmigrate_core::engine::apply::Work;

/// Fewer rows than these are written before anybody can read how many.
const FEWEST: u64 = 10_000;

/// What is said behind a step of a progress bar while a statement writes rows.
pub(crate) fn within(work: Arc<Work>) -> impl Fn() -> String + Clone + Send + Sync + 'static {
    move || {
        let rows = work.rows();
        match work.of() {
            Some(of) => format!(", {} of {} rows", grouped(rows.min(of)), grouped(of)),
            None if rows >= FEWEST => format!(", {} rows", grouped(rows)),
            None => String::new(),
        }
    }
}

/// A number as it is read: `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
