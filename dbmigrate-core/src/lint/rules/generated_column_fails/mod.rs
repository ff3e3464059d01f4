//! `generated_column_fails`.

use crate::lint::added::{Added, added};
use crate::lint::refusal::{self, Said};
use crate::lint::value::is_never_null;
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::plan::{Preflight, Sought};
use crate::schema::validate::Place;
use crate::sql::expr::without_outer_parentheses;
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
        // a preflight is there whatever is known of the expression, and finds nothing
        if is_never_null(declared, &significant(expr.as_str())) {
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
    let of_another_type = |preflight: &Preflight, place: &Place| {
        let Place::Column(table, column) = place else { return None };
        let declared = migration.new.table(table)?.column(column)?;
        let expr = &declared.generated.as_ref()?.expr;
        let kind = declared.decl_type.as_str().to_ascii_uppercase();
        if gives(&kind, &significant(expr.as_str())) {
            return None;
        }
        let (object, old) = (path([table, column]), path([&preflight.table]));
        Some(Said {
            change: format!("`{object}` is generated, and takes nothing but {kind} in a STRICT table"),
            rows: format!("it is something else for rows of `{old}`"),
            counted: format!("rows of `{old}` would have something else than {kind} in `{object}`"),
            object,
        })
    };
    refusal::find(migration, found, &RULE, Sought::GeneratedRefused, of_another_type);
    let is_stored = |added: &Added<'_>| added.column.generated.as_ref().is_some_and(|generated| generated.stored);
    for added in added(migration).filter(is_stored) {
        let change = format!("ADD COLUMN cannot add `{}`, which is STORED,", added.object);
        let help = "make it VIRTUAL, or recreate the table and copy the rows";
        found.push(added.finding(&RULE, &change).help(help));
    }
}

/// Functions that give text, and those that give integers, or NULL.
const OF_TEXT: [&str; 12] =
    ["lower", "upper", "trim", "ltrim", "rtrim", "replace", "printf", "format", "hex", "date", "datetime", "strftime"];
const OF_INTEGER: [&str; 5] = ["length", "unixepoch", "instr", "json_valid", "json_array_length"];

/// Whether an expression plainly gives values of a type: the call of a function that gives no others, or text that is put
/// together.
fn gives(kind: &str, tokens: &[Token<'_>]) -> bool {
    let tokens = without_outer_parentheses(tokens);
    let functions: &[&str] = match kind {
        "TEXT" => &OF_TEXT,
        "INT" | "INTEGER" => &OF_INTEGER,
        _ => return false,
    };
    let mut depth = 0_usize;
    let mut closes = None;
    let mut is_put_together = false;
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => {
                depth = depth.saturating_sub(1);
                closes = closes.or((depth == 0).then_some(at));
            }
            TokenKind::Operator if depth == 0 => is_put_together |= token.text == "||",
            _ => {}
        }
    }
    let is_one_call = closes.is_some_and(|at| at + 1 == tokens.len());
    let is_function = tokens.first().is_some_and(|first| functions.iter().any(|name| first.is_word(name)));
    is_one_call && is_function || kind == "TEXT" && is_put_together
}
