//! Statements that a server refuses, found before anything is sent: one of them makes it refuse the whole request,
//! without saying which.
//!
//! The lists are those of libSQL server 0.24 (`libsql-server/src/query_analysis.rs`), and a test runs all of them
//! against a real one. Some statements are here although the server takes them, because they would not do what they
//! say: a view in `temp` lives as long as the stream.

pub use crate::engine::engines::Refusal;
use crate::sql::token::significant;
use crate::sql::{Statement, StatementKind, Token, TokenKind};

/// PRAGMAs that a server runs, whatever is behind their name.
const PRAGMAS: [&str; 25] = [
    "collation_list",
    "compile_options",
    "data_version",
    "database_list",
    "defer_foreign_keys",
    "encoding",
    "foreign_key_check",
    "foreign_key_list",
    "foreign_keys",
    "freelist_count",
    "function_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    "legacy_file_format",
    "module_list",
    "page_count",
    "pragma_list",
    "quick_check",
    "stats",
    "table_info",
    "table_list",
    "table_xinfo",
    "user_version",
];

/// PRAGMAs that a server runs without an argument only.
const PRAGMAS_WITHOUT_ARGUMENT: [&str; 30] = [
    "analysis_limit",
    "application_id",
    "auto_vacuum",
    "automatic_index",
    "busy_timeout",
    "cache_size",
    "cache_spill",
    "cell_size_check",
    "checkpoint_fullfsync",
    "fullfsync",
    "hard_heap_limit",
    "journal_mode",
    "journal_size_limit",
    "legacy_alter_table",
    "locking_mode",
    "max_page_count",
    "mmap_size",
    "page_size",
    "query_only",
    "read_uncommitted",
    "recursive_triggers",
    "reverse_unordered_selects",
    "schema_version",
    "secure_delete",
    "soft_heap_limit",
    "synchronous",
    "temp_store",
    "threads",
    "trusted_schema",
    "wal_autocheckpoint",
];

/// Tables that a server keeps for itself.
const RESERVED: [&str; 3] = ["_litestream_seq", "_litestream_lock", "libsql_wasm_func_table"];

