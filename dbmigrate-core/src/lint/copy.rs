//! Statements that copy rows of one table into another, as far as rules have to know them.

use crate::sql::token::{Token, TokenKind, significant};
use crate::sql::{Name, Statement, StatementKind};

/// `INSERT INTO … SELECT …`, `CREATE TABLE … AS SELECT …`, or one arm of such a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// The table that the rows go to.
    pub into: Name,
    /// The table that they come from: the first one behind `FROM`.
    pub from: Name,
    /// The columns that are written, where they are named.
    pub columns: Option<Vec<Name>>,
    /// What is written into each. `None`: all columns of the table, in their order (`*`).
    pub values: Option<Vec<String>>,
    /// The words by which rows may be left out: `WHERE`, `INSERT OR IGNORE`.
    pub filters: Vec<&'static str>,
    /// The query, of this arm alone.
    pub query: String,
    /// What stands behind the table in it.
    pub tail: String,
}

/// What a statement copies, an entry for each `SELECT … FROM table` that is not in parentheses. Empty if it copies
/// nothing, or if it is not plain where the rows come from.
pub fn copies(statement: &Statement<'_>) -> Vec<Copy> {
    let tokens = significant(statement.text);
    let copy = match statement.kind {
        StatementKind::CreateTable => created_as(&tokens),
        StatementKind::Write => inserted(&tokens),
        _ => None,
    };
    let Some((into, columns, filters, query)) = copy else { return Vec::new() };
    arms(query)
        .filter_map(|(arm, more)| read_arm(statement.text, &into, columns.as_ref(), &filters, arm, more))
        .collect()
}

/// The target, its columns, what leaves rows out, and the tokens of the query.
type Target<'t, 's> = (Name, Option<Vec<Name>>, Vec<&'static str>, &'t [Token<'s>]);

fn created_as<'t, 's>(tokens: &'t [Token<'s>]) -> Option<Target<'t, 's>> {
    let is_as = |pair: &[Token<'_>]| pair[0].is_word("as") && pair[1].is_word("select");
    let at = tokens.windows(2).position(is_as)?;
    // the name stands right before it
    let name = tokens.get(at.checked_sub(1)?)?.identifier()?;
    Some((name.into(), None, Vec::new(), &tokens[at + 1..]))
}

fn inserted<'t, 's>(tokens: &'t [Token<'s>]) -> Option<Target<'t, 's>> {
    let mut filters = Vec::new();
    let mut rest = match tokens {
        [first, rest @ ..] if first.is_word("replace") => {
            filters.push("REPLACE");
            rest
        }
        [first, or, what, rest @ ..] if first.is_word("insert") && or.is_word("or") => {
            filters.extend(what.is_word("ignore").then_some("INSERT OR IGNORE"));
            filters.extend(what.is_word("replace").then_some("INSERT OR REPLACE"));
            rest
        }
        [first, rest @ ..] if first.is_word("insert") => rest,
        _ => return None,
    };
    let (word, behind) = rest.split_first()?;
    rest = word.is_word("into").then_some(behind)?;
    let into;
    (into, rest) = match rest {
        [_, dot, name, rest @ ..] if dot.kind == TokenKind::Dot => (name, rest),
        [name, rest @ ..] => (name, rest),
        [] => return None,
    };
    if let [word, _, behind @ ..] = rest
        && word.is_word("as")
    {
        rest = behind;
    }
    let mut columns = None;
    if rest.first().is_some_and(|token| token.kind == TokenKind::Open) {
        let end = rest.iter().position(|token| token.kind == TokenKind::Close)?;
        let names = rest[1..end].iter().filter(|token| token.kind != TokenKind::Comma);
        columns = Some(names.map(|token| token.identifier().map(Name::from)).collect::<Option<_>>()?);
        rest = &rest[end + 1..];
    }
    if !rest.first()?.is_word("select") {
        return None;
    }
    // what is done about conflicts is no part of the query
    let conflict =
        position(rest, |pair| pair[0].is_word("on") && pair.get(1).is_some_and(|next| next.is_word("conflict")));
    if let Some(at) = conflict {
        filters.push("ON CONFLICT");
        rest = &rest[..at];
    }
    if let Some(at) = position(rest, |pair| pair[0].is_word("returning")) {
        rest = &rest[..at];
    }
    Some((into.identifier()?.into(), columns, filters, rest))
}

/// Where the tokens from somewhere on are as wanted, outside of parentheses.
fn position(tokens: &[Token<'_>], is_wanted: impl Fn(&[Token<'_>]) -> bool) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ if depth == 0 && is_wanted(&tokens[at..]) => return Some(at),
            _ => {}
        }
    }
    None
}

