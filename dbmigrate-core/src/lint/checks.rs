//! How one `CHECK` differs from another in the values that they list.

use std::collections::{BTreeMap, BTreeSet};

use crate::sql::condition::{list_at, literal_at};
use crate::sql::expr::without_outer_parentheses;
use crate::sql::token::{Token, TokenKind, significant};
use crate::sql::{Expr, Name};

/// The values that a condition lists for columns: `state IN ('a', 'b')`, `state = 'a' OR state = 'b'`. Each as it is
/// written.
pub(super) fn listed_values(check: &Expr) -> BTreeMap<Name, BTreeSet<String>> {
    let tokens = significant(check.as_str());
    let mut found: BTreeMap<Name, BTreeSet<String>> = BTreeMap::new();
    let negates =
        |at: usize| tokens[at].is_word("not") && tokens.get(at + 1).is_some_and(|next| next.kind == TokenKind::Open);
    if (0..tokens.len()).any(negates) {
        return found;
    }
    for at in 1..tokens.len() {
        let Some(column) = column_before(&tokens, at) else { continue };
        if tokens[at].is_word("in") {
            if let Some((values, _)) = list_at(&tokens, at + 1) {
                found.entry(column).or_default().extend(values);
            }
        } else if matches!(tokens[at].text, "=" | "==")
            && let Some((value, end)) = literal_at(&tokens, at + 1)
        {
            let is_or = |at: Option<usize>| at.and_then(|at| tokens.get(at)).is_some_and(|token| token.is_word("or"));
            if is_or(Some(end)) || is_or(at.checked_sub(2)) {
                found.entry(column).or_default().insert(value);
            }
        }
    }
    found
}

/// Whether two conditions differ in the values that they list, and in nothing else.
pub(super) fn differ_in_values(one: &Expr, other: &Expr) -> bool {
    match (without_lists(one), without_lists(other)) {
        (Some(one), Some(other)) => one == other,
        _ => alternatives(one).is_some_and(|column| alternatives(other) == Some(column)),
    }
}

/// The text without the values in its lists. `None` if there is no list.
fn without_lists(check: &Expr) -> Option<String> {
    let tokens = significant(check.as_str());
    let tokens = without_outer_parentheses(&tokens);
    let (mut text, mut at, mut has_list) = (String::new(), 0, false);
    while let Some(token) = tokens.get(at) {
        // `"state"` is `state`
        let name = token.identifier().filter(|_| token.kind == TokenKind::QuotedName);
        text.push_str(&name.unwrap_or_else(|| token.text.to_owned()).to_ascii_lowercase());
        text.push(' ');
        at += 1;
        if token.is_word("in")
            && let Some((_, end)) = list_at(tokens, at)
        {
            (at, has_list) = (end, true);
        }
    }
    has_list.then_some(text)
}

/// The column whose values are all that a condition is about: `a = 1 OR a = 2`, `a IN (1, 2)`.
fn alternatives(check: &Expr) -> Option<Name> {
    let tokens = significant(check.as_str());
    let mut tokens = without_outer_parentheses(&tokens);
    let column = tokens.first()?.identifier().map(Name::from)?;
    loop {
        let is_column = tokens.first()?.identifier().is_some_and(|name| column == *name);
        let end = match tokens.get(1)? {
            token if token.is_word("in") => list_at(tokens, 2)?.1,
            token if matches!(token.text, "=" | "==") => literal_at(tokens, 2)?.1,
            _ => return None,
        };
        match tokens.get(end) {
            None if is_column => return Some(column),
            Some(or) if is_column && or.is_word("or") => tokens = &tokens[end + 1..],
            _ => return None,
        }
    }
}

/// The column that stands before an operator, alone or within a function: `state IN`, `lower(state) IN`.
fn column_before(tokens: &[Token<'_>], at: usize) -> Option<Name> {
    let is_close = tokens.get(at.checked_sub(1)?)?.kind == TokenKind::Close;
    let token = tokens.get(at.checked_sub(if is_close { 2 } else { 1 })?)?;
    let is_name = matches!(token.kind, TokenKind::Word | TokenKind::QuotedName) && !token.is_word("not");
    token.identifier().filter(|_| is_name).map(Name::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_off_lists_and_alternatives() {
        let listed = |text: &str| {
            let listed = listed_values(&Expr::new(text)).into_iter();
            let one = |(name, values): (Name, BTreeSet<String>)| {
                format!("{name}: {}", values.into_iter().collect::<Vec<_>>().join(" "))
            };
            listed.map(one).collect::<Vec<_>>().join("; ")
        };
        assert_eq!(listed("state IN ('b', 'it''s')"), "state: 'b' 'it''s'");
        assert_eq!(listed("\"state\" IS NULL OR t.state IN (-1, +2, 0x0F)"), "state: -1 0x0f 2");
        assert_eq!(listed("lower(a) IN ('x') AND (b = 1 OR b = 2)"), "a: 'x'; b: 1 2");
        for none in ["a NOT IN (1)", "NOT (a IN (1))", "a IN (SELECT 1)", "a IN (1, b)", "a = 1", "a IN (1 + 1)"] {
            assert_eq!(listed(none), "", "{none}");
        }
    }
}
