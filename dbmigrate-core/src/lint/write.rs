//! Statements that write rows, as far as rules have to know them.

pub use crate::sql::Verb;
use crate::sql::token::{TokenKind, significant};
use crate::sql::{Head, Name, Statement, StatementKind};

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
    let Some(Head::Write(verb, table)) = Head::read(statement.kind, &tokens) else { return None };
    // what is in parentheses belongs to another query
    let mut depth = 0_usize;
    let outside = tokens.iter().filter(|token| {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ => return depth == 0,
        }
        false
    });
    let mut condition = outside.skip_while(|token| !token.is_word("where"));
    let condition = condition.next().map(|word| statement.text[word.end()..].trim().to_owned());
    Some(Write { verb, table, condition })
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
