//! The order of entries in an index (sqlite.org/datatype3.html#sort_order), and a quick digest of them.

use std::cmp::Ordering;

use crate::engine::backup::fingerprint::Cell;

/// How text is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Collation {
    Binary,
    NoCase,
    RTrim,
}

impl Collation {
    /// The collation of that name, in small letters. Those that compare UTF-8 are unknown where text is something else.
    pub(super) fn of(name: &str, is_utf16: bool) -> Option<Self> {
        match name {
            "binary" => Some(Self::Binary),
            "nocase" if !is_utf16 => Some(Self::NoCase),
            "rtrim" if !is_utf16 => Some(Self::RTrim),
            _ => None,
        }
    }

    fn compare(self, a: &[u8], b: &[u8]) -> Ordering {
        match self {
            Self::Binary => a.cmp(b),
            Self::NoCase => {
                // the engine does not look behind a NUL, but at the length
                let folded = |text: &[u8]| {
                    let end = text.iter().position(|byte| *byte == 0).map_or(text.len(), |end| end + 1);
                    text[..end].to_ascii_lowercase()
                };
                let common = a.len().min(b.len());
                folded(&a[..common]).cmp(&folded(&b[..common])).then(a.len().cmp(&b.len()))
            }
            Self::RTrim => {
                let trimmed = |text: &[u8]| text.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
                a[..trimmed(a)].cmp(&b[..trimmed(b)])
            }
        }
    }
}

/// Which of two values comes first.
pub(super) fn compare(a: Cell<'_>, b: Cell<'_>, collation: Collation) -> Ordering {
    let class = |cell: &Cell<'_>| match cell {
        Cell::Null => 0,
        Cell::Integer(_) | Cell::Real(_) => 1,
        Cell::Text(_) => 2,
        Cell::Blob(_) => 3,
    };
    match (a, b) {
        (Cell::Integer(a), Cell::Integer(b)) => a.cmp(&b),
        (Cell::Real(a), Cell::Real(b)) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
        (Cell::Integer(a), Cell::Real(b)) => compare_numbers(a, b),
        (Cell::Real(a), Cell::Integer(b)) => compare_numbers(b, a).reverse(),
        (Cell::Text(a), Cell::Text(b)) => collation.compare(a, b),
        (Cell::Blob(a), Cell::Blob(b)) => a.cmp(b),
        (a, b) => class(&a).cmp(&class(&b)),
    }
}

/// Compares without losing digits.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "the ranges are looked at")]
fn compare_numbers(integer: i64, real: f64) -> Ordering {
    // 2^63, behind the largest integer
    const BEHIND: f64 = 9_223_372_036_854_775_808.0;
    if real >= BEHIND {
        return Ordering::Less;
    }
    if real < -BEHIND {
        return Ordering::Greater;
    }
    let whole = real as i64;
    integer.cmp(&whole).then_with(|| (whole as f64).partial_cmp(&real).unwrap_or(Ordering::Equal))
}

/// The sum of digests of entries, in any order. It finds what is damaged, not what somebody has made to look the same:
/// index and table are of one file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) count: u64,
    sum: u128,
}

impl Sum {
    pub(super) fn add<'c>(&mut self, cells: impl Iterator<Item = Cell<'c>>) {
        let mut digest = Digest::NEW;
        for cell in cells {
            match cell {
                Cell::Null => digest.word(0),
                Cell::Integer(integer) => {
                    digest.word(1);
                    digest.word(integer.cast_unsigned());
                }
                Cell::Real(real) => {
                    digest.word(2);
                    digest.word(real.to_bits());
                }
                Cell::Text(bytes) => digest.bytes(3, bytes),
                Cell::Blob(bytes) => digest.bytes(4, bytes),
            }
        }
        self.sum = self.sum.wrapping_add(digest.value());
        self.count += 1;
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.sum = self.sum.wrapping_add(other.sum);
        self.count += other.count;
    }
}

/// A digest of numbers and bytes, for what nobody has made to look like something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest {
    a: u64,
    b: u64,
}

impl Digest {
    pub(super) const NEW: Self = Self { a: 0x243f_6a88_85a3_08d3, b: 0x1319_8a2e_0370_7344 };

    pub(super) fn value(self) -> u128 {
        u128::from(self.a) << 64 | u128::from(self.b)
    }

    #[inline]
    pub(super) fn word(&mut self, word: u64) {
        self.a = mixed(self.a ^ word, 0xa409_3822_299f_31d1).wrapping_add(0x082e_fa98_ec4e_6c89);
        self.b = mixed(self.b ^ word.rotate_left(32), 0x4528_21e6_38d0_1377).wrapping_add(0xbe54_66cf_34e9_0c6d);
    }

    #[inline]
    pub(super) fn bytes(&mut self, class: u64, bytes: &[u8]) {
        self.word(class << 56 | bytes.len() as u64);
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            self.word(rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
        }
    }
}

/// Both halves of a product, which each bit of a word has changed.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the halves")]
fn mixed(word: u64, by: u64) -> u64 {
    let product = u128::from(word) * u128::from(by);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_in_the_order_of_the_engine() {
        let ordered = [
            Cell::Null,
            Cell::Real(f64::NEG_INFINITY),
            Cell::Integer(i64::MIN),
            Cell::Real(-1.5),
            Cell::Integer(-1),
            Cell::Real(-0.5),
            Cell::Integer(0),
            Cell::Real(0.5),
            Cell::Integer(9_007_199_254_740_992),
            Cell::Integer(9_007_199_254_740_993),
            Cell::Real(9_007_199_254_740_994.0),
            Cell::Integer(i64::MAX),
            Cell::Real(9_223_372_036_854_775_808.0),
            Cell::Text(b""),
            Cell::Text(b"B"),
            Cell::Text(b"a"),
            Cell::Blob(b""),
            Cell::Blob(b"a"),
        ];
        for (at, a) in ordered.iter().enumerate() {
            for (other, b) in ordered.iter().enumerate() {
                assert_eq!(compare(*a, *b, Collation::Binary), at.cmp(&other), "{a:?} {b:?}");
            }
        }
        let text = |a: &'static str, b: &'static str, collation: Collation| {
            compare(Cell::Text(a.as_bytes()), Cell::Text(b.as_bytes()), collation)
        };
        assert_eq!(text("a", "B", Collation::NoCase), Ordering::Less);
        assert_eq!(text("ab", "AB", Collation::NoCase), Ordering::Equal);
        assert_eq!(text("a\0b", "a\0a", Collation::NoCase), Ordering::Equal);
        assert_eq!(text("a", "a  ", Collation::RTrim), Ordering::Equal);
        assert_eq!(text("a", "a b", Collation::RTrim), Ordering::Less);
    }

    #[test]
    fn whatever_differs_has_another_sum() {
        let sum = |cells: &[Cell<'_>]| {
            let mut sum = Sum::default();
            sum.add(cells.iter().copied());
            sum
        };
        let different: [&[Cell<'_>]; 8] = [
            &[Cell::Null],
            &[Cell::Null, Cell::Null],
            &[Cell::Integer(0)],
            &[Cell::Real(0.0)],
            &[Cell::Text(b"a"), Cell::Text(b"")],
            &[Cell::Text(b""), Cell::Text(b"a")],
            &[Cell::Text(b"a\0")],
            &[Cell::Blob(b"a\0")],
        ];
        for (at, a) in different.iter().enumerate() {
            for b in &different[..at] {
                assert_ne!(sum(a), sum(b), "{a:?} {b:?}");
            }
        }
    }
}
