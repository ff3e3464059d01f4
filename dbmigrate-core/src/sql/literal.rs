//! String literals of Rust: what one means, and where in the source each byte of its value is written.

use std::ops::Range;

/// A text that is written as one or more string literals, with the places of its bytes in the source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Literal {
    value: String,
    runs: Vec<Run>,
}

/// Bytes of the value that are written in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    /// The bytes of the value.
    value: Range<usize>,
    /// The bytes of the source that say them: as they are, if both are as long, else as an escape.
    source: Range<usize>,
}

impl Literal {
    /// Reads a literal as it is written: `"…"` with escapes and continued lines, `r#"…"#`. `start` is the byte of the
    /// source that it begins at. `None` if it is no string, or none that rustc would accept.
    pub fn read(written: &str, start: usize) -> Option<Self> {
        let mut literal = Self::default();
        match written.strip_prefix('r') {
            Some(raw) => {
                let hashes = raw.len() - raw.trim_start_matches('#').len();
                let inner = raw[hashes..].strip_prefix('"')?.strip_suffix(&raw[..hashes])?.strip_suffix('"')?;
                literal.read_raw(inner, start + 1 + hashes + 1);
            }
            None => literal.read_escaped(written.strip_prefix('"')?.strip_suffix('"')?, start + 1)?,
        }
        Some(literal)
    }

    /// A text that no literal says, such as a number in `concat!`, for bytes of the source.
    pub fn of_text(text: &str, source: Range<usize>) -> Self {
        let mut literal = Self::default();
        literal.add(text, source);
        literal
    }

    /// What the literal means.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Adds what is written behind it, as in `concat!`.
    pub fn push(&mut self, other: &Self) {
        let before = self.value.len();
        self.value.push_str(&other.value);
        let moved =
            |run: &Run| Run { value: run.value.start + before..run.value.end + before, source: run.source.clone() };
        self.runs.extend(other.runs.iter().map(moved));
    }

    /// The bytes of the source that say some bytes of the value. A range across several literals ends with the first.
    pub fn source(&self, value: &Range<usize>) -> Range<usize> {
        let start = self.start_of(value.start);
        let end = if value.end <= value.start { start } else { self.end_of(value.end) };
        if end < start { start..start } else { start..end }
    }

    /// All bytes of the source, from the first that says something to the last.
    pub fn whole(&self) -> Range<usize> {
        self.source(&(0..self.value.len()))
    }

    fn start_of(&self, at: usize) -> usize {
        match self.runs.iter().find(|run| at < run.value.end) {
            Some(run) if run.is_plain() => run.source.start + at.saturating_sub(run.value.start),
            Some(run) => run.source.start,
            None => self.runs.last().map_or(0, |run| run.source.end),
        }
    }

    fn end_of(&self, at: usize) -> usize {
        match self.runs.iter().find(|run| at <= run.value.end) {
            Some(run) if run.is_plain() => run.source.start + at.saturating_sub(run.value.start),
            Some(run) => run.source.end,
            None => self.runs.last().map_or(0, |run| run.source.end),
        }
    }

    fn add(&mut self, text: &str, source: Range<usize>) {
        if text.is_empty() {
            return;
        }
        let start = self.value.len();
        self.value.push_str(text);
        self.runs.push(Run { value: start..self.value.len(), source });
    }

    /// Adds text as it is written, apart from the line ends, which rustc reads as `\n`.
    fn read_raw(&mut self, mut text: &str, mut at: usize) {
        while let Some(end) = text.find("\r\n") {
            self.add(&text[..end], at..at + end);
            self.add("\n", at + end..at + end + 2);
            text = &text[end + 2..];
            at += end + 2;
        }
        self.add(text, at..at + text.len());
    }

