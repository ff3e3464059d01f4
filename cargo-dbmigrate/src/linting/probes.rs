//! What the rows of a database say of findings: each is asked about by a query, and all queries go in one request.

use std::collections::BTreeMap;

use dbmigrate_core::engine::connection::{Row, as_shown, display, integer, shown};
use dbmigrate_core::engine::{Connection, EngineError};
use dbmigrate_core::folder::{Folder, Migration};
use dbmigrate_core::lint::Probe;
use dbmigrate_core::sql::token::{TokenKind, significant};
use dbmigrate_core::sql::{Name, Token};
use pollster::block_on;

use super::run::{Counted, Counts, Look, Rows};
use super::{Linted, Subject, run};
use crate::error::Result;

/// How many keys are shown.
const MOST_KEYS: usize = 5;

/// The longest value that is shown as a whole, in characters.
const LONGEST: usize = 40;

/// The answers to queries, by their text. One that failed has none.
type Answers = BTreeMap<String, Vec<Row>>;

/// Looks at migrations that are pending in a database, counts the rows that the findings are about, and leaves out what
/// no row bears out. Without a database there are no rows.
///
/// # Errors
/// If a migration cannot be read. In it, if the database cannot be asked.
pub(crate) fn pending(
    folder: &Folder,
    which: &[&Migration],
    look: Look<'_>,
    database: Option<&Connection>,
) -> Result<std::result::Result<Vec<Linted>, EngineError>> {
    with_rows(|counts| run::with_counts(folder, which, look, counts), database)
}

/// The same of a change that is made at once, in a database that has what is there before it.
///
/// # Errors
/// As for [`pending`].
pub(crate) fn one(
    subject: &Subject<'_>,
    look: Look<'_>,
    database: Option<&Connection>,
) -> Result<std::result::Result<Vec<Linted>, EngineError>> {
    with_rows(|counts| Ok(vec![run::one_with_counts(subject, look, counts)?]), database)
}

fn with_rows(
    look: impl Fn(&Counts) -> Result<Vec<Linted>>,
    database: Option<&Connection>,
) -> Result<std::result::Result<Vec<Linted>, EngineError>> {
    let mut all = look(&Counts::new())?;
    let answers = match database.map_or_else(|| Ok(Answers::new()), |connection| ask(connection, &all)) {
        Ok(answers) => answers,
        Err(error) => return Ok(Err(error)),
    };
    let counts = counts(&all, &answers);
    if !counts.is_empty() {
        all = look(&counts)?;
    }
    for linted in &mut all {
        linted.found.retain_mut(|found| {
            let Some(probe) = &found.finding.probe else { return true };
            if database.is_none() {
                return false;
            }
            match found.rows {
                Rows::NotYet => false,
                // what has no answer is said as it is without a database
                Rows::Unsure => true,
                Rows::There => counted(probe, &answers).is_none_or(|counted| {
                    let counts = counted.rows >= probe.at_least;
                    found.counted = Some(counted);
                    counts
                }),
            }
        });
        linted.leave_out_what_rows_decide();
    }
    Ok(Ok(all))
}

/// The query for the rows of a table.
fn count_of(table: &Name) -> String {
    format!("SELECT count(*) FROM {}", table.sql())
}

/// The rows of the tables for which they are worth knowing, as far as there are answers.
fn counts(all: &[Linted], answers: &Answers) -> Counts {
    let of = |linted: &Linted| {
        let rows = |table: &Name| u64::try_from(integer(answers.get(&count_of(table))?.first()?.first()?)).ok();
        let rows = linted.counts.iter().filter_map(|table| Some((table.clone(), rows(table)?)));
        Some((linted.index, rows.collect::<BTreeMap<_, _>>())).filter(|(_, rows)| !rows.is_empty())
    };
    all.iter().filter_map(of).collect()
}

/// Asks all queries at once.
fn ask(connection: &Connection, all: &[Linted]) -> std::result::Result<Answers, EngineError> {
    let found = all.iter().flat_map(|linted| &linted.found).filter(|found| found.rows == Rows::There);
    let probes = found.filter_map(|found| found.finding.probe.as_ref());
    let mut queries: Vec<String> =
        probes.flat_map(|probe| [Some(probe.count.clone()), keys(probe)]).flatten().collect();
    queries.extend(all.iter().flat_map(|linted| &linted.counts).map(count_of));
    queries.sort_unstable();
    queries.dedup();
    if queries.is_empty() {
        return Ok(Answers::new());
    }
    let answers = block_on(connection.ask_all(&queries))?;
    Ok(queries.into_iter().zip(answers).filter_map(|(query, answer)| Some((query, answer.ok()?))).collect())
}

