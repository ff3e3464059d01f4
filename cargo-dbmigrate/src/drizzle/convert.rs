//! drizzle-kit's SQL as a migration of ours.
//!
//! Its statements are separated by `--> statement-breakpoint`, which is a comment, so that the semicolon before it may
//! be missing; and it says itself what only our runner may say, because foreign keys cannot be turned off inside of a
//! transaction.

use std::fmt::Write as _;

use dbmigrate_core::folder::MigrationName;
use dbmigrate_core::sql::token::significant;
use dbmigrate_core::sql::{Statement, StatementKind, Token, TokenKind, split, tokenize};

use super::journal::Entry;
use super::journal::SQL_FILE;

/// What drizzle-orm splits a file at.
const BREAKPOINT: &str = "--> statement-breakpoint";

/// Settings of a connection, which are the runner's business or cannot be changed inside of a transaction.
const SETTINGS: [&str; 4] = ["foreign_keys", "defer_foreign_keys", "journal_mode", "synchronous"];

/// A migration's SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Converted {
    /// The text.
    pub sql: String,
    /// How many lines stand before the first one of drizzle-kit's.
    pub header_lines: usize,
}

/// The SQL of a migration of that name, made of an entry's.
pub(crate) fn convert(entry: &Entry, name: &MigrationName) -> Converted {
    let mut taken_out: Vec<String> = Vec::new();
    let parts = entry.sql.split(BREAKPOINT).map(|part| convert_part(part, &mut taken_out));
    let body = parts.collect::<Vec<_>>().join(BREAKPOINT);
    let file = entry.file.file_name().unwrap_or_default().to_string_lossy();
    let file = if file == SQL_FILE { format!("{}/{file}", entry.tag) } else { file.into_owned() };
    let mut text = format!("-- {name}\n--\n-- Imported from drizzle-kit: {file}\n");
    if !taken_out.is_empty() {
        text.push_str("-- Removed, because the migration runs in a transaction with foreign keys off:\n");
    }
    for statement in &taken_out {
        // writing to a string cannot fail
        let _ = writeln!(text, "--   {statement}");
    }
    text.push('\n');
    let header_lines = text.lines().count();
    text.push_str(body.trim_end());
    text.push('\n');
    Converted { sql: text, header_lines }
}

/// What stands between two breakpoints, with its last semicolon, and with what is not ours to say in comments.
fn convert_part(part: &str, taken_out: &mut Vec<String>) -> String {
    let mut text = String::with_capacity(part.len() + 16);
    let mut copied = 0;
    for statement in split(part) {
        let end = statement.start + statement.text.len();
        let semicolon = tokenize(&part[end..]).find(Token::is_significant);
        let semicolon = semicolon.filter(|token| token.kind == TokenKind::Semicolon);
        text.push_str(&part[copied..statement.start]);
        if is_left_to_the_runner(&statement) {
            let whole = statement.text.split_whitespace().collect::<Vec<_>>().join(" ");
            copied = semicolon.map_or(end, |token| end + token.end());
            let is_alone = text.trim_end_matches([' ', '\t']).ends_with('\n') || text.trim().is_empty();
            let rest = part[copied..].trim_start_matches([' ', '\t']);
            let ends_line = rest.is_empty() || rest.starts_with('\n');
            let (open, close) = if is_alone && ends_line { ("--", "") } else { ("/*", " */") };
            // writing to a string cannot fail
            let _ = write!(text, "{open} {whole};{close}");
            if !taken_out.contains(&whole) {
                taken_out.push(whole);
            }
        } else {
            text.push_str(statement.text);
            text.push(';');
            copied = end;
            if let Some(token) = semicolon {
                text.push_str(&part[end..end + token.start]);
                copied = end + token.end();
            }
        }
    }
    text.push_str(&part[copied..]);
    text
}

/// Transactions, and settings of the connection.
fn is_left_to_the_runner(statement: &Statement<'_>) -> bool {
    let words = significant(statement.text);
    let is = |at: usize, word: &str| words.get(at).is_some_and(|token| token.is_word(word));
    match statement.kind {
        StatementKind::Transaction => true,
        StatementKind::Pragma => words.iter().skip(1).take(3).any(|token| {
            token.identifier().is_some_and(|name| SETTINGS.iter().any(|setting| name.eq_ignore_ascii_case(setting)))
        }),
        _ => ["savepoint", "release", "rollback"].into_iter().any(|word| is(0, word)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(sql: &str) -> (String, Vec<String>) {
        let mut taken_out = Vec::new();
        let parts: Vec<String> = sql.split(BREAKPOINT).map(|part| convert_part(part, &mut taken_out)).collect();
        (parts.join(BREAKPOINT), taken_out)
    }

    #[test]
    fn statements_get_the_semicolon_that_the_breakpoint_stood_for() {
        for (sql, wanted) in [
            ("SELECT 1--> statement-breakpoint\nSELECT 2", "SELECT 1;--> statement-breakpoint\nSELECT 2;"),
            ("SELECT 1;--> statement-breakpoint\nSELECT 2;\n", "SELECT 1;--> statement-breakpoint\nSELECT 2;\n"),
            ("SELECT 1 -- one\n--> statement-breakpoint", "SELECT 1; -- one\n--> statement-breakpoint"),
            ("SELECT 1 -- one\n;SELECT 2", "SELECT 1; -- one\nSELECT 2;"),
            ("/* nothing */--> statement-breakpoint\n", "/* nothing */--> statement-breakpoint\n"),
            (
                "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END--> statement-breakpoint\nSELECT 2",
                "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END;--> statement-breakpoint\nSELECT 2;",
            ),
        ] {
            assert_eq!(converted(sql), (wanted.to_owned(), Vec::new()), "{sql}");
        }
    }

    #[test]
    fn what_only_the_runner_says_becomes_a_comment() {
        for (sql, wanted) in [
            (
                "PRAGMA foreign_keys=OFF;--> statement-breakpoint\nSELECT 1;",
                "-- PRAGMA foreign_keys=OFF;--> statement-breakpoint\nSELECT 1;",
            ),
            ("BEGIN; SELECT 1;\n COMMIT;", "/* BEGIN; */ SELECT 1;\n -- COMMIT;"),
            ("SELECT 1; PRAGMA main.foreign_keys = ON", "SELECT 1; /* PRAGMA main.foreign_keys = ON; */"),
            ("PRAGMA\n  defer_foreign_keys = true;\n", "-- PRAGMA defer_foreign_keys = true;\n"),
            ("SAVEPOINT a;\nRELEASE a;\n", "-- SAVEPOINT a;\n-- RELEASE a;\n"),
            ("PRAGMA user_version = 3;", "PRAGMA user_version = 3;"),
            ("UPDATE a SET b = 'BEGIN; COMMIT';", "UPDATE a SET b = 'BEGIN; COMMIT';"),
        ] {
            assert_eq!(converted(sql).0, wanted, "{sql}");
        }
        let (_, taken_out) = converted("BEGIN;\nPRAGMA foreign_keys=OFF;\nCOMMIT;\nPRAGMA foreign_keys=OFF;");
        assert_eq!(taken_out, ["BEGIN", "PRAGMA foreign_keys=OFF", "COMMIT"]);
    }

    #[test]
    fn converting_what_was_converted_changes_nothing() {
        let sql = "BEGIN; PRAGMA foreign_keys=OFF--> statement-breakpoint\nSELECT 1--> statement-breakpoint\nCOMMIT;";
        let (once, _) = converted(sql);
        assert_eq!(converted(&once), (once, Vec::new()));
    }
}
