//! `migration.sql` as a script: its statements, and the directives in its comments.
//!
//! ```sql
//! -- dbmigrate: allow(drop_column) users.legacy
//! -- dbmigrate: no-transaction
//! -- dbmigrate: expect-none "users without an organization" SELECT id FROM users
//! --   WHERE org_id IS NULL
//! ```
//!
//! `allow` records an accepted loss, or, as `allow(unchecked)`, a view or trigger that need not compile. `expect-none`
//! is a preflight: a query that has to return no row before anything is touched; it goes on over following comment
//! lines that are indented by two spaces or more. `no-transaction` is for the one statement that cannot run in a
//! transaction.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::sql::token::{Token, TokenKind, tokenize};
use crate::sql::{Statement, StatementKind, split};

/// The directives in the order in which they are suggested.
const DIRECTIVES: [&str; 3] = ["allow", "no-transaction", "expect-none"];

/// A parsed `migration.sql`.
#[derive(Debug, Clone)]
pub struct Script<'a> {
    /// The statements in their order.
    pub statements: Vec<Statement<'a>>,
    /// The queries that have to return no row.
    pub preflights: Vec<Preflight>,
    /// The accepted losses.
    pub allows: Vec<Allow>,
    /// Whether the one statement runs outside of a transaction.
    pub no_transaction: bool,
}

/// `-- dbmigrate: expect-none "message" SELECT …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preflight {
    /// The directive's line, counted from 1.
    pub line: usize,
    /// What a returned row means.
    pub message: Option<String>,
    /// The query.
    pub query: String,
}

/// `-- dbmigrate: allow(lint) object`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// The directive's line, counted from 1.
    pub line: usize,
    /// The name of the lint: `drop_column`.
    pub lint: String,
    /// What it is about: `users.legacy`.
    pub object: String,
}

/// Why a script is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptError {
    /// The file, as it was given.
    pub file: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.message)
    }
}

impl std::error::Error for ScriptError {}

impl<'a> Script<'a> {
    /// Parses `text`, the content of `file`, in time linear in its length.
    ///
    /// # Errors
    /// At the first directive that is not understood, and at statements that are the runner's to say: transactions
    /// and `PRAGMA foreign_keys`.
    pub fn parse(text: &'a str, file: &Path) -> Result<Self, ScriptError> {
        let error = |(line, message, help): Problem| ScriptError { file: file.to_owned(), line, message, help };
        let mut script =
            Self { statements: split(text), preflights: Vec::new(), allows: Vec::new(), no_transaction: false };
        let mut directive_line = 0;
        for directive in directives(text).map_err(error)? {
            let line = directive.line;
            match parse_directive(&directive).map_err(error)? {
                Parsed::Allow(allow) => script.allows.push(allow),
                Parsed::ExpectNone(preflight) => script.preflights.push(preflight),
                Parsed::NoTransaction => {
                    script.no_transaction = true;
                    directive_line = line;
                }
            }
        }
        for statement in &script.statements {
            refuse_statement(statement).map_err(error)?;
        }
        let count = script.statements.len();
        if script.no_transaction && count != 1 {
            let message = format!("`no-transaction` is for a script of exactly one statement, this one has {count}");
            let help = "put the statement into a migration of its own: `cargo dbmigrate generate --custom`".to_owned();
            return Err(error((directive_line, message, help)));
        }
        Ok(script)
    }
}

/// Line, message and help.
type Problem = (usize, String, String);

enum Parsed {
    Allow(Allow),
    NoTransaction,
    ExpectNone(Preflight),
}

/// The text behind `dbmigrate:` with that of its continuation lines.
struct Directive {
    line: usize,
    text: String,
}

/// All directives of a script. Comments are found by the tokenizer, so that one in a string is none. A block comment in
/// a statement is documentation, whatever it says.
fn directives(text: &str) -> Result<Vec<Directive>, Problem> {
    let mut found: Vec<Directive> = Vec::new();
    // whether the last comment belongs to the last directive, so that the next line may go on with it
    let mut open = false;
    let mut in_statement = false;
    let mut line = 1;
    for token in tokenize(text) {
        match token.kind {
            TokenKind::Comment if in_statement && token.text.starts_with("/*") => open = false,
            TokenKind::Comment => {
                if let Some(text) = directive_text(&token, line)? {
                    found.push(Directive { line, text: text.to_owned() });
                    open = text.starts_with("expect-none");
                } else if let (true, Some(more), Some(last)) = (open, continuation(token.text), found.last_mut()) {
                    last.text.push('\n');
                    last.text.push_str(more);
                } else {
                    open = false;
                }
            }
            TokenKind::Space if newlines(&token) <= 1 => {}
            kind => {
                open = false;
                in_statement = kind != TokenKind::Semicolon && (in_statement || token.is_significant());
            }
        }
        line += newlines(&token);
    }
    Ok(found)
}

