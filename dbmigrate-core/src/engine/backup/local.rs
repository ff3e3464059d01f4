//! A database file as it is read through the engine: rows one by one, text as bytes.

use std::path::Path;
use std::time::Duration;

use libsql::ValueType;

use super::fingerprint::{Cell, Rows, TableContent};
use super::inventory::{Inventory, Table, queries};
use crate::engine::connection::{Connection, Row, Value, integer};
pub(super) use crate::engine::driver::now;
use crate::engine::error::{EngineError, ErrorKind};
use crate::sql::Name;

/// How many columns of a table have their bits in one integer.
const BITS: usize = 62;

/// What a connection may keep of a file, for work that comes back to the same pages: 16 MB.
pub(super) const CACHE: &str = "PRAGMA cache_size = -16384";

/// A connection to a file.
pub(super) struct Local {
    pub(super) connection: Connection,
}

impl Local {
    pub(super) fn open(path: &Path, create: bool, busy_timeout: Duration) -> Result<Self, EngineError> {
        Ok(Self { connection: now(Connection::open_plain(path, create, busy_timeout))? })
    }

    pub(super) fn run(&self, sql: &str) -> Result<(), EngineError> {
        now(self.connection.run(sql))
    }

    pub(super) fn run_with(&self, sql: &str, values: Vec<Value>) -> Result<(), EngineError> {
        now(self.connection.run_with(sql, values))
    }

    pub(super) fn rows(&self, sql: &str) -> Result<Vec<Vec<Value>>, EngineError> {
        now(self.connection.rows(sql))
    }

    pub(super) fn inner(&self) -> Result<libsql::Connection, EngineError> {
        let none = || EngineError { kind: ErrorKind::Statement, message: "not a file".to_owned() };
        self.connection.local().ok_or_else(none)
    }

    /// Begins a transaction that sees what is there now.
    pub(super) fn begin_reading(&self) -> Result<(), EngineError> {
        self.run("BEGIN")?;
        self.rows("SELECT count(*) FROM sqlite_schema").map(drop)
    }

    pub(super) fn inventory(&self) -> Result<Inventory, EngineError> {
        Inventory::of(now(self.connection.ask_all(&queries()))?)
    }

