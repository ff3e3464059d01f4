//! A query laid out for people: short lines, each clause and each subquery on lines of its own.
//!
//! Only white space is added, between tokens, so that the query means the same however its lines are joined. A literal
//! with a line break in it is spelled as an expression that has none.

use crate::sql::token::{Token, TokenKind, significant};

/// How long a line may be, with what stands before it.
const WIDTH: usize = 100;

/// What starts a clause.
const CLAUSES: [&str; 9] = ["from", "where", "group", "having", "order", "limit", "union", "except", "intersect"];

/// A token as it is written, and whether it touches the one before.
struct Piece<'a> {
    text: String,
    token: Token<'a>,
    is_tight: bool,
}

/// The lines of a query, behind a margin of that many columns.
pub(super) fn lines(query: &str, margin: usize) -> Vec<String> {
    let mut end = 0;
    let pieces: Vec<Piece<'_>> = significant(query)
        .into_iter()
        .map(|token| {
            let is_tight = token.start == end || token.kind == TokenKind::Comma;
            end = token.end();
            let text = match token.kind {
                TokenKind::String => without_line_breaks(token.text),
                _ => token.text.to_owned(),
            };
            Piece { text, token, is_tight }
        })
        .collect();
    let mut layout = Layout { margin, lines: Vec::new() };
    layout.select(&pieces, 0);
    layout.lines
}

/// `'a'||char(10)||'b'` for a literal of two lines.
fn without_line_breaks(literal: &str) -> String {
    if !literal.contains(['\n', '\r']) {
        return literal.to_owned();
    }
    let mut text = String::from("('");
    for character in literal[1..literal.len() - 1].chars() {
        match character {
            '\n' => text.push_str("' || char(10) || '"),
            '\r' => text.push_str("' || char(13) || '"),
            other => text.push(other),
        }
    }
    text.push_str("')");
    text
}

struct Layout {
    margin: usize,
    lines: Vec<String>,
}

