//! Names in double quotes that are no names where they stand: SQLite takes them for text
//! (sqlite.org/quirks.html#dblquote).
//!
//! In doubt a name is one: what is unknown to this file is known to the engine, and a text that is taken for a column is found
//! another time.

use std::collections::BTreeSet;

use super::columns::{Columns, Sources};
use crate::keyword::is_reserved;
use crate::sql::token::{Token, TokenKind, significant};
use crate::sql::{Head, Name, Statement, StatementKind};

/// A text in double quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted<'s> {
    /// As it is written, with its quotes.
    pub written: &'s str,
    /// The text.
    pub text: String,
    /// Whether it is the default of a column, which is never a name.
    pub is_default: bool,
}

/// Words that a name of something other than a column stands behind.
const NAME_BEHIND: [&str; 31] = [
    "add",
    "as",
    "attach",
    "collate",
    "column",
    "constraint",
    "database",
    "detach",
    "drop",
    "exists",
    "from",
    "index",
    "into",
    "join",
    "of",
    "over",
    "pragma",
    "recursive",
    "references",
    "reindex",
    "release",
    "rename",
    "savepoint",
    "table",
    "to",
    "trigger",
    "update",
    "using",
    "view",
    "window",
    "with",
];

/// Words that are no keywords everywhere, and that an expression stands behind.
const EXPRESSION_BEHIND: [&str; 6] = ["by", "glob", "like", "match", "offset", "regexp"];

/// The texts in double quotes of a statement, each once.
pub fn quoted<'s>(statement: &Statement<'s>, sources: &Sources<'_>) -> Vec<Quoted<'s>> {
    let text = statement.text;
    if !text.contains('"') || matches!(statement.kind, StatementKind::Pragma | StatementKind::CreateVirtualTable) {
        return Vec::new();
    }
    let tokens = significant(text);
    let mut found: Vec<Quoted<'s>> = Vec::new();
    let mut known: Option<Option<BTreeSet<Name>>> = None;
    let skipped = skipped(statement.kind, &tokens);
    for (at, token) in tokens.iter().enumerate() {
        let is_quoted = token.kind == TokenKind::QuotedName && token.text.starts_with('"');
        if !is_quoted || skipped.contains(&at) || !is_expression(statement.kind, &tokens, at) {
            continue;
        }
        let Some(name) = token.identifier() else { continue };
        let is_default = tokens[at - 1].is_word("default");
        if !is_default {
            let known = known.get_or_insert_with(|| names(statement, &tokens, sources));
            let Some(known) = known else { return found };
            if known.contains(&Name::from(name.as_str()))
                || ["rowid", "oid", "_rowid_"].iter().any(|rowid| name.eq_ignore_ascii_case(rowid))
            {
                continue;
            }
        }
        if !found.iter().any(|before| before.text == name) {
            found.push(Quoted { written: &text[token.start..token.end()], text: name, is_default });
        }
    }
    found
}

/// Whether an expression can stand at that place.
fn is_expression(kind: StatementKind, tokens: &[Token<'_>], at: usize) -> bool {
    let next = tokens.get(at + 1).map(|token| token.kind);
    if at == 0 || matches!(next, Some(TokenKind::Dot | TokenKind::Open)) {
        return false;
    }
    let before = &tokens[at - 1];
    match before.kind {
        TokenKind::Open | TokenKind::Comma | TokenKind::Operator => true,
        TokenKind::Word => {
            let is = |words: &[&str]| words.iter().any(|word| before.is_word(word));
            let behind = |word: &str| at > 1 && tokens[at - 2].is_word(word);
            if before.is_word("from") {
                return behind("distinct");
            }
            // `UPDATE OR IGNORE t`, `INDEXED BY i`, `CREATE INDEX i ON t`
            let is_name = is(&NAME_BEHIND)
                || behind("or") && is(&["abort", "fail", "ignore", "replace", "rollback"])
                || before.is_word("by") && behind("indexed")
                || before.is_word("on") && matches!(kind, StatementKind::CreateIndex | StatementKind::CreateTrigger);
            !is_name && (is(&EXPRESSION_BEHIND) || is_reserved(before.text))
        }
        _ => false,
    }
}

/// The tokens that name columns of something else: `REFERENCES t (…)`, the columns that an `INSERT` fills, those that a view
/// or a `WITH` gives names to.
fn skipped(kind: StatementKind, tokens: &[Token<'_>]) -> BTreeSet<usize> {
    let mut skipped = BTreeSet::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.kind != TokenKind::Open || at < 2 {
            continue;
        }
        let name_at = if at >= 4 && tokens[at - 2].kind == TokenKind::Dot { at - 3 } else { at - 1 };
        let before = &tokens[name_at.saturating_sub(1)];
        let Some(close) = closing(tokens, at) else { continue };
        let behind = |offset: usize, word: &str| tokens.get(close + offset).is_some_and(|token| token.is_word(word));
        let is_list = before.is_word("references")
            || before.is_word("into")
            || (kind == StatementKind::CreateView && before.is_word("view"))
            // `INSERT INTO t AS x (…)`
            || (before.is_word("as") && tokens[..at].iter().rev().take(6).any(|token| token.is_word("into")))
            || (behind(1, "as") && tokens.get(close + 2).is_some_and(|token| token.kind == TokenKind::Open));
        if is_list {
            skipped.extend(at..=close);
        }
    }
    skipped
}

fn closing(tokens: &[Token<'_>], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    tokens.iter().enumerate().skip(open).find_map(|(at, token)| {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth == 0).then_some(at)
    })
}

