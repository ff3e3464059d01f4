//! What is said of a declaration that libSQL does not accept, and of a plan that fails its proof.

use std::collections::BTreeSet;

use dbmigrate_core::engine::error::ErrorKind;
use dbmigrate_core::engine::prove::{self, Proof, ProofError, check_declaration};
use dbmigrate_core::plan::{Decisions, Plan};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::Name;
use pollster::block_on;

use crate::error::{CommandError, Result};
use crate::project::Context;
use crate::source::Declared;
use crate::structs;

/// Whether libSQL accepts what the structs declare, and then takes rows of it. `before` is what there is already.
pub(crate) fn check(context: &Context, declared: &Declared, before: &Schema) -> Result<()> {
    let faults = block_on(check_declaration(&declared.schema, &declared.view_columns))
        .map_err(|error| structs::declaration_error(context, declared, &error))?;
    structs::refuse_faults(context, declared, faults, before)
}

/// The same after a change of `head`, which was found good: only what differs from it is looked at. `renamed` is `head`
/// with the names that its objects have now.
pub(crate) fn check_changes(context: &Context, declared: &Declared, head: &Schema, renamed: &Schema) -> Result<()> {
    let faults = block_on(prove::check_changes(head, &declared.schema, &declared.view_columns))
        .map_err(|error| structs::declaration_error(context, declared, &error))?;
    structs::refuse_faults(context, declared, faults, renamed)
}

/// A table whose values only the real database decides, and that went through the proof without rows, is proven less
/// than the others, which must not go unsaid.
pub(crate) fn warn_of_empty(context: &Context, proof: &Proof, plan: &Plan) {
    let unforeseen = proof.empty.iter().filter(|table| plan.unforeseen.contains(table));
    let tables: BTreeSet<&Name> = unforeseen.chain(&proof.unproven).collect();
    for table in tables {
        context.printer.warning(
            &format!("cannot generate rows for `{table}`: its change is only proven on the empty table"),
            &["try it on a copy of a database that has rows".to_owned()],
        );
    }
}

/// The backfill or conversion that a statement does not compile for, if that is why: an expression is its author's to mend.
pub(crate) fn wrong_backfill(error: &ProofError, decisions: &Decisions) -> Option<CommandError> {
    let ProofError::Statement { statement, error, .. } = error else { return None };
    if error.kind != ErrorKind::Statement {
        return None;
    }
    let backfills = decisions.backfills.iter().map(|given| ("backfill", given));
    let mut given = backfills.chain(decisions.conversions.iter().map(|given| ("convert", given)));
    let (flag, ((table, column), expr)) = given.find(|(_, (_, expr))| statement.contains(expr.as_str()))?;
    let error = CommandError::usage(format!("`--{flag} {table}.{column}={expr}` does not work: {error}"));
    Some(error.help(format!("write an SQL expression over the columns of `{table}`, with their new names")))
}

/// A plan that fails its proof is a bug of the planner, and is reported as one, unless it fails in an expression of the
/// author's. It is for a `what`; `untouched` says what
/// was not done.
pub(crate) fn unproven(error: &ProofError, plan: &Plan, what: &str, untouched: &str) -> CommandError {
    if let ProofError::Expression { expr, .. } = error {
        return CommandError::failed(format!("{error}, so {untouched}")).note(format!("the expression: {expr}"));
    }
    let statements: Vec<String> = plan.statements().map(|statement| format!("{statement};")).collect();
    let failing = match error {
        ProofError::Statement { statement, .. } => format!("the statement: {statement}"),
        _ => format!("the statements:\n{}", statements.join("\n")),
    };
    CommandError::failed(format!("the planned {what} failed its proof, so {untouched}: {error}"))
        .note(failing)
        .note("this is a bug in cargo-dbmigrate, not in your structs: please report it with the structs and this text")
}