impl Layout {
    /// A `SELECT`: on one line, or a clause a line.
    fn select(&mut self, pieces: &[Piece<'_>], indent: usize) {
        if self.fits(pieces, indent) {
            return self.line(pieces, indent);
        }
        let mut rest = pieces;
        while !rest.is_empty() {
            let length = 1 + outside(&rest[1..], |piece| CLAUSES.iter().any(|word| piece.token.is_word(word)))
                .unwrap_or(rest.len() - 1);
            let (clause, later) = rest.split_at(length);
            self.clause(clause, indent);
            rest = later;
        }
    }

    /// A clause: on one line, or with its subquery inside of it, or its conditions one below the other.
    fn clause(&mut self, pieces: &[Piece<'_>], indent: usize) {
        if self.fits(pieces, indent) {
            return self.line(pieces, indent);
        }
        if let Some((head, inner, tail)) = subquery(pieces)
            && self.fits(head, indent)
        {
            self.line(head, indent);
            self.select(inner, indent + 1);
            return self.clause(tail, indent);
        }
        let is_and = |piece: &Piece<'_>| piece.token.is_word("and") || piece.token.is_word("or");
        match outside(&pieces[1..], is_and).filter(|_| !has_between(pieces)) {
            Some(at) => {
                let (first, rest) = pieces.split_at(at + 1);
                self.clause(first, indent);
                // what follows belongs to the clause, one level in
                self.conditions(rest, indent + 1);
            }
            None => self.wrap(pieces, indent),
        }
    }

    fn conditions(&mut self, pieces: &[Piece<'_>], indent: usize) {
        let is_and = |piece: &Piece<'_>| piece.token.is_word("and") || piece.token.is_word("or");
        let at = outside(&pieces[1..], is_and).map_or(pieces.len(), |at| at + 1);
        let (first, rest) = pieces.split_at(at);
        self.clause_or_wrap(first, indent);
        if !rest.is_empty() {
            self.conditions(rest, indent);
        }
    }

    fn clause_or_wrap(&mut self, pieces: &[Piece<'_>], indent: usize) {
        match subquery(pieces) {
            Some((head, inner, tail)) if !self.fits(pieces, indent) && self.fits(head, indent) => {
                self.line(head, indent);
                self.select(inner, indent + 1);
                self.clause_or_wrap(tail, indent);
            }
            _ => self.wrap(pieces, indent),
        }
    }

    /// As much on each line as there is room for.
    fn wrap(&mut self, pieces: &[Piece<'_>], indent: usize) {
        let mut start = 0;
        let mut depth = indent;
        while start < pieces.len() {
            let mut end = start + 1;
            while end < pieces.len() && self.fits(&pieces[start..=end], depth) {
                end += 1;
            }
            // not between tokens that touch each other, unless there is no other place
            let loose = (start + 1..=end).rev().find(|at| *at == pieces.len() || !pieces[*at].is_tight);
            let end = loose.unwrap_or(end);
            self.line(&pieces[start..end], depth);
            start = end;
            depth = indent + 1;
        }
    }

    fn fits(&self, pieces: &[Piece<'_>], indent: usize) -> bool {
        self.margin + indent * 2 + joined(pieces).chars().count() <= WIDTH
    }

    fn line(&mut self, pieces: &[Piece<'_>], indent: usize) {
        if !pieces.is_empty() {
            self.lines.push(format!("{}{}", "  ".repeat(indent), joined(pieces)));
        }
    }
}

fn joined(pieces: &[Piece<'_>]) -> String {
    let mut text = String::new();
    for (at, piece) in pieces.iter().enumerate() {
        if at > 0 && !piece.is_tight {
            text.push(' ');
        }
        text.push_str(&piece.text);
    }
    text
}

/// Where the first piece outside of parentheses and of a `CASE` is that the test is true for.
fn outside(pieces: &[Piece<'_>], test: impl Fn(&Piece<'_>) -> bool) -> Option<usize> {
    let mut depth = 0_i32;
    pieces.iter().position(|piece| {
        let is_case = |word| piece.token.is_word(word);
        match piece.token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth -= 1,
            _ if is_case("case") => depth += 1,
            _ if is_case("end") => depth -= 1,
            _ => return depth == 0 && test(piece),
        }
        false
    })
}

/// The `AND` of a `BETWEEN` joins no conditions.
fn has_between(pieces: &[Piece<'_>]) -> bool {
    outside(pieces, |piece| piece.token.is_word("between")).is_some()
}

/// What stands before the first subquery, its opening parenthesis included, what stands in it, and what stands behind.
fn subquery<'p, 'a>(pieces: &'p [Piece<'a>]) -> Option<(&'p [Piece<'a>], &'p [Piece<'a>], &'p [Piece<'a>])> {
    let is_open = |pair: &[Piece<'_>]| pair[0].token.kind == TokenKind::Open && pair[1].token.is_word("select");
    let open = pieces.windows(2).position(is_open)?;
    let mut depth = 0_i32;
    let length = pieces[open..].iter().position(|piece| {
        match piece.token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth -= 1,
            _ => {}
        }
        depth == 0
    })?;
    let close = open + length;
    Some((&pieces[..=open], &pieces[open + 1..close], &pieces[close..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(query: &str) -> String {
        lines(query, 7).join("\n")
    }

    #[test]
    fn a_short_query_is_one_line() {
        let query = "SELECT * FROM (SELECT count(*) AS _count FROM t) WHERE _count > 0";
        assert_eq!(shown(query), query);
    }

    #[test]
    fn clauses_and_subqueries_have_lines_of_their_own() {
        let long = "SELECT * FROM (SELECT count(*) AS _count, min(rowid) FROM users WHERE NOT (length(name) > 0 AND \
                    length(name) < 100)) WHERE _count > 0";
        let lines = [
            "SELECT *",
            "FROM (",
            "  SELECT count(*) AS _count, min(rowid)",
            "  FROM users",
            "  WHERE NOT (length(name) > 0 AND length(name) < 100)",
            ")",
            "WHERE _count > 0",
        ];
        assert_eq!(shown(long), lines.join("\n"));
    }

    #[test]
    fn no_line_is_long_and_the_tokens_stay_what_they_are() {
        let condition = (0..40).map(|at| format!("(column_{at} IS NOT 'value, {at}' OR f(\"a b\", {at}))"));
        let condition = condition.collect::<Vec<_>>().join(" AND ");
        let query = format!("SELECT count(*) FROM t WHERE {condition} AND x BETWEEN 1 AND 2 LIMIT 1");
        let lines = lines(&query, 7);
        assert!(lines.iter().all(|line| line.len() <= 93), "{lines:#?}");
        let texts = |sql: &str| significant(sql).iter().map(|token| token.text.to_owned()).collect::<Vec<_>>();
        assert_eq!(texts(&lines.join("\n")), texts(&query));
    }

    #[test]
    fn literals_have_no_line_breaks_and_comments_go() {
        let query = "SELECT 'it''s\r\n-- two' /* a\ncomment */, 1 -- the end\nFROM t";
        assert_eq!(shown(query), "SELECT ('it''s' || char(13) || '' || char(10) || '-- two'), 1 FROM t");
    }
}
