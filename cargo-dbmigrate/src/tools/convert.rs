//! Another tool's SQL as a migration of ours.
//!
//! It is kept as it is, except for what only our runner may say: foreign keys cannot be turned off inside of a
//! transaction, and the migration has one around it already. What undoes it becomes its `-- dbmigrate: undo`.
//! drizzle-kit separates its statements by `--> statement-breakpoint`, which is a comment, so that the semicolon before it
//! may be missing.

use std::fmt::Write as _;
use std::path::Path;

use dbmigrate_core::folder::MigrationName;
use dbmigrate_core::sql::token::significant;
use dbmigrate_core::sql::{Statement, StatementKind, Token, TokenKind, split, tokenize};

use super::folder::{Down, Entry};
use super::found::Found;
use super::recorded::is_about;

/// What drizzle-orm splits a file at.
const BREAKPOINT: &str = "--> statement-breakpoint";

/// Settings of a connection or a file that no schema shows: they are the runner's business, or the application's, or
/// cannot be changed inside of a transaction.
const SETTINGS: [&str; 18] = [
    "auto_vacuum",
    "busy_timeout",
    "cache_size",
    "defer_foreign_keys",
    "encoding",
    "foreign_keys",
    "incremental_vacuum",
    "journal_mode",
    "journal_size_limit",
    "locking_mode",
    "mmap_size",
    "optimize",
    "page_size",
    "secure_delete",
    "synchronous",
    "temp_store",
    "wal_autocheckpoint",
    "wal_checkpoint",
];

/// What the third line of such a migration begins with.
const IMPORTED: &str = "-- Imported from ";

/// Whether a migration's SQL was made of another tool's, so that the tool has applied it to databases already.
pub(crate) fn is_imported(sql: &str) -> bool {
    let mut lines = sql.lines();
    let is_named = lines.next().is_some_and(|line| line.starts_with("-- "));
    is_named && lines.next() == Some("--") && lines.next().is_some_and(|line| line.starts_with(IMPORTED))
}

/// A migration's SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Converted {
    /// The text.
    pub sql: String,
    /// How many lines stand before the first one of the tool's.
    pub header_lines: usize,
}

/// The SQL of a migration of that name, made of an entry's of a folder, with its way back.
pub(crate) fn convert(
    entry: &Entry,
    down: Option<&Down>,
    name: &MigrationName,
    other: &Found,
    folder: &Path,
) -> Converted {
    let title = other.tool.about().title();
    let mut taken_out = TakenOut { record: other.record().map(str::to_owned), ..TakenOut::default() };
    let mut converted = |sql: &str| {
        let parts = sql.split(BREAKPOINT).map(|part| convert_part(part, &mut taken_out));
        parts.collect::<Vec<_>>().join(BREAKPOINT)
    };
    let body = converted(&entry.sql);
    let undo = down.map(|down| (converted(&down.sql), down)).filter(|(sql, _)| !split(sql).is_empty());
    let mut text = format!("-- {name}\n--\n{IMPORTED}{title}: {}\n", label(&entry.file, folder));
    let reasons = [
        ("the migration runs in a transaction with foreign keys off", &taken_out.left_to_the_runner),
        ("what was applied is recorded elsewhere now", &taken_out.about_the_record),
        ("`extensions` in `[engine]` of dbmigrate.toml loads libraries", &taken_out.loading),
    ];
    for (reason, statements) in reasons.into_iter().filter(|(_, statements)| !statements.is_empty()) {
        // writing to a string cannot fail
        let _ = writeln!(text, "-- Removed, because {reason}:");
        for statement in statements {
            let _ = writeln!(text, "--   {statement}");
        }
    }
    text.push('\n');
    let header_lines = text.lines().count();
    text.push_str(body.trim_end());
    text.push('\n');
    if let Some((sql, down)) = undo {
        let file = label(&down.file, folder);
        let from = if down.file == entry.file { String::new() } else { format!("-- from {file}\n\n") };
        // what stands right below the directive could be taken for its only line
        let _ = write!(text, "\n-- dbmigrate: undo\n\n{from}{}\n", sql.trim());
    }
    Converted { sql: text, header_lines }
}

