//! What a recorded migration does, read back from its text: from the header that a plan writes, and from statements that
//! a person wrote.

use std::collections::BTreeSet;

use super::{Cost, one_line};
use crate::kept::is_kept;
use crate::sql::token::{Token, significant};
use crate::sql::{Head, Name, Statement, StatementKind, Verb};

/// How the line begins, behind the name in the header, that says which command has written a migration, if it was not
/// `generate`.
pub const WRITTEN_BY: &str = "-- by: ";

/// Something that a migration does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What, in words, on one line.
    pub title: String,
    /// What it costs.
    pub cost: Cost,
}

/// What the migration of that name does: what its header says, and besides that every statement that changes rows. One
/// without such a header is told statement by statement. `text` is that of the file, `statements` is what is in it.
pub fn told(name: &str, text: &str, statements: &[Statement<'_>]) -> Vec<Told> {
    let mut told = header(name, text);
    let by_hand = told.is_empty();
    let copies = copies(statements);
    for statement in statements {
        let tokens = significant(statement.text);
        let is_told = match statement.kind {
            StatementKind::Write => {
                let is_beside = |name: &Name| copies.contains(name) || is_kept(name) || *name == *"sqlite_sequence";
                !matches!(Head::read(statement.kind, &tokens), Some(Head::Write(_, name)) if is_beside(&name))
            }
            StatementKind::Read => false,
            _ => by_hand,
        };
        let one = Told { title: title(statement.kind, &tokens), cost: cost(statement.kind, &tokens) };
        if is_told && !told.contains(&one) {
            told.push(one);
        }
    }
    told
}

/// Whether the header of a migration of that name says all that it does: nobody has written it, or added statements that
/// change rows. Whether somebody has changed its other statements, only planning it again would tell.
pub fn is_told_by_header(name: &str, text: &str, statements: &[Statement<'_>]) -> bool {
    let header = header(name, text);
    !header.is_empty() && told(name, text, statements).len() == header.len()
}

/// The steps in the header, as [`super::Plan::to_sql`] writes them.
fn header(name: &str, text: &str) -> Vec<Told> {
    let mut lines = text.lines();
    if lines.next().and_then(|line| line.strip_prefix("-- ")) != Some(name) {
        return Vec::new();
    }
    let step = |line: &str| {
        let (title, word) = line.strip_prefix("--   ")?.strip_suffix(')')?.rsplit_once(" (")?;
        let cost = Cost::ALL.into_iter().find(|cost| cost.word() == word)?;
        Some(Told { title: title.to_owned(), cost })
    };
    lines.skip_while(|line| line.starts_with(WRITTEN_BY)).map_while(step).collect()
}

/// The tables that rows are copied to because of a rebuild: created here, and then renamed.
fn copies(statements: &[Statement<'_>]) -> BTreeSet<Name> {
    let heads: Vec<Head> = statements.iter().filter_map(Head::of).collect();
    let created = |name: &&Name| heads.iter().any(|head| matches!(head, Head::CreateTable(table) if table == *name));
    let renamed = heads.iter().filter_map(|head| if let Head::RenameTable(from, _) = head { Some(from) } else { None });
    renamed.filter(created).cloned().collect()
}

/// What stands between the first word of a statement and the name of what it is about.
const WORDS: [&str; 11] =
    ["table", "view", "index", "trigger", "virtual", "unique", "temp", "temporary", "if", "not", "exists"];

fn is_one_of(token: &Token<'_>, words: &[&str]) -> bool {
    words.iter().any(|word| token.is_word(word))
}

/// The name of what a `CREATE`, `ALTER` or `DROP` is about.
fn object(tokens: &[Token<'_>]) -> Option<Name> {
    tokens.iter().skip(1).find(|token| !is_one_of(token, &WORDS))?.identifier().map(Name::from)
}

/// A statement in words: `update users`, `create index a`.
fn title(kind: StatementKind, tokens: &[Token<'_>]) -> String {
    let Some(first) = tokens.first() else { return String::new() };
    if let Some(Head::Write(verb, table)) = Head::read(kind, tokens) {
        let verb = match verb {
            Verb::Insert | Verb::Replace => "insert rows into",
            Verb::Delete => "delete rows of",
            Verb::Update => "update rows of",
        };
        return one_line(&format!("{verb} {table}"));
    }
    let verb = first.text.to_lowercase();
    let kinds = tokens.iter().skip(1).take_while(|token| is_one_of(token, &WORDS[..6]));
    let words: Vec<String> = std::iter::once(verb).chain(kinds.map(|token| token.text.to_lowercase())).collect();
    match object(tokens) {
        Some(name) if words.len() > 1 => one_line(&format!("{} {name}", words.join(" "))),
        _ => "run a statement: ".to_owned() + &one_line(tokens.first().map_or("", |token| token.text)),
    }
}

fn cost(kind: StatementKind, tokens: &[Token<'_>]) -> Cost {
    let has = |word: &str| tokens.iter().any(|token| token.is_word(word));
    match kind {
        StatementKind::CreateIndex => Cost::Scan,
        StatementKind::Write if has("values") && !has("select") => Cost::Instant,
        StatementKind::Write | StatementKind::Other => Cost::Rewrite,
        StatementKind::CreateTable if has("select") => Cost::Rewrite,
        // sqlite.org/lang_altertable.html: only DROP COLUMN writes the rows
        StatementKind::AlterTable if has("drop") => Cost::Rewrite,
        _ => Cost::Instant,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::split;

    fn lines(text: &str) -> Vec<String> {
        let told = told("0002_a", text, &split(text));
        told.iter().map(|one| format!("{} ({})", one.title, one.cost.word())).collect()
    }

    #[test]
    fn a_generated_migration_is_told_by_its_header_and_a_rebuild_is_no_change_of_rows() {
        let text = "-- 0002_a\n--   rebuild users: new check (rewrite)\n--   create index b (scan)\n\nCREATE TABLE \"new_users\" (a);\nINSERT INTO \"new_users\" (a) SELECT a FROM users;\nDROP TABLE users;\nALTER TABLE new_users RENAME TO users;\nINSERT INTO sqlite_sequence VALUES (1, 2);\nCREATE INDEX b ON users (a);\n";
        assert_eq!(lines(text), ["rebuild users: new check (rewrite)", "create index b (scan)"]);
        let reverted = text.replacen('\n', "\n-- by: cargo dbmigrate revert\n", 1);
        assert_eq!(lines(&reverted), lines(text));
        let more = format!("{text}UPDATE OR IGNORE users SET a = 1;\nUPDATE OR IGNORE users SET a = 2;\n");
        assert_eq!(lines(&more).last().map(String::as_str), Some("update rows of users (rewrite)"));
        assert_eq!(lines(&more).len(), 3);
    }

    #[test]
    fn a_migration_by_hand_is_told_statement_by_statement() {
        let text = "-- 0002_a\n--\n-- words\nCREATE UNIQUE INDEX IF NOT EXISTS \"a b\" ON t (x);\nDELETE FROM \"t\n(x)\" WHERE a;\nINSERT INTO t VALUES (1);\nALTER TABLE t DROP COLUMN y;\nDROP TABLE IF EXISTS u;\nWITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a;\nVACUUM;\nSELECT 1;\n";
        assert_eq!(
            lines(text),
            [
                "create unique index a b (scan)",
                "delete rows of t (x) (rewrite)",
                "insert rows into t (instant)",
                "alter table t (rewrite)",
                "drop table u (instant)",
                "insert rows into t (rewrite)",
                "run a statement: VACUUM (rewrite)"
            ]
        );
    }

    #[test]
    fn a_header_of_another_name_is_none() {
        assert_eq!(
            lines("-- 0001_b\n--   create table t (instant)\nCREATE TABLE t (a);\n"),
            ["create table t (instant)"]
        );
        assert_eq!(
            lines("-- 0001_b\n--   drop table x (instant)\nCREATE TABLE t (a);\n"),
            ["create table t (instant)"]
        );
    }
}
