//! Text of people as comments in Rust: nothing in it can end the comment, become code that rustdoc runs, or make rustc,
//! rustdoc or clippy complain.

use std::fmt::Write as _;

use dbmigrate_core::ddl::plain;

/// A text as `///` lines.
pub(super) fn doc(text: &str, indent: &str) -> String {
    let mut out = String::new();
    // what the lines below an item of a list are indented by, so that they belong to it
    let mut hang = 0;
    for line in text.lines() {
        let line = plain(line);
        let line = line.trim();
        if line.is_empty() {
            hang = 0;
            let _ = writeln!(out, "{indent}///");
            continue;
        }
        let marker = list_marker(line);
        let (space, text) = match marker {
            Some(length) => {
                hang = length;
                (0, format!("{}{}", &line[..length], escaped(&line[length..])))
            }
            None => (hang, escaped_start(line)),
        };
        let _ = writeln!(out, "{indent}/// {:space$}{text}", "");
    }
    out
}

/// A text as `//` lines, each as it is but for what rustc refuses in comments.
pub(super) fn comment(text: &str) -> String {
    text.lines().fold(String::new(), |mut out, line| {
        let line = plain(line);
        let line = line.trim_end();
        let space = if line.is_empty() { "" } else { " " };
        let _ = writeln!(out, "//{space}{line}");
        out
    })
}

/// The length of `- ` or `1. ` at the beginning of a line.
fn list_marker(line: &str) -> Option<usize> {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &line[digits..];
    let is_bullet = digits == 0 && (rest.starts_with("- ") || rest.starts_with("* ") || rest.starts_with("+ "));
    let is_number = (1..=9).contains(&digits) && (rest.starts_with(". ") || rest.starts_with(") "));
    (is_bullet || is_number).then_some(digits + 2)
}

/// A line that does not become a heading, a quote or a fence.
fn escaped_start(line: &str) -> String {
    let is_line = line.chars().all(|char| char == '=') || line.chars().all(|char| char == '-');
    let is_block = line.starts_with(['#', '>']) || line.starts_with("~~~") || is_line;
    format!("{}{}", if is_block { "\\" } else { "" }, escaped(line))
}

/// Text without Markdown's links, HTML, and code, except for `code` in pairs of single backticks.
fn escaped(text: &str) -> String {
    let is_code = text.matches('`').count().is_multiple_of(2) && !text.contains("``");
    let mut out = String::new();
    let mut parts = text.split('`').enumerate().peekable();
    while let Some((at, part)) = parts.next() {
        if at > 0 {
            out.push_str(if is_code { "`" } else { "\\`" });
        }
        if is_code && at % 2 == 1 {
            out.push_str(part);
        } else {
            out.push_str(&escaped_words(part, parts.peek().map(|_| '`')));
        }
    }
    out
}

/// `behind` is the character behind the text.
fn escaped_words(text: &str, behind: Option<char>) -> String {
    let mut out = String::new();
    for word in text.split_inclusive(char::is_whitespace) {
        let (bare, space) = word.split_at(word.trim_end().len());
        match url(bare) {
            // rustdoc asks for it
            Some((before, url, after)) => {
                let (before, after) = (escaped_chars(before, Some('<')), escaped_chars(after, behind));
                let _ = write!(out, "{before}<{url}>{after}{space}");
            }
            None => out.push_str(&escaped_chars(word, behind)),
        }
    }
    out
}

fn escaped_chars(text: &str, behind: Option<char>) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let next = chars.peek().copied().or(behind).unwrap_or(' ');
        let means_something = match char {
            '[' => true,
            '<' => next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?'),
            '\\' => next.is_ascii_punctuation(),
            _ => false,
        };
        if means_something {
            out.push('\\');
        }
        out.push(char);
    }
    out
}

/// The URL in a word, and what stands around it.
fn url(word: &str) -> Option<(&str, &str, &str)> {
    let start = word.find("https://").or_else(|| word.find("http://"))?;
    let (before, rest) = word.split_at(start);
    let end = rest.find(['<', '>', '"', '\'', '`', '|', '\\', '^', '{', '}', '[', ']']).unwrap_or(rest.len());
    let url = rest[..end].trim_end_matches(['.', ',', ';', ':', ')', '!', '?']);
    (url.len() > "https://".len()).then(|| (before, url, &rest[url.len()..]))
}

#[cfg(test)]
mod tests {
    use dbmigrate_core::ddl::{self, Object};
    use dbmigrate_core::declare::Derive;
    use dbmigrate_core::schema::Comments;

    use super::*;

