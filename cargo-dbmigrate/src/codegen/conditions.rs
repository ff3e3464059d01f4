//! What a `CHECK` says of the values of one column: that they are JSON, or one of a few.

use dbmigrate_core::sql::token::{Token, TokenKind, significant, unquote};
use dbmigrate_core::sql::{Expr, Name};

/// What every value of a column is that is not NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// JSON text.
    Json,
    /// One of these texts.
    Texts(Vec<String>),
    /// 0 or 1.
    Bool,
}

/// Reads a `CHECK`. What it says besides that is not looked at: `json_valid(a) AND length(a) < 100`.
pub(super) fn of_column(check: &Expr, column: &Name) -> Option<Condition> {
    let tokens = significant(check.as_str());
    let reader = Reader { column };
    reader.condition(&tokens)
}

struct Reader<'a> {
    column: &'a Name,
}

impl Reader<'_> {
    fn condition(&self, tokens: &[Token<'_>]) -> Option<Condition> {
        let tokens = without_parentheses(tokens);
        let alternatives = split(tokens, |token| token.is_word("or"));
        if alternatives.len() > 1 {
            let mut rest = alternatives.into_iter().filter(|part| !self.is_null(part));
            let only = rest.next()?;
            return rest.next().is_none().then(|| self.condition(only)).flatten();
        }
        // the `AND` of a `BETWEEN` is none
        if let Some(found) = self.simple(tokens) {
            return Some(found);
        }
        let parts = split(tokens, |token| token.is_word("and"));
        if parts.len() == 1 {
            return None;
        }
        parts.into_iter().find_map(|part| self.condition(part))
    }

    fn simple(&self, tokens: &[Token<'_>]) -> Option<Condition> {
        let bare =
            |tokens: &[Token<'_>]| tokens.iter().map(|token| token.text.to_ascii_lowercase()).collect::<Vec<_>>();
        match tokens {
            [function, open, inner @ .., close]
                if function.is_word("json_valid")
                    && open.kind == TokenKind::Open
                    && close.kind == TokenKind::Close
                    && closes_at(&tokens[1..]) == Some(tokens.len() - 2) =>
            {
                self.json(inner)
            }
            // `json_valid(a) = 1`
            [front @ .., equals, one] if matches!(equals.text, "=" | "==") && one.text == "1" => {
                self.simple(front).filter(|found| *found == Condition::Json)
            }
            [column, word, rest @ ..] if self.is_column(column) && word.is_word("between") => {
                (bare(rest) == ["0", "and", "1"]).then_some(Condition::Bool)
            }
            [column, word, open, inner @ .., close]
                if self.is_column(column)
                    && word.is_word("in")
                    && open.kind == TokenKind::Open
                    && close.kind == TokenKind::Close =>
            {
                let values: Vec<&[Token<'_>]> = split(inner, |token| token.kind == TokenKind::Comma);
                let mut sorted: Vec<String> = bare(inner).into_iter().filter(|text| text != ",").collect();
                sorted.sort_unstable();
                if sorted == ["0", "1"] || sorted == ["false", "true"] {
                    return Some(Condition::Bool);
                }
                let text = |value: &&[Token<'_>]| match value {
                    [only] if only.kind == TokenKind::String => Some(unquote(only.text)),
                    _ => None,
                };
                values.iter().map(text).collect::<Option<Vec<String>>>().map(Condition::Texts)
            }
            _ => None,
        }
    }

    /// The arguments of `json_valid`: the column, and flags of which 1 and 2 accept text (sqlite.org/json1.html#jvalid).
    fn json(&self, arguments: &[Token<'_>]) -> Option<Condition> {
        let is_text = match arguments {
            [column] if self.is_column(column) => true,
            [column, comma, flags] if self.is_column(column) && comma.kind == TokenKind::Comma => {
                flags.text.parse::<u8>().is_ok_and(|flags| flags & 3 != 0)
            }
            _ => false,
        };
        is_text.then_some(Condition::Json)
    }

    fn is_column(&self, token: &Token<'_>) -> bool {
        token.kind != TokenKind::String && token.identifier().is_some_and(|name| *self.column == *name.as_str())
    }

    /// `a IS NULL`.
    fn is_null(&self, tokens: &[Token<'_>]) -> bool {
        match without_parentheses(tokens) {
            [column, is, null] => self.is_column(column) && is.is_word("is") && null.is_word("null"),
            [column, isnull] => self.is_column(column) && isnull.is_word("isnull"),
            _ => false,
        }
    }
}

/// The place of the parenthesis that closes the first one.
fn closes_at(tokens: &[Token<'_>]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

fn without_parentheses<'t, 's>(mut tokens: &'t [Token<'s>]) -> &'t [Token<'s>] {
    while tokens.len() > 1 && closes_at(tokens) == Some(tokens.len() - 1) {
        tokens = &tokens[1..tokens.len() - 1];
    }
    tokens
}

/// The parts between separators that are in no parentheses.
fn split<'t, 's>(tokens: &'t [Token<'s>], separates: impl Fn(&Token<'s>) -> bool) -> Vec<&'t [Token<'s>]> {
    let (mut depth, mut start, mut parts) = (0_usize, 0, Vec::new());
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ if depth == 0 && separates(token) => {
                parts.push(&tokens[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&tokens[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(check: &str) -> Option<Condition> {
        of_column(&Expr::new(check), &Name::from("a"))
    }

    #[test]
    fn json_is_recognized_in_the_forms_that_people_write() {
        for check in [
            "json_valid(a)",
            "JSON_VALID(\"A\")",
            "(json_valid(a))",
            "json_valid(a) = 1",
            "json_valid(a, 1)",
            "json_valid(a, 6)",
            "a IS NULL OR json_valid(a)",
            "(json_valid(a)) OR (a ISNULL)",
            "json_valid(a) AND json_type(a) = 'array'",
        ] {
            assert_eq!(read(check), Some(Condition::Json), "{check}");
        }
        for check in
            ["json_valid(b)", "json_valid(a, 4)", "NOT json_valid(a)", "json_valid(a) = 0", "json_valid(a) OR b > 0"]
        {
            assert_eq!(read(check), None, "{check}");
        }
    }

    #[test]
    fn lists_of_values_are_recognized() {
        let texts = |values: &[&str]| Some(Condition::Texts(values.iter().map(ToString::to_string).collect()));
        assert_eq!(read("a IN ('x', 'it''s')"), texts(&["x", "it's"]));
        assert_eq!(read("a IS NULL OR (a in ('x'))"), texts(&["x"]));
        assert_eq!(read("a IN ('x', 1)"), None);
        assert_eq!(read("a NOT IN ('x')"), None);
        assert_eq!(read("a IN (SELECT 'x')"), None);
        assert_eq!(read("lower(a) IN ('x')"), None);
        assert_eq!(read("a IN ('x') OR a > 'y'"), None);
        for check in ["a IN (0, 1)", "a in (1,0)", "a BETWEEN 0 AND 1", "a IN (FALSE, TRUE)"] {
            assert_eq!(read(check), Some(Condition::Bool), "{check}");
        }
        assert_eq!(read("a IN (0, 1, 2)"), None);
        assert_eq!(read("a BETWEEN 0 AND 10"), None);
    }
}
