//! SHA-256 of files and lines, the same on every platform: a byte order mark does not count, nor do line ends, except
//! in the literals of SQL, where they are data.

use std::fmt;

use crate::schema::canonical::SchemaHash;
use crate::sha256::Sha256;
use crate::sql::line_ends;

/// A SHA-256 value.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Checksum([u8; 32]);

impl Checksum {
    /// What stands before the first migration in the chain of hashes.
    pub(super) const ZERO: Self = Self([0; 32]);

    /// The checksum of a text file: a byte order mark is left out and `\r\n` counts as `\n`, so that a checkout with
    /// other line ends has the same one.
    pub fn of_text(bytes: &[u8]) -> Self {
        let mut rest = without_bom(bytes);
        let mut hasher = Sha256::new();
        // nearly no file has one, and looking for one byte is quick even where a macro is not optimized
        if rest.contains(&b'\r') {
            while let Some(at) = rest.windows(2).position(|pair| pair == b"\r\n") {
                hasher.update(&rest[..at]);
                rest = &rest[at + 1..];
            }
        }
        hasher.update(rest);
        Self(hasher.finish())
    }

    /// The checksum of SQL: as [`Checksum::of_text`], but line ends in literals count, because they are data.
    pub fn of_sql(sql: &str) -> Self {
        Self::of_bytes(line_ends::normalized(sql.strip_prefix('\u{feff}').unwrap_or(sql)).as_bytes())
    }

    /// The checksum of bytes as they are.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes))
    }

    /// A hash that was computed elsewhere.
    pub(super) fn of_hash(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    /// The checksum of `line` chained to the one before it.
    pub(super) fn chained(before: &Self, line: &str) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(&before.0);
        hasher.update(line.as_bytes());
        Self(hasher.finish())
    }

    /// Reads 64 lower-case hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
        let (mut value, mut all) = ([0; 32], 0);
        for (at, byte) in value.iter_mut().enumerate() {
            let (high, low) = (DIGITS[usize::from(digits[2 * at])], DIGITS[usize::from(digits[2 * at + 1])]);
            *byte = high << 4 | low & 15;
            all |= high | low;
        }
        // a lock has several thousand of them: whether one is no digit is asked once
        (all < 16).then_some(Self(value))
    }

    /// 64 lower-case hexadecimal digits.
    pub fn to_hex(self) -> String {
        let mut text = String::with_capacity(64);
        self.push_hex(&mut text);
        text
    }

    /// Appends 64 lower-case hexadecimal digits to `text`.
    pub(super) fn push_hex(self, text: &mut String) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        for byte in self.0 {
            text.push(char::from(DIGITS[usize::from(byte >> 4)]));
            text.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

impl From<SchemaHash> for Checksum {
    fn from(hash: SchemaHash) -> Self {
        Self::from_hex(&hash.to_hex()).unwrap_or(Self::ZERO)
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What each byte is as a lower-case hexadecimal digit; 255 if it is none.
const DIGITS: [u8; 256] = {
    let (mut all, mut value) = ([u8::MAX; 256], 0);
    while value < 16 {
        all[b"0123456789abcdef"[value as usize] as usize] = value;
        value += 1;
    }
    all
};

/// The bytes behind a UTF-8 byte order mark.
pub(super) fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    #[test]
    fn line_ends_and_a_byte_order_mark_do_not_change_the_checksum() {
        let checksum = Checksum::of_text(b"a\nb\n\nc");
        assert_eq!(checksum, Checksum::of_text(b"a\r\nb\r\n\r\nc"));
        assert_eq!(checksum, Checksum::of_text(b"\xef\xbb\xbfa\nb\r\n\nc"));
        assert_ne!(checksum, Checksum::of_text(b"a\nb\n\nc\n"));
        assert_ne!(checksum, Checksum::of_text(b"a\rb\n\nc"));
    }

    #[test]
    fn line_ends_in_literals_change_the_checksum() {
        let checksum = Checksum::of_sql("SELECT 'a\r\nb';\n");
        assert_eq!(checksum, Checksum::of_sql("\u{feff}SELECT 'a\r\nb';\r\n"));
        assert_ne!(checksum, Checksum::of_sql("SELECT 'a\nb';\n"));
        assert_eq!(Checksum::of_sql("SELECT 'a\nb';\r\n"), Checksum::of_text(b"SELECT 'a\nb';\n"));
    }

    #[test]
    fn it_is_sha_256_in_hexadecimal() {
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Checksum::of_text(b"abc").to_hex(), hex);
        assert_eq!(Checksum::from_hex(hex), Some(Checksum::of_text(b"abc")));
        assert_eq!(Checksum::from_hex(&hex.to_uppercase()), None);
        assert_eq!(Checksum::from_hex(&hex[1..]), None);
        for at in 0..64 {
            for byte in 0..0x80_u8 {
                let text = format!("{}{}{}", &hex[..at], char::from(byte), &hex[at + 1..]);
                let is_digit = matches!(byte, b'0'..=b'9' | b'a'..=b'f');
                assert_eq!(Checksum::from_hex(&text).map(Checksum::to_hex), is_digit.then_some(text));
            }
        }
        assert_eq!(Checksum::from_hex(&format!("{}é", &hex[..62])), None);
    }

    #[test]
    fn a_schema_hash_keeps_its_hexadecimal_form() {
        let hash = SchemaHash::of(&Schema::default());
        assert_eq!(Checksum::from(hash).to_hex(), hash.to_hex());
    }
}
