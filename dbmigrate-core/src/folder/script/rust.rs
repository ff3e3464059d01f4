//! `-- dbmigrate: rust`: the place in a migration where a function of the application runs, which has no name in the
//! file: it belongs to the migration.

use super::{Directive, Problem};
use crate::sql::Statement;

/// The directive.
pub(super) const WORD: &str = RustStep::WORD;

/// Where a migration runs a function of the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RustStep {
    /// The directive's line, counted from 1.
    pub line: usize,
    /// How many of the statements run before it.
    pub after: usize,
}

impl RustStep {
    /// The word of the directive: a text without it has no step.
    pub const WORD: &'static str = "rust";
}

/// The directive takes no arguments.
pub(super) fn parse(line: usize, rest: &str) -> Result<(), Problem> {
    match rest.trim() {
        "" => Ok(()),
        found => {
            let message = format!("`rust` takes no arguments, found `{found}`");
            let help = "write `-- dbmigrate: rust`, and name the function in `embed_migrations!(steps { … })`";
            Err((line, message, help.to_owned()))
        }
    }
}

/// Its place between the statements.
pub(super) fn place(
    directive: &Directive,
    statements: &[Statement<'_>],
    other: Option<&RustStep>,
) -> Result<RustStep, Problem> {
    let Directive { line, start, .. } = *directive;
    if let Some(other) = other {
        let message = format!("`rust` is there twice, first in line {}", other.line);
        let help = "a migration has one step in Rust: put the second into a migration of its own";
        return Err((line, message, help.to_owned()));
    }
    let after = statements.iter().take_while(|statement| statement.start < start).count();
    let is_inside = |last: &Statement<'_>| start < last.start + last.text.len();
    if statements[..after].last().is_some_and(is_inside) {
        let help = "move it behind the semicolon of the statement".to_owned();
        return Err((line, "`rust` is in the middle of a statement".to_owned(), help));
    }
    Ok(RustStep { line, after })
}

/// What is wrong with a step in a migration that runs outside of a transaction.
pub(super) fn outside_of_transaction(step: &RustStep) -> Problem {
    let message = "`rust` in a migration with `no-transaction`: a step in Rust runs in the migration's transaction";
    let help = "move the statement to its own migration: `cargo dbmigrate generate --custom`";
    (step.line, message.to_owned(), help.to_owned())
}
