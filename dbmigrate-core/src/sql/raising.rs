//! Whether an expression can fail on a row. Most cannot: SQLite makes NULL or a number of what does not fit. What can
//! has to be tried on the rows before a migration depends on it, and what cannot need not be.
//!
//! In doubt it can: an unknown function costs one look at the rows, one taken for harmless a late error.

use super::keyword::is_reserved;
use super::token::{Token, TokenKind, significant, unquote};

/// Functions that have a value for whatever they are given (sqlite.org/lang_corefunc.html, lang_datefunc.html,
/// lang_mathfunc.html), and words that a parenthesis may stand behind, sorted.
const HARMLESS: &[&str] = &[
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "avg",
    "cast",
    "ceil",
    "ceiling",
    "changes",
    "char",
    "coalesce",
    "concat",
    "concat_ws",
    "cos",
    "cosh",
    "count",
    "date",
    "datetime",
    "degrees",
    "else",
    "end",
    "exp",
    "filter",
    "floor",
    "group_concat",
    "hex",
    "ifnull",
    "iif",
    "instr",
    "json_error_position",
    "json_valid",
    "julianday",
    "last_insert_rowid",
    "length",
    "likelihood",
    "likely",
    "ln",
    "log",
    "log10",
    "log2",
    "lower",
    "ltrim",
    "max",
    "min",
    "mod",
    "nullif",
    "octet_length",
    "over",
    "pi",
    "pow",
    "power",
    "quote",
    "radians",
    "random",
    "round",
    "rtrim",
    "sign",
    "sin",
    "sinh",
    "sqlite_source_id",
    "sqlite_version",
    "sqrt",
    "strftime",
    "string_agg",
    "substr",
    "substring",
    "tan",
    "tanh",
    "time",
    "timediff",
    "total",
    "total_changes",
    "trim",
    "trunc",
    "typeof",
    "unhex",
    "unicode",
    "unixepoch",
    "unlikely",
    "upper",
];

/// Longer patterns of `LIKE` are too complex (sqlite.org/limits.html#max_like_pattern_length).
const LONGEST_PATTERN: usize = 50_000;

/// Whether evaluating the text for a row can be an error, apart from what the columns and views that it names do.
pub fn can_raise(text: &str) -> bool {
    let tokens = significant(text);
    (0..tokens.len()).any(|at| raises_at(&tokens, at))
}

fn raises_at(tokens: &[Token<'_>], at: usize) -> bool {
    let token = &tokens[at];
    let next = tokens.get(at + 1);
    match token.kind {
        TokenKind::Operator => token.text.starts_with("->"),
        TokenKind::Illegal => true,
        TokenKind::Word | TokenKind::QuotedName => {
            let is_call = next.is_some_and(|next| next.kind == TokenKind::Open);
            let is_bare = token.kind == TokenKind::Word;
            if is_bare && ["like", "glob"].iter().any(|word| token.is_word(word)) {
                return !is_short_literal(tokens, at + 1);
            }
            if is_bare && token.is_word("escape") {
                return !next.is_some_and(is_one_character);
            }
            if is_bare && ["match", "regexp", "raise"].iter().any(|word| token.is_word(word)) {
                return true;
            }
            is_call && !(is_bare && is_reserved(token.text)) && call_raises(tokens, at)
        }
        _ => false,
    }
}

fn call_raises(tokens: &[Token<'_>], at: usize) -> bool {
    let name = tokens[at].identifier().unwrap_or_default().to_ascii_lowercase();
    match name.as_str() {
        // a value that grows with what is in the row may grow too long
        "replace" => !last_argument(tokens, at + 1).is_some_and(|token| token.kind == TokenKind::String),
        "printf" | "format" => !tokens.get(at + 2).is_some_and(|format| is_narrow(format)),
        name => HARMLESS.binary_search(&name).is_err(),
    }
}

/// The last token in front of the parenthesis that closes the one at `open`.
fn last_argument<'t, 's>(tokens: &'t [Token<'s>], open: usize) -> Option<&'t Token<'s>> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close if depth == 1 => return tokens.get(at.checked_sub(1)?),
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Whether a format says no width that is large, or that a row says.
fn is_narrow(format: &Token<'_>) -> bool {
    let digits = |text: &str| text.split(|char: char| !char.is_ascii_digit()).map(str::len).max().unwrap_or_default();
    format.kind == TokenKind::String && !format.text.contains('*') && digits(format.text) < 4
}

/// Whether a literal stands there and nothing is added to it.
fn is_short_literal(tokens: &[Token<'_>], at: usize) -> bool {
    let is_short =
        tokens.get(at).is_some_and(|token| token.kind == TokenKind::String && token.text.len() <= LONGEST_PATTERN);
    is_short && tokens.get(at + 1).is_none_or(|next| !next.text.starts_with('|'))
}

fn is_one_character(token: &Token<'_>) -> bool {
    token.kind == TokenKind::String && unquote(token.text).chars().count() == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_harmless_are_sorted() {
        assert!(HARMLESS.is_sorted());
    }

    #[test]
    fn what_fails_on_some_value_can_raise() {
        for text in [
            "json_extract(d, '$.a')",
            "d -> '$.a'",
            "d->>'a'",
            "abs(n)",
            "\"abs\"(n)",
            "zeroblob(n)",
            "json(d)",
            "vector32(d)",
            "coalesce(json_type(d), 1)",
            "a LIKE 'x' ESCAPE b",
            "a LIKE 'x' ESCAPE ''",
            "a LIKE 'x' ESCAPE '!!'",
            "a LIKE b",
            "a NOT LIKE ('x')",
            "a GLOB 'x' || b",
            "like(a, b)",
            "a MATCH 'x'",
            "printf('%*d', a, b)",
            "format(a)",
            "printf('%99999999d', a)",
            "replace(a, 'x', b)",
            "(SELECT sum(n) FROM t)",
            "somebodys(a)",
        ] {
            assert!(can_raise(text), "{text}");
        }
    }

    #[test]
    fn what_has_a_value_for_everything_cannot() {
        for text in [
            "a",
            "lower(a) || '-' || CAST(b AS TEXT)",
            "CASE WHEN (a IS NULL) THEN 0 ELSE (a + 1) * -2 END",
            "a IN (1, 2) AND (b OR NOT (c))",
            "strftime('%Y', a)",
            "a LIKE 'x!%' ESCAPE '!' AND b GLOB 'y*'",
            "replace(a, ' ', '')",
            "printf('%05d', a)",
            "json_valid(d)",
            "likely(a) AND round(b, 2) > 1e3",
            "(SELECT max(n) FROM t WHERE t.id = u.id)",
            "'abs(' || a",
        ] {
            assert!(!can_raise(text), "{text}");
        }
    }
}
