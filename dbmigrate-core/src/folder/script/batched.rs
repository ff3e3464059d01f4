//! `-- dbmigrate: batched 5000 by id`: the statement behind it is cut by the key of the table that it goes through, each
//! batch a transaction of its own.

use super::{Directive, Problem};
use crate::sql::path::parse_path;
use crate::sql::{Name, Statement, StatementKind};

/// The directive.
pub(super) const WORD: &str = "batched";

/// What is said to write.
const EXAMPLE: &str = "write `-- dbmigrate: batched 5000 by id`";

/// A statement that is run in batches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batched {
    /// The directive's line, counted from 1.
    pub line: usize,
    /// How many rows of the table a batch goes through at most.
    pub rows: u64,
    /// The columns of the key, each with the name that its table has in the statement, if it is given.
    pub by: Vec<(Option<Name>, Name)>,
    /// Which of the statements it is, counted from 0.
    pub statement: usize,
}

/// Reads what stands behind the word, and finds the statement.
pub(super) fn parse(
    directive: &Directive,
    rest: &str,
    statements: &[Statement<'_>],
    others: &[Batched],
) -> Result<Batched, Problem> {
    let Directive { line, start, .. } = *directive;
    let problem = |message: &str, help: &str| (line, message.to_owned(), help.to_owned());
    let read = || {
        let (rows, by) = rest.trim().split_once(char::is_whitespace)?;
        let (word, by) = by.trim().split_once(char::is_whitespace)?;
        let digits = rows.replace('_', "");
        let rows: u64 = digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        let by = by.split(',').map(column).collect::<Option<Vec<_>>>()?;
        (word.eq_ignore_ascii_case("by") && rows > 0).then_some((rows, by))
    };
    let Some((rows, by)) = read() else {
        return Err(problem("`batched` needs a number of rows and the key to cut by", EXAMPLE));
    };
    let before = statements.iter().take_while(|statement| statement.start < start).count();
    let is_inside = |last: &Statement<'_>| start < last.start + last.text.len();
    if statements[..before].last().is_some_and(is_inside) {
        let help = "move it in front of the statement";
        return Err(problem("`batched` is in the middle of a statement", help));
    }
    let Some(statement) = statements.get(before).filter(|one| one.kind == StatementKind::Write) else {
        let message = "`batched` is for an `UPDATE`, an `INSERT … SELECT` or a `DELETE`";
        return Err(problem(message, "move it in front of the statement, or delete it"));
    };
    if let Some(other) = others.iter().find(|other| other.statement == before) {
        let message =
            format!("the statement on line {} is batched twice, first on line {}", statement.line, other.line);
        return Err(problem(&message, "delete one of them"));
    }
    Ok(Batched { line, rows, by, statement: before })
}

/// A column of the key: `id`, `u.id`.
fn column(text: &str) -> Option<(Option<Name>, Name)> {
    match parse_path(text.trim()) {
        Some((mut parts, None)) if (1..=2).contains(&parts.len()) => {
            let name = parts.pop()?;
            (!name.as_str().is_empty()).then(|| (parts.pop(), name))
        }
        _ => None,
    }
}

/// What is wrong with a migration that is one transaction for another reason.
pub(super) fn in_one_transaction(batched: &Batched, why: &str) -> Problem {
    let message = format!("`batched` in a migration with {why}, which is one transaction");
    let help = "put the batched statement into a migration of its own: `cargo dbmigrate generate --custom`";
    (batched.line, message, help.to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Script;
    use super::*;

    fn batched(text: &str) -> Result<Vec<Batched>, (usize, String, String)> {
        let script = Script::parse(text, Path::new("migration.sql"));
        script.map(|script| script.batched).map_err(|error| (error.line, error.message, error.help))
    }

    #[test]
    fn a_batched_statement_is_the_one_behind_the_directive() {
        let text = "CREATE INDEX i ON t (a);\n-- dbmigrate: batched 5_000 by id\nUPDATE t SET a = 1;\n\
                    -- dbmigrate: batched 10 by u.a, \"u\".\"b c\"\nINSERT INTO s SELECT a FROM u;\n";
        let found = batched(text).expect("the script is right");
        let name = Name::from;
        let wanted = [
            Batched { line: 2, rows: 5000, by: vec![(None, name("id"))], statement: 1 },
            Batched {
                line: 4,
                rows: 10,
                by: vec![(Some(name("u")), name("a")), (Some(name("u")), name("b c"))],
                statement: 2,
            },
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_wrong_directive_is_refused_with_what_to_write() {
        let needs = "`batched` needs a number of rows and the key to cut by";
        for rest in ["", " 5000", " by id", " 0 by id", " many by id", " 5 id", " 5 by", " 5 by a,", " 5 by a.b.c"] {
            let text = format!("-- dbmigrate: batched{rest}\nUPDATE t SET a = 1;");
            assert_eq!(batched(&text), Err((1, needs.to_owned(), EXAMPLE.to_owned())), "{rest}");
        }
        let said = |text: &str| batched(text).expect_err("it is wrong").1;
        let other = "`batched` is for an `UPDATE`, an `INSERT … SELECT` or a `DELETE`";
        assert_eq!(said("-- dbmigrate: batched 5 by id\nDROP TABLE t;"), other);
        assert_eq!(said("UPDATE t SET a = 1;\n-- dbmigrate: batched 5 by id\n"), other);
        let inside = "UPDATE t\n-- dbmigrate: batched 5 by id\nSET a = 1;";
        assert_eq!(said(inside), "`batched` is in the middle of a statement");
        let twice = "-- dbmigrate: batched 5 by id\n-- dbmigrate: batched 6 by id\nDELETE FROM t;";
        assert_eq!(said(twice), "the statement on line 3 is batched twice, first on line 1");
        let step = "-- dbmigrate: batched 5 by id\nDELETE FROM t;\n-- dbmigrate: rust\n";
        assert!(said(step).starts_with("`batched` in a migration with a step in Rust"));
    }
}