fn newlines(token: &Token<'_>) -> usize {
    token.text.bytes().filter(|byte| *byte == b'\n').count()
}

/// The text behind `dbmigrate:` of a comment that starts so.
fn directive_text<'a>(comment: &Token<'a>, line: usize) -> Result<Option<&'a str>, Problem> {
    let is_block = comment.text.starts_with("/*");
    let body = comment.text.trim_start_matches(['-', '/', '*']).trim();
    let Some((word, rest)) = body.split_at_checked("dbmigrate".len()) else { return Ok(None) };
    if !word.eq_ignore_ascii_case("dbmigrate") {
        return Ok(None);
    }
    let known = |text: &str| DIRECTIVES.iter().any(|directive| text.trim_start().starts_with(directive));
    match rest.trim_start().strip_prefix(':') {
        Some(text) if !is_block => Ok(Some(text.trim())),
        Some(text) => {
            let text = text.trim_end_matches('/').trim_end_matches('*').trim();
            let help = format!("write `-- dbmigrate: {text}`");
            Err((line, "a directive stands in a `--` comment".to_owned(), help))
        }
        None if known(rest) => {
            let help = format!("write `-- dbmigrate: {}`", rest.trim());
            Err((line, "the colon behind `dbmigrate` is missing".to_owned(), help))
        }
        None => Ok(None),
    }
}

/// The text of a comment line that goes on with the directive before it: `--` and two spaces or more.
fn continuation(comment: &str) -> Option<&str> {
    let body = comment.strip_prefix("--")?;
    (body.starts_with("  ") || body.starts_with('\t')).then(|| body.trim()).filter(|text| !text.is_empty())
}

fn parse_directive(directive: &Directive) -> Result<Parsed, Problem> {
    let line = directive.line;
    let text = directive.text.as_str();
    let end = text.find(|character: char| !character.is_ascii_alphanumeric() && !matches!(character, '-' | '_'));
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    match word {
        "allow" => parse_allow(line, rest).map(Parsed::Allow),
        "no-transaction" if rest.trim().is_empty() => Ok(Parsed::NoTransaction),
        "no-transaction" => {
            let message = format!("`no-transaction` stands alone, found `{}` behind it", rest.trim());
            Err((line, message, "write `-- dbmigrate: no-transaction`".to_owned()))
        }
        "expect-none" => parse_expect_none(line, rest).map(Parsed::ExpectNone),
        _ => {
            let help = match DIRECTIVES.iter().find(|known| is_close(word, known)) {
                Some(known) => format!("did you mean `{known}`?"),
                None => {
                    "there are `allow(lint) object`, `no-transaction` and `expect-none \"message\" SELECT …`".into()
                }
            };
            Err((line, format!("unknown directive `{word}`"), help))
        }
    }
}

fn parse_allow(line: usize, rest: &str) -> Result<Allow, Problem> {
    let parse = || {
        let (name, object) = rest.trim_start().strip_prefix('(')?.split_once(')')?;
        let (name, object) = (name.trim(), object.trim());
        let valid = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            && !object.is_empty();
        valid.then(|| Allow { line, lint: name.to_owned(), object: object.to_owned() })
    };
    parse().ok_or_else(|| {
        let help = "write `-- dbmigrate: allow(drop_column) users.legacy`".to_owned();
        (line, "`allow` names a lint and an object".to_owned(), help)
    })
}

fn parse_expect_none(line: usize, rest: &str) -> Result<Preflight, Problem> {
    let problem = |message: &str| {
        let help = "write `-- dbmigrate: expect-none \"what is wrong\" SELECT …`".to_owned();
        (line, message.to_owned(), help)
    };
    let rest = rest.trim();
    let (message, query) = match tokenize(rest).next() {
        Some(first) if first.kind == TokenKind::QuotedName && first.text.starts_with('"') => {
            (first.identifier(), rest[first.end()..].trim())
        }
        Some(first) if first.kind == TokenKind::Illegal && first.text.starts_with('"') => {
            return Err(problem("the quote around the message of `expect-none` is not closed"));
        }
        _ => (None, rest),
    };
    match &split(query)[..] {
        [only] if only.kind == StatementKind::Read => Ok(Preflight { line, message, query: only.text.to_owned() }),
        [] => Err(problem("`expect-none` needs a query")),
        [_] => Err(problem("the query of `expect-none` is not a `SELECT`")),
        _ => Err(problem("`expect-none` takes one query")),
    }
}

