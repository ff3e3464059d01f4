//! Statements that only the runner may say: those of transactions, and `PRAGMA foreign_keys`.

use super::Problem;
use crate::sql::token::{Token, tokenize};
use crate::sql::{Statement, StatementKind};

/// Refuses what only the runner may say.
pub(super) fn refuse_statement(statement: &Statement<'_>) -> Result<(), Problem> {
    let mut words = tokenize(statement.text).filter(Token::is_significant);
    let first = words.next();
    let is_first = |word: &str| first.is_some_and(|first| first.is_word(word));
    let is_savepoint = ["savepoint", "release", "rollback"].into_iter().any(is_first);
    if statement.kind == StatementKind::Transaction || is_savepoint {
        let word = first.map(|first| first.text.to_ascii_uppercase()).unwrap_or_default();
        let message = format!("`{word}` in a migration: every migration already runs in its own transaction");
        let help = "delete the statement; one that cannot run in a transaction needs its own migration with `-- \
                    dbmigrate: no-transaction`";
        return Err((statement.line, message, help.to_owned()));
    }
    // `PRAGMA foreign_keys` or `PRAGMA main.foreign_keys`
    let is_foreign_keys =
        |token: Token<'_>| token.identifier().is_some_and(|name| name.eq_ignore_ascii_case("foreign_keys"));
    if statement.kind == StatementKind::Pragma && words.take(3).any(is_foreign_keys) {
        let message = "`PRAGMA foreign_keys` in a migration: it has no effect inside a transaction".to_owned();
        let help = "delete the statement; foreign keys are not enforced while a migration runs, and are checked at \
                    its end";
        return Err((statement.line, message, help.to_owned()));
    }
    Ok(())
}