/// The queries that a compound one is made of, each with what leaves out rows of it.
fn arms<'t, 's>(query: &'t [Token<'s>]) -> impl Iterator<Item = (&'t [Token<'s>], Option<&'static str>)> {
    let mut found = Vec::new();
    let (mut rest, mut word) = (query, None);
    while let Some(at) =
        position(rest, |next| ["union", "except", "intersect"].iter().any(|word| next[0].is_word(word)))
    {
        let is_all = rest.get(at + 1).is_some_and(|next| next.is_word("all"));
        let next = ["UNION", "EXCEPT", "INTERSECT"].into_iter().find(|word| !is_all && rest[at].is_word(word));
        found.push((&rest[..at], word.or(next)));
        word = next;
        rest = &rest[at + 1 + usize::from(is_all)..];
    }
    found.push((rest, word));
    found.into_iter()
}

fn read_arm(
    text: &str,
    into: &Name,
    columns: Option<&Vec<Name>>,
    filters: &[&'static str],
    arm: &[Token<'_>],
    compound: Option<&'static str>,
) -> Option<Copy> {
    let (first, rest) = arm.split_first()?;
    if !first.is_word("select") {
        return None;
    }
    let mut filters: Vec<&'static str> = filters.iter().copied().chain(compound).collect();
    let mut results = rest;
    if let [word, behind @ ..] = rest
        && (word.is_word("distinct") || word.is_word("all"))
    {
        filters.extend(word.is_word("distinct").then_some("DISTINCT"));
        results = behind;
    }
    let at = position(results, |next| next[0].is_word("from"))?;
    let (results, behind) = (&results[..at], &results[at + 1..]);
    let (from, mut tail) = match behind {
        [_, dot, name, tail @ ..] if dot.kind == TokenKind::Dot => (name, tail),
        [name, tail @ ..] => (name, tail),
        [] => return None,
    };
    let from = Name::from(from.identifier()?);
    if let [word, _, behind @ ..] = tail
        && word.is_word("as")
    {
        tail = behind;
    }
    filters.extend(leaving_out(text, tail));
    let values = pieces(text, results);
    let is_star = |value: &String| value == "*" || value.ends_with(".*");
    let values = match &values[..] {
        [only] if is_star(only) => None,
        // with others beside it, it is not known which is which
        some if some.iter().any(is_star) => return None,
        _ => Some(values),
    };
    let query = text[first.start..arm.last()?.end()].to_owned();
    let tail = tail.first().map_or("", |token| &text[token.start..first.start + query.len()]).to_owned();
    Some(Copy { into: into.clone(), from, columns: columns.cloned(), values, filters, query, tail })
}

/// What leaves rows out behind the first table of `FROM`.
fn leaving_out(text: &str, tail: &[Token<'_>]) -> Vec<&'static str> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    for (at, token) in tail.iter().enumerate() {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            TokenKind::Comma if found.is_empty() && !tail[..at].iter().any(|token| token.is_word("order")) => {
                found.push("JOIN");
            }
            TokenKind::Word if token.is_word("where") => {
                found.extend((!is_always(text, &tail[at + 1..])).then_some("WHERE"));
            }
            TokenKind::Word if token.is_word("limit") => found.push("LIMIT"),
            TokenKind::Word if token.is_word("group") => found.push("GROUP BY"),
            TokenKind::Word if token.is_word("join") => {
                let before = &tail[at.saturating_sub(2)..at];
                let keeps_all = before.iter().any(|token| token.is_word("left") || token.is_word("full"));
                found.extend((!keeps_all).then_some("JOIN"));
            }
            _ => {}
        }
    }
    found
}

/// Whether a condition holds for every row: `true`, `1`, `1 = 1`.
pub fn is_always(text: &str, condition: &[Token<'_>]) -> bool {
    let end = position(condition, |next| ["group", "order", "limit", "on"].iter().any(|word| next[0].is_word(word)));
    let condition = &condition[..end.unwrap_or(condition.len())];
    match condition {
        [only] => {
            only.is_word("true")
                || only.kind == TokenKind::Number && only.text.bytes().any(|byte| matches!(byte, b'1'..=b'9'))
        }
        [one, equals, other] => {
            matches!(equals.text, "=" | "==")
                && one.kind == TokenKind::Number
                && text[one.start..one.end()] == text[other.start..other.end()]
        }
        _ => false,
    }
}

/// What stands between commas outside of parentheses, without what it is called.
fn pieces(text: &str, tokens: &[Token<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = tokens;
    loop {
        let end = position(rest, |next| next[0].kind == TokenKind::Comma);
        let piece = &rest[..end.unwrap_or(rest.len())];
        let piece = match piece {
            [value @ .., word, _] if word.is_word("as") && !value.is_empty() => value,
            _ => piece,
        };
        if let (Some(first), Some(last)) = (piece.first(), piece.last()) {
            found.push(text[first.start..last.end()].to_owned());
        }
        match end {
            Some(end) => rest = &rest[end + 1..],
            None => return found,
        }
    }
}

/// The columns that an INSERT names.
pub fn target_columns(statement: &Statement<'_>) -> Option<Vec<Name>> {
    let tokens = significant(statement.text);
    let into = position(&tokens, |next| next[0].is_word("into"))?;
    let rest = &tokens[into + 1..];
    let open = rest.iter().take(5).position(|token| token.kind == TokenKind::Open)?;
    let is_query = rest[..open].iter().any(|token| token.is_word("select") || token.is_word("values"));
    let end = rest.iter().position(|token| token.kind == TokenKind::Close)?;
    let names = rest.get(open + 1..end).filter(|_| !is_query)?.iter().filter(|token| token.kind != TokenKind::Comma);
    names.map(|token| token.identifier().map(Name::from)).collect()
}

impl Copy {
    /// What is written into a column of the target, whose columns are these where the statement names none. `None` if
    /// it is left out; of `*`, the column of that place.
    pub fn value(&self, column: &Name, target: &[Name], source: &[Name]) -> Option<String> {
        let columns = self.columns.as_deref().unwrap_or(target);
        let at = columns.iter().position(|name| name == column)?;
        match &self.values {
            Some(values) => values.get(at).cloned(),
            None => source.get(at).map(|name| name.sql().into_owned()),
        }
    }
}

/// The column that a value is, if it is nothing else: `a`, `t.a`.
pub fn plain_column(value: &str) -> Option<Name> {
    match &significant(value)[..] {
        [name] if name.kind != TokenKind::String => name.identifier().map(Name::from),
        [_, dot, name] if dot.kind == TokenKind::Dot => name.identifier().map(Name::from),
        _ => None,
    }
    .filter(|name| !["null", "true", "false"].iter().any(|word| *name == **word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::split;

    fn said(sql: &str) -> Vec<String> {
        let all = copies(&split(sql)[0]);
        let names = |names: &Option<Vec<Name>>| {
            names.as_ref().map_or("*".to_owned(), |all| all.iter().map(Name::as_str).collect::<Vec<_>>().join(","))
        };
        let say = |copy: Copy| {
            let values = copy.values.map_or("*".to_owned(), |all| all.join("; "));
            format!("{} -> {} ({}) {values} {:?}", copy.from, copy.into, names(&copy.columns), copy.filters)
        };
        all.into_iter().map(say).collect()
    }

    #[test]
    fn what_is_copied_from_where_is_read_with_what_leaves_rows_out() {
        for (sql, wanted) in [
            (
                "INSERT INTO n (a, b) SELECT a, coalesce(b, 'x, y') AS b FROM t",
                "t -> n (a,b) a; coalesce(b, 'x, y') []",
            ),
            ("INSERT INTO main.n SELECT * FROM main.t WHERE true", "t -> n (*) * []"),
            ("INSERT OR IGNORE INTO n SELECT DISTINCT t.* FROM t", "t -> n (*) * [\"INSERT OR IGNORE\", \"DISTINCT\"]"),
            ("CREATE TABLE n AS SELECT a FROM t WHERE a > (SELECT 1) LIMIT 5", "t -> n (*) a [\"WHERE\", \"LIMIT\"]"),
            ("REPLACE INTO n SELECT a FROM t x LEFT JOIN u ON u.a = x.a", "t -> n (*) a [\"REPLACE\"]"),
            ("INSERT INTO n SELECT a FROM t JOIN u USING (a) GROUP BY a", "t -> n (*) a [\"JOIN\", \"GROUP BY\"]"),
            ("INSERT INTO n SELECT a FROM t, u WHERE 1 = 1", "t -> n (*) a [\"JOIN\"]"),
            ("INSERT INTO n SELECT a FROM t WHERE 1 ON CONFLICT DO NOTHING", "t -> n (*) a [\"ON CONFLICT\"]"),
            ("INSERT INTO n SELECT a FROM t ORDER BY a, b", "t -> n (*) a []"),
        ] {
            assert_eq!(said(sql), [wanted], "{sql}");
        }
    }

    #[test]
    fn each_arm_of_a_compound_query_is_a_copy() {
        assert_eq!(
            said("INSERT INTO n SELECT a FROM t UNION ALL SELECT a FROM u"),
            ["t -> n (*) a []", "u -> n (*) a []"]
        );
        assert_eq!(said("INSERT INTO n SELECT a FROM t UNION SELECT a FROM u").len(), 2);
        assert!(said("INSERT INTO n SELECT a FROM t EXCEPT SELECT a FROM u")[0].ends_with("[\"EXCEPT\"]"));
    }

    #[test]
    fn what_is_no_plain_copy_is_none() {
        for sql in [
            "INSERT INTO n VALUES (1)",
            "INSERT INTO n SELECT 1",
            "INSERT INTO n SELECT * FROM (SELECT * FROM t)",
            "WITH t AS (SELECT 1) INSERT INTO n SELECT * FROM t",
            "INSERT INTO n SELECT *, 1 FROM t",
            "CREATE TABLE n (a DEFAULT (1))",
            "UPDATE n SET a = 1",
        ] {
            assert_eq!(said(sql), [] as [&str; 0], "{sql}");
        }
    }
}
