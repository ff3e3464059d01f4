//! The traits of tables and views, and what their consts are made of.

use dbmigrate_core::hash;

use crate::ColumnType;

/// A table that a struct declares. Derived: `#[derive(Table)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a table",
    label = "no table",
    note = "put `#[derive(dbmigrate::Table)]` on it"
)]
pub trait Table {
    /// The table's name.
    const NAME: &'static str;

    /// Its columns in the order of the fields.
    const COLUMNS: &'static [Column];

    /// What is called differently than its struct or fields are, for those that refer to it.
    #[doc(hidden)]
    const NAMES: Names = Names { former: None, columns: &[] };
}

/// Names that a struct and its fields do not tell. No part of the interface.
#[doc(hidden)]
pub struct Names {
    /// `renamed_from` of the table.
    pub former: Option<&'static str>,
    /// Field, column, and `renamed_from` of the column, where they differ.
    pub columns: &'static [(&'static str, &'static str, Option<&'static str>)],
}

/// A view that a struct declares. Derived: `#[derive(View)]`.
pub trait View {
    /// The view's name.
    const NAME: &'static str;

    /// The columns that its query has, in the order of the fields.
    const COLUMNS: &'static [Column];
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
    /// For the comparison with the migrations. No part of the interface.
    #[doc(hidden)]
    pub hashes: (u64, u64),
}

impl Column {
    /// The column of that name, with a declared type instead of a Rust type that has one.
    pub const fn declared(name: &'static str, sql_type: &'static str, nullable: bool) -> Self {
        Self { name, sql_type, nullable, check: None, hashes: (hash::NOTHING, hash::NOTHING) }
    }

    /// The column of that name and a Rust type.
    pub const fn of<T: ColumnType>(name: &'static str) -> Self {
        Self { name, sql_type: T::SQL_TYPE, nullable: T::NULLABLE, check: T::CHECK, hashes: T::HASHES }
    }
}

/// A type whose column can refer to a column of type `Parent`: the same type, an `Option` on either side aside.
#[diagnostic::on_unimplemented(
    message = "a column of type `{Self}` refers to one of type `{Parent}`",
    label = "this field is of type `{Parent}`",
    note = "both have to be of the same Rust type, except that either may be an `Option`",
    note = "to refer to the column without this check, write the table as text: `references = \"users(id)\"`"
)]
pub trait RefersTo<Parent> {}

impl<T> RefersTo<T> for T {}
impl<T> RefersTo<T> for Option<T> {}
impl<T> RefersTo<Option<T>> for T {}

/// What `references = User::id` expands to a call of, for rustc to check.
pub fn refers_to<Child: RefersTo<Parent>, Parent>(_parent: &Parent) {}