    /// How many rows violate foreign keys. `None` if the keys themselves are wrong.
    pub(super) fn foreign_key_violations(&self) -> Result<Option<u64>, EngineError> {
        match self.rows(VIOLATIONS) {
            Ok(rows) => Ok(rows.first().map(|row| integer(&row[0]).unsigned_abs())),
            Err(error) if error.kind == ErrorKind::Statement => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What all tables have in them.
    pub(super) fn tables(&self) -> Result<Vec<TableContent>, EngineError> {
        self.inventory()?.tables.iter().map(|table| self.table(table)).collect()
    }

    /// What a table has in it.
    pub(super) fn table(&self, table: &Table) -> Result<TableContent, EngineError> {
        let mut hash = Rows::default();
        let offset = usize::from(table.rowid.is_some());
        self.each_row(table, 0, |row, masks| {
            let cell = |(at, value)| Cell::of(value, at >= offset && is_text(masks, at - offset));
            hash.add(row.iter().enumerate().map(cell));
            true
        })?;
        Ok(hash.finish(table))
    }

    /// Hands over the rows of a table behind the first `skipped`, until one is not wanted: the rowid, if no column is
    /// it, and the values, with text as bytes; and which of them are text.
    pub(super) fn each_row(
        &self,
        table: &Table,
        skipped: u64,
        mut wants_more: impl FnMut(&mut Row, &[Value]) -> bool,
    ) -> Result<(), EngineError> {
        let (mut may_be_text, mut done) = (table.may_be_text.clone(), skipped);
        while let End::Text { before } = self.rows_behind(table, done, &may_be_text, &mut wants_more)? {
            done += before;
            may_be_text.fill(true);
        }
        Ok(())
    }

    /// The same, up to the first row with text in a column that is not read as such.
    fn rows_behind(
        &self,
        table: &Table,
        skipped: u64,
        may_be_text: &[bool],
        wants_more: &mut impl FnMut(&mut Row, &[Value]) -> bool,
    ) -> Result<End, EngineError> {
        let offset = usize::from(table.rowid.is_some());
        let (mut masks, mut values) = (Row::new(), Row::new());
        let mut bits = vec![0_i64; masks_of(table.columns.len())];
        let query = read_query(table, skipped, may_be_text);
        now(async {
            let inner = self.inner()?;
            let mut rows = inner.query(&query, ()).await?;
            let mut count = 0;
            while let Some(row) = rows.next().await? {
                values.clear();
                bits.fill(0);
                if offset == 1 {
                    values.push(row.get_value(0)?.into());
                }
                let mut place = offset;
                for (column, may_be_text) in may_be_text.iter().enumerate() {
                    let is_text = matches!(row.column_type(index(place))?, ValueType::Text);
                    if is_text && !may_be_text {
                        return Ok(End::Text { before: count });
                    }
                    bits[column / BITS] |= i64::from(is_text) << (column % BITS);
                    values.push(row.get_value(index(place + usize::from(is_text)))?.into());
                    place += 1 + usize::from(*may_be_text);
                }
                masks.clear();
                masks.extend(bits.iter().map(|bits| Value::Integer(*bits)));
                count += 1;
                if !wants_more(&mut values, &masks) {
                    break;
                }
            }
            Ok(End::All)
        })
    }
}

/// How far rows were read.
enum End {
    /// As far as was wanted.
    All,
    /// Up to a row with text where none was expected, behind so many others.
    Text { before: u64 },
}

/// The violations of foreign keys.
pub(super) const VIOLATIONS: &str = "SELECT count(*) FROM pragma_foreign_key_check";

fn index(at: usize) -> i32 {
    i32::try_from(at).unwrap_or(i32::MAX)
}

/// The query for the rows of a table, whatever their text is: their rowid, if no column is it, and each value; behind a
/// value that may be text, the same as bytes. The crate ends text at its first NUL, and panics if it is not UTF-8. To ask
/// the engine for the class of each value takes longer than to read them all.
fn read_query(table: &Table, skipped: u64, may_be_text: &[bool]) -> String {
    let rowid = table.rowid.map(str::to_owned).into_iter();
    let columns = table.columns.iter().zip(may_be_text).flat_map(|(column, may_be_text)| {
        let column = column.sql();
        let bytes = may_be_text.then(|| format!("CAST({column} AS BLOB)"));
        std::iter::once(column.into_owned()).chain(bytes)
    });
    // an index that has all columns must not be read in the place of the table
    let name = table.name.sql();
    let skip = if skipped == 0 { String::new() } else { format!(" LIMIT -1 OFFSET {skipped}") };
    format!("SELECT {} FROM {name} NOT INDEXED{skip}", rowid.chain(columns).collect::<Vec<_>>().join(", "))
}

/// The value of a column, with text as bytes.
pub(super) fn as_bytes(column: &Name) -> String {
    let column = column.sql();
    format!("iif(typeof({column}) = 'text', CAST({column} AS BLOB), {column})")
}

/// Which columns of a row are text, [`BITS`] of them in each integer.
pub(super) fn masks(columns: &[Name]) -> impl Iterator<Item = String> + '_ {
    columns.chunks(BITS).map(|columns| {
        let bits =
            columns.iter().enumerate().map(|(at, column)| format!("((typeof({}) = 'text') << {at})", column.sql()));
        bits.collect::<Vec<_>>().join(" | ")
    })
}

/// Which of `columns` columns are text, as the values of [`masks`] say.
pub(super) fn is_text(masks: &[Value], column: usize) -> bool {
    masks.get(column / BITS).is_some_and(|mask| integer(mask) >> (column % BITS) & 1 == 1)
}

/// How many integers [`masks`] makes of `columns` columns.
pub(super) fn masks_of(columns: usize) -> usize {
    columns.div_ceil(BITS)
}
