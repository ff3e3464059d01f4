//! What the statements say that write rows, as far as it is one of the plain forms.

use crate::sql::Name;
use crate::sql::token::{Token, TokenKind, significant};

/// A statement that writes rows.
pub(super) enum Written {
    /// `INSERT INTO table (columns) SELECT values FROM source WHERE condition`; without `copy` of another form.
    /// One that `replaces` leaves out rows, or changes those that are there.
    Insert { table: Name, replaces: bool, copy: Option<Copied> },
    /// `UPDATE table SET column = value, … WHERE condition`; without `assignments` of another form.
    Update { table: Name, assignments: Option<Vec<(Name, String)>>, condition: Option<String> },
    /// `DELETE FROM table WHERE condition`
    Delete { table: Name, condition: Option<String> },
    /// Any other.
    Other,
}

/// The rows of one table that are copied into another.
pub(super) struct Copied {
    /// The columns that are filled; empty for all.
    pub(super) columns: Vec<Name>,
    pub(super) values: Vec<String>,
    pub(super) source: Name,
    pub(super) condition: Option<String>,
}

/// Words that may stand behind the table of a query and make it another one.
const FURTHER: [&str; 16] = [
    "as",
    "join",
    "left",
    "inner",
    "cross",
    "natural",
    "group",
    "order",
    "limit",
    "union",
    "intersect",
    "except",
    "on",
    "returning",
    "having",
    "window",
];

/// Functions of many rows: with one of them, a query has no row for each row.
const OF_MANY_ROWS: [&str; 9] =
    ["count", "sum", "total", "avg", "min", "max", "group_concat", "json_group_array", "json_group_object"];

impl Written {
    pub(super) fn of(statement: &str) -> Self {
        let tokens = significant(statement);
        Self::read(statement, &tokens).unwrap_or(Self::Other)
    }

