//! `check_on_existing_rows`.

use std::cmp::Ordering;

use crate::lint::added::added;
use crate::lint::refusal::{self, Said};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::plan::{Preflight, Sought};
use crate::schema::validate::Place;
use crate::sql::expr::without_outer_parentheses;
use crate::sql::path::path;
use crate::sql::token::{Token, TokenKind, significant};
use crate::sql::{Expr, Name};

pub(super) static RULE: Rule = Rule {
    name: "check_on_existing_rows",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "a `CHECK` is new, and existing rows may violate it",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    refusal::find(migration, found, &RULE, Sought::Rejected, say);
    for added in added(migration) {
        let default = added.column.effective_default().map_or("NULL", Expr::as_str);
        for check in &added.new.checks {
            if accepts(&check.expr, &added.column.name, default) == Some(false) {
                let change = format!(
                    "ADD COLUMN cannot add `{}`, whose default violates CHECK ({}),",
                    added.object,
                    check.expr.said()
                );
                found.push(added.finding(&RULE, &change).help("give it a default that satisfies the CHECK"));
            }
        }
    }
}

/// Whether a check of one column holds for a literal, as far as that is plain: comparisons, `IN`, `BETWEEN` and `IS NOT
/// NULL`.
fn accepts(check: &Expr, column: &Name, default: &str) -> Option<bool> {
    let tokens = significant(check.as_str());
    let (name, rest) = without_outer_parentheses(&tokens).split_first()?;
    if Name::from(name.identifier()?) != *column {
        return None;
    }
    if let [is, not, null] = rest
        && is.is_word("is")
        && not.is_word("not")
        && null.is_word("null")
    {
        return Some(!default.eq_ignore_ascii_case("null"));
    }
    // NULL violates no other
    if default.eq_ignore_ascii_case("null") {
        return Some(true);
    }
    let value = Value::read(&significant(default))?;
    let compared = |other: &[Token<'_>]| value.compare(&Value::read(other)?);
    match rest {
        [is_in, open, values @ .., close]
            if is_in.is_word("in") && open.kind == TokenKind::Open && close.kind == TokenKind::Close =>
        {
            let mut one_is = false;
            for other in values.split(|token| token.kind == TokenKind::Comma) {
                one_is |= compared(other)? == Ordering::Equal;
            }
            Some(one_is)
        }
        [between, rest @ ..] if between.is_word("between") => {
            let and = rest.iter().position(|token| token.is_word("and"))?;
            let (least, most) = (&rest[..and], &rest[and + 1..]);
            Some(compared(least)? != Ordering::Less && compared(most)? != Ordering::Greater)
        }
        [operator, other @ ..] => {
            let order = compared(other)?;
            Some(match operator.text {
                ">" => order == Ordering::Greater,
                ">=" => order != Ordering::Less,
                "<" => order == Ordering::Less,
                "<=" => order != Ordering::Greater,
                "=" | "==" => order == Ordering::Equal,
                "<>" | "!=" => order != Ordering::Equal,
                _ => return None,
            })
        }
        [] => None,
    }
}

/// A literal, as far as it can be compared with another of its kind.
enum Value {
    Number(f64),
    Text(String),
}

impl Value {
    fn read(tokens: &[Token<'_>]) -> Option<Self> {
        let number = |token: &Token<'_>| token.text.parse::<f64>().ok().filter(|_| token.kind == TokenKind::Number);
        match tokens {
            [minus, only] if minus.text == "-" => number(only).map(|number| Self::Number(-number)),
            [only] if only.kind == TokenKind::String => only.identifier().map(Self::Text),
            [only] => number(only).map(Self::Number),
            _ => None,
        }
    }

    fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => one.partial_cmp(other),
            (Self::Text(one), Self::Text(other)) => Some(one.cmp(other)),
            _ => None,
        }
    }
}

fn say(preflight: &Preflight, place: &Place) -> Option<Said> {
    let Place::Table(table) = place else { return None };
    let check = preflight.subject.clone()?;
    let old = path([&preflight.table]);
    Some(Said {
        object: path([table]),
        change: format!("`{}` gets CHECK ({check})", path([table])),
        rows: format!("rows of `{old}` violate it"),
        counted: format!("rows of `{old}` violate CHECK ({check})"),
    })
}
