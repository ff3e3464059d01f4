//! How one `CHECK` differs from another: the values that they list, and whether all that satisfies the one satisfies the
//! other, as far as their texts tell.

use std::collections::{BTreeMap, BTreeSet};

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

/// The literals of a list in parentheses, and where it ends. `None` if it is another list.
fn list_at(tokens: &[Token<'_>], at: usize) -> Option<(Vec<String>, usize)> {
    let (mut values, mut at) = (Vec::new(), (tokens.get(at)?.kind == TokenKind::Open).then_some(at + 1)?);
    loop {
        let (value, end) = literal_at(tokens, at)?;
        values.push(value);
        match tokens.get(end)?.kind {
            TokenKind::Close => return Some((values, end + 1)),
            TokenKind::Comma => at = end + 1,
            _ => return None,
        }
    }
}

/// A literal as it is written, and where it ends.
fn literal_at(tokens: &[Token<'_>], at: usize) -> Option<(String, usize)> {
    let token = tokens.get(at)?;
    match token.kind {
        TokenKind::String => Some((token.text.to_owned(), at + 1)),
        TokenKind::Number | TokenKind::Blob => Some((token.text.to_ascii_lowercase(), at + 1)),
        TokenKind::Operator if matches!(token.text, "-" | "+") => {
            let number = tokens.get(at + 1).filter(|number| number.kind == TokenKind::Number)?;
            let sign = if token.text == "-" { "-" } else { "" };
            Some((format!("{sign}{}", number.text.to_ascii_lowercase()), at + 2))
        }
        _ => None,
    }
}

/// Whether everything that satisfies `old` satisfies `new`, as the texts show. `false` where they do not.
pub(super) fn is_looser(old: &Expr, new: &Expr) -> bool {
    let (old_text, new_text) = (old.canonical(), new.canonical());
    // something more is enough, or less is asked for
    let is_part = |whole: &str, part: &str, word: &str| {
        whole.strip_prefix(part).is_some_and(|rest| rest.starts_with(&format!(" {word} ")))
            || whole.strip_suffix(part).is_some_and(|rest| rest.ends_with(&format!(" {word} ")))
    };
    if old_text == new_text || is_part(&new_text, &old_text, "or") || is_part(&old_text, &new_text, "and") {
        return true;
    }
    if differ_in_values(old, new) {
        let (before, after) = (listed_values(old), listed_values(new));
        return before.iter().all(|(column, values)| after.get(column).is_some_and(|now| values.is_subset(now)));
    }
    let (old, new) = (significant(old.as_str()), significant(new.as_str()));
    let (old, new) = (without_outer_parentheses(&old), without_outer_parentheses(&new));
    has_wider_bound(old, new)
}

/// Whether two conditions differ in one number, and the new one is a wider bound: `length(a) < 10`, `length(a) < 20`.
fn has_wider_bound(old: &[Token<'_>], new: &[Token<'_>]) -> bool {
    // where more than comparisons are joined by AND, a wider bound may be the narrower one
    let is_turned = |token: &Token<'_>| ["not", "case", "iif", "between"].iter().any(|word| token.is_word(word));
    if old.len() != new.len() || old.iter().any(is_turned) {
        return false;
    }
    let differs = |at: &usize| !old[*at].text.eq_ignore_ascii_case(new[*at].text);
    let mut differing = (0..old.len()).filter(differs);
    let (Some(at), None) = (differing.next(), differing.next()) else { return false };
    let number = |token: &Token<'_>| token.text.parse::<f64>().ok().filter(|_| token.kind == TokenKind::Number);
    let (Some(before), Some(after)) = (number(&old[at]), number(&new[at])) else { return false };
    let ends = |at: usize| old.get(at).is_none_or(|token| token.is_word("and") || token.is_word("or"));
    match at.checked_sub(1).map(|at| old[at].text) {
        Some("<" | "<=") if ends(at + 1) => after > before,
        Some(">" | ">=") if ends(at + 1) => after < before,
        _ => false,
    }
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

    #[test]
    fn what_is_looser_is_told_where_the_text_shows_it() {
        let is = |old: &str, new: &str| is_looser(&Expr::new(old), &Expr::new(new));
        for (old, new) in [
            ("a IN (1, 2)", "(a in (2, 3, 1))"),
            ("a = 1 OR a = 2", "a IN (1, 2, 3)"),
            ("length(a) < 10", "length(a) < 20"),
            ("a >= 10 AND a <= 20", "a >= 5 AND a <= 20"),
            ("a > 0", "a > 0 OR b"),
            ("a > 0 AND b", "b"),
        ] {
            assert!(is(old, new), "{old} → {new}");
            assert!(!is(new, old), "{new} → {old}");
        }
        for (old, new) in
            [("a < 10", "b < 20"), ("NOT a < 10", "NOT a < 20"), ("a < 10 + b", "a < 20 + b"), ("a <> 1", "a <> 2")]
        {
            assert!(!is(old, new), "{old} → {new}");
        }
    }
}