/// A file of a folder, the same on every platform.
fn label(file: &Path, folder: &Path) -> String {
    let inside = file.strip_prefix(folder).unwrap_or(file);
    inside.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// What became a comment, each statement once.
#[derive(Debug, Default)]
struct TakenOut {
    /// The table in which the tool records what it has applied.
    record: Option<String>,
    left_to_the_runner: Vec<String>,
    about_the_record: Vec<String>,
    loading: Vec<String>,
}

impl TakenOut {
    /// Where a statement belongs, if it is none of the migration's own.
    fn list(&mut self, statement: &Statement<'_>) -> Option<&mut Vec<String>> {
        if is_left_to_the_runner(statement) {
            return Some(&mut self.left_to_the_runner);
        }
        if is_loading(statement) {
            return Some(&mut self.loading);
        }
        let is_about_it = self.record.as_ref().is_some_and(|table| is_about(statement, table));
        is_about_it.then_some(&mut self.about_the_record)
    }
}

/// What stands between two breakpoints, with its last semicolon, and with what is not ours to say in comments.
fn convert_part(part: &str, taken_out: &mut TakenOut) -> String {
    let mut text = String::with_capacity(part.len() + 16);
    let mut copied = 0;
    for statement in split(part) {
        let end = statement.start + statement.text.len();
        let semicolon = tokenize(&part[end..]).find(Token::is_significant);
        let semicolon = semicolon.filter(|token| token.kind == TokenKind::Semicolon);
        text.push_str(&part[copied..statement.start]);
        if let Some(list) = taken_out.list(&statement) {
            let whole = statement.text.split_whitespace().collect::<Vec<_>>().join(" ");
            copied = semicolon.map_or(end, |token| end + token.end());
            let is_alone = text.trim_end_matches([' ', '\t']).ends_with('\n') || text.trim().is_empty();
            let rest = part[copied..].trim_start_matches([' ', '\t']);
            let ends_line = rest.is_empty() || rest.starts_with('\n');
            let (open, close) = if is_alone && ends_line { ("--", "") } else { ("/*", " */") };
            // writing to a string cannot fail
            let _ = write!(text, "{open} {whole};{close}");
            if !list.contains(&whole) {
                list.push(whole);
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

/// Transactions, what cannot be in one, and settings of the connection.
fn is_left_to_the_runner(statement: &Statement<'_>) -> bool {
    let words = significant(statement.text);
    let is = |at: usize, word: &str| words.get(at).is_some_and(|token| token.is_word(word));
    match statement.kind {
        StatementKind::Transaction => true,
        StatementKind::Pragma => words.iter().skip(1).take(3).any(|token| {
            token.identifier().is_some_and(|name| SETTINGS.iter().any(|setting| name.eq_ignore_ascii_case(setting)))
        }),
        _ => ["savepoint", "release", "rollback", "vacuum"].into_iter().any(|word| is(0, word)),
    }
}

/// `SELECT load_extension(…)` and nothing else: what a connection may load is said where it is opened.
fn is_loading(statement: &Statement<'_>) -> bool {
    let words = significant(statement.text);
    let is = |at: usize, word: &str| words.get(at).is_some_and(|token| token.is_word(word));
    let opens = words.iter().filter(|token| token.kind == TokenKind::Open).count();
    let ends = words.last().is_some_and(|token| token.kind == TokenKind::Close);
    is(0, "select") && is(1, "load_extension") && opens == 1 && ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(sql: &str) -> (String, Vec<String>) {
        let mut taken_out = TakenOut { record: Some("applied".to_owned()), ..TakenOut::default() };
        let parts: Vec<String> = sql.split(BREAKPOINT).map(|part| convert_part(part, &mut taken_out)).collect();
        (parts.join(BREAKPOINT), [taken_out.left_to_the_runner, taken_out.about_the_record, taken_out.loading].concat())
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
            ("VACUUM;\nPRAGMA temp_store = 2;\n", "-- VACUUM;\n-- PRAGMA temp_store = 2;\n"),
            ("SELECT load_extension(\"uuid\");\n", "-- SELECT load_extension(\"uuid\");\n"),
            ("SELECT load_extension(a), b FROM t;", "SELECT load_extension(a), b FROM t;"),
            ("PRAGMA legacy_alter_table = ON;", "PRAGMA legacy_alter_table = ON;"),
            ("PRAGMA user_version = 3;", "PRAGMA user_version = 3;"),
            ("UPDATE a SET b = 'BEGIN; COMMIT';", "UPDATE a SET b = 'BEGIN; COMMIT';"),
        ] {
            assert_eq!(converted(sql).0, wanted, "{sql}");
        }
        let (_, taken_out) = converted("BEGIN;\nPRAGMA foreign_keys=OFF;\nCOMMIT;\nPRAGMA foreign_keys=OFF;");
        assert_eq!(taken_out, ["BEGIN", "PRAGMA foreign_keys=OFF", "COMMIT"]);
    }

    #[test]
    fn what_is_about_the_table_of_the_tool_becomes_a_comment() {
        let sql =
            "CREATE TABLE a (applied);\nINSERT INTO \"Applied\" SELECT 1\n  FROM a;\nINSERT INTO a VALUES ('applied');";
        let (text, taken_out) = converted(sql);
        assert_eq!(taken_out, ["INSERT INTO \"Applied\" SELECT 1 FROM a"]);
        assert!(text.starts_with("CREATE TABLE a (applied);\n-- INSERT"), "{text}");
        assert!(text.ends_with("INSERT INTO a VALUES ('applied');"), "{text}");
    }

    #[test]
    fn converting_what_was_converted_changes_nothing() {
        let sql = "BEGIN; PRAGMA foreign_keys=OFF--> statement-breakpoint\nSELECT 1--> statement-breakpoint\nCOMMIT;";
        let (once, _) = converted(sql);
        assert_eq!(converted(&once), (once, Vec::new()));
    }
}
