//! Edits of a source file: all that is not edited stays byte for byte as it is.

use std::ops::Range;
use std::path::PathBuf;

/// A piece of a file, and what stands there afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    /// The file.
    pub(crate) file: PathBuf,
    /// The bytes that go.
    pub(crate) range: Range<usize>,
    /// What comes in their place, its lines ending in `\n`.
    pub(crate) text: String,
}

/// A text with edits, whose lines end as those of the text do. Where two of them stand at one place, the first comes
/// first.
pub(super) fn edited(text: &str, edits: &[Edit]) -> String {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let ends_with_return = text.contains("\r\n");
    let (mut done, mut at) = (String::with_capacity(text.len()), 0);
    for edit in edits {
        // what lies in something that goes, goes with it
        let Some(between) = text.get(at..edit.range.start) else { continue };
        done.push_str(between);
        match ends_with_return {
            true => done.push_str(&edit.text.replace("\r\n", "\n").replace('\n', "\r\n")),
            false => done.push_str(&edit.text),
        }
        at = edit.range.end;
    }
    done.push_str(text.get(at..).unwrap_or_default());
    done
}

/// The range with the rest of its lines, if nothing else stands on them.
pub(super) fn whole_lines(text: &str, range: Range<usize>) -> Range<usize> {
    let start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at + 1);
    let is_alone = text[start..range.start].trim().is_empty() && text[range.end..end].trim().is_empty();
    if is_alone { start..end } else { range }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_edited_stays_and_lines_end_as_they_did() {
        let edit = |range: Range<usize>, text: &str| Edit { file: PathBuf::new(), range, text: text.to_owned() };
        assert_eq!(edited("a b c", &[edit(4..5, "d"), edit(0..1, "x")]), "x b d");
        assert_eq!(edited("a\r\nb\r\n", &[edit(3..3, "n\n")]), "a\r\nn\r\nb\r\n");
        assert_eq!(whole_lines("a\n  b\nc", 4..5), 2..6);
        assert_eq!(whole_lines("a\nx b\nc", 4..5), 4..5);
    }
}
