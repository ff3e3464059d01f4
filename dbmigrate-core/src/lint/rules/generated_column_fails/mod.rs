//! `generated_column_fails`.

use crate::lint::added::{Added, added};
use crate::lint::refusal::{self, Said};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::plan::{Preflight, Sought};
use crate::schema::Table;
use crate::schema::validate::Place;
use crate::sql::Name;
use crate::sql::path::path;
use crate::sql::token::{Token, TokenKind, significant};

pub(super) static RULE: Rule = Rule {
    name: "generated_column_fails",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "a generated column cannot be computed of every existing row",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    let say = |preflight: &Preflight, place: &Place| {
        let Place::Column(table, column) = place else { return None };
        let declared = migration.new.table(table)?;
        let expr = &declared.column(column)?.generated.as_ref()?.expr;
        // a preflight refuses whatever is known of the expression, and then finds nothing
        if is_never_null(declared, &significant(expr.as_str())) && refusal::guard_of(migration, preflight).is_none() {
            return None;
        }
        let (object, old) = (path([table, column]), path([&preflight.table]));
        Some(Said {
            change: format!("`{object}` is generated and NOT NULL"),
            rows: format!("it is NULL for rows of `{old}`"),
            counted: format!("rows of `{old}` would have NULL in `{object}`"),
            object,
        })
    };
    refusal::find(migration, found, &RULE, Sought::GeneratedNull, say);
    let is_stored = |added: &Added<'_>| added.column.generated.as_ref().is_some_and(|generated| generated.stored);
    for added in added(migration).filter(is_stored) {
        let change = format!("ADD COLUMN cannot add `{}`, which is STORED,", added.object);
        let help = "make it VIRTUAL, or create the table anew and copy the rows";
        found.push(added.finding(&RULE, &change).help(help));
    }
}

/// Functions that are NULL only if what they get is.
const STRICT: [&str; 12] =
    ["lower", "upper", "length", "trim", "ltrim", "rtrim", "replace", "substr", "hex", "round", "max", "min"];

/// Whether an expression is plainly never NULL: made of columns that take none, literals and `coalesce(…, literal)`.
fn is_never_null(table: &Table, tokens: &[Token<'_>]) -> bool {
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let is_call = tokens.get(at + 1).is_some_and(|next| next.kind == TokenKind::Open);
        let is_filled = is_call && (token.is_word("coalesce") || token.is_word("ifnull"));
        if is_filled && let Some(end) = end_of_filled(&tokens[at + 2..]) {
            at += 2 + end + 1;
            continue;
        }
        let is_fine = match token.kind {
            TokenKind::Word if is_call => STRICT.iter().any(|name| token.is_word(name)),
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
