//! The harness: a database in memory, and rows that go into it and come back. The tests of each driver have this, and a
//! module `database` with the few functions that need the driver.

use std::fmt::Debug;

use dbmigrate::{FromRow, Table, ToParams, Value};

use crate::database::{Connection, empty, execute, read, run, values};

/// A new database with the table of a struct.
#[track_caller]
pub(crate) fn with<T: Table>() -> Connection {
    let connection = empty();
    execute(&connection, &T::CREATE.to_string());
    connection
}

/// Inserts a row.
#[track_caller]
pub(crate) fn insert<T: Table + ToParams>(connection: &Connection, row: &T) {
    let params = row.params().expect("it can be written");
    assert_eq!(run(connection, T::INSERT, params), Ok(1), "{}", T::INSERT);
}

/// All rows of a table, in the order in which they were inserted.
#[track_caller]
pub(crate) fn all<T: Table + FromRow>(connection: &Connection) -> Vec<T> {
    let sql = format!("{} ORDER BY {}.rowid", T::SELECT, T::NAME);
    read(connection, &sql).into_iter().map(|row| row.unwrap_or_else(|error| panic!("{error}"))).collect()
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
    values(connection, sql).into_iter().next().expect("there is a row")
}

/// The first text of a query.
#[track_caller]
pub(crate) fn text(connection: &Connection, sql: &str) -> String {
    match value(connection, sql) {
        Value::Text(text) => text,
        other => panic!("{other:?} is no text: {sql}"),
    }
}
