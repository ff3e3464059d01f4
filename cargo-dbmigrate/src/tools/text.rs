//! A file of SQL as it is read: its text with the line ends that ours has, and the checksums that a tool may have made of
//! it in another checkout.

use std::path::Path;

use dbmigrate_core::folder::Checksum;
use dbmigrate_core::folder::error::InGit;
use dbmigrate_core::sql::line_ends;

use crate::error::{CommandError, Result};
use crate::{exit, git};

/// A file of SQL.
pub(super) struct Text {
    /// The SQL, its line ends `\n`.
    pub(super) sql: String,
    /// The whole file as it is, and with the line ends of either platform.
    variants: [String; 3],
}

impl Text {
    /// Reads a file. `listed` is where it is listed.
    ///
    /// # Errors
    /// If it is not there, or is no text.
    pub(super) fn read(file: &Path, listed: Option<&Path>) -> Result<Self> {
        let bytes = match std::fs::read(file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let listed = listed.map(|listed| format!(", but `{}` lists it", listed.display())).unwrap_or_default();
                let message = format!("`{}` is missing{listed}", file.display());
                return Err(CommandError::new(exit::INCONSISTENT, message).note("nothing was written").help(
                    match git::look(file) {
                        InGit::Restorable(command) => format!("restore it: `{command}`"),
                        _ => "it is not in git: copy it from another checkout or a backup".to_owned(),
                    },
                ));
            }
            Err(error) => return Err(CommandError::io("read", file, &error)),
        };
        let raw = String::from_utf8(bytes)
            .map_err(|_| CommandError::new(exit::INCONSISTENT, format!("`{}` is not UTF-8 text", file.display())))?;
        let unix = raw.replace("\r\n", "\n");
        let windows = unix.replace('\n', "\r\n");
        let text = raw.strip_prefix('\u{feff}').unwrap_or(&raw);
        // the same migration whatever checkout it is read from; a line end in a literal of any other file is data
        let sql = line_ends::converted(text).unwrap_or_else(|| line_ends::normalized(text).into_owned());
        Ok(Self { sql, variants: [raw, unix, windows] })
    }

    /// What a tool may have recorded of it, by how it makes a checksum of a text.
    pub(super) fn checksums(&self, checksum: impl Fn(&str) -> String) -> Vec<String> {
        self.variants.iter().map(|text| checksum(text)).collect()
    }
}

/// SHA-256 in hexadecimal digits.
pub(super) fn sha256(text: &str) -> String {
    Checksum::of_bytes(text.as_bytes()).to_hex()
}

/// Bytes in hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        // writing to a string cannot fail
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
