//! Names, texts and bytes as they stand in SQL.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::keyword::is_keyword;

/// `name` as an SQL identifier: bare where that is unambiguous, else in double quotes.
pub fn quote_name(name: &str) -> Cow<'_, str> {
    let mut bytes = name.bytes();
    let plain = bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain && !is_keyword(name) {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(format!("\"{}\"", name.replace('"', "\"\"")))
    }
}

/// `text` as an SQL string literal.
pub fn quote_string(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Bytes as an SQL literal.
pub fn quote_blob(bytes: &[u8]) -> String {
    let digits = bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    });
    format!("x'{digits}'")
}
