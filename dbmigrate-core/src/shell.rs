//! Texts as words of a shell's command line: whatever is in them, a command in a message is on one line, has no backtick
//! inside, and can be typed as it stands.

use std::fmt::Write as _;
use std::path::{MAIN_SEPARATOR, Path};

/// `text` as one word of a POSIX shell on one line, in the quotes that need the least escaping.
pub fn shell_quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.=:/,+%@".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        text.to_owned()
    } else if text.chars().any(|char| char.is_control() || char == '`') {
        // a message has a command in backticks on one line; `printf` is the way to both that every shell has
        format!("\"$(printf '{}')\"", printf_escaped(text))
    } else if text.contains('\'') && !text.contains(['"', '$', '\\', '!']) {
        format!("\"{text}\"")
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// A format of `printf` that prints `text`, fit for single quotes. What it prints loses line breaks at its end.
fn printf_escaped(text: &str) -> String {
    let mut escaped = String::new();
    for char in text.chars() {
        match char {
            '%' => escaped.push_str("%%"),
            '\\' => escaped.push_str("\\\\"),
            char if char.is_ascii_control() || matches!(char, '`' | '\'') => {
                // writing to a string cannot fail
                let _ = write!(escaped, "\\{:03o}", u32::from(char));
            }
            char => escaped.push(char),
        }
    }
    escaped
}

/// A flag with its value: `--url dev.db`, `--url=-x.db`, since a word that begins with a dash is taken for a flag.
pub fn shell_flag(flag: &str, value: &str) -> String {
    let separator = if value.starts_with('-') { '=' } else { ' ' };
    format!("{flag}{separator}{}", shell_quoted(value))
}

/// A path as a word that no program takes for a flag.
pub fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-\\:".contains(&byte);
    if MAIN_SEPARATOR == '\\' && text.bytes().all(plain) {
        return text;
    }
    // `:` begins what only git understands
    let is_path = !text.starts_with(['-', ':']);
    if is_path { shell_quoted(&text) } else { shell_quoted(&format!("./{text}")) }
}

/// The words of a line that is made of what [`shell_quoted`] writes; `None` for anything else that a shell would read in
/// its own way.
pub fn shell_words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let mut word = String::new();
        while let Some(char) = rest.chars().next().filter(|char| !char.is_whitespace()) {
            rest = if let Some(quoted) = rest.strip_prefix("\"$(printf '") {
                let (format, after) = quoted.split_once("')\"")?;
                word.push_str(&printed(format)?);
                after
            } else if let Some(quoted) = rest.strip_prefix('\'') {
                let (text, after) = quoted.split_once('\'')?;
                word.push_str(text);
                after
            } else if let Some(quoted) = rest.strip_prefix('"') {
                let (text, after) = quoted.split_once('"')?;
                if text.contains(['$', '\\', '`']) {
                    return None;
                }
                word.push_str(text);
                after
            } else if let Some(escaped) = rest.strip_prefix('\\') {
                let char = escaped.chars().next()?;
                word.push(char);
                &escaped[char.len_utf8()..]
            } else if "$`;&|<>()*?[]#~!{}".contains(char) {
                return None;
            } else {
                word.push(char);
                &rest[char.len_utf8()..]
            };
        }
        words.push(word);
        rest = rest.trim_start();
    }
    Some(words)
}

/// What `printf` makes of a format that [`printf_escaped`] has written.
fn printed(format: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = format;
    while let Some(char) = rest.chars().next() {
        rest = &rest[char.len_utf8()..];
        match char {
            '%' => {
                rest = rest.strip_prefix('%')?;
                text.push('%');
            }
            '\\' => {
                if let Some(after) = rest.strip_prefix('\\') {
                    rest = after;
                    text.push('\\');
                } else {
                    let (octal, after) = rest.split_at_checked(3)?;
                    text.push(char::from(u8::from_str_radix(octal, 8).ok()?));
                    rest = after;
                }
            }
            char => text.push(char),
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_quoted_is_read_back() {
        for text in [
            "",
            "a",
            "a b",
            "O'Brien",
            "it's $1",
            "a\n`b`%",
            "für",
            "\\",
            "\"",
            "'\"$`",
            "a'b'c d",
            "-x=y",
            "\u{7}%%\\",
        ] {
            assert_eq!(shell_words(&shell_quoted(text)), Some(vec![text.to_owned()]), "{text:?}");
            let line = format!("generate --accept {} --url {}", shell_quoted(text), shell_quoted("b c"));
            assert_eq!(
                shell_words(&line),
                Some(["generate", "--accept", text, "--url", "b c"].map(str::to_owned).into())
            );
        }
        for line in ["a | b", "$HOME", "a > b", "'a", "\"$(date)\"", "a; b", "*.rs"] {
            assert_eq!(shell_words(line), None, "{line}");
        }
    }

    #[test]
    fn a_word_is_quoted_where_a_shell_would_take_it_apart() {
        for (text, wanted) in [
            ("a.b=c", "a.b=c"),
            ("a b", "'a b'"),
            ("O'Brien", "\"O'Brien\""),
            ("$HOME", "'$HOME'"),
            ("it's $1", r"'it'\''s $1'"),
            ("a\n`b`%", r#""$(printf 'a\012\140b\140%%')""#),
            ("für", "'für'"),
            ("", "''"),
        ] {
            assert_eq!(shell_quoted(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn no_value_and_no_path_is_taken_for_a_flag() {
        assert_eq!(shell_flag("--url", "dev.db"), "--url dev.db");
        assert_eq!(shell_flag("--url", "-x y.db"), "--url='-x y.db'");
        assert_eq!(shell_word(Path::new("-x.db")), "./-x.db");
        assert_eq!(shell_word(Path::new("a`b")), r#""$(printf 'a\140b')""#);
        assert_eq!(shell_word(Path::new("/data/dev.db")), "/data/dev.db");
    }
}
