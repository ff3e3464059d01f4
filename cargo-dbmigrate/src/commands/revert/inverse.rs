//! The way back of a conversion, where arithmetic or a calendar knows it.

use dbmigrate_core::sql::token::{Token, TokenKind, significant};
use dbmigrate_core::sql::{Expr, Name};

/// How values get back what an expression has converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Inverse {
    /// By being stored in the old type.
    AsTheyAre,
    /// By this expression over the column as it is called.
    By(Expr),
}

/// The way back of the expression that has converted `was`, for the column that is called `is` now; nothing if it is not
/// known.
pub(super) fn inverse(expr: &Expr, was: &Name, is: &Name) -> Option<Inverse> {
    let tokens = significant(expr.as_str());
    let tokens = without_brackets(&tokens);
    let is_column = |token: &Token<'_>| token.identifier().is_some_and(|name| *was == *name);
    let is_number = |token: &Token<'_>| token.kind == TokenKind::Number;
    let by = |text: String| Some(Inverse::By(Expr::new(text)));
    let now = is.sql();
    match tokens {
        [column] if is_column(column) => Some(Inverse::AsTheyAre),
        [cast, _, column, word, ..] if cast.is_word("cast") && is_column(column) && word.is_word("as") => {
            Some(Inverse::AsTheyAre)
        }
        [column, unequal, zero] if is_column(column) && matches!(unequal.text, "<>" | "!=") && zero.text == "0" => {
            Some(Inverse::AsTheyAre)
        }
        [not, column] if not.is_word("not") && is_column(column) => by(format!("NOT {now}")),
        [column, operator, number] if is_column(column) && is_number(number) => {
            let back = match operator.text {
                "*" => "/",
                "/" => "*",
                "+" => "-",
                "-" => "+",
                _ => return None,
            };
            by(format!("{now} {back} {}", number.text))
        }
        [number, operator, column] if is_column(column) && is_number(number) => {
            let back = match operator.text {
                "*" => "/",
                "+" => "-",
                _ => return None,
            };
            by(format!("{now} {back} {}", number.text))
        }
        [function, open, column, .., close]
            if is_column(column) && open.kind == TokenKind::Open && close.kind == TokenKind::Close =>
        {
            let modifiers = &tokens[3..tokens.len() - 1];
            let is_epoch = matches!(modifiers, [comma, word]
                if comma.kind == TokenKind::Comma && word.text.eq_ignore_ascii_case("'unixepoch'"));
            let is_calendar = ["datetime", "date"].iter().any(|word| function.is_word(word));
            match () {
                () if is_calendar && is_epoch => by(format!("unixepoch({now})")),
                () if function.is_word("unixepoch") && modifiers.is_empty() => {
                    by(format!("datetime({now}, 'unixepoch')"))
                }
                () => None,
            }
        }
        _ => None,
    }
}

fn without_brackets<'t, 'a>(tokens: &'t [Token<'a>]) -> &'t [Token<'a>] {
    match tokens {
        [open, inner @ .., close]
            if open.kind == TokenKind::Open
                && close.kind == TokenKind::Close
                && !inner.iter().any(|token| matches!(token.kind, TokenKind::Open | TokenKind::Close)) =>
        {
            without_brackets(inner)
        }
        _ => tokens,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversion_is_turned_round_where_that_is_certain() {
        let back = |expr: &str| inverse(&Expr::new(expr), &"a".into(), &"b c".into());
        let by = |text: &str| Some(Inverse::By(Expr::new(text)));
        assert_eq!(back("datetime(a, 'unixepoch')"), by("unixepoch(\"b c\")"));
        assert_eq!(back("unixepoch(a)"), by("datetime(\"b c\", 'unixepoch')"));
        assert_eq!(back("a * 100"), by("\"b c\" / 100"));
        assert_eq!(back("(A + 1)"), by("\"b c\" - 1"));
        assert_eq!(back("NOT a"), by("NOT \"b c\""));
        for plain in ["CAST(a AS INTEGER)", "a <> 0", "a"] {
            assert_eq!(back(plain), Some(Inverse::AsTheyAre), "{plain}");
        }
        for unknown in ["lower(a)", "a || 'x'", "a % 2", "2 - a", "datetime(a)", "d * 100", "a * d", "substr(a, 1, 1)"]
        {
            assert_eq!(back(unknown), None, "{unknown}");
        }
    }
}
