//! The harness: a database in memory, and rows that go into it and come back.

use std::fmt::Debug;
use std::future::Future;

use dbmigrate::{FromRow, RowError, Table, ToParams};
use libsql::{Builder, Connection, Row, Value};

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

/// A new database with the table of a struct.
#[track_caller]
pub(crate) fn with<T: Table>() -> Connection {
    let connection = empty();
    execute(&connection, &T::CREATE.to_string());
    connection
}

/// Runs a statement with parameters; returns how many rows it changed.
pub(crate) fn run(connection: &Connection, sql: &str, params: Vec<Value>) -> Result<u64, String> {
    wait(connection.execute(sql, params)).map_err(|error| error.to_string())
}

/// Inserts a row.
#[track_caller]
pub(crate) fn insert<T: Table + ToParams>(connection: &Connection, row: &T) {
    let params = row.params().expect("it can be written");
    assert_eq!(run(connection, T::INSERT, params), Ok(1), "{}", T::INSERT);
}

/// The rows of a query.
#[track_caller]
pub(crate) fn rows(connection: &Connection, sql: &str) -> Vec<Row> {
    let mut rows = wait(connection.query(sql, ())).unwrap_or_else(|error| panic!("{error}\n{sql}"));
    std::iter::from_fn(|| wait(rows.next()).expect("the row is there")).collect()
}

/// What is read of the rows of a query, one at a time.
#[track_caller]
pub(crate) fn read<T>(
    connection: &Connection,
    sql: &str,
    from_row: fn(&Row) -> Result<T, RowError>,
) -> Vec<Result<T, RowError>> {
    let mut rows = wait(connection.query(sql, ())).unwrap_or_else(|error| panic!("{error}\n{sql}"));
    std::iter::from_fn(|| wait(rows.next()).expect("the row is there").map(|row| from_row(&row))).collect()
}

/// All rows of a table, in the order in which they were inserted.
#[track_caller]
pub(crate) fn all<T: Table + FromRow>(connection: &Connection) -> Vec<T> {
    let sql = format!("{} ORDER BY {}.rowid", T::SELECT, T::NAME);
    read(connection, &sql, T::from_row).into_iter().map(|row| row.unwrap_or_else(|error| panic!("{error}"))).collect()
}

/// Each of the rows is what it was after it has been written and read.
#[track_caller]
pub(crate) fn come_back<T: Table + FromRow + ToParams + PartialEq + Debug>(written: &[T]) -> Connection {
    let connection = with::<T>();
    for row in written {
        insert(&connection, row);
    }
    let found: Vec<T> = all(&connection);
    assert_eq!(found, written);
    connection
}

/// The first value of a query.
#[track_caller]
pub(crate) fn value(connection: &Connection, sql: &str) -> Value {
    let mut rows = wait(connection.query(sql, ())).unwrap_or_else(|error| panic!("{error}\n{sql}"));
    let row = wait(rows.next()).expect("it can be read").expect("there is a row");
    row.get_value(0).expect("it has a column")
}

/// The first text of a query.
#[track_caller]
pub(crate) fn text(connection: &Connection, sql: &str) -> String {
    match value(connection, sql) {
        Value::Text(text) => text,
        other => panic!("{other:?} is no text: {sql}"),
    }
}
