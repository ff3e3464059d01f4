//! What a step may say: one statement that reads or writes rows, of tables that are not this tool's own.

use super::StepError;
use crate::sql::{StatementKind, Token, split, tokenize};

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
    let own = |token: Token<'_>| {
        let name = token.identifier()?;
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