/// The statements of a script that a server refuses.
pub fn refusals(statements: &[Statement<'_>]) -> Vec<Refusal> {
    let refused = statements.iter().enumerate().filter_map(|(index, statement)| {
        let reason = reason(statement)?;
        Some(Refusal { index, line: statement.line, reason })
    });
    refused.collect()
}

fn reason(statement: &Statement<'_>) -> Option<String> {
    let tokens = significant(statement.text);
    let explained = tokens.first().is_some_and(|token| token.is_word("explain"));
    if explained {
        // EXPLAIN QUERY PLAN of whatever is fine
        let pragma = tokens.get(1).is_some_and(|token| token.is_word("pragma"));
        return if pragma { pragma_reason(&tokens[1..]) } else { syntax_reason(&tokens) };
    }
    let word = tokens.first().map(|token| token.text.to_ascii_uppercase()).unwrap_or_default();
    let refused = match word.as_str() {
        "VACUUM" | "ANALYZE" | "ATTACH" | "DETACH" => Some(format!("a libSQL server does not run `{word}`")),
        "PRAGMA" => pragma_reason(&tokens),
        "CREATE" if is_temporary(&tokens) => {
            Some("a libSQL server has no temporary tables, views, indexes or triggers".to_owned())
        }
        _ => reserved_reason(statement.kind, &tokens),
    };
    refused.or_else(|| syntax_reason(&tokens))
}

/// `CREATE TEMP …`, and `CREATE … temp.name`.
fn is_temporary(tokens: &[Token<'_>]) -> bool {
    let is_temp = |token: &Token<'_>| {
        token.identifier().is_some_and(|name| ["temp", "temporary"].iter().any(|temp| name.eq_ignore_ascii_case(temp)))
    };
    if tokens.get(1).is_some_and(|token| token.kind == TokenKind::Word && is_temp(token)) {
        return true;
    }
    // CREATE [UNIQUE | VIRTUAL] kind [IF NOT EXISTS] schema . name
    let kind = ["unique", "virtual"].iter().any(|word| tokens.get(1).is_some_and(|token| token.is_word(word)));
    let name = 2 + usize::from(kind);
    let name = name + if tokens.get(name).is_some_and(|token| token.is_word("if")) { 3 } else { 0 };
    match tokens.get(name..name + 2) {
        Some([schema, dot]) => {
            dot.kind == TokenKind::Dot && schema.identifier().is_some_and(|name| name.eq_ignore_ascii_case("temp"))
        }
        _ => false,
    }
}

fn pragma_reason(tokens: &[Token<'_>]) -> Option<String> {
    let qualified = tokens.get(2).is_some_and(|token| token.kind == TokenKind::Dot);
    let at = if qualified { 3 } else { 1 };
    let token = tokens.get(at)?;
    let name = token.identifier()?.to_ascii_lowercase();
    let argument = tokens.get(at + 1).is_some();
    if token.kind != TokenKind::Word {
        return Some(format!("a libSQL server cannot parse `PRAGMA` with the quoted name {}", token.text));
    }
    if PRAGMAS.contains(&name.as_str()) {
        return None;
    }
    match (PRAGMAS_WITHOUT_ARGUMENT.contains(&name.as_str()), argument) {
        (true, false) => None,
        (true, true) => Some(format!("a libSQL server does not allow setting `PRAGMA {name}`")),
        (false, _) => Some(format!("a libSQL server does not run `PRAGMA {name}`")),
    }
}

/// Writes to tables of the server. That one of these names stands anywhere in a writing statement is enough; in quotes
/// the server does not know them, and has no such table.
fn reserved_reason(kind: StatementKind, tokens: &[Token<'_>]) -> Option<String> {
    if !matches!(kind, StatementKind::Write | StatementKind::DropTable | StatementKind::AlterTable) {
        return None;
    }
    let mut names = tokens.iter().filter(|token| token.kind == TokenKind::Word).filter_map(Token::identifier);
    let name = names.find(|name| RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved)))?;
    Some(format!("a libSQL server reserves the table `{name}`"))
}

/// What SQLite reads and the parser in front of it in the server does not.
fn syntax_reason(tokens: &[Token<'_>]) -> Option<String> {
    let separated = tokens.iter().find(|token| token.kind == TokenKind::Number && token.text.contains('_'));
    if let Some(number) = separated {
        return Some(format!("a libSQL server cannot parse `_` in numbers such as `{}`", number.text));
    }
    let called = ordered_call(tokens)?;
    Some(format!("a libSQL server cannot parse `ORDER BY` in the arguments of `{called}`"))
}

/// The function that is called as `f(… ORDER BY …)`.
fn ordered_call<'a>(tokens: &[Token<'a>]) -> Option<&'a str> {
    // for each open parenthesis the function that is called with it
    let mut calls: Vec<Option<&'a str>> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => {
                let before = at.checked_sub(1).map(|before| &tokens[before]);
                let function = before.filter(|word| {
                    word.kind == TokenKind::Word && !["over", "as"].iter().any(|keyword| word.is_word(keyword))
                });
                let next = tokens.get(at + 1);
                let query =
                    ["select", "with", "values"].iter().any(|word| next.is_some_and(|token| token.is_word(word)));
                calls.push(function.filter(|_| !query).map(|word| word.text));
            }
            TokenKind::Close => {
                calls.pop();
            }
            TokenKind::Word if token.is_word("order") && tokens.get(at + 1).is_some_and(|next| next.is_word("by")) => {
                if let Some(Some(function)) = calls.last() {
                    return Some(function);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::split;

    fn refused(sql: &str) -> bool {
        !refusals(&split(sql)).is_empty()
    }

    #[test]
    fn the_place_and_the_reason_are_told() {
        let script = "CREATE TABLE t(a);\n\nVACUUM;\nPRAGMA journal_mode = wal;\nPRAGMA journal_mode";
        let found = refusals(&split(script));
        let told: Vec<(usize, usize, &str)> =
            found.iter().map(|refusal| (refusal.index, refusal.line, refusal.reason.as_str())).collect();
        assert_eq!(
            told,
            [
                (1, 3, "a libSQL server does not run `VACUUM`"),
                (2, 4, "a libSQL server does not allow setting `PRAGMA journal_mode`"),
            ]
        );
    }

    #[test]
    fn temporary_objects_are_found_however_they_are_written() {
        for sql in [
            "CREATE TEMP TABLE x(a)",
            "create temporary view v as select 1",
            "CREATE TABLE IF NOT EXISTS temp.x(a)",
            "CREATE VIEW \"Temp\".v AS SELECT 1",
            "CREATE TRIGGER [temp].tr AFTER INSERT ON t BEGIN SELECT 1; END",
            "CREATE UNIQUE INDEX temp.i ON t(a)",
            "CREATE VIRTUAL TABLE temp.f USING fts5(a)",
        ] {
            assert!(refused(sql), "{sql}");
        }
        for sql in ["CREATE TABLE temp(a)", "CREATE TABLE main.temp(a)", "CREATE VIEW v AS SELECT temp.a FROM temp"] {
            assert!(!refused(sql), "{sql}");
        }
    }

    #[test]
    fn an_order_among_arguments_is_told_from_one_of_a_query_or_a_window() {
        for sql in ["SELECT group_concat(a, ',' ORDER BY b) FROM t", "SELECT f((1), x ORDER BY (2)) FROM t"] {
            assert!(refused(sql), "{sql}");
        }
        for sql in [
            "SELECT sum(a) OVER (ORDER BY b) FROM t",
            "SELECT sum(a) OVER w FROM t WINDOW w AS (PARTITION BY a ORDER BY b)",
            "SELECT * FROM (SELECT a FROM t ORDER BY a)",
            "SELECT a IN (SELECT b FROM t ORDER BY b LIMIT 1), coalesce(a, (SELECT 1 ORDER BY 1)) FROM t ORDER BY a",
            "SELECT 'f(1_000 ORDER BY 2)', a_1 FROM t_1",
        ] {
            assert!(!refused(sql), "{sql}");
        }
        assert!(refused("SELECT 1_000"));
    }
}