/// The names that mean something in a statement; `None` if it reads what has columns that nobody knows.
fn names(statement: &Statement<'_>, tokens: &[Token<'_>], sources: &Sources<'_>) -> Option<BTreeSet<Name>> {
    let mut names = BTreeSet::new();
    let target = target(statement, tokens);
    for (at, token) in tokens.iter().enumerate() {
        let is_name = matches!(token.kind, TokenKind::Word | TokenKind::QuotedName);
        let Some(name) = token.identifier().map(Name::from).filter(|_| is_name) else { continue };
        // what it fills is not what it reads
        if target == Some(at) {
            continue;
        }
        let before = at.checked_sub(1).map(|before| &tokens[before]);
        let is_function = tokens.get(at + 1).is_some_and(|next| next.kind == TokenKind::Open);
        if is_function
            && token.kind == TokenKind::Word
            && before.is_some_and(|before| {
                before.is_word("from") || before.is_word("join") || before.kind == TokenKind::Comma
            })
            && sources.columns(&name).is_none()
            && is_table_function(token.text)
        {
            return None;
        }
        let is_alias = before.is_some_and(|before| match before.kind {
            TokenKind::Word => before.is_word("as") || before.is_word("with") || !is_reserved(before.text),
            TokenKind::QuotedName | TokenKind::String | TokenKind::Number | TokenKind::Close => true,
            _ => false,
        });
        // `, x AS (SELECT …)` of a WITH
        let is_alias = is_alias
            || tokens.get(at + 1).is_some_and(|next| next.is_word("as"))
                && tokens.get(at + 2).is_some_and(|next| next.kind == TokenKind::Open);
        if is_alias && !(token.kind == TokenKind::Word && is_reserved(token.text)) {
            let expects_expression =
                before.is_some_and(|before| EXPRESSION_BEHIND.iter().any(|word| before.is_word(word)));
            if !expects_expression {
                names.insert(name.clone());
            }
        }
        match sources.columns(&name) {
            Some(Columns::Named(columns)) => {
                names.extend(columns);
                names.insert(name);
            }
            Some(Columns::Unknown) => return None,
            None => {}
        }
    }
    for (open, token) in tokens.iter().enumerate().filter(|(_, token)| token.kind == TokenKind::Open) {
        // the columns that a WITH gives names to
        let close = closing(tokens, open)?;
        let is_with = tokens.get(close + 1).is_some_and(|next| next.is_word("as"))
            && tokens.get(close + 2).is_some_and(|next| next.kind == TokenKind::Open);
        if is_with && token.kind == TokenKind::Open {
            names.extend(tokens[open..close].iter().filter_map(Token::identifier).map(Name::from));
        }
    }
    if statement.kind == StatementKind::CreateTable {
        // its own columns
        let mut own = Sources::before(sources.schema());
        own.follow(statement);
        match Head::read(statement.kind, tokens) {
            Some(Head::CreateTable(table)) => match own.columns(&table) {
                Some(Columns::Named(columns)) => names.extend(columns),
                _ => return None,
            },
            _ => return None,
        }
    }
    if let Some(Head::AddColumn(_, column)) = Head::read(statement.kind, tokens) {
        names.insert(column);
    }
    Some(names)
}

/// The token that names the table that an `INSERT` fills, unless the rest of the statement can mention its columns.
fn target(statement: &Statement<'_>, tokens: &[Token<'_>]) -> Option<usize> {
    let Some(Head::Write(..)) = Head::read(statement.kind, tokens) else { return None };
    let into = tokens.iter().position(|token| token.is_word("into"))?;
    let mentions = tokens.iter().any(|token| token.is_word("conflict") || token.is_word("returning"));
    let name = if tokens.get(into + 2)?.kind == TokenKind::Dot { into + 3 } else { into + 1 };
    (!mentions).then_some(name)
}

