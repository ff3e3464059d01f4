//! Statements that cannot run in a transaction, by their text.

use crate::sql::token::{Token, TokenKind, tokenize};

/// PRAGMAs that SQLite refuses to set inside of a transaction, or does not set although it says nothing.
const OUTSIDE_ONLY: [&str; 4] = ["journal_mode", "synchronous", "temp_store", "wal_checkpoint"];

/// What a statement is called that cannot run in a transaction: `VACUUM`, `PRAGMA journal_mode`
/// (sqlite.org/lang_vacuum.html, sqlite.org/pragma.html#pragma_journal_mode).
pub fn outside_of_transaction(statement: &str) -> Option<String> {
    let tokens: Vec<Token<'_>> = tokenize(statement).filter(Token::is_significant).collect();
    match &tokens[..] {
        [first, ..] if first.is_word("vacuum") => Some("VACUUM".to_owned()),
        [first, rest @ ..] if first.is_word("pragma") => {
            let (name, rest) = match rest {
                [_, dot, name, rest @ ..] if dot.kind == TokenKind::Dot => (name, rest),
                [name, rest @ ..] => (name, rest),
                [] => return None,
            };
            let name = name.identifier()?.to_ascii_lowercase();
            // without a value it asks; a checkpoint is made without one too
            let sets = rest.iter().any(|token| token.kind != TokenKind::Semicolon) || name == "wal_checkpoint";
            (sets && OUTSIDE_ONLY.contains(&name.as_str())).then(|| format!("PRAGMA {name}"))
        }
        _ => None,
    }
}
