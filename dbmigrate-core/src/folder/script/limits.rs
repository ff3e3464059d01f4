//! What a migration may cost, as its file says: `-- dbmigrate: expect-time 5s`, `-- dbmigrate: expect-rewrites 0`. A
//! rehearsal judges it on a copy of the real rows.

use std::time::Duration;

use super::{Problem, Script};
use crate::duration;
use crate::plan::{Rewrite, rewrites};
use crate::schema::Schema;

/// The directive for the time.
pub const TIME: &str = "expect-time";

/// The directive for the rows.
pub const REWRITES: &str = "expect-rewrites";

/// The limits of a migration, each with the line of its directive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// How long it may take.
    pub time: Option<(usize, Duration)>,
    /// How many rows that are there already it may write again. With 0, no statement of it may rewrite a table, however
    /// few rows that has.
    pub rewrites: Option<(usize, u64)>,
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Of the time.
    Time(Duration),
    /// Of the rows.
    Rewrites(u64),
}

impl Script<'_> {
    /// What the statements break of a promise that needs no rows to be judged: the line of `expect-rewrites 0`, and the
    /// tables that they rewrite all the same. `before` is the schema before the script, which is asked for only then. What
    /// may be made in place is none of them: it is, or the runner refuses the migration.
    pub fn broken_promise(&self, before: impl FnOnce() -> Option<Schema>) -> Option<(usize, Vec<String>)> {
        let (line, _) = self.limits.rewrites.filter(|(_, rows)| *rows == 0)?;
        if rewrites(&self.statements, None).is_empty() {
            return None;
        }
        let before = before();
        let in_place = before.as_ref().map_or_else(Vec::new, |before| self.perhaps_in_place(before));
        let is_spared = |one: &Rewrite| in_place.iter().any(|rebuild| rebuild.statements.contains(&one.statement));
        let found = rewrites(&self.statements, before.as_ref()).into_iter().filter(|one| !is_spared(one));
        let mut tables: Vec<String> = Vec::new();
        for one in found {
            let table = one.table.map_or_else(|| "every table".to_owned(), |name| format!("`{name}`"));
            if !tables.contains(&table) {
                tables.push(table);
            }
        }
        (!tables.is_empty()).then_some((line, tables))
    }
}

impl Limits {
    /// Takes one in.
    pub(super) fn add(&mut self, limit: Limit, line: usize) -> Result<(), Problem> {
        let (word, before) = match limit {
            Limit::Time(time) => (TIME, self.time.replace((line, time)).map(|(line, _)| line)),
            Limit::Rewrites(rows) => (REWRITES, self.rewrites.replace((line, rows)).map(|(line, _)| line)),
        };
        match before {
            None => Ok(()),
            Some(first) => {
                let message = format!("`{word}` is there twice, first on line {first}");
                Err((line, message, "delete one of them".to_owned()))
            }
        }
    }
}

/// Reads what stands behind a directive.
pub(super) fn parse(line: usize, word: &str, given: &str) -> Result<Limit, Problem> {
    let problem = |expected: &str, example: &str| {
        let found = if given.is_empty() { String::new() } else { format!(", found `{given}`") };
        (line, format!("`{word}` needs {expected}{found}"), format!("write `-- dbmigrate: {word} {example}`"))
    };
    if word == TIME {
        return duration::parse(given).map(Limit::Time).ok_or_else(|| problem(duration::EXPECTED, "5s"));
    }
    let digits = given.replace('_', "");
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let rows = digits.parse().ok().filter(|_| is_number);
    rows.map(Limit::Rewrites).ok_or_else(|| problem("a number of rows", "0"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn limits(text: &str) -> Result<Limits, (usize, String, String)> {
        let script = Script::parse(text, Path::new("migration.sql"));
        script.map(|script| script.limits).map_err(|error| (error.line, error.message, error.help))
    }

    #[test]
    fn limits_are_read_with_their_lines() {
        let wanted = Limits { time: Some((1, Duration::from_secs(5))), rewrites: Some((2, 1000)) };
        let text = "-- dbmigrate: expect-time 5s\n--dbmigrate: expect-rewrites 1_000\nDROP TABLE t;\n";
        assert_eq!(limits(text), Ok(wanted));
        assert_eq!(limits("SELECT 1;"), Ok(Limits::default()));
    }

    #[test]
    fn wrong_limits_are_refused_on_their_lines_with_what_to_write() {
        for (text, message, help) in [
            (
                "-- dbmigrate: expect-time 5",
                "`expect-time` needs a duration, such as `5s`, `250ms` or `2m`, found `5`",
                "write `-- dbmigrate: expect-time 5s`",
            ),
            (
                "-- dbmigrate: expect-rewrites none",
                "`expect-rewrites` needs a number of rows, found `none`",
                "write `-- dbmigrate: expect-rewrites 0`",
            ),
            (
                "-- dbmigrate: expect-rewrites",
                "`expect-rewrites` needs a number of rows",
                "write `-- dbmigrate: expect-rewrites 0`",
            ),
            ("-- dbmigrate: expect-rewrite 0", "unknown directive `expect-rewrite`", "did you mean `expect-rewrites`?"),
        ] {
            assert_eq!(limits(text), Err((1, message.to_owned(), help.to_owned())));
        }
        let twice = "-- dbmigrate: expect-time 5s\n-- dbmigrate: expect-time 6s\n";
        assert_eq!(
            limits(twice).map_err(|error| error.1),
            Err("`expect-time` is there twice, first on line 1".to_owned())
        );
    }
}
