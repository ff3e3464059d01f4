//! Other ways to write the same statements: comments, line breaks and the case of keywords, which mean nothing.

use dbmigrate_core::sql::keyword::is_keyword;
use dbmigrate_core::sql::token::{TokenKind, tokenize};

use crate::gene::Choices;

const SPACES: [&str; 6] =
    [" ", "\n\t", " /* a, b) REFERENCES t */ ", " -- it's; CHECK (\n", "\r\n  ", " /**/ /* \"x */ "];

/// The script with other spaces and keywords, which the choices run out of after a while.
pub(crate) fn distorted(sql: &str, choices: &mut Choices<'_>) -> String {
    let mut text = String::new();
    let mut is_fixed = false;
    for token in tokenize(sql) {
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
        // SQLite takes these two words for a part of the type if there is more than space between them
        is_fixed = token.is_word("generated");
    }
    text
}
