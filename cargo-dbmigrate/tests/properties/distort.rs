//! Other ways to write the same statements: comments, line breaks and the case of keywords, which mean nothing.

use dbmigrate_core::sql::keyword::is_keyword;
use dbmigrate_core::sql::split;
use dbmigrate_core::sql::token::{TokenKind, tokenize};

use crate::gene::Choices;

const SPACES: [&str; 6] =
    [" ", "\n\t", " /* a, b) REFERENCES t */ ", " -- it's; CHECK (\n", "\r\n  ", " /**/ /* \"x */ "];

/// The script with other spaces and keywords, which the choices run out of after a while.
pub(crate) fn distorted(sql: &str, choices: &mut Choices<'_>) -> String {
    let statements = split(sql).into_iter().map(|statement| match statement.text {
        // what is in the parentheses is the module's own language
        text if text.starts_with("CREATE VIRTUAL") => format!("{text};\n"),
        text => format!("{};\n", distorted_statement(text, choices)),
    });
    statements.collect::<Vec<_>>().concat()
}

fn distorted_statement(sql: &str, choices: &mut Choices<'_>) -> String {
    let tokens: Vec<_> = tokenize(sql).collect();
    let is_generated = |at: usize| tokens.get(at).is_some_and(|token| token.is_word("generated"));
    let mut text = String::new();
    for (at, token) in tokens.iter().enumerate() {
        // what else than space is around this word, SQLite takes for a part of the type
        let is_fixed = is_generated(at + 1) || at.checked_sub(1).is_some_and(is_generated);
        match token.kind {
            TokenKind::Space if !is_fixed && choices.chance(30) => {
                text.push_str(choices.one(&SPACES));
                // a line that a comment ends with stays a line
                if token.text.contains('\n') {
                    text.push('\n');
                }
            }
            TokenKind::Word if is_keyword(token.text) && choices.chance(30) => {
                text.push_str(&token.text.to_ascii_lowercase());
            }
            _ => text.push_str(token.text),
        }
    }
    text
}
