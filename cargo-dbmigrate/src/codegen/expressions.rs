//! Types of what views compute: the engine knows those of columns only.

use dbmigrate_core::sql::token::{Token, TokenKind, significant};
use dbmigrate_core::sql::{Expr, Name};

use super::types::RustType;

/// Functions whose result is always an integer (sqlite.org/lang_corefunc.html, lang_aggfunc.html, windowfunctions.html).
const INTEGERS: [&str; 14] = [
    "changes",
    "count",
    "dense_rank",
    "instr",
    "json_array_length",
    "json_valid",
    "last_insert_rowid",
    "length",
    "ntile",
    "octet_length",
    "rank",
    "row_number",
    "unicode",
    "unixepoch",
];

/// Functions whose result is always a number with a fraction.
const REALS: [&str; 5] = ["avg", "cume_dist", "julianday", "percent_rank", "total"];

/// The type of a column of a query that is the call of a known function under that name: `count(*) AS column`.
pub(super) fn of_column(query: &Expr, column: &Name) -> Option<RustType> {
    let tokens = significant(query.as_str());
    let is_alias = |at: usize| tokens[at].identifier().is_some_and(|name| *column == *name.as_str());
    let mut calls = (2..tokens.len())
        .filter(|at| is_alias(*at) && tokens[at - 1].is_word("as"))
        .map(|at| called(&tokens[..at - 1]).map(|function| function.text.to_ascii_lowercase()));
    let first = calls.next()??;
    if calls.any(|other| other.as_ref() != Some(&first)) {
        return None;
    }
    let is = |functions: &[&str]| functions.contains(&first.as_str());
    if is(&INTEGERS) {
        Some(RustType::integer())
    } else if is(&REALS) {
        Some(RustType::real())
    } else {
        None
    }
}

/// The function that an expression calls which ends with these tokens and begins with the call.
fn called<'t, 's>(tokens: &'t [Token<'s>]) -> Option<&'t Token<'s>> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().rev() {
        match token.kind {
            TokenKind::Close => depth += 1,
            TokenKind::Open => depth = depth.checked_sub(1)?,
            _ if depth == 0 => return None,
            _ => {}
        }
        if depth == 0 {
            let (before, function) = (tokens.get(at.checked_sub(2)?)?, &tokens[at - 1]);
            let begins = before.kind == TokenKind::Comma || before.is_word("select") || before.is_word("distinct");
            return (begins && function.kind == TokenKind::Word).then_some(function);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_known_functions_have_their_type() {
        let query = "SELECT count(*) AS n, 1 + count(*) AS sum, avg(a) AS \"the mean\", b AS count, max(c) AS c, \
                     length(lower(d)) AS d FROM t UNION SELECT 1 AS x, count(*) AS y";
        let ty = |column: &str| of_column(&Expr::new(query), &column.into()).map(|ty| ty.text);
        assert_eq!(ty("n").as_deref(), Some("i64"));
        assert_eq!(ty("the mean").as_deref(), Some("f64"));
        assert_eq!(ty("d").as_deref(), Some("i64"));
        for column in ["sum", "count", "c", "x", "z"] {
            assert_eq!(ty(column), None, "{column}");
        }
    }
}
