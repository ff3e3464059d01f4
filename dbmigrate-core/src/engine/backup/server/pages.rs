//! The rows of a table, page by page, in the order of their keys.

use super::Text;
use super::snapshot::{Query, Snapshot};
use crate::engine::backup::inventory::{Key, Table};
use crate::engine::backup::local::{as_bytes, is_text, masks, masks_of};
use crate::engine::backup::page::Page;
use crate::engine::connection::{Row, Value};
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::remote::{Flat, FlatRows};
use crate::sql::Name;

/// What is aimed at for a page, in bytes of rows: several of them are in memory at a time. Servers send up to 10 MB, in
/// which a row takes up to three times as much as JSON.
const PAGE_BYTES: usize = 2 * 1024 * 1024;
const FIRST_ROWS: u64 = 500;
const MOST_ROWS: u64 = 50_000;

/// Where so many rowids have at least one row among them, pages are ranges of rowids.
const SPARSE: u64 = 4;
/// Pages of fewer rows are not: they are of large rows, of which a range may have some more.
const FEW_ROWS: u64 = 64;

/// Where the next page begins.
enum Next {
    /// At this rowid.
    Rowid(i64),
    /// Behind the row with these values of its primary key, among those with the same values in the first `same` columns
    /// of it; at the beginning if there are none.
    Key { values: Vec<KeyValue>, same: usize },
    /// Behind so many rows, where there is no key that can be compared.
    Behind(u64),
    /// There is none.
    None,
}

/// A value of a key, and whether it is text that came as bytes.
type KeyValue = (Value, bool);

/// The pages of a table.
pub(super) struct Pages<'t> {
    table: &'t Table,
    text: Text,
    next: Next,
    limit: u64,
    /// How many rows the last page had, and how many rowids lie between the first and the last of them.
    density: Option<(u64, u64)>,
    /// How many rows were read.
    done: u64,
    /// So many rows at most were asked for already, as the next page.
    ahead: Option<u64>,
}

impl<'t> Pages<'t> {
    pub(super) fn of(table: &'t Table, text: Text) -> Self {
        let next = match (table.key, table.primary_key.is_empty()) {
            (Some(_), _) => Next::Rowid(i64::MIN),
            (None, false) => Next::Key { values: Vec::new(), same: 0 },
            (None, true) => Next::Behind(0),
        };
        Self { table, text, next, limit: FIRST_ROWS, density: None, done: 0, ahead: None }
    }