/// Refuses what only the runner may say.
fn refuse_statement(statement: &Statement<'_>) -> Result<(), Problem> {
    let mut words = tokenize(statement.text).filter(Token::is_significant);
    let first = words.next();
    let is_first = |word: &str| first.is_some_and(|first| first.is_word(word));
    let is_savepoint = ["savepoint", "release", "rollback"].into_iter().any(is_first);
    if statement.kind == StatementKind::Transaction || is_savepoint {
        let word = first.map(|first| first.text.to_ascii_uppercase()).unwrap_or_default();
        let message = format!("`{word}` in a migration: every migration already runs in a transaction of its own");
        let help = "delete the statement; one that cannot run in a transaction gets a migration of its own with \
                    `-- dbmigrate: no-transaction`";
        return Err((statement.line, message, help.to_owned()));
    }
    // `PRAGMA foreign_keys` or `PRAGMA main.foreign_keys`
    let is_foreign_keys =
        |token: Token<'_>| token.identifier().is_some_and(|name| name.eq_ignore_ascii_case("foreign_keys"));
    if statement.kind == StatementKind::Pragma && words.take(3).any(is_foreign_keys) {
        let message = "`PRAGMA foreign_keys` in a migration: it has no effect inside a transaction".to_owned();
        let help = "delete the statement; foreign keys are not enforced while a migration runs, and are checked at \
                    its end";
        return Err((statement.line, message, help.to_owned()));
    }
    Ok(())
}

/// Whether `word` looks like a misspelling of `known`: `_` for `-`, another case, or up to two letters wrong.
fn is_close(word: &str, known: &str) -> bool {
    let word = word.to_ascii_lowercase().replace('_', "-");
    distance(word.as_bytes(), known.as_bytes()) <= 2 || (word.len() > 3 && known.starts_with(&word))
}

