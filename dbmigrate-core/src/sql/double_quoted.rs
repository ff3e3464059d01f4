//! Strings in double quotes: SQLite takes what stands in them for text where there is no such column
//! (sqlite.org/quirks.html#dblquote), and writes it in single quotes, in every object, when a column of any table is dropped or
//! renamed.

use super::expr::Expr;
use super::name::{Name, quote_string};
use super::token::{Token, TokenKind, significant};

impl Expr {
    /// [`Expr::canonical`] where only these names are names: what else stands in double quotes is a string
    /// (sqlite.org/quirks.html#dblquote).
    pub fn canonical_among(&self, is_name: impl Fn(&Name) -> bool) -> String {
        if !self.as_str().contains('"') {
            return self.canonical();
        }
        let (mut text, mut copied) = (String::with_capacity(self.as_str().len()), 0);
        for (token, string) in strings_in_double_quotes(&significant(self.as_str()), is_name) {
            text.push_str(&self.as_str()[copied..token.start]);
            text.push_str(&quote_string(&string));
            copied = token.end();
        }
        text.push_str(&self.as_str()[copied..]);
        Self::new(text).canonical()
    }

    /// Whether something in double quotes is a string, if only these names are names.
    pub fn has_string_in_double_quotes(&self, is_name: impl Fn(&Name) -> bool) -> bool {
        self.as_str().contains('"') && strings_in_double_quotes(&significant(self.as_str()), is_name).next().is_some()
    }
}

/// What stands in double quotes where a column can stand, and is none of these names, with its text.
fn strings_in_double_quotes<'t, 's>(
    tokens: &'t [Token<'s>],
    is_name: impl Fn(&Name) -> bool,
) -> impl Iterator<Item = (&'t Token<'s>, String)> {
    tokens.iter().enumerate().filter_map(move |(at, token)| {
        let before = at.checked_sub(1).map(|before| &tokens[before]);
        let follows =
            |token: &Token<'_>| token.kind == TokenKind::Dot || token.is_word("as") || token.is_word("collate");
        let leads = |token: &Token<'_>| matches!(token.kind, TokenKind::Dot | TokenKind::Open);
        if !token.text.starts_with('"') || before.is_some_and(follows) || tokens.get(at + 1).is_some_and(leads) {
            return None;
        }
        let text = token.identifier()?;
        (!is_name(&Name::from(text.as_str()))).then_some((token, text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_double_quotes_and_is_no_column_is_a_string() {
        let canonical = |text: &str| Expr::new(text).canonical_among(|name| *name == *"b" || *name == *"x y");
        for (text, same) in [
            ("b <> \"zz\"", "b <> 'zz'"),
            ("\"B\" IN (\"it's\", \"a \"\"b\"\"\")", "b IN ('it''s', 'a \"b\"')"),
            ("\"x y\" > \"x z\"", "[x y] > 'x z'"),
            ("coalesce(b, \"\")", "coalesce(b, '')"),
        ] {
            assert_eq!(canonical(text), Expr::new(same).canonical(), "{text}");
        }
        for name in [
            "t.\"c\" > 0",
            "\"f\"(b)",
            "CAST(b AS \"no type\")",
            "b COLLATE \"rtrim\"",
            "\"t\".b",
            "[zz] > b",
            "`zz` > b",
        ] {
            assert_eq!(canonical(name), Expr::new(name).canonical(), "{name}");
        }
    }
}
