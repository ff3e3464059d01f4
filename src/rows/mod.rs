//! Rows of a driver as structs, and structs as parameters. With the feature `libsql`, `rusqlite` or `sqlx`.
//!
//! Call [`Table::from_row`](crate::Table::from_row), [`Table::params`](crate::Table::params) and
//! [`View::from_row`](crate::View::from_row). The traits [`FromValue`] and [`ToValue`] read and write the types of
//! columns; `#[derive(ColumnType)]` implements them too.
//!
#![doc = include_str!("../../docs/rows.md")]

mod drivers;
mod error;
#[cfg(any(feature = "chrono", feature = "jiff", feature = "time"))]
mod moment;
mod of_crates;
mod of_std;
#[doc(hidden)]
pub mod output;
mod query;
mod value;
mod vector;

pub use drivers::Row;
#[cfg(feature = "sqlx")]
pub use drivers::arguments;
pub use error::RowError;
#[doc(hidden)]
pub use query::__values;
pub use query::{Connection, Fields, Parts, Query, Statement};
pub use value::{FromValue, ToValue, ValueError};

use crate::statements::Statements;
use crate::{Column, Value};

/// A struct that can be read from rows: `#[derive(Table)]` and `#[derive(View)]` implement it if the types of all
/// fields have [`FromValue`].
#[diagnostic::on_unimplemented(
    message = "rows cannot be read as `{Self}`",
    note = "`#[derive(dbmigrate::Table)]` and `#[derive(dbmigrate::View)]` implement this if the type of each field \
            can be read from a value"
)]
pub trait FromRow: Sized {
    /// Reads the fields in their order.
    #[doc(hidden)]
    fn read(reader: &Reader<'_>) -> Result<Self, RowError>;
}

/// A struct whose fields are parameters: `#[derive(Table)]` implements it if the types of all fields have [`ToValue`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no parameters",
    note = "`#[derive(dbmigrate::Table)]` implements this if the type of each field can be written as a value"
)]
pub trait ToParams {
    /// Writes the fields that are not generated columns, in their order.
    #[doc(hidden)]
    fn write(&self, writer: &mut Writer) -> Result<(), RowError>;
}

/// Reads a row. Not part of the public interface.
#[doc(hidden)]
pub struct Reader<'row> {
    row: &'row dyn Row,
    table: &'static str,
    columns: &'static [Column],
}

impl Reader<'_> {
    /// The column at a place.
    pub fn get<T: FromValue>(&self, at: usize) -> Result<T, RowError> {
        T::from_value(self.value(at)?).map_err(|error| RowError::reading(self.table, self.columns[at].name, &error))
    }

    fn value(&self, at: usize) -> Result<Value, RowError> {
        let name = self.columns[at].name;
        let failed = |error: &ValueError| RowError::reading(self.table, name, error);
        same_name(self.row, at, name)
            .map_err(|error| failed(&error).help("select the columns with `SELECT` of the same struct"))?;
        self.row.value(at).map_err(|error| failed(&error))
    }
}

/// Refuses a row whose column at a place has another name: it would be read without a sign of it, where the types are
/// the same.
fn same_name(row: &dyn Row, at: usize, name: &str) -> Result<(), ValueError> {
    match row.column_name(at) {
        Some(found) if !found.eq_ignore_ascii_case(name) => {
            Err(ValueError::new(format!("column {} of the row is `{found}`", at + 1)))
        }
        _ => Ok(()),
    }
}

/// Collects parameters. Not part of the public interface.
#[doc(hidden)]
pub struct Writer {
    table: &'static str,
    columns: &'static [Column],
    /// The place of a column that is written as NULL.
    skipped: Option<usize>,
    values: Vec<Value>,
}

impl Writer {
    /// All fields that are not generated columns.
    pub fn all(&mut self, fields: &[&dyn ToValue]) -> Result<(), RowError> {
        self.values.reserve_exact(fields.len());
        let columns = self.columns.iter().enumerate().filter(|(_, column)| !column.generated);
        for ((at, column), field) in columns.zip(fields) {
            let value = if self.skipped == Some(at) { Ok(Value::Null) } else { field.to_value() };
            self.values.push(value.map_err(|error| RowError::writing(self.table, column.name, &error))?);
        }
        Ok(())
    }
}

pub(crate) fn read<T: FromRow>(row: &dyn Row, table: &'static str, columns: &'static [Column]) -> Result<T, RowError> {
    let found = row.column_count();
    if found < columns.len() {
        return Err(RowError::of_row(table, found, columns.len()));
    }
    T::read(&Reader { row, table, columns })
}

pub(crate) fn write<T: ToParams + ?Sized>(
    row: &T,
    table: &'static str,
    columns: &'static [Column],
) -> Result<Vec<Value>, RowError> {
    values(row, Writer { table, columns, skipped: None, values: Vec::new() })
}

pub(crate) fn write_without_key<T: ToParams + ?Sized>(
    row: &T,
    table: &'static str,
    columns: &'static [Column],
    statements: &Statements,
) -> Result<Vec<Value>, RowError> {
    let found = columns.iter().position(|column| statements.is_rowid(column));
    let Some(skipped) = found else { return Err(RowError::without_rowid(table)) };
    values(row, Writer { table, columns, skipped: Some(skipped), values: Vec::new() })
}

fn values<T: ToParams + ?Sized>(row: &T, mut writer: Writer) -> Result<Vec<Value>, RowError> {
    row.write(&mut writer)?;
    Ok(writer.values)
}

/// Which of an enum's texts the value is. Not part of the public interface.
#[doc(hidden)]
pub fn word_at(value: &Value, words: &[&str]) -> Result<usize, ValueError> {
    let found = match value {
        Value::Text(text) => words.iter().position(|word| word == text),
        _ => None,
    };
    found.ok_or_else(|| {
        let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
        ValueError::expected(format_args!("TEXT {}", one_of(&words)), value)
    })
}

/// Which of an enum's numbers the value is. Not part of the public interface.
#[doc(hidden)]
pub fn number_at(value: &Value, numbers: &[i64]) -> Result<usize, ValueError> {
    let found = of_std::integer(value).and_then(|found| numbers.iter().position(|&number| number == found));
    found.ok_or_else(|| {
        let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
        ValueError::expected(format_args!("INTEGER {}", one_of(&numbers)), value)
    })
}

/// `a`, `a or b`, `a, b or c`.
fn one_of(choices: &[String]) -> String {
    match choices {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}
