//! `transaction_control_in_file`.

use crate::folder::script::outside_of_transaction;
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::sql::path::path;
use crate::sql::token::{Token, significant};
use crate::sql::{Head, Statement, StatementKind};

pub(super) static RULE: Rule = Rule {
    name: "transaction_control_in_file",
    group: Group::Correctness,
    // a migration runs in a transaction that is not its own
    level: Level::Deny,
    summary: "a statement cannot run in the transaction of its migration, or can end it",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    for (at, statement) in migration.script.statements.iter().enumerate() {
        let finding = match statement.kind {
            StatementKind::Other | StatementKind::Pragma if !migration.script.no_transaction => outside(statement),
            StatementKind::Write => ends(statement),
            _ => None,
        };
        found.extend(finding.map(|finding| finding.in_statement(at)));
    }
}

/// A statement that fails in a transaction, or does nothing there.
fn outside(statement: &Statement<'_>) -> Option<Finding> {
    let what = outside_of_transaction(statement.text)?;
    let object = what.strip_prefix("PRAGMA ").unwrap_or(&what).to_owned();
    let finding = Finding::new(&RULE, object, format!("`{what}` cannot run in the transaction of a migration"));
    Some(finding.help("put it into a migration of its own, with `-- dbmigrate: no-transaction` in front"))
}

/// A statement that ends the transaction at the first row that conflicts.
fn ends(statement: &Statement<'_>) -> Option<Finding> {
    let tokens = significant(statement.text);
    let is_rollback = |pair: &[Token<'_>]| pair[0].is_word("or") && pair[1].is_word("rollback");
    if !tokens.windows(2).any(is_rollback) {
        return None;
    }
    let Some(Head::Write(_, table)) = Head::read(statement.kind, &tokens) else { return None };
    let finding = Finding::new(&RULE, path([&table]), "`OR ROLLBACK` ends the transaction of the migration at the first conflict");
    Some(
        finding
            .note("what the migration did until then is undone, and what follows runs without a transaction")
            .help("write `OR ABORT`, which is what happens if nothing is said: the migration fails as a whole"),
    )
}
