//! How one `CHECK` differs from another: the values that they list, and whether all that satisfies the one satisfies the
//! other, as far as their texts tell.

use std::collections::{BTreeMap, BTreeSet};

use crate::sql::expr::without_outer_parentheses;
use crate::sql::token::{Token, TokenKind, significant};
use crate::sql::{Expr, Name};

/// The values that a condition lists for columns: `state IN ('a', 'b')`, `state = 'a' OR state = 'b'`. Each as it is
/// written.
pub(crate) fn listed_values(check: &Expr) -> BTreeMap<Name, BTreeSet<String>> {
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
pub(crate) fn differ_in_values(one: &Expr, other: &Expr) -> bool {
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

/// Whether a `CHECK` that does not refuse a row with the condition `old` does not with `new` either, as the texts show.
/// `false` where they do not.
///
/// `AND` and `OR` are monotone in the order false, NULL, true, and so is every comparison that is taken for wider here:
/// so NULL, which a `CHECK` lets pass (sqlite.org/lang_createtable.html#ckconst), is covered as well.
pub(crate) fn is_looser(old: &Expr, new: &Expr) -> bool {
    let (old, new) = (significant(old.as_str()), significant(new.as_str()));
    old.len() + new.len() <= MOST_TOKENS && allows(&old, &new)
}

/// How long two conditions may be to be compared: it takes time that grows quickly.
const MOST_TOKENS: usize = 400;

fn allows(old: &[Token<'_>], new: &[Token<'_>]) -> bool {
    let (old, new) = (without_outer_parentheses(old), without_outer_parentheses(new));
    if is_same(old, new) {
        return true;
    }
    let (old_or, new_or) = (parts(old, "or"), parts(new, "or"));
    if old_or.len() > 1 {
        return old_or.iter().all(|part| allows(part, new));
    }
    let (old_and, new_and) =
        if new_or.len() > 1 { (parts(old, "and"), Vec::new()) } else { (parts(old, "and"), parts(new, "and")) };
    if new_and.len() > 1 {
        return new_and.iter().all(|part| allows(old, part));
    }
    if old_and.len() > 1 && old_and.iter().any(|part| allows(part, new)) {
        return true;
    }
    if new_or.len() > 1 {
        if new_or.iter().any(|part| allows(old, part)) {
            return true;
        }
        // `a IN (1, 2)`, and each of them is allowed somewhere else
        let values = |condition: &[Token<'_>]| values_of(condition).map(|(operand, values)| (operand.len(), values));
        let Some((_, wanted)) = values(old).filter(|_| old_and.len() == 1) else { return false };
        let operand = values_of(old).map(|(operand, _)| operand).unwrap_or_default();
        let lists = new_or.iter().filter_map(|part| values_of(without_outer_parentheses(part)));
        let allowed: BTreeSet<String> =
            lists.filter(|(other, _)| is_same(operand, other)).flat_map(|(_, values)| values).collect();
        return wanted.is_subset(&allowed);
    }
    match (values_of(old), values_of(new)) {
        (Some((one, before)), Some((other, after))) => is_same(one, other) && before.is_subset(&after),
        _ => has_wider_bound(old, new),
    }
}

/// Whether two texts say the same: quotes around names and letters' case apart.
fn is_same(one: &[Token<'_>], other: &[Token<'_>]) -> bool {
    let word = |token: &Token<'_>| match token.kind {
        TokenKind::String => token.text.to_owned(),
        _ => token.identifier().unwrap_or_else(|| token.text.to_owned()).to_ascii_lowercase(),
    };
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| word(one) == word(other))
}

/// What stands between the words `AND` or `OR` outside of parentheses: the whole, if there are none, or if `BETWEEN` or
/// `CASE` give them another meaning.
fn parts<'t, 's>(condition: &'t [Token<'s>], word: &str) -> Vec<&'t [Token<'s>]> {
    let mut depth = 0_usize;
    let is_end = |token: &Token<'_>| {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && token.is_word(word)
    };
    if condition.iter().any(|token| token.is_word("between") || token.is_word("case")) {
        return vec![condition];
    }
    condition.split(is_end).collect()
}

