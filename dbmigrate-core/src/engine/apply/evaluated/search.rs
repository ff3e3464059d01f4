//! The rows on which an expression fails, found by trying it on ever smaller parts of a table: SQLite says "malformed
//! JSON", and not in which row.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

use super::rows::Window;
use super::{Evaluation, Part};
use crate::engine::connection::{Connection, display, integer};
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::pieces::rowid_ends;
use crate::plan::KEYS_SHOWN;
use crate::schema::Table;
use crate::sql::name::sql_list;
use crate::sql::{Expr, Name};

/// Into how many parts the rows are split that have to be looked at more closely.
const PARTS: i64 = 16;

/// How many of those are split at once: a server is asked about all their parts in one request.
const AT_ONCE: usize = 8;

/// How long rows are looked for and counted.
const LONGEST: Duration = Duration::from_secs(3);

/// An expression that fails on rows.
#[derive(Clone, PartialEq, Eq)]
pub struct FailingRows {
    /// The expression, as it was written.
    pub expr: String,
    /// What it is a part of: ``index `i` ``.
    pub what: String,
    /// The table with the rows, by the name that it has now.
    pub table: String,
    /// The engine's message for the first of them.
    pub message: String,
    /// How many rows were found.
    pub count: u64,
    /// Whether there are no others.
    pub is_complete: bool,
    /// What the first of them are told apart by: `rowid`, or the columns of the primary key. Empty if by nothing.
    pub key: String,
    /// The keys of the first of them, as SQL.
    pub keys: Vec<String>,
    /// A query that shows these, empty if there is none.
    pub query: String,
}

impl fmt::Debug for FailingRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for FailingRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expr, what, table, message, count, is_complete, key, keys, .. } = self;
        let least = if *is_complete { "" } else { "at least " };
        let rows = if *count == 1 { "row" } else { "rows" };
        write!(f, "`{}` of {what} fails on {least}{count} {rows} of `{table}`", Expr::new(expr).said())?;
        if !keys.is_empty() {
            write!(f, ", at {key} {}", keys.join(", "))?;
        }
        let more = count.saturating_sub(keys.len() as u64);
        if more > 0 && !keys.is_empty() {
            write!(f, " and {more} more")?;
        }
        write!(f, ": {message}")
    }
}

/// The rows that the expressions fail on.
///
/// # Errors
/// If the database cannot be asked.
pub(in super::super) async fn failing_rows(
    connection: &Connection,
    evaluations: &[Evaluation],
) -> Result<Vec<FailingRows>, EngineError> {
    let mut found: Vec<FailingRows> = Vec::new();
    // what does not compile cannot be tried: it needs what is not there yet
    let queries: Vec<String> = evaluations.iter().map(Evaluation::query).collect();
    let compiled = connection.describe_all(&queries).await?;
    let tried =
        evaluations.iter().zip(&queries).zip(compiled).filter_map(|(tried, compiled)| compiled.ok().map(|_| tried));
    let (evaluations, queries): (Vec<&Evaluation>, Vec<&String>) = tried.unzip();
    let answers = connection.ask_all(&queries).await?;
    let until = Instant::now() + LONGEST;
    for (evaluation, answer) in evaluations.into_iter().zip(answers) {
        let table = evaluation.rows.origin().name.as_str();
        // what is made of values that cannot be computed fails for the same reason
        let is_explained = evaluation.rows.is_derived() && found.iter().any(|one| one.table == table);
        if is_explained || !answer.is_err_and(|error| is_of_rows(&error)) {
            continue;
        }
        for part in &evaluation.parts {
            let is_said = |one: &FailingRows| Expr::new(&one.expr) == part.expr && one.what == part.what;
            if !found.iter().any(is_said) {
                found.extend(Search { connection, evaluation, part }.find(until).await?);
            }
        }
    }
    Ok(found)
}

/// Whether an error is one that evaluating an expression ends in.
fn is_of_rows(error: &EngineError) -> bool {
    error.kind == ErrorKind::Statement
}

struct Search<'a> {
    connection: &'a Connection,
    evaluation: &'a Evaluation,
    part: &'a Part,
}

