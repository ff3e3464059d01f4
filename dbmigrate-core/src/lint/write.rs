//! Statements that write rows, as far as rules have to know them.

use crate::sql::token::{Token, TokenKind, significant};
use crate::sql::{Name, Statement, StatementKind};

/// What a statement does to rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// `INSERT`, with the word behind `OR` (`INSERT OR IGNORE`).
    Insert,
    /// `REPLACE` or `INSERT OR REPLACE`.
    Replace,
    /// `UPDATE`.
    Update,
    /// `DELETE`.
    Delete,
}

/// A statement that writes rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// What it does.
    pub verb: Verb,
    /// The table.
    pub table: Name,
    /// The condition behind `WHERE`, of the statement itself and not of a query in it, up to its end; `None` if there is
    /// none.
    pub condition: Option<String>,
}

/// Reads a statement that writes rows. `None` for others.
pub fn write_of(statement: &Statement<'_>) -> Option<Write> {
    if statement.kind != StatementKind::Write {
        return None;
    }
    let tokens = significant(statement.text);
    // what is in parentheses belongs to another query
    let mut depth = 0_usize;
    let outside: Vec<&Token<'_>> = tokens
        .iter()
        .filter(|token| {
            match token.kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close => depth = depth.saturating_sub(1),
                _ => return depth == 0,
            }
            false
        })
        .collect();
    let verb_at = outside.iter().position(|token| {
        ["insert", "replace", "update", "delete"]
            .iter()
            .any(|word| token.kind == TokenKind::Word && token.is_word(word))
    })?;
    let mut rest = &outside[verb_at + 1..];
    let mut verb = match &outside[verb_at] {
        token if token.is_word("insert") => Verb::Insert,
        token if token.is_word("replace") => Verb::Replace,
        token if token.is_word("update") => Verb::Update,
        _ => Verb::Delete,
    };
    if let [or, what, behind @ ..] = rest
        && or.is_word("or")
    {
        if verb == Verb::Insert && what.is_word("replace") {
            verb = Verb::Replace;
        }
        rest = behind;
    }
    if let [word, behind @ ..] = rest
        && (word.is_word("into") || word.is_word("from"))
        && verb != Verb::Update
    {
        rest = behind;
    }
    // `main.users`
    let name = match rest {
        [_, dot, name, ..] if dot.text == "." => name,
        [name, ..] => name,
        [] => return None,
    };
    let condition = rest.iter().find(|token| token.kind == TokenKind::Word && token.is_word("where"));
    let condition = condition.map(|word| statement.text[word.end()..].trim().to_owned());
    Some(Write { verb, table: Name::from(name.identifier()?), condition })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::split;

    fn read(sql: &str) -> Option<(Verb, String, Option<String>)> {
        let write = write_of(&split(sql)[0])?;
        Some((write.verb, write.table.as_str().to_owned(), write.condition))
    }

    #[test]
    fn the_table_and_the_condition_of_the_statement_itself_are_read() {
        let is = |sql: &str, verb: Verb, table: &str, condition: Option<&str>| {
            assert_eq!(read(sql), Some((verb, table.to_owned(), condition.map(str::to_owned))), "{sql}");
        };
        is("DELETE FROM t", Verb::Delete, "t", None);
        is("DELETE FROM main.\"a b\" WHERE x = 1;", Verb::Delete, "a b", Some("x = 1"));
        is("UPDATE OR IGNORE t SET a = (SELECT b FROM c WHERE c.id = t.id)", Verb::Update, "t", None);
        is("WITH x AS (SELECT 1 WHERE 1) UPDATE t SET a = 1 WHERE b", Verb::Update, "t", Some("b"));
        is("INSERT OR REPLACE INTO t VALUES (1)", Verb::Replace, "t", None);
        is("replace into t values (1)", Verb::Replace, "t", None);
        is("INSERT INTO t SELECT * FROM s WHERE s.a", Verb::Insert, "t", Some("s.a"));
        assert_eq!(read("SELECT 1"), None);
    }
}
