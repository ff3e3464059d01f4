//! The rows of sqlx: all that the harness needs of a driver.

use std::cell::RefCell;
use std::future::Future;

use dbmigrate::rows::arguments;
use dbmigrate::{FromRow, RowError, Table, Value, View};
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

pub(crate) use crate::harness::{all, come_back, insert, text, value, with};

/// A connection that several places of a test can use; it wants to be borrowed by one at a time.
pub(crate) struct Connection(pub(crate) RefCell<SqliteConnection>);

/// Runs what is asynchronous in the crate, without a runtime.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    pollster::block_on(future)
}

/// A new database in memory, with foreign keys on.
pub(crate) fn empty() -> Connection {
    let connection = wait(SqliteConnection::connect("sqlite::memory:")).expect("it opens");
    let connection = Connection(RefCell::new(connection));
    execute(&connection, "PRAGMA foreign_keys = ON");
    connection
}

/// Runs a script.
#[track_caller]
pub(crate) fn execute(connection: &Connection, script: &str) {
    let done = wait(sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut *connection.0.borrow_mut()));
    done.unwrap_or_else(|error| panic!("{error}\n{script}"));
}

/// Runs a statement with parameters; returns how many rows it changed.
pub(crate) fn run(connection: &Connection, sql: &str, params: Vec<Value>) -> Result<u64, String> {
    let arguments = arguments(&params).map_err(|error| error.to_string())?;
    let query = sqlx::query_with(AssertSqlSafe(sql), arguments);
    let done = wait(query.execute(&mut *connection.0.borrow_mut()));
    done.map(|done| done.rows_affected()).map_err(|error| error.to_string())
}

/// What is made of the rows of a query.
#[track_caller]
fn each<T>(connection: &Connection, sql: &str, read: fn(&SqliteRow) -> T) -> Vec<T> {
    let rows = wait(sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *connection.0.borrow_mut()));
    rows.unwrap_or_else(|error| panic!("{error}\n{sql}")).iter().map(read).collect()
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