    /// The rows of the next page. `None` behind the last one.
    ///
    /// Where rows have rowids, what is asked for first is where the page behind begins. So that one can be asked for as soon
    /// as the answer begins: the server reads it while this page is on its way and is looked at.
    pub(super) fn next(&mut self, snapshot: &mut Snapshot) -> Result<Option<Page>, EngineError> {
        let mut text = self.text;
        loop {
            let limit = if let Some(limit) = self.ahead.take() {
                limit
            } else {
                let Some(queries) = self.queries(text) else { return Ok(None) };
                snapshot.send(queries)?;
                self.limit
            };
            let is_early = text == self.text && matches!(self.next, Next::Rowid(_));
            let begun = if is_early { snapshot.begun() } else { None };
            let mut behind = self.behind(begun);
            self.ask_for(behind, snapshot)?;
            let arrived = snapshot.receive()?;
            if behind.is_none() {
                behind = self.behind(arrived.first_rows());
                if text == self.text {
                    self.ask_for(behind, snapshot)?;
                }
            }
            match snapshot.last_rows(arrived).flatten() {
                // infinity, of which JSON does not say which of the two it is
                Ok(rows) if text == Text::Plain && rows.values().iter().any(is_nan) => {
                    self.ahead = None;
                    snapshot.forget()?;
                    text = Text::Bytes;
                }
                Ok(rows) => {
                    let page = self.page(rows, text);
                    if self.taken(&page, behind, limit) {
                        return Ok(Some(page));
                    }
                }
                // the stream and the transaction are as they were
                Err(error) if error.kind == ErrorKind::TooLarge && limit > 1 => {
                    self.ahead = None;
                    snapshot.forget()?;
                    self.limit = (limit / 4).max(1);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Asks for the page that begins at this rowid, if there is one.
    fn ask_for(&mut self, behind: Option<i64>, snapshot: &mut Snapshot) -> Result<(), EngineError> {
        let Some(behind) = behind else { return Ok(()) };
        let here = std::mem::replace(&mut self.next, Next::Rowid(behind));
        let queries = self.queries(self.text).unwrap_or_default();
        self.next = here;
        snapshot.send(queries)?;
        self.ahead = Some(self.limit);
        Ok(())
    }

    /// The rowid that the page behind an answer begins with, if there is one, by the rows of its first query.
    fn behind(&self, rows: Option<Vec<Row>>) -> Option<i64> {
        if !matches!(self.next, Next::Rowid(_)) {
            return None;
        }
        match rows?.first()?.first()? {
            Value::Integer(rowid) => Some(*rowid),
            _ => None,
        }
    }

    /// Rows as they are in the database: those that came with masks without them.
    fn page(&self, rows: FlatRows, text: Text) -> Page {
        if text == Text::Plain {
            return Page { rows };
        }
        let first = usize::from(self.table.rowid.is_some());
        let count = masks_of(self.table.columns.len());
        let mut masks = Row::new();
        let rows = rows.each(|bytes, row| {
            let end = (first + count).min(row.len());
            masks.clear();
            masks.extend(row.drain(first.min(end)..end).map(|mask| match mask {
                Flat::Integer(bits) => Value::Integer(bits),
                _ => Value::Null,
            }));
            for (column, value) in row.iter_mut().skip(first).enumerate() {
                match *value {
                    Flat::Blob(span) if is_text(&masks, column) => *value = Flat::Text(span),
                    Flat::Text(span) => *value = to_infinity(span.of(bytes)),
                    _ => {}
                }
            }
        });
        Page { rows }
    }

    /// What is asked for a page; the rows are those of the last query. Where the next page begins is another one before it.
    fn queries(&self, text: Text) -> Option<Vec<Query>> {
        let Table { name, columns, .. } = self.table;
        let (name, key, limit) = (name.sql(), self.table.key.unwrap_or_default(), self.limit);
        let (mut queries, mut values) = (Vec::new(), Vec::new());
        let rest = match &self.next {
            Next::Rowid(from) => {
                values.push(Value::Integer(*from));
                let select = format!("SELECT {key} FROM {name} NOT INDEXED WHERE {key} >= ?1 ORDER BY {key} LIMIT 1");
                if let Some(end) = self.end_of_range(*from) {
                    queries.push((select, vec![Value::Integer(end)]));
                    values.push(Value::Integer(end));
                    format!("WHERE {key} >= ?1 AND {key} < ?2 ORDER BY {key}")
                } else {
                    queries.push((format!("{select} OFFSET {limit}"), values.clone()));
                    format!("WHERE {key} >= ?1 ORDER BY {key} LIMIT {limit}")
                }
            }
            Next::Key { values: last, same } => {
                let condition = self.behind_key(last, *same, &mut values);
                let order = self.table.primary_key.iter().map(|key| match key.is_descending {
                    true => format!("{} DESC", key.sql()),
                    false => key.sql(),
                });
                format!("{condition} ORDER BY {} LIMIT {limit}", order.collect::<Vec<_>>().join(", "))
            }
            Next::Behind(rows) => format!("LIMIT {limit} OFFSET {rows}"),
            Next::None => return None,
        };
        let mut list: Vec<String> = self.table.rowid.map(str::to_owned).into_iter().collect();
        match text {
            Text::Plain => list.extend(columns.iter().map(|column| column.sql().into_owned())),
            Text::Bytes => {
                list.extend(masks(columns));
                list.extend(columns.iter().map(as_sent));
            }
        }
        queries.push((format!("SELECT {} FROM {name} NOT INDEXED {rest}", list.join(", ")), values));
        Some(queries)
    }

    /// Where the range ends that begins with this rowid and has about as many rows as a page: to find that, the server need not
    /// step over all of them. `None` where most rowids have no row.
    fn end_of_range(&self, from: i64) -> Option<i64> {
        let (rows, rowids) = self.density.filter(|(rows, rowids)| *rowids <= rows * SPARSE)?;
        let width = self.limit.checked_mul(rowids)? / rows.max(1);
        let end = from.checked_add(i64::try_from(width).ok()?)?;
        (self.limit >= FEW_ROWS && end > from).then_some(end)
    }

    /// How many rowids lie between the first and the last row of a page, with both.
    fn rowids_of(&self, page: &Page) -> Option<u64> {
        let at = match self.table.rowid {
            Some(_) => 0,
            None => self.table.columns.iter().position(|column| Some(column) == self.table.alias.as_ref())?,
        };
        let of = |row: Option<&[Flat]>| match row?.get(at)? {
            Flat::Integer(rowid) => Some(*rowid),
            _ => None,
        };
        let (mut rows, first) = (page.rows.rows(), of(page.rows.rows().next())?);
        of(rows.next_back())?.abs_diff(first).checked_add(1)
    }

    /// The condition for rows behind one with these values, that have the first `same` of them too: in each column as it
    /// is compared there, so that the server goes directly to the place.
    fn behind_key(&self, last: &[KeyValue], same: usize, values: &mut Vec<Value>) -> String {
        let mut conditions = Vec::new();
        for (at, (key, (value, is_text))) in self.table.primary_key.iter().zip(last).take(same + 1).enumerate() {
            let operator = match (at < same, key.is_descending) {
                (true, _) => "=",
                (false, false) => ">",
                (false, true) => "<",
            };
            let value = match value {
                // JSON cannot say it
                Value::Real(real) if real.is_infinite() => if *real > 0.0 { "9e999" } else { "-9e999" }.to_owned(),
                value => {
                    values.push(value.clone());
                    let parameter = format!("?{}", values.len());
                    if *is_text { format!("CAST({parameter} AS TEXT)") } else { parameter }
                }
            };
            conditions.push(format!("{} {operator} {value}", key.sql()));
        }
        if conditions.is_empty() { String::new() } else { format!("WHERE {}", conditions.join(" AND ")) }
    }

    /// Notes where the page behind these rows begins. Returns whether they are a page: there may be none in one place of a
    /// key and more behind it.
    fn taken(&mut self, page: &Page, behind: Option<i64>, limit: u64) -> bool {
        let count = page.rows.len() as u64;
        let is_last = count < limit;
        self.done += count;
        let next = match std::mem::replace(&mut self.next, Next::None) {
            Next::Rowid(_) => behind.map_or(Next::None, Next::Rowid),
            Next::Key { values, same } if is_last && same > 0 => Next::Key { values, same: same - 1 },
            Next::Key { .. } if is_last => Next::None,
            // the rows of a table without rowids lie in the order of its key
            Next::Key { .. } => self.key_of(page).unwrap_or(Next::Behind(self.done)),
            Next::Behind(_) if !is_last => Next::Behind(self.done),
            Next::Behind(_) | Next::None => Next::None,
        };
        self.next = next;
        if matches!(self.next, Next::Rowid(_)) {
            self.density = self.rowids_of(page).map(|rowids| (count, rowids));
        }
        if count > 0 {
            self.adapt(count, page.rows.values().iter().map(size).sum());
        }
        count > 0
    }

    /// The place behind the last row of a page.
    fn key_of(&self, page: &Page) -> Option<Next> {
        let last = page.rows.rows().next_back()?;
        let value_of = |key: &Key| {
            let at = self.table.columns.iter().position(|column| *column == key.column)?;
            let value = page.value(*last.get(at)?);
            Some(match (self.text, value) {
                (Text::Bytes, Value::Text(text)) => (Value::Blob(text.into_bytes()), true),
                (_, value) => {
                    let is_text = matches!((last[at], &value), (Flat::Text(_), Value::Blob(_)));
                    (value, is_text)
                }
            })
        };
        let values: Vec<KeyValue> = self.table.primary_key.iter().map(value_of).collect::<Option<_>>()?;
        Some(Next::Key { same: values.len().checked_sub(1)?, values })
    }

    fn adapt(&mut self, count: u64, bytes: usize) {
        let fit = (PAGE_BYTES as u64).saturating_mul(count) / (bytes as u64).max(1);
        // rows may become larger: by steps
        self.limit = fit.clamp(1, (self.limit * 4).min(MOST_ROWS));
    }
}

fn is_nan(value: &Flat) -> bool {
    matches!(value, Flat::Real(real) if real.is_nan())
}

/// The value of a column where text comes as bytes. So whatever comes as text is infinity.
fn as_sent(column: &Name) -> String {
    let name = column.sql();
    format!("iif(typeof({name}) = 'real' AND abs({name}) = 9e999, CAST({name} AS TEXT), {})", as_bytes(column))
}

fn to_infinity(text: &[u8]) -> Flat {
    Flat::Real(if text.starts_with(b"-") { f64::NEG_INFINITY } else { f64::INFINITY })
}

/// About how many bytes a value takes.
fn size(value: &Flat) -> usize {
    8 + match value {
        Flat::Text(span) | Flat::Blob(span) => span.len(),
        _ => 8,
    }
}
