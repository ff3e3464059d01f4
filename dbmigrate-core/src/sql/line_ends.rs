//! Line ends of SQL: outside of literals `\r\n` is a line end like `\n`, inside of one it is data.

use std::borrow::Cow;

use super::token::{Token, TokenKind, tokenize};

/// The text with `\r\n` as `\n`, except in string literals and quoted names.
pub fn normalized(sql: &str) -> Cow<'_, str> {
    // nearly no text has one
    if !sql.contains('\r') {
        return Cow::Borrowed(sql);
    }
    map(sql, outside_of_literals, str::to_owned).into()
}

/// The text as a checkout on Windows was made of it: all of its line ends are `\r\n`, so that each may have been `\n`
/// before, in literals as well. `None` if one of them is `\n`, or there is none outside of literals.
pub fn converted(sql: &str) -> Option<String> {
    let is_converted = normalized(sql) != sql && sql.matches('\n').count() == sql.matches("\r\n").count();
    is_converted.then(|| sql.replace("\r\n", "\n"))
}

/// What a text may have been before a checkout changed all of its line ends: outside of literals they are `\n`, and in
/// each literal of one kind or of the other. Nothing if the text has line ends of both kinds, so that none was changed.
pub fn origins(sql: &str) -> impl Iterator<Item = String> + '_ {
    let pairs = sql.matches("\r\n").count();
    let is_converted = pairs == 0 || pairs == sql.matches('\n').count();
    let literals = if is_converted { broken_literals(sql).count() } else { 0 };
    let all = if literals > FEW { 0..=0 } else { 0..=(1_u32 << literals) - 1 };
    let every = (literals > FEW).then_some(u32::MAX);
    all.chain(every).filter(move |_| literals > 0).map(|windows| {
        let mut at = 0;
        map(sql, outside_of_literals, |literal| {
            if !literal.contains('\n') {
                return literal.to_owned();
            }
            let is_windows = windows >> at.min(FEW) & 1 == 1;
            at += 1;
            let unix = literal.replace("\r\n", "\n");
            if is_windows { unix.replace('\n', "\r\n") } else { unix }
        })
    })
}

/// Whether a text is none of the [`origins`] of what a checkout makes of it.
pub fn are_lost_in_conversion(sql: &str) -> bool {
    let (mut windows, mut unix, mut both) = (0, 0, false);
    for token in broken_literals(sql) {
        let (pairs, all) = (token.text.matches("\r\n").count(), token.text.matches('\n').count());
        both |= pairs > 0 && pairs < all;
        if pairs > 0 {
            windows += 1;
        } else {
            unix += 1;
        }
    }
    both || (windows > 0 && unix > 0 && windows + unix > FEW)
}

/// For so many literals with line ends every combination is tried.
const FEW: usize = 8;

/// The literals that have line ends.
fn broken_literals(sql: &str) -> impl Iterator<Item = Token<'_>> {
    tokenize(sql).filter(|token| is_literal(token.kind) && token.text.contains('\n'))
}

fn outside_of_literals(text: &str) -> String {
    text.replace("\r\n", "\n")
}

fn is_literal(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::String | TokenKind::QuotedName)
}

/// The text with what lies outside of literals, and the literals, put through a function each.
fn map(sql: &str, outside: impl Fn(&str) -> String, mut literal: impl FnMut(&str) -> String) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut copied = 0;
    for token in tokenize(sql).filter(|token| is_literal(token.kind)) {
        text.push_str(&outside(&sql[copied..token.start]));
        text.push_str(&literal(token.text));
        copied = token.end();
    }
    text.push_str(&outside(&sql[copied..]));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_normalised_outside_of_literals_only() {
        for (sql, wanted) in [
            (
                "SELECT 'a\r\nb',\r\n  \"c\r\nd\" -- e\r\n/* f\r\ng */",
                "SELECT 'a\r\nb',\n  \"c\r\nd\" -- e\n/* f\ng */",
            ),
            ("'it''s\r\n'\r\n''\r\n[a\r\n]`b\r\n`", "'it''s\r\n'\n''\n[a\r\n]`b\r\n`"),
            ("-- it's\r\nSELECT '\r'\r;", "-- it's\nSELECT '\r'\r;"),
            ("SELECT 1", "SELECT 1"),
        ] {
            assert_eq!(normalized(sql), wanted);
            assert_eq!(normalized(wanted), wanted);
        }
    }

    #[test]
    fn a_conversion_of_the_whole_text_is_undone() {
        let unix = "SELECT 'a\nb',\n  1 -- it's\n";
        let windows = "SELECT 'a\r\nb',\n  1 -- it's\n";
        assert_eq!(converted(&unix.replace('\n', "\r\n")).as_deref(), Some(unix));
        // not made by a conversion of all line ends
        assert_eq!(converted(windows), None);
        assert_eq!(converted("SELECT '\r\n'"), None);
        assert_eq!(origins(windows).count(), 0);
        assert_eq!(origins("SELECT 1;\n").count(), 0);
        for sql in [unix, windows, "SELECT 'a\nb', '\r', 'c\r\n\r\nd', \"e\nf\"\n"] {
            let converted = [sql.replace("\r\n", "\n"), sql.replace("\r\n", "\n").replace('\n', "\r\n")];
            for text in converted {
                assert!(origins(&text).any(|origin| origin == sql), "{sql}");
            }
            assert!(!are_lost_in_conversion(sql));
        }
    }

    #[test]
    fn of_many_literals_all_are_alike_or_nobody_knows() {
        let many = "SELECT 'a\nb' ".repeat(20);
        assert_eq!(origins(&many).collect::<Vec<_>>(), [many.clone(), many.replace('\n', "\r\n")]);
        assert!(!are_lost_in_conversion(&many) && are_lost_in_conversion(&format!("{many}'\r\n'")));
        assert!(are_lost_in_conversion("SELECT 'a\nb\r\nc'"));
    }
}
