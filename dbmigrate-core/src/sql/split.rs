//! Scripts into statements, in one pass over the text, as the sqlite3 shell splits them.
//!
//! A trigger's body contains semicolons. SQLite's own rule (`sqlite3_complete`, sqlite.org/c3ref/complete.html) is
//! used: a `CREATE TRIGGER` ends at `;` `END` `;`, which neither `CASE … END` nor a column called `end` produces.

use super::token::{Token, TokenKind, tokenize};

/// One statement of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement<'a> {
    /// From its first token to its last, without the closing semicolon. A block comment before that is a part of it:
    /// behind `ADD COLUMN …` it becomes a part of the table.
    pub text: &'a str,
    /// Byte offset of `text` in the script.
    pub start: usize,
    /// Line of its first token, counted from 1.
    pub line: usize,
    /// What it does, as far as its first words tell.
    pub kind: StatementKind,
}

/// What a statement does, read off its first words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementKind {
    /// `CREATE TABLE`, also `… AS SELECT`.
    CreateTable,
    /// `CREATE VIRTUAL TABLE`.
    CreateVirtualTable,
    /// `CREATE [UNIQUE] INDEX`.
    CreateIndex,
    /// `CREATE VIEW`.
    CreateView,
    /// `CREATE TRIGGER`.
    CreateTrigger,
    /// `ALTER TABLE`.
    AlterTable,
    /// `DROP TABLE`.
    DropTable,
    /// `DROP INDEX`, `DROP VIEW` or `DROP TRIGGER`.
    DropOther,
    /// `INSERT`, `REPLACE`, `UPDATE`, `DELETE`, or one of these behind `WITH`.
    Write,
    /// `SELECT`, `VALUES`, `EXPLAIN` or a `WITH … SELECT`.
    Read,
    /// `PRAGMA`.
    Pragma,
    /// `BEGIN`, `COMMIT`, `END` or `ROLLBACK` (but not `ROLLBACK TO`).
    Transaction,
    /// Anything else.
    Other,
}

impl StatementKind {
    /// Whether objects can be added, changed or removed by it.
    pub fn changes_schema(self) -> bool {
        !matches!(self, Self::Write | Self::Read)
    }

    /// Whether it only adds an object, so that all others are as they were.
    pub fn only_adds_objects(self) -> bool {
        matches!(self, Self::CreateTable | Self::CreateIndex | Self::CreateView | Self::CreateTrigger)
    }

    /// Whether rows that satisfied their foreign keys before it can violate them after it.
    pub fn can_break_references(self) -> bool {
        !matches!(
            self,
            Self::CreateTable
                | Self::CreateVirtualTable
                | Self::CreateIndex
                | Self::CreateView
                | Self::CreateTrigger
                | Self::DropOther
                | Self::Read
        )
    }
}

/// Splits a script into its statements. White space, other comments and empty statements between them are left out.
pub fn split(script: &str) -> Vec<Statement<'_>> {
    let mut statements = Vec::new();
    let mut current: Vec<Token<'_>> = Vec::new();
    let mut in_trigger = false;
    let mut line = 1;
    let mut first_line = 1;
    let mut comment_end = 0;
    for token in tokenize(script) {
        if token.kind == TokenKind::Semicolon && (!in_trigger || ends_trigger(&current)) {
            push(script, &current, comment_end, first_line, &mut statements);
            current.clear();
            in_trigger = false;
        } else if token.is_significant() {
            if current.is_empty() {
                first_line = line;
            }
            current.push(token);
            if !in_trigger && current.len() <= 5 {
                in_trigger = begins_trigger(&current);
            }
        } else if token.kind == TokenKind::Comment && token.text.starts_with("/*") {
            comment_end = token.end();
        }
        line += token.text.bytes().filter(|byte| *byte == b'\n').count();
    }
    push(script, &current, 0, first_line, &mut statements);
    statements
}

fn push<'a>(
    script: &'a str,
    tokens: &[Token<'a>],
    comment_end: usize,
    line: usize,
    statements: &mut Vec<Statement<'a>>,
) {
    if let (Some(first), Some(last)) = (tokens.first(), tokens.last()) {
        let text = &script[first.start..last.end().max(comment_end)];
        statements.push(Statement { text, start: first.start, line, kind: classify(tokens) });
    }
}

