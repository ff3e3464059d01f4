//! What a step may say: one statement that reads or writes rows, of tables that are not this tool's own.

use super::StepError;
use crate::sql::{StatementKind, Token, TokenKind, split, tokenize};

/// How the names begin that are this tool's own.
const OWN: &str = "_dbmigrate_";

/// What a statement of a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// It returns rows.
    Reads,
    /// It writes rows.
    Writes,
}

/// What a statement does, if a step may run it.
///
/// # Errors
/// Why it may not.
pub fn allowed(sql: &str) -> Result<Allowed, StepError> {
    let statements = split(sql);
    let [statement] = &statements[..] else {
        let message = match statements.len() {
            0 => "a step runs one statement at a time, found none".to_owned(),
            count => format!("a step runs one statement at a time, found {count}"),
        };
        return Err(StepError::new(message));
    };
    let mut tokens = tokenize(statement.text).filter(Token::is_significant);
    let mut is_value = false;
    let own = |token: Token<'_>| {
        // SQLite takes text for a name wherever only a name can stand (sqlite.org/lang_keywords.html), which is not
        // behind an operator
        let is_text = token.kind == TokenKind::String && is_value;
        is_value = token.kind == TokenKind::Operator;
        let name = token.identifier().filter(|_| !is_text)?;
        let start = name.get(..OWN.len())?;
        start.eq_ignore_ascii_case(OWN).then_some(name)
    };
    if let Some(name) = tokens.find_map(own) {
        return Err(StepError::new(format!("`{name}` is not for a step: its name begins with `{OWN}`")));
    }
    match statement.kind {
        StatementKind::Read => Ok(Allowed::Reads),
        StatementKind::Write => Ok(Allowed::Writes),
        _ => {
            let words = tokenize(statement.text).filter(Token::is_significant).take(2);
            let words: Vec<String> = words.map(|token| token.text.to_uppercase()).collect();
            Err(StepError::new(format!(
                "`{}` in a step: it can only read and write rows; schema changes belong in the SQL of the migration",
                words.join(" ")
            )))
        }
    }
}
