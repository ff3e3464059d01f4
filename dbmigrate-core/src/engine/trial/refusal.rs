//! Why the engine refuses a statement, and at which of its words.

use std::ops::Range;

use crate::declare::errors::closest;
use crate::engine::connection::{Connection, text};
use crate::engine::error::EngineError;
use crate::sql::name::quote_string;
use crate::sql::token::{Token, TokenKind, significant};

/// Why the engine refuses a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, in one line, names in backticks.
    pub message: String,
    /// The bytes of the statement that it is about.
    pub span: Range<usize>,
    /// The name that was probably meant.
    pub meant: Option<String>,
}

/// The messages of the engine that end with a name.
const NAMED: [&str; 9] = [
    "no such column: ",
    "no such table: ",
    "no such function: ",
    "no such collation sequence: ",
    "no such index: ",
    "no such module: ",
    "no such window: ",
    "ambiguous column name: ",
    "no such view: ",
];

/// What only the application has, so that nothing can be said without it.
const OF_APPLICATION: [&str; 2] = ["no such module: ", "no such collation sequence: "];

/// The table that is missing, as the engine names it.
pub(super) fn missing_table(message: &str) -> Option<String> {
    message.strip_prefix("no such table: ").map(str::to_owned)
}

/// Whether it is about something that only the application has.
pub(super) fn is_of_application(message: &str) -> bool {
    OF_APPLICATION.iter().any(|start| message.starts_with(start))
}

impl Refusal {
    /// Finds the word in a statement that the engine's message is about.
    ///
    /// # Errors
    /// If the database cannot be asked for the names that it has.
    pub(super) async fn of(connection: &Connection, sql: &str, message: &str) -> Result<Self, EngineError> {
        let tokens = significant(sql);
        let first = tokens.first().map_or(0..0, span);
        if let Some(word) = message.strip_prefix("near \"").and_then(|rest| rest.strip_suffix("\": syntax error")) {
            let mut at = tokens.iter().filter(|token| token.text == word);
            // cut off behind the word, it fails there for the same reason, and before that it is not complete
            let is_it = |token: &&Token<'_>| fails_with(connection, &sql[..token.end()], message);
            let found = at.clone().find(is_it).or_else(|| at.next_back());
            return Ok(Self {
                message: format!("syntax error at `{word}`"),
                span: found.map_or(first, span),
                meant: None,
            });
        }
        if message == "incomplete input" {
            let end = tokens.last().map_or(0..0, span);
            return Ok(Self { message: "the statement is not complete".to_owned(), span: end, meant: None });
        }
        if let Some(start) = NAMED.iter().find(|start| message.starts_with(**start)) {
            let name = &message[start.len()..];
            let what = start.trim_end_matches(": ");
            let parts: Vec<&str> = name.split('.').collect();
            let found = named(&tokens, &parts).or_else(|| named(&tokens, &[name]));
            let meant = match what {
                "no such column" => meant_column(connection, &tokens, parts.last().unwrap_or(&name)).await?,
                "no such table" => {
                    let of_schema = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')";
                    meant(connection, of_schema, parts.last().unwrap_or(&name)).await?
                }
                "no such function" => meant(connection, "SELECT DISTINCT name FROM pragma_function_list", name).await?,
                _ => None,
            };
            return Ok(Self { message: format!("{what}: `{name}`"), span: found.unwrap_or(first), meant });
        }
        // table users has no column named emial
        if let Some((table, column)) =
            message.strip_prefix("table ").and_then(|rest| rest.split_once(" has no column named "))
        {
            let of_table = format!("SELECT name FROM pragma_table_xinfo({})", quote_string(table));
            return Ok(Self {
                message: format!("table `{table}` has no column `{column}`"),
                span: named(&tokens, &[column]).unwrap_or(first),
                meant: meant(connection, &of_table, column).await?,
            });
        }
        // table users has 3 columns but 2 values were supplied
        let shown = match message.strip_prefix("table ").and_then(|rest| rest.split_once(" has ")) {
            Some((table, rest)) => format!("table `{table}` has {rest}"),
            None => message.to_owned(),
        };
        Ok(Self { message: shown, span: about(&tokens, message).unwrap_or(first), meant: None })
    }
}