    fn read_escaped(&mut self, mut text: &str, mut at: usize) -> Option<()> {
        while let Some(backslash) = text.find('\\') {
            self.read_raw(&text[..backslash], at);
            text = &text[backslash..];
            at += backslash;
            let length = match text[1..].chars().next()? {
                '\n' | '\r' => 1 + (text[1..].len() - text[1..].trim_start_matches(is_skipped).len()),
                escape => {
                    let (char, length) = unescaped(escape, &text[1..])?;
                    self.add(char.encode_utf8(&mut [0; 4]), at..at + length);
                    length
                }
            };
            text = &text[length..];
            at += length;
        }
        self.read_raw(text, at);
        Some(())
    }
}

impl Run {
    fn is_plain(&self) -> bool {
        self.value.len() == self.source.len()
    }
}

/// What a `\` at the end of a line skips.
fn is_skipped(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\n' | '\r')
}

/// The character of an escape, and how many bytes it has with its `\`. `text` begins behind that.
fn unescaped(escape: char, text: &str) -> Option<(char, usize)> {
    Some(match escape {
        'n' => ('\n', 2),
        'r' => ('\r', 2),
        't' => ('\t', 2),
        '0' => ('\0', 2),
        '\\' | '\'' | '"' => (escape, 2),
        'x' => (char::from(u8::from_str_radix(text.get(1..3)?, 16).ok().filter(u8::is_ascii)?), 4),
        'u' => {
            let digits = text[1..].strip_prefix('{')?.split_once('}')?.0;
            (char::from_u32(u32::from_str_radix(&digits.replace('_', ""), 16).ok()?)?, 1 + 3 + digits.len())
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each word of the value is in the source.
    fn said(source: &str, word: &str) -> String {
        let literal = Literal::read(source, 0).expect("a literal");
        let at = literal.value().find(word).expect("the word");
        source[literal.source(&(at..at + word.len()))].to_owned()
    }

    #[test]
    fn a_word_is_found_behind_escapes_continuations_and_in_raw_strings() {
        assert_eq!(said(r#""SELECT \"a\" FROM b""#, "b"), "b");
        assert_eq!(said(r#""SELECT \"a\" FROM b""#, "\"a\""), r#"\"a\""#);
        assert_eq!(said(r#""\u{e4}\x41\n\tx, y""#, "y"), "y");
        assert_eq!(said("\"SELECT a, \\\n      b FROM c\"", "b"), "b");
        assert_eq!(said("\"SELECT a, \\\r\n      b FROM c\"", "b"), "b");
        assert_eq!(said("r#\"SELECT \"a\"\r\n FROM b\"#", "FROM"), "FROM");
        assert_eq!(said("r\"a\\n b\"", "b"), "b");
    }

    #[test]
    fn the_value_is_what_rustc_reads() {
        let value = |source: &str| Literal::read(source, 0).map(|literal| literal.value);
        assert_eq!(value("\"a \\\n   b\\u{1F600}\\x41\\\\ \\0\"").as_deref(), Some("a b\u{1F600}A\\ \0"));
        assert_eq!(value("r##\"a\"#b\"##").as_deref(), Some("a\"#b"));
        assert_eq!(value("\"a\r\nb\"").as_deref(), Some("a\nb"));
        assert_eq!(value("b\"a\""), None);
        assert_eq!(value("12"), None);
        assert_eq!(value("\"\\q\""), None);
        assert_eq!(value("\"\""), Some(String::new()));
    }

    #[test]
    fn what_is_joined_keeps_its_places() {
        let source = "concat!(\"SELECT a \", r#\"FROM \"b\"\"#, 1)";
        let mut literal = Literal::read("\"SELECT a \"", 8).expect("a literal");
        literal.push(&Literal::read("r#\"FROM \"b\"\"#", source.find("r#").expect("it")).expect("a literal"));
        literal.push(&Literal::of_text("1", source.len() - 2..source.len() - 1));
        assert_eq!(literal.value(), "SELECT a FROM \"b\"1");
        let at = literal.value().find("\"b\"").expect("it");
        assert_eq!(&source[literal.source(&(at..at + 3))], "\"b\"");
        assert_eq!(&source[literal.source(&(at + 3..at + 4))], "1");
        assert_eq!(literal.source(&(at + 9..at + 9)).start, source.len() - 1);
    }
}
