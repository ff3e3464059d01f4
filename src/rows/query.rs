//! What `query!` is: a statement with its values, to run on the connection of a driver.

use std::fmt;

use crate::Value;

use super::{FromValue, Row, RowError, ToValue, ValueError};

/// A statement that returns rows, with its values: what [`query!`](crate::query!) is. Rows are of the type `T`.
#[must_use = "it does nothing until it is run on a connection: `.fetch_all(&connection)`"]
pub struct Query<T> {
    statement: Statement,
    read: fn(&Fields<'_>) -> Result<T, RowError>,
}

/// A statement that returns no rows, with its values: what [`query!`](crate::query!) is.
#[must_use = "it does nothing until it is run on a connection: `.execute(&connection)`"]
pub struct Statement {
    sql: &'static str,
    values: Result<Vec<Value>, RowError>,
}

impl<T> Query<T> {
    /// For the macro.
    #[doc(hidden)]
    pub fn __new(
        sql: &'static str,
        values: Result<Vec<Value>, RowError>,
        read: fn(&Fields<'_>) -> Result<T, RowError>,
    ) -> Self {
        Self { statement: Statement { sql, values }, read }
    }

    /// For the macro, where the statement is an error.
    #[doc(hidden)]
    pub fn __refused() -> Self {
        unreachable!("it does not compile")
    }

    /// All rows. With libsql and sqlx it is a future.
    ///
    /// # Errors
    /// Those of the driver; a value that cannot be read or written is one of them.
    pub fn fetch_all<C: Connection>(self, connection: C) -> C::Answer<Vec<T>>
    where
        T: Send + 'static,
    {
        connection.all(self)
    }

    /// The first row. With libsql and sqlx it is a future.
    ///
    /// # Errors
    /// Those of the driver, of which one says that there is no row.
    pub fn fetch_one<C: Connection>(self, connection: C) -> C::Answer<T>
    where
        T: Send + 'static,
    {
        connection.one(self)
    }

    /// The first row if there is one. With libsql and sqlx it is a future.
    ///
    /// # Errors
    /// Those of the driver.
    pub fn fetch_optional<C: Connection>(self, connection: C) -> C::Answer<Option<T>>
    where
        T: Send + 'static,
    {
        connection.optional(self)
    }

    /// The text.
    pub const fn sql(&self) -> &'static str {
        self.statement.sql
    }

    /// For the [`Connection`] of another driver: the text, the values, and what reads rows.
    ///
    /// # Errors
    /// If a value cannot be written.
    pub fn parts(self) -> Result<Parts<T>, RowError> {
        Ok((self.statement.sql, self.statement.values?, self.read))
    }
}

/// The text, the values, and what reads rows.
pub type Parts<T> = (&'static str, Vec<Value>, fn(&Fields<'_>) -> Result<T, RowError>);

impl Statement {
    /// For the macro.
    #[doc(hidden)]
    pub fn __new(sql: &'static str, values: Result<Vec<Value>, RowError>) -> Self {
        Self { sql, values }
    }

    /// For the macro, where the statement is an error.
    #[doc(hidden)]
    pub fn __refused() -> Self {
        unreachable!("it does not compile")
    }

    /// Runs it, and says how many rows it has changed. With libsql and sqlx it is a future.
    ///
    /// # Errors
    /// Those of the driver; a value that cannot be written is one of them.
    pub fn execute<C: Connection>(self, connection: C) -> C::Answer<u64> {
        connection.run(self)
    }

    /// The text.
    pub const fn sql(&self) -> &'static str {
        self.sql
    }

    /// For the [`Connection`] of another driver: the text and the values.
    ///
    /// # Errors
    /// If a value cannot be written.
    pub fn parts(self) -> Result<(&'static str, Vec<Value>), RowError> {
        Ok((self.sql, self.values?))
    }
}

impl<T> fmt::Debug for Query<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.statement.fmt(f)
    }
}

impl fmt::Debug for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // values may be secrets
        f.debug_tuple("Statement").field(&self.sql).finish()
    }
}

/// What a query can be run on: with the feature `libsql` a `&libsql::Connection`, with `rusqlite` a
/// `&rusqlite::Connection`, with `sqlx` a `&mut SqliteConnection` or a `&SqlitePool`. Implement it for that of another
/// driver, as its row implements [`Row`].
#[diagnostic::on_unimplemented(
    message = "a query cannot be run on `{Self}`",
    label = "no connection",
    note = "`&libsql::Connection` needs the feature `libsql`, `&rusqlite::Connection` the feature `rusqlite`, and \
            `&mut SqliteConnection` or `&SqlitePool` the feature `sqlx`",
    note = "a transaction is run on as its connection: `&*transaction`, or `&mut *transaction` with sqlx"
)]
pub trait Connection: Sized {
    /// What is returned: a result, or a future of one.
    type Answer<T: Send + 'static>;

    /// All rows.
    fn all<T: Send + 'static>(self, query: Query<T>) -> Self::Answer<Vec<T>>;

    /// The first row.
    fn one<T: Send + 'static>(self, query: Query<T>) -> Self::Answer<T>;

    /// The first row if there is one.
    fn optional<T: Send + 'static>(self, query: Query<T>) -> Self::Answer<Option<T>>;

    /// How many rows were changed.
    fn run(self, statement: Statement) -> Self::Answer<u64>;
}

/// The columns of a row that is being read.
pub struct Fields<'row>(
    /// The row.
    pub &'row dyn Row,
);

impl Fields<'_> {
    /// The column at a place, which is called that.
    #[doc(hidden)]
    pub fn get<T: FromValue>(&self, at: usize, name: &'static str) -> Result<T, RowError> {
        super::same_name(self.0, at, name).map_err(|error| {
            RowError::of_query(name, &error).help("migrate the database, or build the program again")
        })?;
        self.get_unnamed(at, name)
    }

    /// The column at a place, which the engine gives another name.
    #[doc(hidden)]
    pub fn get_unnamed<T: FromValue>(&self, at: usize, name: &'static str) -> Result<T, RowError> {
        if at >= self.0.column_count() {
            let error = ValueError::new(format!("the row has {} columns", self.0.column_count()));
            return Err(RowError::of_query(name, &error));
        }
        self.0.value(at).and_then(T::from_value).map_err(|error| RowError::of_query(name, &error))
    }
}

/// The values of parameters, for the macro.
#[doc(hidden)]
pub fn __values(values: &[&dyn ToValue]) -> Result<Vec<Value>, RowError> {
    let written =
        |(at, value): (usize, &&dyn ToValue)| value.to_value().map_err(|error| RowError::of_parameter(at + 1, &error));
    values.iter().enumerate().map(written).collect()
}