fn fails_with(connection: &Connection, sql: &str, message: &str) -> bool {
    connection.accesses(sql).is_err_and(|error| error.message == message)
}

fn span(token: &Token<'_>) -> Range<usize> {
    token.start..token.end()
}

fn is_name(token: &Token<'_>, name: &str) -> bool {
    token.identifier().is_some_and(|one| one.eq_ignore_ascii_case(name))
}

/// Where a name stands: `a.b` as its parts. A name without a table is not one behind a dot, nor one that `AS` gives.
fn named(tokens: &[Token<'_>], parts: &[&str]) -> Option<Range<usize>> {
    let width = parts.len() * 2 - 1;
    let places = tokens.windows(width).enumerate().filter(|(at, window)| {
        let is_part = |(number, token): (usize, &Token<'_>)| match number % 2 {
            0 => is_name(token, parts[number / 2]),
            _ => token.kind == TokenKind::Dot,
        };
        let before = at.checked_sub(1).and_then(|at| tokens.get(at));
        let is_free = before.is_none_or(|token| token.kind != TokenKind::Dot && !token.is_word("as"));
        is_free && window.iter().enumerate().all(is_part)
    });
    let spans: Vec<Range<usize>> = places.map(|(_, window)| window[0].start..window[width - 1].end()).collect();
    // followed by a dot it is the name of a table
    let is_last = |span: &&Range<usize>| {
        tokens.iter().find(|token| token.start >= span.end).is_none_or(|token| token.kind != TokenKind::Dot)
    };
    spans.iter().find(is_last).or(spans.first()).cloned()
}

/// The first word of the statement that a message mentions with a mark of its own, or as it stands.
fn about(tokens: &[Token<'_>], message: &str) -> Option<Range<usize>> {
    let quoted = message.split('"').nth(1).map(str::to_owned);
    let called = message.split_whitespace().find_map(|word| word.strip_suffix("()")).map(str::to_owned);
    let unit = message.split(": ").last().map(|word| word.trim_end_matches("()").to_owned());
    let mut wanted = [quoted, called, unit].into_iter().flatten();
    let direct = wanted.find_map(|word| {
        let parts: Vec<&str> = word.split('.').collect();
        named(tokens, &parts).or_else(|| tokens.iter().find(|token| token.text == word).map(span))
    });
    // `table users has 3 columns but 2 values were supplied`: the table; `2 values for 3 columns`: VALUES
    let of_table = || {
        let words: Vec<&str> = message.split_whitespace().collect();
        let at = words.iter().position(|word| *word == "table")?;
        named(tokens, &[*words.get(at + 1)?])
    };
    // `cannot modify names because it is a view`
    let of_view = || named(tokens, &[message.strip_prefix("cannot modify ")?.split_whitespace().next()?]);
    let values = || message.contains("values").then(|| tokens.iter().find(|token| token.is_word("values")))?.map(span);
    of_view().or(direct).or_else(of_table).or_else(values)
}

/// The closest of the names that a query finds.
async fn meant(connection: &Connection, query: &str, given: &str) -> Result<Option<String>, EngineError> {
    let rows = connection.rows(query).await?;
    let names = rows.iter().map(|row| text(&row[0])).filter(|name| !name.starts_with("sqlite_"));
    Ok(closest(given, names).map(str::to_owned))
}

/// The closest of the columns of the tables that a statement names.
async fn meant_column(
    connection: &Connection,
    tokens: &[Token<'_>],
    given: &str,
) -> Result<Option<String>, EngineError> {
    let mut names: Vec<String> = tokens.iter().filter_map(Token::identifier).collect();
    names.sort_unstable();
    names.dedup();
    let names: Vec<String> = names.iter().map(|name| quote_string(name)).collect();
    let query = format!(
        "SELECT c.name FROM sqlite_schema AS t, pragma_table_xinfo(t.name) AS c \
         WHERE t.type IN ('table', 'view') AND t.name COLLATE NOCASE IN ({})",
        names.join(", ")
    );
    meant(connection, &query, given).await
}