fn begins_trigger(tokens: &[Token<'_>]) -> bool {
    let words: Vec<&Token<'_>> =
        tokens.iter().filter(|token| !["explain", "query", "plan"].iter().any(|word| token.is_word(word))).collect();
    match &words[..] {
        [create, trigger] => create.is_word("create") && trigger.is_word("trigger"),
        [create, temp, trigger] => {
            create.is_word("create")
                && (temp.is_word("temp") || temp.is_word("temporary"))
                && trigger.is_word("trigger")
        }
        _ => false,
    }
}

/// Whether the tokens of a trigger so far end in `; END`, so that the semicolon at hand closes it.
fn ends_trigger(tokens: &[Token<'_>]) -> bool {
    matches!(tokens, [.., semicolon, end] if semicolon.kind == TokenKind::Semicolon && end.is_word("end"))
}

fn classify(tokens: &[Token<'_>]) -> StatementKind {
    let word = |index: usize| tokens.get(index).map(|token| token.text.to_ascii_lowercase()).unwrap_or_default();
    match word(0).as_str() {
        "create" => {
            let skipped = ["temp", "temporary", "unique"].contains(&word(1).as_str());
            match word(1 + usize::from(skipped)).as_str() {
                "table" => StatementKind::CreateTable,
                "virtual" => StatementKind::CreateVirtualTable,
                "index" => StatementKind::CreateIndex,
                "view" => StatementKind::CreateView,
                "trigger" => StatementKind::CreateTrigger,
                _ => StatementKind::Other,
            }
        }
        "alter" => StatementKind::AlterTable,
        "drop" if word(1) == "table" => StatementKind::DropTable,
        "drop" => StatementKind::DropOther,
        "insert" | "replace" | "update" | "delete" => StatementKind::Write,
        "with" => {
            let writes = ["insert", "replace", "update", "delete"];
            let mut depth = 0_usize;
            let is_write = tokens.iter().enumerate().any(|(index, token)| {
                match token.kind {
                    TokenKind::Open => depth += 1,
                    TokenKind::Close => depth = depth.saturating_sub(1),
                    _ => {}
                }
                let called = tokens.get(index + 1).is_some_and(|next| next.kind == TokenKind::Open);
                depth == 0 && !called && writes.iter().any(|write| token.is_word(write))
            });
            if is_write { StatementKind::Write } else { StatementKind::Read }
        }
        "select" | "values" | "explain" => StatementKind::Read,
        "pragma" => StatementKind::Pragma,
        "begin" | "commit" | "end" => StatementKind::Transaction,
        "rollback" if !tokens.iter().any(|token| token.is_word("to")) => StatementKind::Transaction,
        _ => StatementKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(script: &str) -> Vec<&str> {
        split(script).into_iter().map(|statement| statement.text).collect()
    }

    #[test]
    fn triggers_strings_and_comments_do_not_end_a_statement() {
        let trigger = "CREATE TRIGGER tr AFTER INSERT ON t BEGIN\n  SELECT CASE WHEN new.a=';' THEN RAISE(ABORT,'no; end') END;\n  UPDATE t SET b='END;', \"end\"=1; -- END;\nEND";
        let script = format!("-- a; b\nSELECT ';' /* ; */;;\n{trigger};\nSELECT 2");
        assert_eq!(texts(&script), ["SELECT ';' /* ; */", trigger, "SELECT 2"]);
        let lines: Vec<usize> = split(&script).iter().map(|statement| statement.line).collect();
        assert_eq!(lines, [2, 3, 7]);
    }

    #[test]
    fn block_comments_before_the_semicolon_are_of_the_statement() {
        let script = "/* a */ SELECT 1 -- b\n; /* c */ SELECT 2 /* d; */ /* e */ -- f\n;; /* g */ ; SELECT 3 /* h */";
        assert_eq!(texts(script), ["SELECT 1", "SELECT 2 /* d; */ /* e */", "SELECT 3"]);
    }

    #[test]
    fn a_column_called_end_does_not_close_a_trigger() {
        let script = "CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN SELECT 1 AS end; SELECT end FROM t; END; SELECT 3";
        assert_eq!(texts(script).len(), 2);
    }

    #[test]
    fn statements_are_classified_by_their_first_words() {
        let kind = |sql: &str| split(sql)[0].kind;
        assert_eq!(kind("create unique index i on t(a)"), StatementKind::CreateIndex);
        assert_eq!(kind("WITH a AS (SELECT replace('a','b','c')) SELECT replace(1,2,3) FROM a"), StatementKind::Read);
        assert_eq!(kind("WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a"), StatementKind::Write);
        assert_eq!(kind("ROLLBACK TO x"), StatementKind::Other);
        assert_eq!(kind("END"), StatementKind::Transaction);
    }

    #[test]
    fn splitting_is_linear_in_the_script() {
        // with a quadratic splitter this does not end in reasonable time
        let script = "INSERT INTO t VALUES(1, 'a;b');\n".repeat(200_000);
        assert_eq!(split(&script).len(), 200_000);
    }
}
