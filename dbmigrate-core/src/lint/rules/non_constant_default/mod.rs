//! `non_constant_default`.

use crate::lint::added::added;
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::sql::Expr;
use crate::sql::token::{TokenKind, significant};

pub(super) static RULE: Rule = Rule {
    name: "non_constant_default",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "`ADD COLUMN` has a default that is no constant, which fails on a table that has rows",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    for added in added(migration) {
        let Some(default) = default_of(migration.script.statements[added.statement].text) else { continue };
        let change = format!("ADD COLUMN cannot add `{}`, whose default is `{default}`,", added.object);
        found.push(added.finding(&RULE, &change).help(
            "give it a constant default and UPDATE the rows, or recreate the table and copy the rows",
        ));
    }
}

/// The default that a statement declares, if it is no constant: `CURRENT_TIMESTAMP`, `(unixepoch())`.
fn default_of(statement: &str) -> Option<String> {
    let tokens = significant(statement);
    let at = tokens.iter().position(|token| token.is_word("default"))?;
    let rest = &tokens[at + 1..];
    let first = rest.first()?;
    if ["current_time", "current_date", "current_timestamp"].iter().any(|word| first.is_word(word)) {
        return Some(first.text.to_ascii_uppercase());
    }
    let mut depth = 0_usize;
    let close = rest.iter().take_while(|_| first.kind == TokenKind::Open).position(|token| {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth -= 1,
            _ => {}
        }
        depth == 0
    })?;
    let expr = Expr::new(&statement[first.end()..rest[close].start]);
    // a CAST of a constant is one
    let is_cast = rest.get(1).is_some_and(|token| token.is_word("cast"));
    (!expr.is_literal() && !is_cast && rest.get(1)?.kind != TokenKind::Open).then(|| format!("({})", expr.said()))
}
