//! The rows of libsql: all that the harness needs of a driver.

use std::future::Future;

use dbmigrate::{FromRow, RowError, Table, Value, View};
pub(crate) use libsql::Connection;
use libsql::{Builder, Row};

pub(crate) use crate::harness::{all, come_back, insert, text, value, with};

/// Runs what is asynchronous in the crate, and waits for nothing on local databases.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    pollster::block_on(future)
}

/// A new database in memory, with foreign keys on.
pub(crate) fn empty() -> Connection {
    let database = wait(Builder::new_local(":memory:").build()).expect("it opens");
    let connection = database.connect().expect("it connects");
    execute(&connection, "PRAGMA foreign_keys = ON");
    connection
}

/// Runs a script.
#[track_caller]
pub(crate) fn execute(connection: &Connection, script: &str) {
    wait(connection.execute_batch(script)).unwrap_or_else(|error| panic!("{error}\n{script}"));
}

/// Runs a statement with parameters; returns how many rows it changed.
pub(crate) fn run(connection: &Connection, sql: &str, params: Vec<Value>) -> Result<u64, String> {
    wait(connection.execute(sql, params)).map_err(|error| error.to_string())
}

/// What is made of the rows of a query, one at a time.
#[track_caller]
pub(crate) fn each<T>(connection: &Connection, sql: &str, read: fn(&Row) -> T) -> Vec<T> {
    let mut rows = wait(connection.query(sql, ())).unwrap_or_else(|error| panic!("{error}\n{sql}"));
    std::iter::from_fn(|| wait(rows.next()).expect("the row is there").map(|row| read(&row))).collect()
}

/// The rows of a table that a query finds.
#[track_caller]
pub(crate) fn read<T: Table + FromRow>(connection: &Connection, sql: &str) -> Vec<Result<T, RowError>> {
    each(connection, sql, T::from_row)
}

/// The same of a view.
#[track_caller]
pub(crate) fn read_view<T: View + FromRow>(connection: &Connection, sql: &str) -> Vec<Result<T, RowError>> {
    each(connection, sql, T::from_row)
}

/// The first values of the rows of a query.
#[track_caller]
pub(crate) fn values(connection: &Connection, sql: &str) -> Vec<Value> {
    each(connection, sql, |row| dbmigrate::rows::Row::value(row, 0).expect("it is there"))
}
