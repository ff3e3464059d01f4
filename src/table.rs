//! The traits of tables and views, and the types of their consts.

use dbmigrate_core::hash;

#[cfg(feature = "rows")]
use crate::Value;
#[cfg(feature = "rows")]
use crate::rows::{self, FromRow, RowError, ToParams};
use crate::statements::{Create, Statements};
use crate::{ColumnType, check};

/// A table that a struct declares. Derive it: `#[derive(Table)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a table",
    label = "no table",
    note = "add `#[derive(dbmigrate::Table)]` to it"
)]
pub trait Table {
    /// The table's name.
    const NAME: &'static str;

    /// The database of the package that it belongs to, as it is named in `dbmigrate.toml`; empty for the default one.
    const DATABASE: &'static str = "";

    /// Its columns in the order of the fields.
    const COLUMNS: &'static [Column];

    /// The columns of its primary key, in the order of the key; empty if it has none.
    const PRIMARY_KEY: &'static [&'static str] = Self::STATEMENTS.primary_key;

    /// The statements that create it, with its indexes and triggers.
    const CREATE: Create = Create::new(Self::COLUMNS, Self::STATEMENTS);

    /// `SELECT` of all columns in the order of the fields. Add to it: `format!("{} WHERE id = ?1", User::SELECT)`.
    const SELECT: &'static str = Self::STATEMENTS.select();

    /// `INSERT` of a row: a parameter for each column that is not generated, in the order of the fields.
    const INSERT: &'static str = Self::STATEMENTS.insert();

    /// The same with `ON CONFLICT (primary key) DO UPDATE`, or `DO NOTHING` if all columns are in the key. A table
    /// without a primary key has none, and using it is an error.
    const UPSERT: &'static str = Self::STATEMENTS.upsert();

    /// Reads a row that was selected with [`Table::SELECT`].
    ///
    /// # Errors
    /// If the row has other columns, or a value that does not fit the type of its field.
    #[cfg(feature = "rows")]
    fn from_row<R: rows::Row>(row: &R) -> Result<Self, RowError>
    where
        Self: FromRow,
    {
        rows::read(row, Self::NAME, Self::COLUMNS)
    }

    /// The parameters of [`Table::INSERT`] and [`Table::UPSERT`].
    ///
    /// # Errors
    /// If the value of a field has no SQL value, such as NaN.
    #[cfg(feature = "rows")]
    fn params(&self) -> Result<Vec<Value>, RowError>
    where
        Self: ToParams,
    {
        rows::write(self, Self::NAME, Self::COLUMNS)
    }

    /// The same with NULL for the primary key, so that the database assigns one. For tables whose primary key is the
    /// rowid: one column of type `INTEGER`.
    ///
    /// # Errors
    /// Like [`Table::params`], and if the database would not assign a key.
    #[cfg(feature = "rows")]
    fn params_without_key(&self) -> Result<Vec<Value>, RowError>
    where
        Self: ToParams,
    {
        rows::write_without_key(self, Self::NAME, Self::COLUMNS, &Self::STATEMENTS)
    }

    /// What the derive writes down in SQL.
    #[doc(hidden)]
    const STATEMENTS: Statements = Statements::NONE;

    /// The names that differ from the struct or its fields, for those that refer to it.
    #[doc(hidden)]
    const NAMES: Names = Names::NONE;
}

/// Names that differ from those of a struct and its fields. Not part of the public interface.
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

/// A view that a struct declares. Derive it: `#[derive(View)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a table nor a view",
    label = "no table or view",
    note = "add `#[derive(dbmigrate::Table)]` or `#[derive(dbmigrate::View)]` to it"
)]
pub trait View {
    /// The view's name.
    const NAME: &'static str;

    /// The columns of its query, in the order of the fields.
    const COLUMNS: &'static [Column];

    /// The statements that create it, with its triggers.
    const CREATE: Create = Create::new(Self::COLUMNS, Self::STATEMENTS);

    /// `SELECT` of all columns in the order of the fields. Add to it: `format!("{} LIMIT 10", Recent::SELECT)`.
    const SELECT: &'static str = Self::STATEMENTS.select();

    /// Reads a row that was selected with [`View::SELECT`].
    ///
    /// # Errors
    /// If the row has other columns, or a value that does not fit the type of its field.
    #[cfg(feature = "rows")]
    fn from_row<R: rows::Row>(row: &R) -> Result<Self, RowError>
    where
        Self: FromRow,
    {
        rows::read(row, Self::NAME, Self::COLUMNS)
    }

    /// The names that differ from its fields.
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
    /// The declared type; empty in a virtual table, or if none is declared.
    pub sql_type: &'static str,
    /// Whether the field is an `Option`.
    pub nullable: bool,
    /// The condition on the column that comes with the field's type; `{}` stands for the column.
    pub check: Option<&'static str>,
    /// Whether its value is computed from other columns, so that it cannot be written.
    pub generated: bool,
    /// For the comparison with the migrations. Not part of the public interface.
    #[doc(hidden)]
    pub hashes: (u64, u64),
}

impl Column {
    /// The column of that name with a declared type, not that of a Rust type.
    pub const fn declared(name: &'static str, sql_type: &'static str, nullable: bool) -> Self {
        Self { name, sql_type, nullable, check: None, generated: false, hashes: (hash::NOTHING, hash::NOTHING) }
    }

    /// The column of that name with the type of a Rust type.
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

    /// The same column, as a generated one.
    #[must_use]
    pub const fn generated(self) -> Self {
        Self { generated: true, ..self }
    }
}

/// A type whose column can refer to a column of type `Parent`: the same type, apart from an `Option` on either side.
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

/// `references = User::id` expands to a call of this function, for rustc to check.
pub fn refers_to<Child: RefersTo<Parent>, Parent>(_parent: &Parent) {}
