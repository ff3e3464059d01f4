//! The part of the address that nobody can guess.

use std::fmt::Write as _;

use crate::error::{CommandError, Result};

/// 128 bits of the system's randomness in hexadecimal digits.
///
/// # Errors
/// If the system has none.
pub(super) fn random() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| CommandError::failed(format!("the system gives no random bytes: {error}")))?;
    let mut text = String::with_capacity(32);
    for byte in bytes {
        // writing to a string cannot fail
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// Whether two texts are the same, in a time that says nothing of where they differ.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tokens_are_not_the_same() {
        let (one, other) = (random().expect("bytes"), random().expect("bytes"));
        assert_eq!((one.len(), is_same(&one, &one), is_same(&one, &other)), (32, true, false));
        assert!(!is_same(&one, &one[..31]) && !is_same("", "a"));
    }
}
