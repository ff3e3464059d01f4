//! The terms of a condition: what stands between `AND` and `OR`, the operator in it, and literals.

use dbmigrate_core::sql::expr::without_outer_parentheses;
use dbmigrate_core::sql::token::{Token, TokenKind, unquote};

use crate::seeding::rows::Value;

pub(super) type Tokens<'t, 's> = &'t [Token<'s>];

/// The text that `instr(a, 'x') = 0` is about.
pub(super) fn found(tokens: Tokens<'_, '_>, compare: Compare, value: &Value) -> Option<Value> {
    let text = tokens.iter().rev().find(|token| token.kind == TokenKind::String).map(|token| unquote(token.text))?;
    let is_none = compare == Compare::Equal && *value == Value::Integer(0) && !text.contains(['%', '_']);
    is_none.then_some(Value::Text(text))
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    Equal,
    Not,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Compare {
    pub(super) fn turned(self) -> Self {
        match self {
            Self::Less => Self::More,
            Self::AtMost => Self::AtLeast,
            Self::More => Self::Less,
            Self::AtLeast => Self::AtMost,
            other => other,
        }
    }
}

pub(super) enum Kind {
    Compare(Compare),
    Between,
    In(bool),
    Pattern { is_glob: bool, is_negated: bool },
    NotNull,
}

pub(super) struct Operator {
    pub(super) kind: Kind,
    /// How many tokens it has.
    pub(super) length: usize,
}

/// The operator that a term consists of, and its place; `None` if there is none, or one that is not known.
pub(super) fn operator(tokens: Tokens<'_, '_>) -> Option<(usize, Operator)> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            TokenKind::Operator => {
                let compare = match token.text {
                    "=" | "==" => Compare::Equal,
                    "<>" | "!=" => Compare::Not,
                    "<" => Compare::Less,
                    "<=" => Compare::AtMost,
                    ">" => Compare::More,
                    ">=" => Compare::AtLeast,
                    _ => continue,
                };
                return Some((at, Operator { kind: Kind::Compare(compare), length: 1 }));
            }
            TokenKind::Word => {
                let is_negated = token.is_word("not");
                let word = if is_negated { tokens.get(at + 1)? } else { token };
                let length = 1 + usize::from(is_negated);
                let kind = match word.text.to_ascii_lowercase().as_str() {
                    "between" if !is_negated => Kind::Between,
                    "in" => Kind::In(is_negated),
                    "like" => Kind::Pattern { is_glob: false, is_negated },
                    "glob" => Kind::Pattern { is_glob: true, is_negated },
                    "is" => match &tokens[at + 1..] {
                        [not, null] if not.is_word("not") && null.is_word("null") => {
                            return Some((at, Operator { kind: Kind::NotNull, length: 3 }));
                        }
                        [null] if null.is_word("null") => return None,
                        [not, ..] if not.is_word("not") => return None,
                        _ => Kind::Compare(Compare::Equal),
                    },
                    "notnull" => Kind::NotNull,
                    _ => continue,
                };
                return Some((at, Operator { kind, length }));
            }
            _ => {}
        }
    }
    None
}

/// The parts between a word that stands outside of parentheses, of `BETWEEN … AND` and of `CASE … END`.
pub(super) fn split<'t, 's>(tokens: &'t [Token<'s>], word: &str) -> Vec<&'t [Token<'s>]> {
    let mut is_between = false;
    let mut cases = 0_usize;
    split_at(tokens, |token| {
        if token.is_word("case") {
            cases += 1;
        } else if token.is_word("end") {
            cases = cases.saturating_sub(1);
        } else if token.is_word("between") {
            is_between = true;
        }
        if cases > 0 || !token.is_word(word) {
            return false;
        }
        !(word == "and" && std::mem::take(&mut is_between))
    })
}

pub(super) fn split_at<'t, 's>(
    tokens: &'t [Token<'s>],
    mut test: impl FnMut(&Token<'s>) -> bool,
) -> Vec<&'t [Token<'s>]> {
    let mut parts = Vec::new();
    let (mut depth, mut from) = (0_usize, 0);
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ if depth == 0 && test(token) => {
                parts.push(&tokens[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&tokens[from..]);
    parts
}

pub(super) fn enclosed<'t, 's>(tokens: &'t [Token<'s>]) -> Option<&'t [Token<'s>]> {
    match tokens {
        [open, inner @ .., close] if open.kind == TokenKind::Open && close.kind == TokenKind::Close => Some(inner),
        _ => None,
    }
}

/// The value of a literal.
pub(crate) fn literal(tokens: Tokens<'_, '_>) -> Option<Value> {
    let tokens = without_outer_parentheses(tokens);
    let (is_negative, token) = match tokens {
        [token] => (false, token),
        [sign, token] if sign.text == "-" && token.kind == TokenKind::Number => (true, token),
        [sign, token] if sign.text == "+" && token.kind == TokenKind::Number => (false, token),
        _ => return None,
    };
    let value = match token.kind {
        TokenKind::String => Value::Text(unquote(token.text)),
        TokenKind::Number => {
            let text = token.text.replace('_', "");
            if let Ok(integer) = text.parse::<i64>() {
                Value::Integer(if is_negative { -integer } else { integer })
            } else {
                let real: f64 = text.parse().ok()?;
                Value::Real(if is_negative { -real } else { real })
            }
        }
        TokenKind::Word if token.is_word("true") => Value::Integer(1),
        TokenKind::Word if token.is_word("false") => Value::Integer(0),
        TokenKind::Word if token.is_word("null") => Value::Null,
        _ => return None,
    };
    Some(value)
}
