//! Which tables and views the statements of a view or a trigger read and write.

use dbmigrate_core::query::{Catalog, resolve};
use dbmigrate_core::sql::token::{TokenKind, significant};
use dbmigrate_core::sql::{Expr, Name, Token, split};

/// What statements read and write, each once, in the order of the names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) reads: Vec<Name>,
    pub(super) writes: Vec<Name>,
}

impl Access {
    fn of(mut reads: Vec<Name>, mut writes: Vec<Name>) -> Self {
        for names in [&mut reads, &mut writes] {
            names.sort();
            names.dedup();
        }
        Self { reads, writes }
    }
}

/// What the query of a view reads, by the rules of the engine; of a query that does not fit the schema, what it seems
/// to read.
pub(super) fn of_view(catalog: &Catalog, query: &Expr, known: impl Fn(&Name) -> Option<Name>) -> Vec<Name> {
    match resolve(catalog, query.as_str()) {
        Ok(query) => Access::of(query.uses.iter().filter_map(|one| known(&one.table)).collect(), Vec::new()).reads,
        Err(_) => of_statements(query.as_str(), known).reads,
    }
}

/// What the body of a trigger reads and writes. The rows `NEW` and `OLD` are of no table that a statement could name, so
/// it is read off the words in front of names.
pub(super) fn of_statements(body: &str, known: impl Fn(&Name) -> Option<Name>) -> Access {
    let (mut reads, mut writes) = (Vec::new(), Vec::new());
    for statement in split(body) {
        let tokens = significant(statement.text);
        let mut has_target = false;
        let mut in_from = false;
        for (at, token) in tokens.iter().enumerate() {
            if is_any(token, &["FROM", "JOIN"]) {
                in_from = true;
            } else if is_any(token, &["WHERE", "GROUP", "ORDER", "LIMIT", "SELECT", "SET", "ON", "USING", "RETURNING"])
            {
                in_from = false;
            }
            let Some(name) = token.identifier().map(Name::from).and_then(|name| known(&name)) else { continue };
            let Some(before) = before_name(&tokens, at) else { continue };
            let comma = before.kind == TokenKind::Comma && in_from;
            if !has_target && is_write(&tokens, at) {
                has_target = true;
                writes.push(name);
            } else if comma || is_any(before, &["FROM", "JOIN", "IN"]) {
                reads.push(name);
            }
        }
    }
    Access::of(reads, writes)
}

/// The token in front of a name, and of the name of the database that may stand before it.
fn before_name<'t, 's>(tokens: &'t [Token<'s>], at: usize) -> Option<&'t Token<'s>> {
    let before = tokens.get(at.checked_sub(1)?)?;
    if before.kind == TokenKind::Dot { tokens.get(at.checked_sub(3)?) } else { Some(before) }
}

/// Whether the name is what its statement writes: behind `INTO`, `UPDATE`, `UPDATE OR word`, `DELETE FROM`.
fn is_write(tokens: &[Token<'_>], at: usize) -> bool {
    let skip = if at >= 2 && tokens[at - 1].kind == TokenKind::Dot { at - 2 } else { at };
    let back = |by: usize| skip.checked_sub(by).map(|at| &tokens[at]);
    let is = |by: usize, word: &str| back(by).is_some_and(|token| token.is_word(word));
    is(1, "INTO")
        || (is(1, "UPDATE") && !is(2, "DO"))
        || (is(3, "UPDATE") && is(2, "OR"))
        || (is(1, "FROM") && is(2, "DELETE"))
}

fn is_any(token: &Token<'_>, words: &[&str]) -> bool {
    words.iter().any(|word| token.is_word(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_trigger_reads_and_writes_is_read_off_its_statements() {
        let tables = ["posts", "users", "counts", "tags", "log"];
        let known = |name: &Name| tables.iter().map(|table| Name::from(*table)).find(|table| table == name);
        let names = |names: &[Name]| names.iter().map(Name::to_string).collect::<Vec<_>>().join(" ");
        for (body, reads, writes) in [
            ("UPDATE Users SET posts = posts + 1 WHERE id = NEW.author", "", "users"),
            ("UPDATE OR IGNORE main.users SET n = (SELECT count(*) FROM posts)", "posts", "users"),
            (
                "INSERT INTO log SELECT t.users FROM posts p, tags t JOIN \"counts\" ON tags = users",
                "counts posts tags",
                "log",
            ),
            ("INSERT INTO counts (n) VALUES (1) ON CONFLICT (n) DO UPDATE SET n = n + 1", "", "counts"),
            ("DELETE FROM log WHERE id IN tags; REPLACE INTO counts VALUES (1)", "tags", "counts log"),
            ("SELECT RAISE(ABORT, 'no posts') WHERE EXISTS (SELECT 1 FROM main.users)", "users", ""),
            ("INSERT INTO other SELECT 'FROM posts' -- FROM users", "", ""),
        ] {
            let found = of_statements(body, known);
            assert_eq!((names(&found.reads), names(&found.writes)), (reads.to_owned(), writes.to_owned()), "{body}");
        }
    }
}