    #[test]
    fn words_are_documentation_and_nothing_else() {
        for (text, wanted) in [
            ("The key.", "/// The key.\n"),
            ("one\ntwo\n\nthree", "/// one\n/// two\n///\n/// three\n"),
            ("ends */ here\rand /* here", "/// ends */ here and /* here\n"),
            ("    indented code", "/// indented code\n"),
            ("```sql\nSELECT 1\n```", "/// \\`\\`\\`sql\n/// SELECT 1\n/// \\`\\`\\`\n"),
            ("~~~", "/// \\~~~\n"),
            ("see [users] and Vec<u8> <3 \\d\\[", "/// see \\[users] and Vec\\<u8> <3 \\d\\\\\\[\n"),
            ("`a` or `b[0]`", "/// `a` or `b[0]`\n"),
            ("it`s", "/// it\\`s\n"),
            ("# 1\n===\n=> a", "/// \\# 1\n/// \\===\n/// => a\n"),
            ("a:\n- one\n  more\n- two", "/// a:\n/// - one\n///   more\n/// - two\n"),
            ("(https://sqlite.org/lang.html).", "/// (<https://sqlite.org/lang.html>).\n"),
            ("\u{202e}right", "/// right\n"),
        ] {
            assert_eq!(doc(text, ""), wanted);
        }
    }

    #[test]
    fn words_come_back_from_the_documentation() {
        for text in [
            "see [users] and Vec<u8> <3 \\d\\[ \\\\d",
            "```sql\nSELECT 1\n```\n~~~",
            "`a` or `b[0]\\`",
            "a\\`b\\`c \\",
            "it`s \\` \\",
            "one\\`",
            "# 1\n===\n=> a\n> b\n---",
            "a:\n- one\n  more\n- two\n\n1. # three",
            "(https://sqlite.org/lang.html), <https://a.b>; <https://x <http://y>",
            "\\https://a.b\\ `https://c.d` see=https://e.f\\`",
            "<b>*bold*</b> & _so_ on; --",
        ] {
            let code = doc(text, "") + "#[table(name = \"t\")] struct T { id: i64 }";
            let input: syn::DeriveInput = syn::parse_str(&code).expect("a struct");
            let (item, _) = dbmigrate_core::declare::parse(&input, Derive::Table);
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            assert_eq!(item.docs, Some(lines.join("\n")), "{code}");
        }
    }

    #[test]
    fn what_was_pulled_is_pulled_from_what_is_made_of_it() {
        const PIECES: [&str; 40] = [
            "\\",
            "`",
            "``",
            "<",
            ">",
            "[",
            "]",
            "*",
            "/",
            "*/",
            "/*",
            "-",
            "--",
            "=",
            "#",
            "~",
            "+",
            "_",
            "'",
            ",",
            ";",
            ":",
            "(",
            ")",
            " ",
            "  ",
            "\t",
            "\u{b}",
            "\u{a0}",
            "1",
            ". ",
            "- ",
            "https://",
            "http://a",
            "a",
            "application='",
            "ä",
            "\u{202e}",
            "!",
            "|",
        ];
        let mut random = 1_u64;
        let mut below = |limit: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(random >> 33).unwrap_or_default() % limit
        };
        let mut told = 0;
        for _ in 0..5_000 {
            let mut line = || (0..below(9)).map(|_| PIECES[below(PIECES.len())]).collect::<String>();
            let sql = format!(
                "CREATE TABLE t ( -- {}\n  -- {}\n  -- {}\n  a INT, /*{} */\n  b INT)",
                line(),
                line(),
                line(),
                line().replace("*/", "")
            );
            let Ok(Object::Table(table)) = ddl::read(&sql) else { panic!("{sql}") };
            let pulled = ddl::comments(&sql);
            let column = |comments: &Comments, name: &str| comments.column(&name.into()).map(|text| doc(text, ""));
            let docs = |comments: &Comments| {
                let table = comments.table.as_deref().map(|text| doc(text, ""));
                [table, column(comments, "a"), column(comments, "b")].map(Option::unwrap_or_default)
            };
            let written = docs(&pulled);
            let code = format!("{}struct T {{ {}\na: i64, {}\nb: i64 }}", written[0], written[1], written[2]);
            let input: syn::DeriveInput = syn::parse_str(&code).expect("a struct");
            let (item, _) = dbmigrate_core::declare::parse(&input, Derive::Table);
            let columns = item.fields.iter().filter_map(|field| Some((field.name().value, field.docs.clone()?)));
            let declared = Comments { table: item.docs.clone(), columns: columns.collect() };
            let made = ddl::render::create_table_as(&table, &table.name, Some(&declared));
            assert_eq!(docs(&ddl::comments(&made)), written, "{sql}\n{made}");
            told += pulled.columns.len();
        }
        assert!(told > 3_000, "only {told} columns say something");
    }

    #[test]
    fn a_comment_keeps_its_lines() {
        assert_eq!(
            comment("CREATE TABLE t (\n  a \"x\u{202e}\r\"\n\n)"),
            "// CREATE TABLE t (\n//   a \"x \"\n//\n// )\n"
        );
    }
}
