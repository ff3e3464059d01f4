//! The text of a file: UTF-8, perhaps with a byte order mark. What programs save otherwise is told with what to do.

use std::path::Path;

use dbmigrate_core::shell::shell_word;

use crate::diagnostic::Diagnostic;
use crate::project::path;

/// What a byte order mark is in UTF-8. Spans count it, as the file has it.
pub(super) const MARK: char = '\u{feff}';

/// Reads a file.
///
/// # Errors
/// If it cannot be read, or is not UTF-8.
pub(crate) fn read(file: &Path) -> Result<String, Box<Diagnostic>> {
    let shown = path::for_display(file);
    let shown = shown.display();
    let bytes =
        std::fs::read(file).map_err(|error| Box::new(Diagnostic::error(format!("cannot read `{shown}`: {error}"))))?;
    let recoded = |from: &str| {
        let word = shell_word(&path::for_display(file));
        let new = shell_word(&path::for_display(&file.with_extension("utf8")));
        let help = format!("convert it: `iconv -f {from} -t UTF-8 {word} > {new} && mv {new} {word}`");
        let saved = match file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
            true => "or save it again as \"CSV UTF-8\"",
            false => "or save it again as UTF-8",
        };
        (help, saved)
    };
    if let Some(order) = utf16(&bytes) {
        let (help, saved) = recoded("UTF-16");
        let message = format!("`{shown}` is UTF-16 ({order}), and a seed must be UTF-8");
        return Err(Box::new(Diagnostic::error(message).at(file, 0..0, "").help(help).help(saved)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good].split(|byte| *byte == b'\n').count();
        let (help, saved) = recoded("WINDOWS-1252");
        let message = format!("`{shown}` is not UTF-8: line {line} has a byte that is no part of a character");
        Box::new(Diagnostic::error(message).help(help).help(saved))
    })
}

/// In which byte order a file is UTF-16: by its mark, or by the zeros that ASCII has in it.
fn utf16(bytes: &[u8]) -> Option<&'static str> {
    let start = &bytes[..bytes.len().min(64)];
    let zeros = |odd: usize| start.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count() * 4 > start.len();
    match bytes {
        [0xff, 0xfe, ..] => Some("little-endian"),
        [0xfe, 0xff, ..] => Some("big-endian"),
        _ if start.len() >= 8 && zeros(1) => Some("little-endian"),
        _ if start.len() >= 8 && zeros(0) => Some("big-endian"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf16_is_known_by_its_mark_and_by_its_zeros() {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        assert_eq!(utf16(&wide("\u{feff}id,name")), Some("little-endian"));
        assert_eq!(utf16(&wide("id,name\n1,a")), Some("little-endian"));
        let big: Vec<u8> = "id,name\n1,a".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(utf16(&big), Some("big-endian"));
        assert_eq!(utf16("id,name\n1,ä".as_bytes()), None);
        assert_eq!(utf16(b""), None);
    }
}
