//! The rows of a table, page by page, in the order of their keys.

use super::Text;
use super::snapshot::Snapshot;
use crate::engine::backup::build::Page;
use crate::engine::backup::inventory::Table;
use crate::engine::backup::local::{as_bytes, masks, masks_of};
use crate::engine::connection::{Row, Value, integer};
use crate::engine::error::{EngineError, ErrorKind};
use crate::sql::Name;
use crate::sql::name::sql_list;

/// What is aimed at for a page, in bytes of rows. Servers send up to 10 MB, in which a row takes up to three times as
/// much as JSON.
const PAGE_BYTES: usize = 2 * 1024 * 1024;
const FIRST_ROWS: u64 = 500;
const MOST_ROWS: u64 = 50_000;

/// Where the next page begins.
enum Next {
    /// At this rowid.
    Rowid(i64),
    /// Behind the row with these values of its primary key; at the beginning if there are none.
    Key(Vec<Value>),
    /// Behind so many rows, where there is no key that can be compared.
    Behind(u64),
    /// There is none.
    None,
}

/// The pages of a table.
pub(super) struct Pages<'t> {
    table: &'t Table,
    text: Text,
    next: Next,
    limit: u64,
    /// How many rows were read.
    done: u64,
}

impl<'t> Pages<'t> {
    pub(super) fn of(table: &'t Table, text: Text) -> Self {
        let next = match (table.key, table.primary_key.is_empty()) {
            (Some(_), _) => Next::Rowid(i64::MIN),
            (None, false) => Next::Key(Vec::new()),
            (None, true) => Next::Behind(0),
        };
        Self { table, text, next, limit: FIRST_ROWS, done: 0 }
    }

    /// The rows of the next page. `None` behind the last one.
    pub(super) fn next(&mut self, snapshot: &mut Snapshot) -> Result<Option<Page>, EngineError> {
        let mut text = self.text;
        loop {
            let Some((sql, values)) = self.query(text) else { return Ok(None) };
            match snapshot.rows(&sql, values) {
                // infinity, of which JSON does not say which of the two it is
                Ok(rows) if text == Text::Plain && rows.iter().flatten().any(is_nan) => text = Text::Bytes,
                Ok(rows) => return Ok(self.taken(self.page(rows, text))),
                // the stream and the transaction are as they were
                Err(error) if error.kind == ErrorKind::TooLarge && self.limit > 1 => {
                    self.limit = (self.limit / 4).max(1);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes the masks out of rows.
    fn page(&self, mut rows: Vec<Row>, text: Text) -> Page {
        if text == Text::Plain {
            return Page { rows, masks: Vec::new() };
        }
        let first = usize::from(self.table.rowid.is_some());
        let count = masks_of(self.table.columns.len());
        let mut masks = Vec::with_capacity(rows.len());
        for row in &mut rows {
            let end = (first + count).min(row.len());
            masks.push(row.drain(first.min(end)..end).collect());
            row.iter_mut().for_each(to_infinity);
        }
        Page { rows, masks }
    }

    fn query(&self, text: Text) -> Option<(String, Vec<Value>)> {
        let Table { name, columns, .. } = self.table;
        let key = self.table.key.unwrap_or_default();
        let (condition, order, values) = match &self.next {
            Next::Rowid(from) => (format!("WHERE {key} >= ?1"), format!("ORDER BY {key}"), vec![Value::Integer(*from)]),
            Next::Key(values) => {
                let names = sql_list(&self.table.primary_key);
                let parameters: Vec<String> = (1..=values.len()).map(|at| format!("?{at}")).collect();
                let condition = match values.is_empty() {
                    true => String::new(),
                    false => format!("WHERE ({names}) > ({})", parameters.join(", ")),
                };
                (condition, format!("ORDER BY {names}"), values.clone())
            }
            Next::Behind(rows) => (String::new(), format!("LIMIT {} OFFSET {rows}", self.limit), Vec::new()),
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
        let limit = match self.next {
            Next::Behind(_) => String::new(),
            _ => format!(" LIMIT {}", self.limit),
        };
        let name = name.sql();
        Some((format!("SELECT {} FROM {name} NOT INDEXED {condition} {order}{limit}", list.join(", ")), values))
    }

    /// Notes where the page behind these rows begins.
    fn taken(&mut self, page: Page) -> Option<Page> {
        let count = page.rows.len() as u64;
        let last = page.rows.last()?;
        self.done += count;
        let value_of = |name: &Name| {
            let at = self.table.columns.iter().position(|column| column == name)?;
            last.get(usize::from(self.table.rowid.is_some()) + at).cloned()
        };
        let next = match &self.next {
            _ if count < self.limit => Some(Next::None),
            Next::Rowid(_) => {
                let rowid = match &self.table.alias {
                    Some(alias) => value_of(alias),
                    None => last.first().cloned(),
                };
                Some(rowid.as_ref().and_then(|rowid| integer(rowid).checked_add(1)).map_or(Next::None, Next::Rowid))
            }
            Next::Key(_) => {
                let values: Option<Vec<Value>> = self.table.primary_key.iter().map(value_of).collect();
                values.filter(|values| page.masks.is_empty() && values.iter().all(can_be_sent)).map(Next::Key)
            }
            Next::Behind(_) | Next::None => None,
        };
        // the rows of a table without rowids lie in the order of its key
        self.next = next.unwrap_or(Next::Behind(self.done));
        let bytes: usize = page.rows.iter().flatten().map(size).sum();
        self.adapt(count, bytes);
        Some(page)
    }

    fn adapt(&mut self, count: u64, bytes: usize) {
        let fit = (PAGE_BYTES as u64).saturating_mul(count) / (bytes as u64).max(1);
        // rows may become larger: by steps
        self.limit = fit.clamp(1, (self.limit * 4).min(MOST_ROWS));
    }
}

/// Whether a value of a key can be sent as it came.
fn can_be_sent(value: &Value) -> bool {
    !matches!(value, Value::Real(real) if !real.is_finite())
}

fn is_nan(value: &Value) -> bool {
    matches!(value, Value::Real(real) if real.is_nan())
}

/// The value of a column where text comes as bytes. So whatever comes as text is infinity.
fn as_sent(column: &Name) -> String {
    let name = column.sql();
    format!("iif(typeof({name}) = 'real' AND abs({name}) = 9e999, CAST({name} AS TEXT), {})", as_bytes(column))
}

fn to_infinity(value: &mut Value) {
    if let Value::Text(text) = value {
        *value = Value::Real(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY });
    }
}

/// About how many bytes a value takes.
fn size(value: &Value) -> usize {
    8 + match value {
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
        _ => 8,
    }
}
