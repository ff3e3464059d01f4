//! What is plain of the value of an expression, without a row to compute it of.

use crate::schema::Table;
use crate::sql::Name;
use crate::sql::token::{Token, TokenKind};

/// Functions that are NULL only if what they get is.
const STRICT: [&str; 12] =
    ["lower", "upper", "length", "trim", "ltrim", "rtrim", "replace", "substr", "hex", "round", "max", "min"];

/// Functions that are never NULL, whatever they get (sqlite.org/lang_corefunc.html).
const DRAWN: [&str; 2] = ["random", "randomblob"];
/// Keywords that are the time (sqlite.org/syntax/literal-value.html).
const CLOCK: [&str; 3] = ["current_timestamp", "current_date", "current_time"];

/// Whether an expression is plainly never NULL: made of columns that take none, literals,
/// `coalesce(…, literal)` and what is drawn or asked of the clock.
pub(super) fn is_never_null(table: &Table, tokens: &[Token<'_>]) -> bool {
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let is_call = tokens.get(at + 1).is_some_and(|next| next.kind == TokenKind::Open);
        let is_filled = is_call && (token.is_word("coalesce") || token.is_word("ifnull"));
        if is_filled && let Some(end) = end_of_filled(&tokens[at + 2..]) {
            at += 2 + end + 1;
            continue;
        }
        let is_fine = match token.kind {
            TokenKind::Word if is_call => STRICT.iter().chain(&DRAWN).any(|name| token.is_word(name)),
            TokenKind::Word if CLOCK.iter().any(|name| token.is_word(name)) => true,
            TokenKind::Word | TokenKind::QuotedName => token
                .identifier()
                .and_then(|name| table.column(&Name::from(name)))
                .is_some_and(|column| table.rejects_null(column)),
            TokenKind::Operator => ["||", "+", "-", "*"].contains(&token.text),
            TokenKind::Variable | TokenKind::Dot | TokenKind::Illegal | TokenKind::Semicolon => false,
            _ => true,
        };
        if !is_fine {
            return false;
        }
        at += 1;
    }
    true
}

/// Where the parenthesis closes, if the last of the values in it is a literal.
fn end_of_filled(tokens: &[Token<'_>]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close if depth == 0 => {
                let [.., comma, last] = &tokens[..at] else { return None };
                let is_literal = matches!(last.kind, TokenKind::String | TokenKind::Number | TokenKind::Blob);
                return (is_literal && comma.kind == TokenKind::Comma).then_some(at);
            }
            TokenKind::Close => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Whether an expression draws a key for each row, so that no two are the same: `lower(hex(randomblob(16)))`.
pub(super) fn is_drawn(tokens: &[Token<'_>]) -> bool {
    /// As many bytes as make two equal ones unlikely enough among the rows of a table.
    const ENOUGH: u32 = 8;
    let is_part = |at: usize, token: &Token<'_>| match token.kind {
        TokenKind::Word => {
            let is_call = tokens.get(at + 1).is_some_and(|next| next.kind == TokenKind::Open);
            is_call && ["lower", "upper", "hex", "randomblob"].iter().any(|name| token.is_word(name))
        }
        TokenKind::Operator => token.text == "||",
        TokenKind::Open | TokenKind::Close | TokenKind::Number | TokenKind::String => true,
        _ => false,
    };
    let draws = tokens
        .windows(3)
        .any(|at| at[0].is_word("randomblob") && at[2].text.parse::<u32>().is_ok_and(|bytes| bytes >= ENOUGH));
    draws && tokens.iter().enumerate().all(|(at, token)| is_part(at, token))
}
