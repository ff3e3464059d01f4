//! Which migrations may share a transaction on a server, where each commit costs as much as the statements of a tiny one.
//!
//! They are tried together first, and that only ever succeeds: whatever goes wrong is rolled back, and each is sent again
//! in a transaction of its own. So that no lock is held longer than by one of them alone, only one may have work that
//! grows with the rows that were there before.

use std::collections::BTreeSet;

use super::super::Prepared;
use crate::sql::token::significant;
use crate::sql::{Statement, StatementKind, Token};

/// Whether these may.
pub(super) fn may_share(migrations: &[Prepared<'_>]) -> bool {
    let mut made = BTreeSet::new();
    let mut works = |migration: &Prepared<'_>| {
        let script = &migration.script;
        let asks = !script.preflights.is_empty() || !script.restores.is_empty() || !script.keeps.is_empty();
        // each is looked at for what it makes
        script.statements.iter().fold(asks, |works, statement| works_on_rows(statement, &mut made) || works)
    };
    migrations.len() > 1 && migrations.iter().filter(|migration| works(migration)).count() <= 1
}

/// Whether a statement has more to do the more rows there are. What it makes itself is added to the tables that have none
/// but those of the migrations.
fn works_on_rows(statement: &Statement<'_>, made: &mut BTreeSet<String>) -> bool {
    let tokens = significant(statement.text);
    let has = |word: &str| tokens.iter().any(|token| token.is_word(word));
    // the table, which stands behind this word
    let named = |word: &str| {
        let at = tokens.iter().position(|token| token.is_word(word))?;
        let mut rest =
            tokens[at + 1..].iter().skip_while(|token| ["if", "not", "exists"].iter().any(|one| token.is_word(one)));
        let first = rest.next().and_then(Token::identifier)?;
        let name = match rest.next().filter(|token| token.text == ".") {
            Some(_) => rest.next().and_then(Token::identifier)?,
            None => first,
        };
        Some(name.to_lowercase())
    };
    let is_made = |name: Option<String>| name.is_some_and(|name| made.contains(&name));
    match statement.kind {
        StatementKind::CreateTable => {
            made.extend(named("table"));
            has("select")
        }
        StatementKind::CreateIndex => !is_made(named("on")),
        StatementKind::AlterTable => {
            // what is added with a condition is compared with every row, and what is dropped is taken out of every row
            let scans = ["drop", "check", "references", "generated", "as", "not"].iter().any(|word| has(word));
            scans && !is_made(named("table"))
        }
        StatementKind::DropTable => !is_made(named("table")),
        StatementKind::CreateVirtualTable
        | StatementKind::CreateView
        | StatementKind::CreateTrigger
        | StatementKind::DropOther => false,
        StatementKind::Write => !has("values") || has("select"),
        StatementKind::Read | StatementKind::Pragma | StatementKind::Transaction | StatementKind::Other => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::split;

    fn working(sql: &str) -> Vec<bool> {
        let mut made = BTreeSet::new();
        split(sql).iter().map(|statement| works_on_rows(statement, &mut made)).collect()
    }

    #[test]
    fn what_only_changes_the_catalogue_has_nothing_to_do_with_rows() {
        for sql in [
            "CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT CHECK (x <> ''))",
            "ALTER TABLE a ADD COLUMN y TEXT DEFAULT 'z'",
            "ALTER TABLE a RENAME TO b",
            "CREATE VIEW v AS SELECT count(*) FROM a",
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END",
            "DROP VIEW v",
            "INSERT INTO a VALUES (1), (2)",
        ] {
            assert_eq!(working(sql), [false], "{sql}");
        }
    }

    #[test]
    fn what_reads_or_writes_rows_that_are_there_does() {
        for sql in [
            "CREATE TABLE a AS SELECT * FROM b",
            "CREATE UNIQUE INDEX i ON a (x)",
            "ALTER TABLE a ADD COLUMN y TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE a DROP COLUMN y",
            "DROP TABLE a",
            "UPDATE a SET x = 1",
            "DELETE FROM a",
            "INSERT INTO a SELECT * FROM b",
            "INSERT INTO a VALUES ((SELECT count(*) FROM b))",
            "WITH c AS (SELECT 1) INSERT INTO a SELECT * FROM c",
            "SELECT json_extract('{}', iif((SELECT count(*) FROM a) = 0, '$', 'x'))",
            "PRAGMA integrity_check",
        ] {
            assert_eq!(working(sql), [true], "{sql}");
        }
    }

    #[test]
    fn a_table_that_was_made_before_has_no_rows_but_those_of_migrations() {
        let made = "CREATE TABLE IF NOT EXISTS main.\"A b\" (x); CREATE INDEX i ON \"a B\" (x); CREATE INDEX j ON c (x); \
                    DROP TABLE [a b]";
        assert_eq!(working(made), [false, false, true, false]);
    }
}