/// What is compared and the values that it may have, of a condition that is nothing but that: `a IN (1, 2)`, `a = 1`.
fn values_of<'t, 's>(condition: &'t [Token<'s>]) -> Option<(&'t [Token<'s>], BTreeSet<String>)> {
    let at = condition.iter().rposition(|token| token.is_word("in") || matches!(token.text, "=" | "=="))?;
    let (values, end) = if condition[at].is_word("in") {
        list_at(condition, at + 1)?
    } else {
        literal_at(condition, at + 1).map(|(value, end)| (vec![value], end))?
    };
    let operand = &condition[..at];
    let is_whole = end == condition.len() && !operand.is_empty() && !operand.iter().any(turns);
    is_whole.then(|| (operand, values.into_iter().collect()))
}

/// Whether something may mean the opposite behind it, or what is before it is not one operand.
fn turns(token: &Token<'_>) -> bool {
    ["not", "case", "between", "and", "or"].iter().any(|word| token.is_word(word))
}

/// Whether two comparisons differ in one number, and the new one is a wider bound: `length(a) < 10`, `length(a) < 20`.
fn has_wider_bound(old: &[Token<'_>], new: &[Token<'_>]) -> bool {
    let ([operand @ .., compares, before], [other @ .., also, after]) = (old, new) else { return false };
    let binds_less = |token: &Token<'_>| {
        let is_operator = matches!(token.text, "=" | "==" | "<>" | "!=");
        is_operator
            || ["is", "in", "like", "glob", "match", "regexp", "isnull", "notnull"]
                .iter()
                .any(|word| token.is_word(word))
    };
    if operand.is_empty() || !is_same(operand, other) || compares.text != also.text {
        return false;
    }
    if operand.iter().any(|token| turns(token) || binds_less(token)) {
        return false;
    }
    let is_plain = |token: &Token<'_>| {
        token.kind == TokenKind::Number && token.text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    let number = |token: &Token<'_>| token.text.parse::<f64>().ok().filter(|_| is_plain(token));
    let (Some(least), Some(most)) = (number(before), number(after)) else { return false };
    // in a column of texts, numbers are compared as texts (sqlite.org/datatype3.html#type_conversions_prior_to_comparison)
    let is_length = operand[0].is_word("length");
    let agree = |is_more: bool| is_length || (after.text > before.text) == is_more;
    match compares.text {
        "<" | "<=" => most > least && agree(true),
        ">" | ">=" => most < least && agree(false),
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
            ("a >= 30 AND a <= 50", "a >= 20 AND a <= 50"),
            ("a > 0", "a > 0 OR b"),
            ("a > 0 AND b", "b"),
            ("a IN (1, 2) AND b > 0", "b > 0 AND a IN (1, 2, 3)"),
            ("(a IN (1) OR b IN (1)) AND c < 10", "(\"a\" IN (1, 2) OR b IN (1)) AND c < 30"),
            ("a IN ('x', 'y') OR a IS NULL", "a IS NULL OR a = 'x' OR a IN ('y', 'z')"),
            ("length(a) <= 9", "length(a) <= 10"),
        ] {
            assert!(is(old, new), "{old} → {new}");
            assert!(!is(new, old), "{new} → {old}");
        }
        for (old, new) in [
            ("a < 10", "b < 20"),
            ("NOT a < 10", "NOT a < 20"),
            ("a < 10 + b", "a < 20 + b"),
            ("a <> 1", "a <> 2"),
            // lists that exclude
            ("a NOT IN (1)", "a NOT IN (1, 2)"),
            ("NOT a IN (1)", "NOT a IN (1, 2)"),
            ("(a IN (1)) = 0", "(a IN (1, 2)) = 0"),
            ("CASE WHEN a IN (1) THEN 0 ELSE 1 END", "CASE WHEN a IN (1, 2) THEN 0 ELSE 1 END"),
            ("iif(a IN (1), 0, 1)", "iif(a IN (1, 2), 0, 1)"),
            // what the words join
            ("a OR b AND c", "c"),
            ("a AND b OR c", "a"),
            ("z BETWEEN 1 AND c", "c"),
            ("0 = a < 10", "0 = a < 20"),
            // in a column of texts, '5' < '9' and not '5' < '10'
            ("a < 9", "a < 10"),
            ("a = 'X'", "a = 'x'"),
        ] {
            assert!(!is(old, new), "{old} → {new}");
        }
    }
}
