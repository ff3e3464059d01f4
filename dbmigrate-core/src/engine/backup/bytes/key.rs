//! Values as bytes that, compared as bytes, come in the order that the values have in an index
//! (sqlite.org/datatype3.html#sort_order).

use super::order::Collation;
use crate::engine::backup::fingerprint::Cell;

/// Behind text and blobs: no zero of theirs is followed by another one.
const END: [u8; 2] = [0, 0];

/// Adds a value of an entry behind those that come before it there.
pub(super) fn put(key: &mut Vec<u8>, cell: Cell<'_>, collation: Collation, is_descending: bool) {
    let start = key.len();
    match cell {
        Cell::Null => key.push(0),
        Cell::Integer(integer) => {
            #[expect(clippy::cast_precision_loss, reason = "what is lost is the rest")]
            let nearest = integer as f64;
            // 2^63 is one more than there is
            #[expect(clippy::cast_possible_truncation, reason = "it is whole, and the rest less than a thousand")]
            let rest = (i128::from(integer) - nearest as i128) as i16;
            number(key, nearest, rest);
        }
        Cell::Real(real) => number(key, real, 0),
        Cell::Text(text) => {
            key.push(2);
            match collation {
                Collation::Binary => escaped(key, text),
                Collation::RTrim => escaped(key, trimmed(text)),
                Collation::NoCase => {
                    // as the engine compares, which looks at the length of what is behind a NUL only
                    let visible = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
                    key.extend(text[..visible].iter().map(u8::to_ascii_lowercase));
                    key.extend_from_slice(&END);
                    key.extend_from_slice(&(text.len() as u64).to_be_bytes());
                }
            }
        }
        Cell::Blob(bytes) => {
            key.push(3);
            escaped(key, bytes);
        }
    }
    if is_descending {
        key[start..].iter_mut().for_each(|byte| *byte = !*byte);
    }
}

/// A number as the nearest real one, and by how much it is more.
fn number(key: &mut Vec<u8>, nearest: f64, rest: i16) {
    // the zeros are the same
    let bits = (nearest + 0.0).to_bits();
    // negative ones are the other way round
    let ordered = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
    key.push(1);
    key.extend_from_slice(&ordered.to_be_bytes());
    key.extend_from_slice(&(rest.cast_unsigned() ^ 0x8000).to_be_bytes());
}

fn trimmed(text: &[u8]) -> &[u8] {
    &text[..text.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1)]
}

fn escaped(key: &mut Vec<u8>, bytes: &[u8]) {
    let mut rest = bytes;
    while let Some(zero) = rest.iter().position(|byte| *byte == 0) {
        key.extend_from_slice(&rest[..=zero]);
        key.push(0xff);
        rest = &rest[zero + 1..];
    }
    key.extend_from_slice(rest);
    key.extend_from_slice(&END);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::order::compare;
    use super::*;

    #[derive(Debug, Clone)]
    enum Owned {
        Null,
        Integer(i64),
        Real(f64),
        Text(Vec<u8>),
        Blob(Vec<u8>),
    }

    impl Owned {
        fn cell(&self) -> Cell<'_> {
            match self {
                Self::Null => Cell::Null,
                Self::Integer(integer) => Cell::Integer(*integer),
                Self::Real(real) => Cell::Real(*real),
                Self::Text(bytes) => Cell::Text(bytes),
                Self::Blob(bytes) => Cell::Blob(bytes),
            }
        }
    }

    /// Few letters, so that many are the same.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(prop::sample::select(b"\0aAbB \xff\x01".to_vec()), 0..6)
    }

    fn value() -> impl Strategy<Value = Owned> {
        let near = prop::sample::select(vec![0_i64, 1 << 53, -(1 << 53), i64::MAX, i64::MIN, 1 << 62, 256]);
        let near = (near, -3_i64..4).prop_map(|(near, more)| near.saturating_add(more));
        #[expect(clippy::cast_precision_loss, reason = "that is what is tried")]
        let beside = near.clone().prop_map(|integer| Owned::Real(integer as f64));
        prop_oneof![
            Just(Owned::Null),
            near.prop_map(Owned::Integer),
            beside,
            any::<i64>().prop_map(Owned::Integer),
            any::<f64>().prop_filter("a number", |real| !real.is_nan()).prop_map(Owned::Real),
            prop::sample::select(vec![0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, 0.5, 5e-324]).prop_map(Owned::Real),
            bytes().prop_map(Owned::Text),
            bytes().prop_map(Owned::Blob),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn bytes_are_in_the_order_of_the_values(
            a in prop::collection::vec(value(), 2),
            b in prop::collection::vec(value(), 2),
            collation in prop::sample::select(vec![Collation::Binary, Collation::NoCase, Collation::RTrim]),
            is_descending in any::<bool>(),
        ) {
            let key = |values: &[Owned]| {
                let mut key = Vec::new();
                for value in values {
                    put(&mut key, value.cell(), collation, is_descending);
                }
                key
            };
            let orders = a.iter().zip(&b).map(|(a, b)| compare(a.cell(), b.cell(), collation));
            let wanted = orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then);
            let wanted = if is_descending { wanted.reverse() } else { wanted };
            prop_assert_eq!(key(&a).cmp(&key(&b)), wanted);
        }
    }
}
