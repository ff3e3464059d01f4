//! Paths of objects as they are typed on command lines and stand in directives: `users`, `users.nick`, `"my.t".a`.
//!
//! A part that could be taken for something else stands in double quotes, with the escapes of a Rust string literal,
//! so that a path is one line of text whatever the names are. Doubled quotes are read as well, as SQL has them.

use std::fmt::Write as _;

use super::Name;

/// The path of an object: its name, or the name of its table and its own, as it is typed.
pub fn path<'n>(names: impl IntoIterator<Item = &'n Name>) -> String {
    names.into_iter().map(|name| part(name.as_str())).collect::<Vec<_>>().join(".")
}

/// A name as a part of a path.
pub fn part(name: &str) -> String {
    let plain = |char: char| !matches!(char, '.' | '=' | ':' | '"' | '`' | '\\') && is_visible(char);
    let is_bare = !name.is_empty()
        && name.trim() == name
        && !name.starts_with('-')
        // what a directive or a comment could end with
        && !name.contains("*/")
        && name.chars().all(plain);
    if is_bare { name.to_owned() } else { quoted(name) }
}

/// Whether a character is seen as what it is: no control character, and none that turns the direction of writing.
fn is_visible(char: char) -> bool {
    let turns =
        matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    !char.is_control() && !turns
}

/// A name in quotes, whatever it is.
pub(crate) fn quoted(name: &str) -> String {
    let mut text = String::from("\"");
    for char in name.chars() {
        match char {
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            // the end of a command in a message
            '`' => text.push_str("\\x60"),
            // the end of a comment
            '/' => text.push_str("\\x2f"),
            char if is_visible(char) => text.push(char),
            // writing to a string cannot fail
            char => drop(write!(text, "\\u{{{:x}}}", u32::from(char))),
        }
    }
    text.push('"');
    text
}

/// Reads a path up to the end, or to a `=` that stands outside of quotes: its parts, and what follows the `=`.
///
/// `None` if it is not well-formed: an empty part, a quote that is not closed, an escape that there is not.
pub fn parse_path(text: &str) -> Option<(Vec<Name>, Option<&str>)> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let name;
        (name, rest) = parse_part(rest.trim_start())?;
        parts.push(Name::from(name));
        let mut chars = rest.chars();
        match chars.next() {
            None => return Some((parts, None)),
            Some('=') => return Some((parts, Some(chars.as_str()))),
            Some('.') => rest = chars.as_str(),
            Some(_) => return None,
        }
    }
}

/// A part, and the text from its end on.
fn parse_part(text: &str) -> Option<(String, &str)> {
    let Some(inside) = text.strip_prefix('"') else {
        let end = text.find(['.', '=']).unwrap_or(text.len());
        let name = text[..end].trim();
        return (!name.is_empty()).then(|| (name.to_owned(), &text[end..]));
    };
    let mut name = String::new();
    let mut rest = inside;
    loop {
        let char = rest.chars().next()?;
        let after = &rest[char.len_utf8()..];
        match char {
            '"' if after.starts_with('"') => {
                name.push('"');
                rest = &after[1..];
            }
            '"' => return Some((name, after.trim_start())),
            '\\' => {
                let (escaped, after) = parse_escape(after)?;
                name.push(escaped);
                rest = after;
            }
            char => {
                name.push(char);
                rest = after;
            }
        }
    }
}

/// What an escape stands for, and the text behind it.
fn parse_escape(text: &str) -> Option<(char, &str)> {
    let kind = text.chars().next()?;
    let rest = &text[kind.len_utf8()..];
    let hex = |digits: &str| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
    match kind {
        'n' => Some(('\n', rest)),
        'r' => Some(('\r', rest)),
        't' => Some(('\t', rest)),
        '0' => Some(('\0', rest)),
        '\\' | '"' | '\'' => Some((kind, rest)),
        'x' => Some((hex(rest.get(..2)?)?, &rest[2..])),
        'u' => {
            let (digits, rest) = rest.strip_prefix('{')?.split_once('}')?;
            Some((hex(digits)?, rest))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: [&str; 20] = [
        "users",
        "my.t",
        "t=u",
        "-x",
        "--accept",
        "e=f",
        "a\nb",
        "a\r\nb",
        "it's",
        "say \"x\"",
        "a`b",
        "$HOME",
        "a\\n",
        " a ",
        "",
        "old t",
        "ä:ö",
        "a*/b",
        "\u{202e}abc",
        "a;b",
    ];

    #[test]
    fn every_name_comes_back_from_the_path_that_it_is_written_as() {
        for table in HOSTILE {
            for column in HOSTILE {
                let (table, column) = (Name::from(table), Name::from(column));
                let written = path([&table, &column]);
                assert!(!written.contains(['\n', '\r', '`']) && !written.starts_with('-'), "{written}");
                let parsed = parse_path(&written).expect(&written);
                assert_eq!(parsed, (vec![table.clone(), column.clone()], None), "{written}");
                let text = format!("{written}={}", part(table.as_str()));
                let (from, to) = parse_path(&text).expect(&text);
                assert_eq!(
                    (from, parse_path(to.expect("it has one"))),
                    (vec![table.clone(), column], { Some((vec![table], None)) })
                );
            }
        }
    }

    #[test]
    fn ordinary_names_are_written_as_they_are() {
        assert_eq!(path([&"users".into(), &"nick".into()]), "users.nick");
        assert_eq!(part("old t"), "old t");
        assert_eq!(part("Größe"), "Größe");
        assert_eq!(part("my.t"), "\"my.t\"");
        assert_eq!(part("a\nb"), "\"a\\nb\"");
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["", ".", "a.", ".a", "\"a", "\"a\\q\"", "\"a\"b", "a..b", "\"\\u{d800}\""] {
            assert_eq!(parse_path(text), None, "{text}");
        }
    }

    #[test]
    fn quotes_are_read_as_sql_doubles_them_too() {
        assert_eq!(parse_path("\"a\"\"b\".c"), Some((vec!["a\"b".into(), "c".into()], None)));
        assert_eq!(parse_path(" users . nick = x"), Some((vec!["users".into(), "nick".into()], Some(" x"))));
    }
}