    fn read(statement: &str, tokens: &[Token<'_>]) -> Option<Self> {
        let (first, mut rest) = tokens.split_first()?;
        let mut replaces = first.is_word("replace");
        if let [or, how, behind @ ..] = rest
            && or.is_word("or")
        {
            replaces |= how.is_word("replace") || how.is_word("ignore");
            rest = behind;
        }
        if first.is_word("insert") || first.is_word("replace") {
            let [into, table, rest @ ..] = rest else { return None };
            let table = into.is_word("into").then(|| table.identifier())?.map(Name::from)?;
            let is_conflict = |pair: &[Token<'_>]| pair[0].is_word("on") && pair[1].is_word("conflict");
            replaces |= rest.windows(2).any(is_conflict);
            if is_dotted(rest) {
                return None;
            }
            return Some(Self::Insert { table, replaces, copy: copied(statement, rest) });
        }
        if first.is_word("update") {
            let [table, set, rest @ ..] = rest else { return None };
            let table = Name::from(table.identifier()?);
            if set.kind == TokenKind::Dot {
                return None;
            }
            if !set.is_word("set") {
                return Some(Self::Update { table, assignments: None, condition: None });
            }
            let (list, condition) = condition(statement, rest);
            let is_plain = !outside(list).any(|token| token.is_word("from"));
            let assignments = split(list).into_iter().map(|part| assignment(statement, part)).collect();
            let assignments: Option<Vec<(Name, String)>> = if is_plain { assignments } else { None };
            return Some(Self::Update { table, assignments, condition });
        }
        if first.is_word("delete") {
            let [from, table, rest @ ..] = rest else { return None };
            let table = from.is_word("from").then(|| table.identifier())?.map(Name::from)?;
            let (between, condition) = condition(statement, rest);
            return between.is_empty().then_some(Self::Delete { table, condition });
        }
        None
    }
}

/// Whether the name before was that of a database.
fn is_dotted(tokens: &[Token<'_>]) -> bool {
    tokens.first().is_some_and(|token| token.kind == TokenKind::Dot)
}

/// What stands behind `INSERT INTO table`.
fn copied(statement: &str, tokens: &[Token<'_>]) -> Option<Copied> {
    let (columns, rest) = match tokens.split_first()? {
        (open, rest) if open.kind == TokenKind::Open => {
            let close = rest.iter().position(|token| token.kind == TokenKind::Close)?;
            let names = rest[..close].iter().filter_map(Token::identifier).map(Name::from).collect();
            (names, &rest[close + 1..])
        }
        _ => (Vec::new(), tokens),
    };
    let (select, rest) = rest.split_first()?;
    if !select.is_word("select") || rest.first()?.is_word("distinct") {
        return None;
    }
    let from = positions_outside(rest).find(|at| rest[*at].is_word("from"))?;
    let (list, behind) = (&rest[..from], &rest[from + 1..]);
    let (table, behind) = behind.split_first()?;
    let source = Name::from(table.identifier()?);
    let (between, condition) = condition(statement, behind);
    let is_further = |token: &Token<'_>| FURTHER.iter().any(|word| token.is_word(word));
    if !between.is_empty() || has_one_row(list) || outside(behind).any(is_further) {
        return None;
    }
    let values: Option<Vec<String>> = split(list).into_iter().map(|part| value(statement, part)).collect();
    let values = values.filter(|values| columns.is_empty() || columns.len() == values.len())?;
    Some(Copied { columns, values, source, condition })
}

/// Whether a query of these values has one row for all rows: one of them is a function of many, outside of a query of
/// its own. `min` and `max` of several values are none.
fn has_one_row(list: &[Token<'_>]) -> bool {
    let mut queries = Vec::new();
    for (at, token) in list.iter().enumerate() {
        match token.kind {
            TokenKind::Open => queries.push(list.get(at + 1).is_some_and(|next| next.is_word("select"))),
            TokenKind::Close => drop(queries.pop()),
            _ => {}
        }
        let is_call = list.get(at + 1).is_some_and(|next| next.kind == TokenKind::Open);
        if !is_call || queries.contains(&true) || !OF_MANY_ROWS.iter().any(|word| token.is_word(word)) {
            continue;
        }
        let arguments = list.get(at + 2..).unwrap_or_default();
        let is_scalar = (token.is_word("min") || token.is_word("max"))
            && positions_within(arguments).any(|at| arguments[at].kind == TokenKind::Comma);
        if !is_scalar {
            return true;
        }
    }
    false
}

/// The places of the tokens in front of the parenthesis that closes what is open, and in no parenthesis of their own.
fn positions_within<'t>(tokens: &'t [Token<'_>]) -> impl Iterator<Item = usize> + 't {
    let mut depth = 1_usize;
    let places = (0..tokens.len()).map_while(move |at| {
        match tokens[at].kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth -= 1,
            _ => {}
        }
        (depth > 0).then_some((at, depth))
    });
    places.filter(|(_, depth)| *depth == 1).map(|(at, _)| at)
}

/// `value [AS name]`
fn value(statement: &str, tokens: &[Token<'_>]) -> Option<String> {
    let tokens = match tokens {
        [front @ .., word, _] if word.is_word("as") => front,
        all => all,
    };
    text(statement, tokens)
}

/// `column = value`
fn assignment(statement: &str, tokens: &[Token<'_>]) -> Option<(Name, String)> {
    let [column, equals, value @ ..] = tokens else { return None };
    (equals.text == "=").then(|| Some((Name::from(column.identifier()?), format!("({})", text(statement, value)?))))?
}

/// What stands before `WHERE`, and the condition behind it.
fn condition<'t, 's>(statement: &str, tokens: &'t [Token<'s>]) -> (&'t [Token<'s>], Option<String>) {
    let found = positions_outside(tokens).find(|at| tokens[*at].is_word("where"));
    match found {
        Some(at) => (&tokens[..at], text(statement, &tokens[at + 1..])),
        None => (tokens, None),
    }
}

/// The places of the tokens that no parenthesis encloses.
fn positions_outside<'t>(tokens: &'t [Token<'_>]) -> impl Iterator<Item = usize> + 't {
    let mut depth = 0_usize;
    (0..tokens.len()).filter(move |at| {
        match tokens[*at].kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    })
}

fn outside<'t, 's>(tokens: &'t [Token<'s>]) -> impl Iterator<Item = &'t Token<'s>> {
    positions_outside(tokens).map(|at| &tokens[at])
}

/// What stands between the commas of a list.
fn split<'t, 's>(tokens: &'t [Token<'s>]) -> Vec<&'t [Token<'s>]> {
    let mut parts = Vec::new();
    let mut first = 0;
    for at in positions_outside(tokens).filter(|at| tokens[*at].kind == TokenKind::Comma) {
        parts.push(&tokens[first..at]);
        first = at + 1;
    }
    parts.push(&tokens[first..]);
    parts
}

fn text(statement: &str, tokens: &[Token<'_>]) -> Option<String> {
    let (first, last) = (tokens.first()?, tokens.last()?);
    Some(statement[first.start..last.end()].to_owned())
}

/// What `ALTER TABLE` does to the rows of a table.
pub(super) enum Altered {
    Renamed(Name),
    ColumnRenamed(Name, Name),
    /// With the text of its definition.
    ColumnAdded(String),
    ColumnDropped(Name),
}

/// The table, and what is done to it; `None` for what is done if it is something else.
pub(super) fn altered(statement: &str) -> Option<(Name, Option<Altered>)> {
    let tokens = significant(statement);
    let [_, _, table, rest @ ..] = &tokens[..] else { return None };
    let table = Name::from(table.identifier()?);
    if is_dotted(rest) {
        return None;
    }
    let name = |token: &Token<'_>| token.identifier().map(Name::from);
    let without_column = |tokens: &'_ [Token<'_>]| usize::from(tokens.len() > 1 && tokens[0].is_word("column"));
    let altered = match rest {
        [rename, to, new] if rename.is_word("rename") && to.is_word("to") => name(new).map(Altered::Renamed),
        [rename, rest @ ..] if rename.is_word("rename") => match &rest[without_column(rest)..] {
            [from, _, to] => name(from).zip(name(to)).map(|(from, to)| Altered::ColumnRenamed(from, to)),
            _ => None,
        },
        [add, rest @ ..] if add.is_word("add") => {
            text(statement, &rest[without_column(rest)..]).map(Altered::ColumnAdded)
        }
        [drop, rest @ ..] if drop.is_word("drop") => match &rest[without_column(rest)..] {
            [column] => name(column).map(Altered::ColumnDropped),
            _ => None,
        },
        _ => None,
    };
    Some((table, altered))
}