/// What the answers say of a probe.
fn counted(probe: &Probe, answers: &Answers) -> Option<Counted> {
    let rows = answers.get(&probe.count)?.first().and_then(|row| row.first()).map_or(0, integer);
    let rows = u64::try_from(rows).unwrap_or_default();
    let keys = keys(probe).and_then(|query| answers.get(&query)).filter(|keys| !keys.is_empty());
    let keys = keys.map(|keys| {
        let names = columns(&probe.keys).unwrap_or_default();
        let plain: Vec<Row> = if names.is_empty() { keys.clone() } else { keys.iter().map(as_shown).collect() };
        // that a value is there twice is what is counted
        let width = names.iter().position(|name| name == COUNT).unwrap_or(usize::MAX);
        let name = match &names[..names.len().min(width)] {
            [] => String::new(),
            names if names.iter().any(String::is_empty) => String::new(),
            [name] => name.clone(),
            names => format!("({})", names.join(", ")),
        };
        let values = |row: &Row| {
            let values: Vec<String> = row.iter().take(width).map(|value| short(&display(value))).collect();
            if values.len() == 1 { values.concat() } else { format!("({})", values.join(", ")) }
        };
        (name, plain.iter().take(MOST_KEYS).map(values).collect())
    });
    Some(Counted { rows, keys })
}

/// The query for keys as it is asked: a text that is not UTF-8 comes as bytes.
fn keys(probe: &Probe) -> Option<String> {
    match (probe.keys.as_str(), columns(&probe.keys)) {
        ("", _) => None,
        (query, Some(columns)) => Some(format!("{} LIMIT {MOST_KEYS}", shown(query, columns.len()))),
        (query, None) => Some(query.to_owned()),
    }
}

/// What counts the rows of a group.
const COUNT: &str = "count(*)";

/// The names of the columns that a query returns, empty for an expression without one, read off its text: asking for
/// them would take a request of its own. `None` if that does not tell.
fn columns(query: &str) -> Option<Vec<String>> {
    let tokens = significant(query);
    let rest = match &tokens[..] {
        [select, distinct, rest @ ..] if select.is_word("select") && distinct.is_word("distinct") => rest,
        [select, rest @ ..] if select.is_word("select") => rest,
        _ => return None,
    };
    let mut is_of_query = false;
    let (mut names, mut item, mut depth) = (Vec::new(), Vec::new(), 0_usize);
    for (at, token) in rest.iter().enumerate() {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ if depth == 0 && token.is_word("from") => {
                // what a query in the place of a table calls its results is no name that anybody knows
                is_of_query = rest.get(at + 1).is_some_and(|next| next.kind == TokenKind::Open);
                break;
            }
            _ if depth == 0 && token.text == "," => {
                names.push(name_of(&item)?);
                item.clear();
                continue;
            }
            _ => {}
        }
        item.push(token);
    }
    names.push(name_of(&item)?);
    if is_of_query {
        names.iter_mut().filter(|name| *name != COUNT).for_each(String::clear);
    }
    Some(names)
}

/// The name of a column that is returned.
fn name_of(item: &[&Token<'_>]) -> Option<String> {
    let is_name = |token: &Token<'_>| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName);
    match item {
        [] => None,
        [.., last] if last.text == "*" => None,
        [only] if is_name(only) => only.identifier(),
        [_, dot, name] if dot.text == "." && is_name(name) => name.identifier(),
        [.., word, name] if word.is_word("as") && is_name(name) => name.identifier(),
        _ => {
            let text: String = item.iter().map(|token| token.text.to_ascii_lowercase()).collect();
            Some(if text == COUNT { text } else { String::new() })
        }
    }
}

/// A value on one line, and not too long.
fn short(value: &str) -> String {
    let line = value.replace(['\n', '\r'], " ");
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_columns_are_read_off_a_query() {
        let names = |query: &str| columns(query).map(|names| names.join("|"));
        assert_eq!(names("SELECT id FROM t WHERE a IS NULL LIMIT 5").as_deref(), Some("id"));
        assert_eq!(names("select distinct t.\"a b\", max(x, 1) AS m, 1 + 2 from t").as_deref(), Some("a b|m|"));
        assert_eq!(names("SELECT email, count(*) FROM t GROUP BY 1").as_deref(), Some("email|count(*)"));
        assert_eq!(names("SELECT (SELECT a FROM b), c FROM t").as_deref(), Some("|c"));
        assert_eq!(names("SELECT v FROM (SELECT quote(a) AS v FROM t)").as_deref(), Some(""));
        for query in ["SELECT * FROM t", "SELECT t.* FROM t", "WITH x AS (SELECT 1) SELECT a FROM x", ""] {
            assert_eq!(names(query), None, "{query}");
        }
    }
}
