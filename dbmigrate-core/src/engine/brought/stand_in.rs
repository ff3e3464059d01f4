//! What stands in for a function of the application on generated rows: an answer that is the same for the same values.

use crate::config::Returns;
use crate::engine::value::Value;

/// The largest whole number that every program keeps (2^53 - 1).
const LARGEST: u64 = (1 << 53) - 1;

/// The answer for these arguments. Where all are `NULL`, so is the answer, unless it is yes or no.
pub(super) fn answer(name: &str, returns: Returns, arguments: &[Value]) -> Value {
    let is_unknown = !arguments.is_empty() && arguments.iter().all(|value| *value == Value::Null);
    let mark = mark(arguments);
    let whole = i64::try_from(mark & LARGEST | 1).unwrap_or(1);
    match returns {
        Returns::True => Value::Integer(1),
        Returns::False => Value::Integer(0),
        _ if is_unknown => Value::Null,
        Returns::Integer => Value::Integer(whole),
        Returns::Real => Value::Real(f64::from(u32::try_from(mark & 0xffff_ffff).unwrap_or(1)) + 0.5),
        Returns::Text => Value::Text(format!("{}-{mark:016x}", name.to_lowercase())),
        Returns::Blob => Value::Blob(mark.to_be_bytes().to_vec()),
    }
}

/// A number that other values hardly have (FNV-1a).
fn mark(values: &[Value]) -> u64 {
    let mut mark: u64 = 0xcbf2_9ce4_8422_2325;
    let mut add = |bytes: &[u8]| {
        for byte in bytes {
            mark = (mark ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for value in values {
        match value {
            Value::Null => add(&[0]),
            Value::Integer(integer) => {
                add(&[1]);
                add(&integer.to_be_bytes());
            }
            Value::Real(real) => {
                add(&[2]);
                add(&real.to_bits().to_be_bytes());
            }
            Value::Text(text) => {
                add(&[3]);
                add(text.as_bytes());
            }
            Value::Blob(bytes) => {
                add(&[4]);
                add(bytes);
            }
        }
        add(&[0xff]);
    }
    mark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_values_have_the_same_answer_and_others_have_another() {
        let of = |text: &str| answer("slug", Returns::Text, &[Value::Text(text.to_owned())]);
        assert_eq!(of("a"), of("a"));
        assert_ne!(of("a"), of("b"));
        assert_eq!(answer("slug", Returns::Text, &[Value::Null]), Value::Null);
        assert_eq!(answer("is_a", Returns::True, &[Value::Null]), Value::Integer(1));
    }
}