impl Search<'_> {
    fn table(&self) -> &Table {
        self.evaluation.rows.origin()
    }

    /// What the expression fails with on each of these rows.
    async fn try_all(&self, windows: &[Window]) -> Result<Vec<Option<String>>, EngineError> {
        let queries: Vec<String> =
            windows.iter().map(|window| self.evaluation.query_in(&[self.part], window)).collect();
        let answers = self.connection.ask_all(&queries).await?;
        let message = |error: EngineError| if is_of_rows(&error) { Ok(Some(error.message)) } else { Err(error) };
        answers.into_iter().map(|answer| answer.map_or_else(message, |_| Ok(None))).collect()
    }

    async fn find(&self, until: Instant) -> Result<Option<FailingRows>, EngineError> {
        let Some(all) = self.all_rows().await? else { return Ok(None) };
        let Some(message) = self.try_all(std::slice::from_ref(&all)).await?.pop().flatten() else { return Ok(None) };
        let mut open = VecDeque::from([(all, message)]);
        let (mut first, mut count, mut said) = (Vec::new(), 0_u64, None);
        while !open.is_empty() && (Instant::now() < until || count == 0) {
            let mut windows = Vec::new();
            for (window, message) in open.drain(..open.len().min(AT_ONCE)) {
                match window.split() {
                    Some(parts) => windows.extend(parts.into_iter().map(|part| (part, None))),
                    None => windows.push((window, Some(message))),
                }
            }
            let untried: Vec<Window> =
                windows.iter().filter(|(_, message)| message.is_none()).map(|(window, _)| window.clone()).collect();
            let mut tried = self.try_all(&untried).await?.into_iter();
            let mut failing = Vec::new();
            for (window, message) in windows {
                if let Some(message) = message.or_else(|| tried.next().flatten()) {
                    failing.push((window, message));
                }
            }
            for found in failing.into_iter().rev() {
                open.push_front(found);
            }
            // those at the front, which are single rows, come in the order of their keys
            while open.front().is_some_and(|(window, _)| window.is_one_row()) {
                let Some((window, message)) = open.pop_front() else { break };
                count += 1;
                said.get_or_insert(message);
                if first.len() < KEYS_SHOWN {
                    first.push(window);
                }
            }
        }
        let Some(message) = said else { return Ok(None) };
        let (key, keys, query) = self.keys(&first).await?;
        Ok(Some(FailingRows {
            expr: self.part.expr.to_string(),
            what: self.part.what.clone(),
            table: self.table().name.to_string(),
            message,
            count,
            is_complete: open.is_empty(),
            key,
            keys,
            query,
        }))
    }

    /// All rows of the table, as far as they can be told apart.
    async fn all_rows(&self) -> Result<Option<Window>, EngineError> {
        let table = self.table();
        let name = table.name.sql();
        let rowid = table.free_rowid_name().or_else(|| table.rowid_alias().map(|alias| alias.name.clone()));
        if let Some(rowid) = rowid {
            let query = format!("SELECT {}", rowid_ends(&table.name, &rowid).join(", "));
            let Some(ends) = self.connection.first_row(&query).await? else { return Ok(None) };
            let is_empty = matches!(ends.first(), None | Some(crate::engine::value::Value::Null));
            return Ok((!is_empty).then(|| Window::Rowids(rowid, integer(&ends[0]), integer(&ends[1]))));
        }
        let Some(count) = self.connection.first_row(&format!("SELECT count(*) FROM {name}")).await? else {
            return Ok(None);
        };
        let count = count.first().map_or(0, integer);
        Ok((count > 0).then(|| Window::Places(self.key_columns(), 0, count)))
    }

    /// The columns that tell the rows of a table apart that has no rowid.
    fn key_columns(&self) -> Vec<Name> {
        let key = self.table().primary_key.iter().flat_map(|key| &key.parts);
        key.map(|part| part.column.clone()).collect()
    }

    /// What the rows are called by, in words; their keys, and a query for them.
    async fn keys(&self, rows: &[Window]) -> Result<(String, Vec<String>, String), EngineError> {
        let table = self.table().name.sql();
        let mut keys = Vec::new();
        let mut columns = Vec::new();
        for row in rows {
            match row {
                Window::Rowids(rowid, at, _) => {
                    columns = vec![rowid.clone()];
                    keys.push(at.to_string());
                }
                Window::Places(key, place, _) if !key.is_empty() => {
                    columns.clone_from(key);
                    let values: Vec<String> = key.iter().map(|name| format!("quote({})", name.sql())).collect();
                    let query = format!(
                        "SELECT {} FROM {table} ORDER BY {} LIMIT 1 OFFSET {place}",
                        values.join(" || ', ' || "),
                        sql_list(key)
                    );
                    let row = self.connection.first_row_shown(&query).await?;
                    let Some(value) = row.as_ref().and_then(|row| row.first()) else { continue };
                    keys.push(if key.len() > 1 { format!("({})", display(value)) } else { display(value) });
                }
                _ => {}
            }
        }
        if keys.is_empty() {
            return Ok((String::new(), keys, String::new()));
        }
        let list = sql_list(&columns);
        let words = columns.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
        let (list, words) = if columns.len() > 1 { (format!("({list})"), format!("({words})")) } else { (list, words) };
        let wanted =
            if columns.len() > 1 { format!("(VALUES {})", keys.join(", ")) } else { format!("({})", keys.join(", ")) };
        let shown: Vec<&Name> = self
            .table()
            .columns
            .iter()
            .filter(|column| column.generated.is_none())
            .map(|column| &column.name)
            .collect();
        let rowid = columns.iter().filter(|name| !shown.contains(name));
        let query =
            format!("SELECT {} FROM {table} WHERE {list} IN {wanted}", sql_list(rowid.chain(shown.iter().copied())));
        Ok((words, keys, query))
    }
}

impl Window {
    fn is_one_row(&self) -> bool {
        match self {
            Self::All => false,
            Self::Rowids(_, from, to) => from >= to,
            Self::Places(_, _, count) => *count <= 1,
        }
    }

    /// Its parts, if it has more than one row, or may have.
    fn split(&self) -> Option<Vec<Self>> {
        let parts = |from: i128, to: i128| {
            let step = ((to - from + 1) + i128::from(PARTS) - 1) / i128::from(PARTS);
            (0..i128::from(PARTS)).map(move |part| (from + part * step, (from + (part + 1) * step - 1).min(to)))
        };
        let number = |number: i128| i64::try_from(number).unwrap_or(i64::MAX);
        match self {
            Self::Rowids(rowid, from, to) if from < to => {
                let parts = parts(i128::from(*from), i128::from(*to)).filter(|(from, to)| from <= to);
                Some(parts.map(|(from, to)| Self::Rowids(rowid.clone(), number(from), number(to))).collect())
            }
            Self::Places(order, first, count) if *count > 1 => {
                let parts = parts(i128::from(*first), i128::from(first + count - 1)).filter(|(from, to)| from <= to);
                let place = |(from, to)| Self::Places(order.clone(), number(from), number(to - from + 1));
                Some(parts.map(place).collect())
            }
            _ => None,
        }
    }
}
