//! The statement splitter, and scripts with their directives.

use std::path::Path;

use dbmigrate_core::folder::script::Script;
use dbmigrate_core::sql::token::tokenize;
use dbmigrate_core::sql::{TokenKind, split};

/// Splits `text` and parses it as a script.
pub fn check(text: &str) {
    let statements = split(text);
    let (mut end, mut line) = (0, 1);
    for statement in &statements {
        assert_eq!(statement.text, &text[statement.start..statement.start + statement.text.len()]);
        assert!(statement.start >= end);
        nothing_between(&text[end..statement.start]);
        line += text[end..statement.start].matches('\n').count();
        assert_eq!(statement.line, line);
        line += statement.text.matches('\n').count();
        end = statement.start + statement.text.len();
        // a statement is one statement
        match &split(statement.text)[..] {
            [only] => assert_eq!((only.text, only.kind), (statement.text, statement.kind)),
            several => panic!("{:?} is {several:?}", statement.text),
        }
    }
    nothing_between(&text[end..]);
    let joined = statements.iter().map(|statement| statement.text).collect::<Vec<_>>().join(";\n");
    let again: Vec<&str> = split(&joined).iter().map(|statement| statement.text).collect();
    assert!(again.iter().eq(statements.iter().map(|statement| &statement.text)), "{again:?}");
    script(text);
}

fn nothing_between(text: &str) {
    let nothing = |kind| matches!(kind, TokenKind::Space | TokenKind::Comment | TokenKind::Semicolon);
    assert!(tokenize(text).all(|token| nothing(token.kind)), "{text:?} is lost");
}

fn script(text: &str) {
    let lines = text.matches('\n').count() + 1;
    match Script::parse(text, Path::new("migration.sql")) {
        Ok(script) => {
            assert_eq!(script.statements, split(text));
            assert!(!script.no_transaction || script.statements.len() == 1);
            for preflight in &script.preflights {
                assert!((1..=lines).contains(&preflight.line));
                assert_eq!(split(&preflight.query).len(), 1);
            }
            for allow in &script.allows {
                assert!((1..=lines).contains(&allow.line) && !allow.lint.is_empty() && !allow.object.is_empty());
            }
        }
        Err(error) => assert!((1..=lines).contains(&error.line) && !error.help.is_empty(), "{error}"),
    }
}
