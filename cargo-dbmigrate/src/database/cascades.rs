//! What foreign keys do not do while a migration runs: they are off, so that nothing is deleted or changed with the rows
//! that they refer to.

use std::path::Path;

use dbmigrate_core::folder::Script;
use dbmigrate_core::sql::{Head, Statement, Verb};

use crate::error::CommandError;

/// The first statement that deletes rows of a table: what it is called, and its line. A table that another takes the name
/// of has its rows there.
fn deletes(statements: &[Statement<'_>], table: &str) -> Option<(&'static str, usize)> {
    let heads = || statements.iter().filter_map(|statement| Some((Head::of(statement)?, statement.line)));
    let is_replaced = heads().any(|(head, _)| matches!(head, Head::RenameTable(_, into) if into == *table));
    heads().find_map(|(head, line)| match head {
        Head::Write(Verb::Delete, of) if of == *table => Some(("DELETE", line)),
        Head::DropTable(of) if of == *table && !is_replaced => Some(("DROP TABLE", line)),
        _ => None,
    })
}

/// Why rows refer to others that are gone after a migration, and what to do.
pub(super) fn said(error: CommandError, (file, shown): (&Path, &str), [table, parent]: [&str; 2]) -> CommandError {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let script = Script::parse(&text, file).ok();
    match script.and_then(|script| deletes(&script.statements, parent)) {
        Some((word, line)) => error
            .at(format!("{shown}:{line}"))
            .note(format!(
                "foreign keys are off while a migration runs: this {word} does not reach `{table}`, whatever `ON DELETE` says"
            ))
            .help("delete or change its rows before, then run `cargo dbmigrate migrate` again"),
        None => error.at(shown).help("fix the rows, then run `cargo dbmigrate migrate` again"),
    }
}
