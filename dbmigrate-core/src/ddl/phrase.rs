//! Phrases that more than one kind of statement has: names of objects, operands, collated and ordered columns.

use super::cursor::Cursor;
use super::error::ReadError;
use crate::sql::Name;
use crate::sql::expr::without_outer_parentheses;
use crate::sql::token::{Token, TokenKind};

/// `[IF NOT EXISTS] [schema.]name`.
pub(super) fn object_name(cursor: &mut Cursor<'_, '_>) -> Result<Name, ReadError> {
    cursor.eat(&["if", "not", "exists"]);
    cursor.qualified_name()
}

/// What is before `ASC` or `DESC`, and whether it is the latter.
pub(super) fn without_order<'t, 's>(tokens: &'t [Token<'s>]) -> (&'t [Token<'s>], bool) {
    match tokens {
        [front @ .., order] if !front.is_empty() && order.is_word("desc") => (front, true),
        [front @ .., order] if !front.is_empty() && order.is_word("asc") => (front, false),
        all => (all, false),
    }
}

/// A column in any number of parentheses and collations, of which the outermost counts. SQLite reads even `'n'` as the
/// column n here.
pub(super) fn collated_column(mut tokens: &[Token<'_>]) -> Option<(Name, Option<Name>)> {
    let mut collate = None;
    loop {
        tokens = without_outer_parentheses(tokens);
        match tokens {
            [column] => return Some((Name::from(column.identifier()?), collate)),
            [front @ .., keyword, collation] if keyword.is_word("collate") => {
                collate = collate.or(Some(Name::from(collation.identifier()?)));
                tokens = front;
            }
            _ => return None,
        }
    }
}

/// Whether no operator stands outside of parentheses: a column, `( … )` or `f( … )`.
pub(super) fn is_operand(tokens: &[Token<'_>]) -> bool {
    let parenthesized = match tokens {
        [_] => return true,
        [word, rest @ ..] if word.kind == TokenKind::Word && !word.is_word("not") => rest,
        all => all,
    };
    without_outer_parentheses(parenthesized).len() < parenthesized.len()
}
