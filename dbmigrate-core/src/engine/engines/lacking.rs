//! Statements that Turso Database has no answer to, or that make a file useless to it: found before anything is run.
//!
//! The list is that of version 0.8.3, without what is experimental there. What is not in it is left to the engine, in a
//! transaction that is rolled back.

use super::{Refusal, Turso};
use crate::engine::introspect::has_vectors;
use crate::sql::token::significant;
use crate::sql::{Statement, Token, TokenKind};

/// Modules of virtual tables that it does not have.
const MODULES: [&str; 8] = ["fts3", "fts4", "fts5", "fts5vocab", "rtree", "rtree_i32", "geopoly", "dbstat"];

/// What it runs only where it is told to.
const EXPERIMENTAL: [&str; 3] = ["VACUUM", "ATTACH", "DETACH"];

/// The statements that it cannot run, or that a file must not have in it if it is to read that.
pub fn lacking(statements: &[Statement<'_>], turso: Turso) -> Vec<Refusal> {
    let refused = statements.iter().enumerate().filter_map(|(index, statement)| {
        let tokens = significant(statement.text);
        let reason = match turso {
            Turso::Runs => not_run(&tokens),
            Turso::Reads => not_read(&tokens),
        };
        Some(Refusal { index, line: statement.line, reason: reason? })
    });
    refused.collect()
}

/// Why it does not run a statement.
fn not_run(tokens: &[Token<'_>]) -> Option<String> {
    let first = tokens.first()?;
    if let Some(word) = EXPERIMENTAL.iter().find(|word| first.is_word(word)) {
        return Some(format!("Turso Database does not run `{word}`"));
    }
    let has = |what: &str| Some(format!("Turso Database has no {what}"));
    match created(tokens) {
        Some(Created::Table) if ends_with(tokens, ["without", "rowid"]) => has("`WITHOUT ROWID` tables"),
        Some(Created::Table) if ends_with(tokens, ["random", "rowid"]) => has("`RANDOM ROWID` tables"),
        Some(Created::Table | Created::Column) if generated(tokens) == Some(Generated::Stored) => {
            has("stored generated columns")
        }
        Some(Created::Column) if has_computed_default(tokens) => {
            Some("Turso Database adds no column whose default is computed".to_owned())
        }
        Some(Created::Trigger) if is_instead_of(tokens) => has("`INSTEAD OF` triggers"),
        Some(Created::Index) if is_of_vectors(tokens) => has("vector indexes (`libsql_vector_idx`)"),
        Some(Created::VirtualTable) => {
            let module = module(tokens)?;
            let is_missing = MODULES.iter().any(|one| module.eq_ignore_ascii_case(one));
            if is_missing { has(&format!("module `{module}` for virtual tables")) } else { None }
        }
        _ => None,
    }
}

/// Why it could not read a file in which libSQL has run a statement.
fn not_read(tokens: &[Token<'_>]) -> Option<String> {
    let what = match created(tokens)? {
        Created::Table | Created::Column if generated(tokens).is_some() => "generated columns",
        Created::Table if ends_with(tokens, ["random", "rowid"]) => "`RANDOM ROWID` tables",
        Created::Trigger if is_instead_of(tokens) => "`INSTEAD OF` triggers",
        Created::Index if is_of_vectors(tokens) => "vector indexes (`libsql_vector_idx`)",
        Created::VirtualTable => "the virtual tables of SQLite",
        _ => return None,
    };
    Some(format!("Turso Database uses this file too, and has no {what}"))
}

/// What a statement makes.
enum Created {
    Table,
    VirtualTable,
    Index,
    Trigger,
    /// `ALTER TABLE … ADD COLUMN`.
    Column,
}

fn created(tokens: &[Token<'_>]) -> Option<Created> {
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is_word(word));
    if is(0, "alter") {
        // the name of the table may have that of a database in front of it
        let name = 2 + if tokens.get(3).is_some_and(|token| token.kind == TokenKind::Dot) { 3 } else { 1 };
        return is(name, "add").then_some(Created::Column);
    }
    if !is(0, "create") {
        return None;
    }
    let kind = 1 + usize::from(["temp", "temporary", "unique"].iter().any(|word| is(1, word)));
    let kinds = [
        ("table", Created::Table),
        ("virtual", Created::VirtualTable),
        ("index", Created::Index),
        ("trigger", Created::Trigger),
    ];
    kinds.into_iter().find(|(word, _)| is(kind, word)).map(|(_, created)| created)
}

/// Whether these words stand among the options behind the columns of a table.
fn ends_with(tokens: &[Token<'_>], words: [&str; 2]) -> bool {
    let options = tokens.iter().rposition(|token| token.kind == TokenKind::Close).map_or(0, |at| at + 1);
    tokens[options..].windows(2).any(|pair| pair[0].is_word(words[0]) && pair[1].is_word(words[1]))
}

/// A kind of generated column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Generated {
    Virtual,
    Stored,
}

/// The generated column in the definition of a table or a column: a stored one, if there is one.
fn generated(tokens: &[Token<'_>]) -> Option<Generated> {
    // the columns of a table stand in parentheses, one that is added does not
    let depth_of_columns = usize::from(tokens.first().is_some_and(|token| token.is_word("create")));
    let (mut depth, mut found, mut expression) = (0_usize, None, None);
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => {
                let is_generated = depth == depth_of_columns && at > 0 && tokens[at - 1].is_word("as");
                if is_generated {
                    expression = Some(depth);
                    found = found.or(Some(Generated::Virtual));
                }
                depth += 1;
            }
            TokenKind::Close => {
                depth = depth.saturating_sub(1);
                if expression == Some(depth) {
                    expression = None;
                    if tokens.get(at + 1).is_some_and(|next| next.is_word("stored")) {
                        found = Some(Generated::Stored);
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// Whether a column that is added has a default that is no value as it stands there.
fn has_computed_default(tokens: &[Token<'_>]) -> bool {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            TokenKind::Word if depth == 0 && token.is_word("default") => return !is_constant(&tokens[at + 1..]),
            _ => {}
        }
    }
    false
}

/// Whether tokens begin with a literal, signed or not, which may stand in parentheses and then has to be alone there.
fn is_constant(tokens: &[Token<'_>]) -> bool {
    let parentheses = tokens.iter().take_while(|token| token.kind == TokenKind::Open).count();
    let mut rest = &tokens[parentheses..];
    if let [sign, number, ..] = rest
        && ["+", "-"].contains(&sign.text)
        && number.kind == TokenKind::Number
    {
        rest = &rest[1..];
    }
    let Some((value, behind)) = rest.split_first() else { return false };
    let is_computed = ["current_timestamp", "current_date", "current_time"].iter().any(|word| value.is_word(word));
    let is_value = value.kind != TokenKind::Open && value.text != "-" && value.text != "+" && !is_computed;
    is_value && behind.iter().take_while(|token| token.kind == TokenKind::Close).count() >= parentheses
}

/// Whether a trigger is one that stands in the place of a write.
fn is_instead_of(tokens: &[Token<'_>]) -> bool {
    let head = tokens.iter().take_while(|token| !token.is_word("begin")).collect::<Vec<_>>();
    head.windows(2).any(|pair| pair[0].is_word("instead") && pair[1].is_word("of"))
}

fn is_of_vectors(tokens: &[Token<'_>]) -> bool {
    tokens.iter().any(|token| has_vectors(token.text))
}

/// The module of a virtual table.
fn module<'t>(tokens: &[Token<'t>]) -> Option<&'t str> {
    let using = tokens.iter().position(|token| token.is_word("using"))?;
    tokens.get(using + 1).map(|token| token.text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::split;

    fn reasons(sql: &str, turso: Turso) -> Vec<String> {
        lacking(&split(sql), turso).into_iter().map(|refusal| refusal.reason).collect()
    }

    #[track_caller]
    fn refused(sql: &str, by_running: Option<&str>, by_reading: Option<&str>) {
        let wanted = |what: Option<&str>| what.map(str::to_owned).into_iter().collect::<Vec<_>>();
        assert_eq!(reasons(sql, Turso::Runs), wanted(by_running), "{sql}");
        assert_eq!(reasons(sql, Turso::Reads), wanted(by_reading), "{sql}");
    }

    #[test]
    fn what_it_lacks_is_found_by_name() {
        let no = |what: &str| format!("Turso Database has no {what}");
        let useless = |what: &str| format!("Turso Database uses this file too, and has no {what}");
        for (sql, running, reading) in [
            ("CREATE TABLE t (a TEXT PRIMARY KEY) WITHOUT ROWID", Some("`WITHOUT ROWID` tables"), None),
            (
                "create table if not exists main.t (a primary key) strict, without rowid",
                Some("`WITHOUT ROWID` tables"),
                None,
            ),
            ("CREATE TABLE t (a) RANDOM ROWID", Some("`RANDOM ROWID` tables"), Some("`RANDOM ROWID` tables")),
            (
                "CREATE TABLE t (a, b AS (f(a + (1))) STORED)",
                Some("stored generated columns"),
                Some("generated columns"),
            ),
            ("CREATE TABLE t (a, b GENERATED ALWAYS AS (a) VIRTUAL, c AS (a))", None, Some("generated columns")),
            ("ALTER TABLE t ADD COLUMN b AS (a)", None, Some("generated columns")),
            (
                "CREATE TRIGGER x INSTEAD OF INSERT ON v BEGIN SELECT 1; END",
                Some("`INSTEAD OF` triggers"),
                Some("`INSTEAD OF` triggers"),
            ),
            (
                "CREATE VIRTUAL TABLE IF NOT EXISTS f USING FTS5(a)",
                Some("module `FTS5` for virtual tables"),
                Some("the virtual tables of SQLite"),
            ),
            (
                "CREATE VIRTUAL TABLE r USING rtree(id, a, b)",
                Some("module `rtree` for virtual tables"),
                Some("the virtual tables of SQLite"),
            ),
            (
                "CREATE INDEX i ON t (libsql_vector_idx(e))",
                Some("vector indexes (`libsql_vector_idx`)"),
                Some("vector indexes (`libsql_vector_idx`)"),
            ),
        ] {
            refused(sql, running.map(no).as_deref(), reading.map(useless).as_deref());
        }
        refused("VACUUM", Some("Turso Database does not run `VACUUM`"), None);
    }

    #[test]
    fn a_column_is_added_with_a_value_and_not_with_a_computation() {
        let refused =
            |default: &str| !reasons(&format!("ALTER TABLE main.t ADD COLUMN c {default}"), Turso::Runs).is_empty();
        for default in [
            "(1 + 2)",
            "(1+2) NOT NULL",
            "current_timestamp",
            "(datetime('now'))",
            "(abs(1))",
            "('a' || 'b')",
            "(-(1))",
        ] {
            assert!(refused(&format!("DEFAULT {default}")), "{default}");
            // a table that is made may have it
            assert!(reasons(&format!("CREATE TABLE t (c DEFAULT {default})"), Turso::Runs).is_empty(), "{default}");
        }
        for default in
            ["1", "-1", "+1.5", "'(a)'", "x'00'", "NULL", "true", "(1)", "((1))", "(-1)", "('a') NOT NULL", "(true)"]
        {
            assert!(!refused(&format!("TEXT DEFAULT {default}")), "{default}");
        }
        assert!(!refused("TEXT CHECK (c <> default_of(1 + 2))"));
    }

    #[test]
    fn what_only_looks_like_it_is_allowed() {
        for sql in [
            "CREATE TABLE without (rowid, stored, random TEXT, \"instead\" CHECK (CAST(stored AS TEXT) <> ''))",
            "CREATE TABLE t AS SELECT a AS b FROM (SELECT 1 AS a)",
            "CREATE VIEW v AS SELECT 1 AS \"WITHOUT ROWID\"",
            "CREATE TRIGGER instead AFTER UPDATE OF a ON t BEGIN SELECT 'instead of'; END",
            "ALTER TABLE t RENAME COLUMN a TO default_",
            "INSERT INTO t VALUES ('CREATE VIRTUAL TABLE f USING fts5(a)')",
        ] {
            refused(sql, None, None);
        }
    }
}
