//! `unsupported_on_server`.

use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::sql::path::path;
use crate::sql::token::{Token, TokenKind, significant};
use crate::sql::{Name, Statement, StatementKind};

pub(super) static RULE: Rule = Rule {
    name: "unsupported_on_server",
    group: Group::Correctness,
    // a project may have files beside servers; `migrate` refuses it for those before anything is sent
    level: Level::Warn,
    summary: "a server of libSQL refuses a statement, and with it the migration",
    explanation: include_str!("explanation.md"),
    find,
};

/// PRAGMAs that a server does not set.
const UNSET: [&str; 6] =
    ["application_id", "busy_timeout", "journal_mode", "legacy_alter_table", "synchronous", "writable_schema"];

/// PRAGMAs that a server does not run.
const NOT_RUN: [&str; 2] = ["optimize", "wal_checkpoint"];

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    if !migration.target.is_server {
        return;
    }
    for (at, statement) in migration.script.statements.iter().enumerate() {
        let Some(refused) = refused(statement) else { continue };
        let finding = Finding::new(&RULE, refused.object, format!("a server refuses `{}`", refused.what))
            .in_statement(at)
            .note("it refuses all statements of the migration then")
            .help(refused.help);
        found.push(finding);
    }
}

struct Refused {
    object: String,
    what: String,
    help: &'static str,
}

fn refused(statement: &Statement<'_>) -> Option<Refused> {
    let is_plain = !matches!(
        statement.kind,
        StatementKind::Other
            | StatementKind::Pragma
            | StatementKind::CreateTable
            | StatementKind::CreateView
            | StatementKind::CreateTrigger
            | StatementKind::CreateIndex
    );
    if is_plain {
        return None;
    }
    let tokens = significant(statement.text);
    let first = tokens.first()?;
    let is = |at: usize, words: &[&str]| tokens.get(at).is_some_and(|token| words.iter().any(|word| token.is_word(word)));
    if is(0, &["vacuum", "analyze", "attach", "detach"]) {
        let word = first.text.to_ascii_uppercase();
        let help = match word.as_str() {
            "ATTACH" | "DETACH" => "move the rows with a program that has both databases open",
            _ => "remove it: the server does that by itself",
        };
        return Some(Refused { object: word.clone(), what: word, help });
    }
    if is(0, &["create"]) {
        let is_temporary = is(1, &["temp", "temporary"]);
        let at = tokens.iter().position(|token| ["table", "view", "trigger", "index"].iter().any(|word| token.is_word(word)))?;
        let mut rest = tokens[at + 1..].iter().skip_while(|token| ["if", "not", "exists"].iter().any(|word| token.is_word(word)));
        let name = rest.next()?.identifier()?;
        let is_in_temp = name.eq_ignore_ascii_case("temp") && rest.next().is_some_and(|dot| dot.kind == TokenKind::Dot);
        let name = if is_in_temp { rest.next()?.identifier()? } else { name };
        return (is_temporary || is_in_temp).then(|| Refused {
            object: path([&Name::from(name)]),
            what: format!("CREATE TEMP {}", tokens[at].text.to_ascii_uppercase()),
            help: "use an ordinary one, and drop it at the end of the migration",
        });
    }
    if !is(0, &["pragma"]) {
        return None;
    }
    let rest = match &tokens[1..] {
        [_, dot, rest @ ..] if dot.kind == TokenKind::Dot => rest,
        rest => rest,
    };
    let name = rest.first().and_then(Token::identifier)?.to_ascii_lowercase();
    let sets = rest.len() > 1;
    let is_refused = NOT_RUN.contains(&name.as_str()) || (sets && UNSET.contains(&name.as_str()));
    let what = format!("PRAGMA {name}");
    is_refused.then_some(Refused { object: name, what, help: "remove it: a server decides that by itself" })
}