/// The number of bytes to insert, delete or replace (Levenshtein); words are short. This crate has no dependency for
/// it unless structs are read.
pub(crate) fn distance(from: &[u8], to: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, byte) in from.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for column in 1..row.len() {
            let replaced = diagonal + usize::from(*byte != to[column - 1]);
            diagonal = row[column];
            row[column] = replaced.min(row[column] + 1).min(row[column - 1] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Script<'_>, ScriptError> {
        Script::parse(text, Path::new("migrations/0001_a/migration.sql"))
    }

    fn error(text: &str) -> (String, String) {
        let error = parse(text).expect_err("the script is wrong");
        (error.to_string().replace("migrations/0001_a/migration.sql", "file"), error.help)
    }

    #[test]
    fn statements_and_directives_are_read_with_their_lines() {
        let text = "-- Users get a name.\n-- dbmigrate: allow(drop_column) users.legacy\n\
                    --dbmigrate:expect-none \"users \"\"without\"\" an e-mail\" SELECT id FROM users\n\
                    --   WHERE email IS NULL -- really\n--\t  AND id > 0;\n-- a note\n\n\
                    ALTER TABLE users DROP COLUMN legacy;\nSELECT '-- dbmigrate: nonsense';\n";
        let script = parse(text).expect("the script is right");
        assert_eq!(script.statements.len(), 2);
        assert_eq!(script.statements[0].line, 8);
        let allow = Allow { line: 2, lint: "drop_column".to_owned(), object: "users.legacy".to_owned() };
        assert_eq!(script.allows, [allow]);
        assert_eq!(script.preflights[0].line, 3);
        assert_eq!(script.preflights[0].message.as_deref(), Some("users \"without\" an e-mail"));
        let query = "SELECT id FROM users\nWHERE email IS NULL -- really\nAND id > 0";
        assert_eq!(script.preflights[0].query, query);
        assert!(!script.no_transaction);
    }

    #[test]
    fn a_preflight_ends_where_its_lines_are_not_indented_or_apart() {
        let query = |text: &str| parse(text).expect("the script is right").preflights[0].query.clone();
        assert_eq!(query("-- dbmigrate: expect-none SELECT 1\n-- FROM t\n--   x"), "SELECT 1");
        assert_eq!(query("-- dbmigrate: expect-none SELECT 1\n\n--   FROM t"), "SELECT 1");
        assert_eq!(query("-- dbmigrate: expect-none\n--   SELECT 1\n--   FROM t"), "SELECT 1\nFROM t");
        let both = "-- dbmigrate: expect-none SELECT 1\n--   dbmigrate: expect-none SELECT 2";
        assert_eq!(parse(both).expect("the script is right").preflights.len(), 2);
    }

    #[test]
    fn documentation_in_a_statement_is_no_directive() {
        let text = "CREATE TABLE t ( /* dbmigrate: allow(drop_table) t;\n-- dbmigrate: nonsense */\n  a INT /* dbmigrate */\n);\n\
                    -- dbmigrate: no-transaction\n";
        let script = parse(text).expect("the script is right");
        assert!(script.allows.is_empty() && script.no_transaction);
        assert_eq!(script.statements.len(), 1);
        let (message, _) = error("SELECT 1;\n/* dbmigrate: allow(drop_table) t */");
        assert_eq!(message, "file:2: a directive stands in a `--` comment");
    }

    #[test]
    fn line_ends_of_windows_make_no_difference() {
        let text =
            "-- dbmigrate: expect-none \"m\" SELECT 1\r\n--   FROM t\r\n-- dbmigrate: no-transaction\r\nVACUUM;\r\n";
        let script = parse(text).expect("the script is right");
        assert_eq!(script.preflights[0].query, "SELECT 1\nFROM t");
        assert!(script.no_transaction);
        assert_eq!(script.statements[0].line, 4);
    }

    #[test]
    fn unknown_directives_are_refused_with_a_suggestion() {
        let (message, help) = error("SELECT 1;\n-- dbmigrate: alow(drop_table) users");
        assert_eq!(message, "file:2: unknown directive `alow`");
        assert_eq!(help, "did you mean `allow`?");
        assert_eq!(error("-- dbmigrate: no_transaction").1, "did you mean `no-transaction`?");
        assert_eq!(error("-- dbmigrate: expect SELECT 1").1, "did you mean `expect-none`?");
        assert!(error("-- dbmigrate: frobnicate").1.starts_with("there are `allow"));
        assert_eq!(error("-- dbmigrate:").0, "file:1: unknown directive ``");
    }

    #[test]
    fn directives_that_would_be_overlooked_are_refused() {
        let (message, help) = error("/* dbmigrate: no-transaction */ VACUUM");
        assert_eq!(message, "file:1: a directive stands in a `--` comment");
        assert_eq!(help, "write `-- dbmigrate: no-transaction`");
        let (message, help) = error("\n-- dbmigrate allow(drop_table) users");
        assert_eq!(message, "file:2: the colon behind `dbmigrate` is missing");
        assert_eq!(help, "write `-- dbmigrate: allow(drop_table) users`");
        assert!(parse("-- dbmigrate made this file").is_ok());
    }

    #[test]
    fn directives_without_their_parts_are_refused() {
        let allow = "file:1: `allow` names a lint and an object";
        for text in ["allow", "allow drop_table users", "allow(drop_table)", "allow() users", "allow(Drop) users"] {
            assert_eq!(error(&format!("-- dbmigrate: {text}")).0, allow, "{text}");
        }
        assert_eq!(error("-- dbmigrate: expect-none").0, "file:1: `expect-none` needs a query");
        assert_eq!(error("-- dbmigrate: expect-none \"m\"").0, "file:1: `expect-none` needs a query");
        assert!(error("-- dbmigrate: expect-none \"m SELECT 1").0.contains("not closed"));
        assert!(error("-- dbmigrate: expect-none DELETE FROM t").0.contains("not a `SELECT`"));
        assert!(error("-- dbmigrate: expect-none SELECT 1; SELECT 2").0.contains("takes one query"));
        assert!(error("-- dbmigrate: no-transaction please\nVACUUM").0.contains("stands alone"));
    }

    #[test]
    fn transactions_belong_to_the_runner() {
        for text in ["BEGIN", "begin immediate", "COMMIT", "END TRANSACTION", "ROLLBACK", "SAVEPOINT a", "RELEASE a"] {
            let (message, _) = error(&format!("SELECT 1;\n\n{text};"));
            assert!(message.starts_with("file:3: `") && message.contains("transaction of its own"), "{message}");
        }
        let trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END;";
        assert!(parse(trigger).is_ok());
    }

    #[test]
    fn the_foreign_keys_pragma_belongs_to_the_runner() {
        for text in ["PRAGMA foreign_keys=OFF", "pragma main.Foreign_Keys", "PRAGMA \"foreign_keys\" = 1"] {
            let (message, _) = error(text);
            assert!(message.starts_with("file:1: `PRAGMA foreign_keys`"), "{message}");
        }
        assert!(parse("PRAGMA foreign_key_check; PRAGMA defer_foreign_keys=1").is_ok());
    }

    #[test]
    fn no_transaction_is_for_one_statement() {
        assert!(parse("-- dbmigrate: no-transaction\nVACUUM;").expect("the script is right").no_transaction);
        let (message, _) = error("-- a\n-- dbmigrate: no-transaction\nVACUUM; SELECT 1");
        assert_eq!(message, "file:2: `no-transaction` is for a script of exactly one statement, this one has 2");
        assert!(error("-- dbmigrate: no-transaction").0.contains("this one has 0"));
    }

    #[test]
    fn long_scripts_take_linear_time() {
        let text = "-- dbmigrate: allow(drop_table) t\nDROP TABLE t;\n".repeat(100_000);
        assert_eq!(parse(&text).expect("the script is right").allows.len(), 100_000);
    }
}
