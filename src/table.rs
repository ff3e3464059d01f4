//! The traits of tables and views, and what their consts are made of.

use dbmigrate_core::hash;

#[cfg(feature = "libsql")]
use crate::rows::{self, FromRow, RowError, ToParams};
use crate::statements::{Create, Statements};
use crate::{ColumnType, check};

/// A table that a struct declares. Derived: `#[derive(Table)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a table",
    label = "no table",
    note = "add `#[derive(dbmigrate::Table)]` to it"
)]
pub trait Table {
    /// The table's name.
    const NAME: &'static str;

    /// Its columns in the order of the fields.
    const COLUMNS: &'static [Column];

    /// The columns of its primary key, in the order of the key; empty if it has none.
    const PRIMARY_KEY: &'static [&'static str] = Self::STATEMENTS.primary_key;

    /// What creates it, with its indexes and triggers.
    const CREATE: Create = Create::new(Self::COLUMNS, Self::STATEMENTS);

    /// `SELECT` of all columns in the order of the fields, to be continued: `format!("{} WHERE id = ?1", User::SELECT)`.
    const SELECT: &'static str = Self::STATEMENTS.select();

    /// `INSERT` of a row: a parameter for each column that is not generated, in the order of the fields.
    const INSERT: &'static str = Self::STATEMENTS.insert();

    /// The same with `ON CONFLICT (primary key) DO UPDATE`, or `DO NOTHING` if all columns are in the key. A table
    /// without a primary key has none, which is an error where it is used.
    const UPSERT: &'static str = Self::STATEMENTS.upsert();

    /// The struct of a row that was selected with [`Table::SELECT`].
    ///
    /// # Errors
    /// If the row has other columns, or a value in it is none of its field's type.
    #[cfg(feature = "libsql")]
    fn from_row(row: &libsql::Row) -> Result<Self, RowError>
    where
        Self: FromRow,
    {
        rows::read(row, Self::NAME, Self::COLUMNS)
    }

    /// The parameters of [`Table::INSERT`] and [`Table::UPSERT`].
    ///
    /// # Errors
    /// If there is no SQL value for the value of a field, such as NaN.
    #[cfg(feature = "libsql")]
    fn params(&self) -> Result<Vec<libsql::Value>, RowError>
    where
        Self: ToParams,
    {
        rows::write(self, Self::NAME, Self::COLUMNS)
    }

    /// The same with NULL for the primary key, which makes the database assign one. For tables whose primary key is the
    /// rowid: one column of type `INTEGER`.
    ///
    /// # Errors
    /// As for [`Table::params`], and if nothing would be assigned.
    #[cfg(feature = "libsql")]
    fn params_without_key(&self) -> Result<Vec<libsql::Value>, RowError>
    where
        Self: ToParams,
    {
        rows::write_without_key(self, Self::NAME, Self::COLUMNS, &Self::STATEMENTS)
    }

    /// What the derive writes down in SQL.
    #[doc(hidden)]
    const STATEMENTS: Statements = Statements::NONE;

    /// What is called differently than its struct or fields are, for those that refer to it.
    #[doc(hidden)]
    const NAMES: Names = Names::NONE;
}

/// Names that a struct and its fields do not tell. No part of the interface.
#[doc(hidden)]
#[derive(Debug)]
pub struct Names {
    /// `renamed_from` of the table.
    pub former: Option<&'static str>,
    /// Field, column, and `renamed_from` of the column, where they differ.
    pub columns: &'static [(&'static str, &'static str, Option<&'static str>)],
}

impl Names {
    pub(crate) const NONE: Self = Self { former: None, columns: &[] };

    /// The column of a field.
    pub(crate) const fn column(&self, field: &'static str) -> &'static str {
        let mut at = 0;
        while at < self.columns.len() {
            let (renamed, name, _) = self.columns[at];
            if check::same_bytes(renamed.as_bytes(), field.as_bytes()) {
                return name;
            }
            at += 1;
        }
        field
    }
}

/// A view that a struct declares. Derived: `#[derive(View)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a table nor a view",
    label = "no table or view",
    note = "add `#[derive(dbmigrate::Table)]` or `#[derive(dbmigrate::View)]` to it"
)]
pub trait View {
    /// The view's name.
    const NAME: &'static str;

    /// The columns that its query has, in the order of the fields.
    const COLUMNS: &'static [Column];

    /// What creates it, with its triggers.
    const CREATE: Create = Create::new(Self::COLUMNS, Self::STATEMENTS);

    /// `SELECT` of all columns in the order of the fields, to be continued: `format!("{} LIMIT 10", Recent::SELECT)`.
    const SELECT: &'static str = Self::STATEMENTS.select();

    /// The struct of a row that was selected with [`View::SELECT`].
    ///
    /// # Errors
    /// If the row has other columns, or a value in it is none of its field's type.
    #[cfg(feature = "libsql")]
    fn from_row(row: &libsql::Row) -> Result<Self, RowError>
    where
        Self: FromRow,
    {
        rows::read(row, Self::NAME, Self::COLUMNS)
    }

    /// What is called differently than its fields are.
    #[doc(hidden)]
    const NAMES: Names = Names::NONE;

    /// What the derive writes down in SQL.
    #[doc(hidden)]
    const STATEMENTS: Statements = Statements::NONE;
}

/// A column of a [`Table`] or a [`View`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// The declared type; empty in a virtual table, or where none is declared.
    pub sql_type: &'static str,
    /// Whether the field is an `Option`.
    pub nullable: bool,
    /// The condition on the column that comes with the field's type, in which the column is written `{}`.
    pub check: Option<&'static str>,
    /// Whether its value is computed from others, so that it cannot be written.
    pub generated: bool,
    /// For the comparison with the migrations. No part of the interface.
    #[doc(hidden)]
    pub hashes: (u64, u64),
}

impl Column {
    /// The column of that name, with a declared type instead of a Rust type that has one.
    pub const fn declared(name: &'static str, sql_type: &'static str, nullable: bool) -> Self {
        Self { name, sql_type, nullable, check: None, generated: false, hashes: (hash::NOTHING, hash::NOTHING) }
    }

    /// The column of that name and a Rust type.
    pub const fn of<T: ColumnType>(name: &'static str) -> Self {
        Self {
            name,
            sql_type: T::SQL_TYPE,
            nullable: T::NULLABLE,
            check: T::CHECK,
            generated: false,
            hashes: T::HASHES,
        }
    }

    /// The same column, computed from others.
    #[must_use]
    pub const fn generated(self) -> Self {
        Self { generated: true, ..self }
    }
}

/// A type whose column can refer to a column of type `Parent`: the same type, an `Option` on either side aside.
#[diagnostic::on_unimplemented(
    message = "a column of type `{Self}` references one of type `{Parent}`",
    label = "this field is of type `{Parent}`",
    note = "both must have the same Rust type; either may be an `Option`",
    note = "to skip this check, write the table as text: `references = \"users(id)\"`"
)]
pub trait RefersTo<Parent> {}

impl<T> RefersTo<T> for T {}
impl<T> RefersTo<T> for Option<T> {}
impl<T> RefersTo<Option<T>> for T {}

/// What `references = User::id` expands to a call of, for rustc to check.
pub fn refers_to<Child: RefersTo<Parent>, Parent>(_parent: &Parent) {}
