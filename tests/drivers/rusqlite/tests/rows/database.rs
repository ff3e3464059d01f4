//! The rows of rusqlite: all that the harness needs of a driver.

use dbmigrate::{FromRow, RowError, Table, Value, View};
pub(crate) use rusqlite::Connection;
use rusqlite::{Row, params_from_iter};

pub(crate) use crate::harness::{all, come_back, insert, text, value, with};

/// A new database in memory, with foreign keys on.
pub(crate) fn empty() -> Connection {
    let connection = Connection::open_in_memory().expect("it opens");
    execute(&connection, "PRAGMA foreign_keys = ON");
    connection
}

/// Runs a script.
#[track_caller]
pub(crate) fn execute(connection: &Connection, script: &str) {
    connection.execute_batch(script).unwrap_or_else(|error| panic!("{error}\n{script}"));
}

/// Runs a statement with parameters; returns how many rows it changed.
pub(crate) fn run(connection: &Connection, sql: &str, params: Vec<Value>) -> Result<u64, String> {
    let changed = connection.execute(sql, params_from_iter(params)).map_err(|error| error.to_string())?;
    Ok(changed.try_into().expect("a number of rows"))
}

/// What is made of the rows of a query, one at a time.
#[track_caller]
fn each<T>(connection: &Connection, sql: &str, read: impl Fn(&Row<'_>) -> T) -> Vec<T> {
    let mut statement = connection.prepare(sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
    let rows = statement.query_map((), |row| Ok(read(row))).unwrap_or_else(|error| panic!("{error}\n{sql}"));
    rows.map(|row| row.expect("the row is there")).collect()
}

/// The rows of a table that a query finds.
#[track_caller]
pub(crate) fn read<T: Table + FromRow>(connection: &Connection, sql: &str) -> Vec<Result<T, RowError>> {
    each(connection, sql, |row| T::from_row(row))
}

/// The same of a view.
#[track_caller]
pub(crate) fn read_view<T: View + FromRow>(connection: &Connection, sql: &str) -> Vec<Result<T, RowError>> {
    each(connection, sql, |row| T::from_row(row))
}

/// The first values of the rows of a query.
#[track_caller]
pub(crate) fn values(connection: &Connection, sql: &str) -> Vec<Value> {
    each(connection, sql, |row| dbmigrate::rows::Row::value(row, 0).expect("it is there"))
}