/// Whether a function stands for a table.
fn is_table_function(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.starts_with("json_")
        || lower.starts_with("jsonb_")
        || lower.starts_with("pragma_")
        || lower == "generate_series"
        || lower.starts_with("vector_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Column, Schema, Table, View};
    use crate::sql::{Expr, split};

    fn schema() -> Schema {
        let mut schema = Schema::default();
        for (name, columns) in [("users", vec!["id", "name", "state"]), ("posts", vec!["id", "title", "author"])] {
            let mut table = Table::new(name);
            table.columns = columns.into_iter().map(|column| Column::new(column, "TEXT")).collect();
            schema.tables.insert(table);
        }
        let query = Expr::new("SELECT id, name AS label, posts.* FROM users, posts");
        schema.views.insert(View { name: "v".into(), columns: Vec::new(), query, unchecked: false });
        schema
    }

    fn texts(script: &str) -> Vec<String> {
        let schema = schema();
        let mut sources = Sources::before(&schema);
        let mut found = Vec::new();
        for statement in split(script) {
            found.extend(quoted(&statement, &sources).into_iter().map(|quoted| quoted.text));
            sources.follow(&statement);
        }
        found
    }

    #[test]
    fn what_is_no_column_where_it_stands_is_text() {
        for (script, wanted) in [
            ("UPDATE users SET state = \"open\" WHERE \"name\" = \"me\"", vec!["open", "me"]),
            ("SELECT * FROM users WHERE name LIKE \"a%\" AND state IN (\"a\", \"b\")", vec!["a%", "a", "b"]),
            ("CREATE TABLE t (\"a\" TEXT DEFAULT \"x\", CHECK (\"a\" <> \"y\"))", vec!["x", "y"]),
            ("CREATE INDEX i ON users (\"nmae\")", vec!["nmae"]),
            ("CREATE VIEW w AS SELECT \"id\", \"nmae\" FROM \"users\"", vec!["nmae"]),
            ("INSERT INTO users (\"id\", name) VALUES (\"x\", 'y')", vec!["x"]),
            // the target has such a column, what is read has not
            (
                "CREATE TABLE n (\"id\", \"age\"); INSERT INTO \"n\" (\"id\", \"age\") SELECT \"id\", \"age\" FROM users",
                vec!["age"],
            ),
            (
                "CREATE TRIGGER t AFTER INSERT ON users WHEN new.state = \"a\" BEGIN UPDATE posts SET title = \"b\"; END",
                vec!["a", "b"],
            ),
            ("ALTER TABLE users ADD COLUMN \"x\" TEXT DEFAULT \"y\" CHECK (\"x\" <> \"z\")", vec!["y", "z"]),
            ("DELETE FROM users WHERE state IS NOT \"x\" AND name IS NOT DISTINCT FROM \"y\"", vec!["x", "y"]),
        ] {
            assert_eq!(texts(script), wanted, "{script}");
        }
    }

    #[test]
    fn names_are_no_text() {
        for script in [
            "SELECT \"id\", \"users\".\"name\" AS \"label\" FROM \"users\" \"u\" WHERE \"u\".\"id\" = 1 ORDER BY \"label\"",
            "CREATE TABLE \"t\" (\"a\" \"TEXT\" COLLATE \"nocase\", CONSTRAINT \"c\" UNIQUE (\"a\"), FOREIGN KEY (\"a\") REFERENCES \"later\" (\"b\"))",
            "CREATE UNIQUE INDEX IF NOT EXISTS \"i\" ON \"users\" (\"name\" DESC, lower(\"state\")) WHERE \"id\" > 0",
            "INSERT INTO \"users\" (\"id\") SELECT \"title\" FROM \"posts\"",
            "INSERT INTO users (id) VALUES (1) ON CONFLICT (\"id\") DO UPDATE SET \"name\" = excluded.\"name\" RETURNING \"state\"",
            "WITH \"x\" (\"p\", \"q\") AS (SELECT \"id\", \"title\" FROM posts), \"y\" AS (SELECT 1 AS \"one\") SELECT \"p\", \"one\" FROM \"x\", \"y\"",
            "CREATE VIEW \"w\" (\"p\") AS SELECT \"label\" FROM \"v\" WHERE \"title\" IS NULL",
            "CREATE TRIGGER \"t\" AFTER UPDATE OF \"name\", \"state\" ON \"users\" BEGIN INSERT INTO \"posts\" (\"title\") VALUES (NEW.\"name\"); END",
            "ALTER TABLE \"users\" RENAME COLUMN \"name\" TO \"label\"; UPDATE users SET \"label\" = 1",
            "ALTER TABLE \"users\" RENAME TO \"people\"; DELETE FROM \"people\" WHERE \"state\" = 1 OR \"rowid\" = 1",
            "CREATE TABLE z AS SELECT 1 AS \"one\"; SELECT \"whatever\" FROM z",
            "SELECT \"value\" FROM json_each('[]')",
            "UPDATE OR IGNORE \"users\" SET \"name\" = NULL",
            "SELECT * FROM \"users\" INDEXED BY \"i\" JOIN \"posts\" USING (\"id\")",
            "PRAGMA table_info(\"users\")",
        ] {
            assert_eq!(texts(script), Vec::<String>::new(), "{script}");
        }
    }
}
