//! A JSON file as a tree of values (RFC 8259). serde_json says where it fails, but not where a value is.

use std::path::Path;

use super::node::{Entry, Kind, Node};
use super::text::MARK;
use crate::diagnostic::Diagnostic;

/// How deep values may lie in each other.
const DEEPEST: usize = 100;

/// Reads a file's text.
///
/// # Errors
/// Where it is not JSON.
pub(crate) fn parse(text: &str, file: &Path) -> Result<Node, Box<Diagnostic>> {
    let mut reader = Reader { text, at: if text.starts_with(MARK) { MARK.len_utf8() } else { 0 } };
    reader.document().map_err(|message| {
        let at = reader.at.min(text.len());
        let end = text[at..].chars().next().map_or(at, |char| at + char.len_utf8());
        Box::new(Diagnostic::error(format!("not JSON: {message}")).at(file, at..end, ""))
    })
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

type Read<T> = Result<T, String>;

impl Reader<'_> {
    fn document(&mut self) -> Read<Node> {
        let node = self.value(0)?;
        self.space();
        if self.at < self.text.len() {
            return Err("expected the end of the file".to_owned());
        }
        Ok(node)
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn takes(&mut self, byte: u8) -> bool {
        self.space();
        let is_next = self.byte() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn value(&mut self, depth: usize) -> Read<Node> {
        self.space();
        if depth > DEEPEST {
            return Err(format!("values are nested more than {DEEPEST} deep"));
        }
        let start = self.at;
        let kind = match self.byte() {
            None => return Err("expected a value, the file ends".to_owned()),
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Kind::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(_) => self.word()?,
        };
        Ok(Node { span: start..self.at, kind })
    }

    fn object(&mut self, depth: usize) -> Read<Kind> {
        self.at += 1;
        let mut entries: Vec<Entry> = Vec::new();
        if self.takes(b'}') {
            return Ok(Kind::Table(entries));
        }
        loop {
            self.space();
            if self.byte() != Some(b'"') {
                return Err("expected a key in double quotes".to_owned());
            }
            let start = self.at;
            let key = self.string()?;
            let key_span = start..self.at;
            if entries.iter().any(|entry| entry.key == key) {
                self.at = start;
                return Err(format!("the key `{key}` is there twice"));
            }
            if !self.takes(b':') {
                return Err("expected `:`".to_owned());
            }
            entries.push(Entry { key, key_span, value: self.value(depth + 1)? });
            match (self.takes(b','), self.byte()) {
                (true, _) => {}
                (false, Some(b'}')) => {
                    self.at += 1;
                    return Ok(Kind::Table(entries));
                }
                _ => return Err("expected `,` or `}`".to_owned()),
            }
        }
    }

    fn list(&mut self, depth: usize) -> Read<Kind> {
        self.at += 1;
        let mut values = Vec::new();
        if self.takes(b']') {
            return Ok(Kind::List(values));
        }
        loop {
            values.push(self.value(depth + 1)?);
            match (self.takes(b','), self.byte()) {
                (true, _) => {}
                (false, Some(b']')) => {
                    self.at += 1;
                    return Ok(Kind::List(values));
                }
                _ => return Err("expected `,` or `]`".to_owned()),
            }
        }
    }

    /// From quote to quote; what the escapes in it mean is known to serde_json.
    fn string(&mut self) -> Read<String> {
        let start = self.at;
        let mut at = start + 1;
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => at += 2,
                Some(b'\n') | None => return Err("the text is not closed with `\"`".to_owned()),
                Some(_) => at += 1,
            }
        }
        let read = self.text.get(start..=at).ok_or_else(|| "the text is not closed with `\"`".to_owned())?;
        let text =
            serde_json::from_str(read).map_err(|_| "the text has an escape that JSON does not know".to_owned())?;
        self.at = at + 1;
        Ok(text)
    }

    fn number(&mut self) -> Read<Kind> {
        let rest = &self.text[self.at..];
        let end = rest.find(|char: char| !char.is_ascii_alphanumeric() && !"+-.".contains(char)).unwrap_or(rest.len());
        let text = &rest[..end];
        let number: serde_json::Number =
            serde_json::from_str(text).map_err(|_| format!("`{text}` is not a number of JSON"))?;
        let is_whole = !text.contains(['.', 'e', 'E']);
        let kind = match number.as_i64() {
            Some(integer) => Kind::Integer(integer),
            None if is_whole => {
                return Err("the number does not fit in an SQL integer, which has 64 bits and a sign".to_owned());
            }
            None => Kind::Real(number.as_f64().unwrap_or(f64::NAN)),
        };
        self.at += end;
        Ok(kind)
    }

    fn word(&mut self) -> Read<Kind> {
        let rest = &self.text[self.at..];
        let end = rest.find(|char: char| !char.is_alphanumeric()).unwrap_or(rest.len());
        let kind = match &rest[..end] {
            "null" => Kind::Null,
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            "" => return Err("expected a value".to_owned()),
            word => return Err(format!("`{word}` is not a value of JSON")),
        };
        self.at += end;
        Ok(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Node, Box<Diagnostic>> {
        parse(text, Path::new("a.json"))
    }

    #[test]
    fn what_is_json_is_what_serde_json_says() {
        for text in [
            "[]",
            "{}",
            " [1, -2.5e3, \"a\\u00e9\\n\", true, false, null] ",
            "{\"a\": {\"b\": []}}",
            "[1,]",
            "{\"a\": 1,}",
            "{a: 1}",
            "[1 2]",
            "[01]",
            "[+1]",
            "[.5]",
            "[1.]",
            "nul",
            "\"a",
            "\"a\\q\"",
            "[\"a\nb\"]",
            "[1] 2",
            "",
            "[NaN]",
            "{\"a\" 1}",
            "{\"\\\\\": \"\\\"\"}",
        ] {
            let theirs = serde_json::from_str::<serde_json::Value>(text);
            assert_eq!(read(text).is_ok(), theirs.is_ok(), "{text}: {theirs:?}, {:?}", read(text));
        }
        assert!(read("\u{feff}[1]").is_ok());
        assert!(read(&"[".repeat(100_000)).is_err());
        assert!(read("[9223372036854775808]").is_err_and(|error| error.message.contains("64 bits")));
        assert!(read("{\"a\": 1, \"a\": 2}").is_err_and(|error| error.message.contains("twice")));
    }

    #[test]
    fn values_know_their_places() {
        let text = "[\n  {\"id\": 1, \"name\": \"Ada\"}\n]";
        let node = read(text).expect("it is JSON");
        let Kind::List(rows) = &node.kind else { panic!("{node:?}") };
        let name = rows[0].entry("name").expect("it is there");
        assert_eq!((&text[name.key_span.clone()], &text[name.value.span.clone()]), ("\"name\"", "\"Ada\""));
    }
}
