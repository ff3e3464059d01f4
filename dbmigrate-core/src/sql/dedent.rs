//! The indentation of SQL: that of the Rust source is taken off, that of a statement put in.

use super::token::{TokenKind, tokenize};

/// The text without the indentation that all its lines but the first have in common: that of the source around it.
/// Line breaks in string literals, quoted names and comments are their content and stay as they are.
pub(crate) fn dedented(text: &str) -> String {
    let breaks = tokenize(text).filter(|token| token.kind == TokenKind::Space && token.text.contains('\n'));
    let indentations = breaks.map(|token| &token.text[token.text.rfind('\n').map_or(0, |at| at + 1)..]);
    let common = indentations.reduce(common_start).map_or(0, str::len);
    if common == 0 {
        return text.to_owned();
    }
    let mut dedented = String::with_capacity(text.len());
    for token in tokenize(text) {
        if token.kind != TokenKind::Space {
            dedented.push_str(token.text);
            continue;
        }
        let mut lines = token.text.split('\n');
        dedented.extend(lines.next());
        for line in lines {
            dedented.push('\n');
            // empty lines may have less
            dedented.push_str(line.get(common..).unwrap_or_default());
        }
    }
    dedented
}

/// What two indentations have in common: tabs are no spaces.
fn common_start<'a>(one: &'a str, two: &str) -> &'a str {
    let same = one.char_indices().zip(two.chars()).take_while(|((_, one), two)| one == two);
    &one[..same.map(|((at, char), _)| at + char.len_utf8()).last().unwrap_or(0)]
}

/// The text with every line but the first and empty ones indented by two columns, which [`dedented`] takes off again.
pub(super) fn indented(text: &str) -> String {
    let mut indented = String::with_capacity(text.len());
    for token in tokenize(text) {
        if token.kind != TokenKind::Space {
            indented.push_str(token.text);
            continue;
        }
        let mut lines = token.text.split('\n').peekable();
        indented.extend(lines.next());
        while let Some(line) = lines.next() {
            indented.push('\n');
            // the last one is the beginning of a line with something in it
            if !line.is_empty() || lines.peek().is_none() {
                indented.push_str("  ");
            }
            indented.push_str(line);
        }
    }
    indented
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_lines_but_the_first_have_in_common_is_taken_off() {
        assert_eq!(dedented("SELECT a,\n       b\n\n    FROM t"), "SELECT a,\n   b\n\nFROM t");
        assert_eq!(dedented("SELECT a\nFROM t\n  WHERE b"), "SELECT a\nFROM t\n  WHERE b");
        assert_eq!(dedented("SELECT 1"), "SELECT 1");
        let once = dedented("SELECT a -- why\n      FROM t\n        WHERE b");
        assert_eq!(once, "SELECT a -- why\nFROM t\n  WHERE b");
        assert_eq!(dedented(&once), once);
    }

    #[test]
    fn indenting_is_undone_by_taking_it_off() {
        let text = "UPDATE t SET a = 'x\n'\n  WHERE b;\n\nSELECT 1";
        assert_eq!(indented(text), "UPDATE t SET a = 'x\n'\n    WHERE b;\n\n  SELECT 1");
        assert_eq!(dedented(&indented(text)), text);
        for (odd, even) in [
            ("SELECT (\n\ta\n)\n  FROM t", "SELECT (\n  \ta\n  )\n    FROM t"),
            ("SELECT a\n \n\t\r\n\nFROM t", "SELECT a\n   \n  \t\r\n\n  FROM t"),
        ] {
            assert_eq!(indented(odd), even);
            assert_eq!(dedented(even), odd);
        }
        let tabs = "UPDATE t\n\tSET a = 1\n\t\tWHERE b;\nSELECT 1";
        assert_eq!(dedented(&indented(tabs)), tabs);
    }

    #[test]
    fn tabs_and_spaces_have_nothing_in_common() {
        assert_eq!(dedented("SELECT a,\n\t\tb\n\tFROM t"), "SELECT a,\n\tb\nFROM t");
        assert_eq!(dedented("SELECT a,\n\t\tb\n    FROM t"), "SELECT a,\n\t\tb\n    FROM t");
    }

    #[test]
    fn content_with_line_breaks_stays() {
        let text = "SELECT 'a\n    b', \"c\n    d\" /* e\n    f */\n    FROM t";
        assert_eq!(dedented(text), "SELECT 'a\n    b', \"c\n    d\" /* e\n    f */\nFROM t");
    }
}
