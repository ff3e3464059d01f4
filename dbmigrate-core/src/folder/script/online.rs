//! `-- dbmigrate: online`: the one rebuild that the migration consists of is made while others use the table, in many
//! short transactions.

use super::{Problem, Script};
use crate::sql::{Head, Statement, StatementKind};

/// The directive.
pub(super) const WORD: &str = "online";

/// Reads what stands behind the word.
pub(super) fn parse(line: usize, rest: &str) -> Result<(), Problem> {
    if rest.trim().is_empty() {
        return Ok(());
    }
    let message = format!("`online` takes no arguments, found `{}`", rest.trim());
    Err((line, message, "write `-- dbmigrate: online`".to_owned()))
}

/// Whether the migration consists of what can be done online.
pub(super) fn check(script: &Script<'_>, line: usize) -> Result<(), Problem> {
    let plain = "delete the line `-- dbmigrate: online`: the migration is then one transaction";
    let problem = |message: String, help: &str| Err((line, message, help.to_owned()));
    if script.no_transaction || script.rust.is_some() {
        let what = if script.no_transaction { "`no-transaction`" } else { "a step in Rust" };
        return problem(format!("`online` in a migration with {what}"), plain);
    }
    let [marked] = &script.rebuilds[..] else {
        let count = script.rebuilds.len();
        return problem(
            format!("`online` requires exactly one marked rebuild, found {count}"),
            "write `-- dbmigrate: rebuild users` directly before the statements that rebuild `users`; a migration for \
             each table",
        );
    };
    let own = &marked.rebuild.statements;
    let is_other = |at: usize, statement: &Statement<'_>| {
        let is_allowed = match statement.kind {
            // what reads the table is out of the way meanwhile
            StatementKind::DropOther => at < own.start && !matches!(Head::of(statement), Some(Head::DropIndex(_))),
            StatementKind::CreateView | StatementKind::CreateTrigger => at >= own.end,
            _ => false,
        };
        !own.contains(&at) && !is_allowed
    };
    match script.statements.iter().enumerate().find(|(at, statement)| is_other(*at, statement)) {
        Some((_, statement)) => problem(
            format!(
                "`online` in a migration that does more than rebuild `{}`, on line {}",
                marked.rebuild.table, statement.line
            ),
            &format!(
                "move that statement into a migration of its own: `cargo dbmigrate generate --custom`; or {plain}"
            ),
        ),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const REBUILD: &str = "-- dbmigrate: rebuild t\nCREATE TABLE n (a NOT NULL);\nINSERT INTO n (a)\nSELECT a\nFROM t;\n\
                           DROP TABLE t;\nALTER TABLE n RENAME TO t;\n";

    fn online(text: &str) -> Result<Option<usize>, (usize, String)> {
        let script = Script::parse(text, Path::new("migration.sql"));
        script.map(|script| script.online).map_err(|error| (error.line, error.message))
    }

    #[test]
    fn a_migration_that_is_one_rebuild_can_be_online() {
        assert_eq!(online(REBUILD), Ok(None));
        let text = format!(
            "-- dbmigrate: online\n-- dbmigrate: expect-none SELECT 1 FROM t WHERE a IS NULL\nDROP VIEW v;\nDROP TRIGGER g;\n\
             {REBUILD}CREATE INDEX i ON t (a);\nCREATE VIEW v AS SELECT a FROM t;\n\
             CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END;\n"
        );
        assert_eq!(online(&text), Ok(Some(1)));
        let script = Script::parse(&text, Path::new("m")).expect("it is right");
        assert!(script.runs_alone() && script.is_in_pieces());
    }

    #[test]
    fn what_is_more_than_a_rebuild_is_refused() {
        let with = |text: &str| online(&format!("-- dbmigrate: online\n{text}")).expect_err(text);
        assert_eq!(with("SELECT 1;"), (1, "`online` requires exactly one marked rebuild, found 0".to_owned()));
        let (line, message) = with(&format!("{REBUILD}{REBUILD}"));
        assert!(line == 1 && message.starts_with("`online` "), "{line}: {message}");
        for more in ["UPDATE t SET a = 1;", "CREATE INDEX j ON other (b);", "DROP VIEW v;", "CREATE TABLE o (a);"] {
            let (line, message) = with(&format!("{REBUILD}{more}\n"));
            assert_eq!(
                (line, &message[..]),
                (1, "`online` in a migration that does more than rebuild `t`, on line 9"),
                "{more}"
            );
        }
        for before in ["CREATE VIEW v AS SELECT 1;", "DROP INDEX i;"] {
            let (_, message) = with(&format!("{before}\n{REBUILD}"));
            assert_eq!(message, "`online` in a migration that does more than rebuild `t`, on line 2", "{before}");
        }
        assert_eq!(
            online(&format!("-- dbmigrate: online now\n{REBUILD}")).expect_err("now").1,
            "`online` takes no arguments, found `now`"
        );
    }
}
