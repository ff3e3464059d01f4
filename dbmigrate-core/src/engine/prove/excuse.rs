//! Failures of a proof that are not the planner's: rows that a change is right to refuse, and expressions of the
//! author's that do not work on the rows at hand, or at all.

use super::ProofError;
use crate::diff::Renames;
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::populate::expressions;
use crate::plan::Plan;
use crate::schema::Schema;
use crate::sql::name::quote_string;
use crate::sql::token::significant;
use crate::sql::{Expr, Name};

/// The old tables to leave empty, so that the rest is proven. None if their rows are not the reason.
pub(super) fn tables_to_empty(
    error: &ProofError,
    old: &Schema,
    new: &Schema,
    renames: &Renames,
    plan: &Plan,
) -> Vec<Name> {
    match error {
        // the engine may be right to refuse the rows at hand
        ProofError::ForeignKeys { .. } => plan.unforeseen.clone(),
        ProofError::Statement { error, .. } if error.kind == ErrorKind::Constraint => plan.unforeseen.clone(),
        ProofError::Statement { statement, error, .. } if error.kind == ErrorKind::Statement => {
            let statement = Expr::script(statement);
            let evaluates = |after: &Name, before: &Name| {
                let has_expressions = [old.table(before), new.table(after)]
                    .into_iter()
                    .flatten()
                    .any(|table| expressions(table).next().is_some());
                has_expressions || plan.computed.iter().any(|computed| computed.table == *before)
            };
            let tables = new.tables.iter().filter_map(|after| {
                let before = renames.table_before(&after.name).filter(|before| old.tables.contains(before))?;
                let mentioned = statement.mentions(&after.name) || statement.mentions(before);
                (mentioned && evaluates(&after.name, before)).then(|| before.clone())
            });
            tables.collect()
        }
        _ => Vec::new(),
    }
}

/// The expression of the author's that a statement fails in, if that is why.
pub(super) fn blame(error: ProofError, old: &Schema, new: &Schema, plan: &Plan) -> ProofError {
    let ProofError::Statement { statement, error: EngineError { kind: ErrorKind::Statement, message }, .. } = &error
    else {
        return error;
    };
    let tokens = canonical(statement);
    // what was given on the command line is told from the rest by whoever has read it
    if plan.computed.iter().any(|computed| tokens.contains(&canonical(computed.written.as_str()))) {
        return error;
    }
    let mut authored = authored(new);
    authored.extend(self::authored(old));
    let within = authored.into_iter().filter(|(_, expr)| tokens.contains(&canonical(expr.as_str())));
    match within.max_by_key(|(_, expr)| expr.as_str().len()) {
        Some((object, expr)) => {
            ProofError::Expression { object, expr: expr.as_str().to_owned(), message: message.clone() }
        }
        None => error,
    }
}

/// What is written by the author of the structs, and what it is called.
fn authored(schema: &Schema) -> Vec<(String, Expr)> {
    let mut found = Vec::new();
    for table in &schema.tables {
        for column in &table.columns {
            let name = format!("`{}.{}`", table.name, column.name);
            found.extend(column.generated.iter().map(|one| (format!("generated column {name}"), one.expr.clone())));
        }
        found.extend(table.checks.iter().map(|check| (format!("a CHECK of `{}`", table.name), check.expr.clone())));
        for index in &table.indexes {
            let name = format!("index `{}` of `{}`", index.name, table.name);
            let parts = index.parts.iter().map(|part| &part.expr).filter(|expr| expr.as_column().is_none());
            found.extend(parts.chain(&index.predicate).map(|expr| (name.clone(), expr.clone())));
        }
    }
    found.extend(schema.views.iter().map(|view| (format!("view `{}`", view.name), view.query.clone())));
    found
}

fn canonical(text: &str) -> String {
    let words: Vec<String> = significant(text)
        .iter()
        .map(|token| {
            token
                .identifier()
                .filter(|_| !token.text.starts_with('\''))
                .map_or_else(|| token.text.to_owned(), |name| quote_string(&name.to_ascii_lowercase()))
        })
        .collect();
    words.join(" ")
}
