//! The inline modules around a line of a source file, found without parsing it: `mod a { … }`.

/// The modules that are open at the beginning of a line, counted from 1, the outermost first.
pub(super) fn around(text: &str, line: usize) -> Vec<String> {
    if line < 2 || !text.contains("mod ") {
        return Vec::new();
    }
    let end = text.match_indices('\n').nth(line - 2).map_or(text.len(), |(at, _)| at + 1);
    let bytes = text.as_bytes();
    // a name for each brace that opens a module
    let mut open: Vec<Option<&str>> = Vec::new();
    let (mut at, mut before, mut named) = (0, "", None);
    while at < end {
        let rest = &text[at..];
        let length = match bytes[at] {
            b'/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            b'/' if rest.starts_with("/*") => comment(rest),
            b'"' => string(rest),
            b'\'' => quote(rest),
            b'{' => {
                open.push(named.take());
                1
            }
            b'}' => {
                open.pop();
                1
            }
            byte if is_word(byte) => {
                let length = rest.bytes().position(|byte| !is_word(byte)).unwrap_or(rest.len());
                let word = &rest[..length];
                if word == "r"
                    && rest[1..].starts_with('#')
                    && rest[2..].starts_with(|next: char| next.is_alphanumeric() || next == '_')
                {
                    // `r#type`
                    at += 2;
                    continue;
                }
                named = (before == "mod").then_some(word);
                before = word;
                length + raw_string(word, &rest[length..])
            }
            byte => {
                if !byte.is_ascii_whitespace() {
                    (before, named) = ("", None);
                }
                rest.chars().next().map_or(1, char::len_utf8)
            }
        };
        at += length;
    }
    open.into_iter().flatten().map(str::to_owned).collect()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// The length of a comment, others within it.
fn comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        let step = if rest.starts_with(b"/*") {
            depth += 1;
            2
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            2
        } else {
            1
        };
        at += step;
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of a string with its quotes.
fn string(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// What stands behind the letters before a raw string: `#"…"#`.
fn raw_string(word: &str, rest: &str) -> usize {
    let hashes = rest.bytes().take_while(|byte| *byte == b'#').count();
    if !["r", "br", "cr"].contains(&word) || rest.as_bytes().get(hashes) != Some(&b'"') {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    rest[hashes + 1..].find(&end).map_or(rest.len(), |at| hashes + 1 + at + end.len())
}

/// The length of a character with its quotes, or of the quote of a lifetime.
fn quote(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => text[2..].char_indices().skip(1).find(|(_, char)| *char == '\'').map_or(1, |(at, _)| at + 3),
        Some(_) => chars.next().filter(|(_, char)| *char == '\'').map_or(1, |(at, _)| at + 1),
        None => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_modules_around_a_line_are_found_whatever_else_has_braces() {
        let text = "mod a { // }\n  fn f<'a>(x: &'a str) { '{'; '\\''; \"}\\\"}\"; }\n  pub(crate) mod b\n  {\n  /* } /* } */ */ \
                    const X: &str = r#\"}\"}\"#;\n  struct Here;\n  }\n  struct Outer;\n}\nstruct Outside;\nmod c;\n\
                    impl X { fn g() { mod inner { struct Inner;\n struct Inner;\n} } }\nstruct End;\n";
        let at = |wanted: &str| {
            let line = text.lines().position(|line| line.trim_start().starts_with(wanted)).expect("it is there") + 1;
            around(text, line).join("::")
        };
        assert_eq!(at("struct Here"), "a::b");
        assert_eq!(at("struct Outer"), "a");
        assert_eq!(at("struct Outside"), "");
        assert_eq!(at("struct Inner"), "inner");
        assert_eq!(at("struct End"), "");
        assert_eq!(around("mod r#type {\n struct A;\n}", 2), ["type"]);
        assert_eq!(around("struct A;", 1), Vec::<String>::new());
    }
}
