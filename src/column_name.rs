//! Names of columns that rustc checks.

use std::fmt;
use std::marker::PhantomData;

use dbmigrate_core::quote::quote_name;

use crate::table::Names;
use crate::{Table, View};

/// The name of a column of `Row`, whose field is of type `T`: see [`column!`](crate::column!).
///
/// It displays as the name in SQL, in quotes if it needs them.
pub struct ColumnName<Row, T> {
    name: &'static str,
    field: PhantomData<fn(&Row) -> T>,
}

impl<Row, T> ColumnName<Row, T> {
    /// The name without quotes.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// A value to compare the column with, as a parameter. It must have the field's type, or what that borrows as:
    /// `&str` for `String`.
    ///
    /// # Errors
    /// If it has no SQL value, such as NaN.
    ///
    /// ```compile_fail,E0277
    /// # use dbmigrate::{Table, column};
    /// #[derive(Table)]
    /// struct User {
    ///     id: i64,
    ///     email: String,
    /// }
    ///
    /// column!(User::email).value(&1);
    /// ```
    #[cfg(feature = "rows")]
    pub fn value<V: crate::rows::ToValue + ?Sized>(&self, value: &V) -> Result<crate::Value, crate::rows::ValueError>
    where
        T: std::borrow::Borrow<V>,
    {
        value.to_value()
    }
}

impl<Row, T> Clone for ColumnName<Row, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Row, T> Copy for ColumnName<Row, T> {}

impl<Row, T> fmt::Display for ColumnName<Row, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quote_name(self.name))
    }
}

impl<Row, T> fmt::Debug for ColumnName<Row, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ColumnName").field(&self.name).finish()
    }
}

/// The column of a field, for hand-written SQL: `column!(User::email)` is a [`ColumnName`]. A field that does not exist
/// is an error, and so is one that is not visible here.
///
/// ```
/// use dbmigrate::{Table, column};
///
/// #[derive(Table)]
/// #[table(name = "users")]
/// struct User {
///     #[column(primary_key)]
///     id: i64,
///     #[column(name = "e-mail")]
///     email: String,
/// }
///
/// let by_email = format!("{} WHERE {} = ?1", User::SELECT, column!(User::email));
/// assert_eq!(by_email, r#"SELECT users.id, users."e-mail" FROM users WHERE "e-mail" = ?1"#);
/// ```
#[macro_export]
macro_rules! column {
    (@split [$($row:tt)+] :: $field:ident) => {{
        use $crate::__private::ColumnsOfView as _;
        $crate::__private::column_name(
            |row: &$($row)+| &row.$field,
            ::core::stringify!($field),
            $crate::__private::ColumnsOf::<$($row)+>::NAMES,
        )
    }};
    (@split [$($row:tt)*] $next:tt $($rest:tt)+) => {
        $crate::column!(@split [$($row)* $next] $($rest)+)
    };
    (@split $($other:tt)*) => {
        ::core::compile_error!("expected a struct and a field of it: `column!(User::email)`")
    };
    ($first:tt $($rest:tt)+) => {
        $crate::column!(@split [$first] $($rest)+)
    };
    ($($other:tt)*) => {
        ::core::compile_error!("expected a struct and a field of it: `column!(User::email)`")
    };
}

/// The column of a field, for `column!`. Not part of the public interface.
pub const fn column_name<Row, T>(_: fn(&Row) -> &T, field: &'static str, names: &'static Names) -> ColumnName<Row, T> {
    let field = match field.as_bytes() {
        [b'r', b'#', ..] => field.split_at(2).1,
        _ => field,
    };
    ColumnName { name: names.column(field), field: PhantomData }
}

/// The names of a struct's columns: for a table from its own const, for a view from that of [`ColumnsOfView`]. Not part
/// of the public interface.
pub struct ColumnsOf<Row>(PhantomData<Row>);

impl<Row: Table> ColumnsOf<Row> {
    /// Where it differs from the fields.
    pub const NAMES: &'static Names = &Row::NAMES;
}

/// See [`ColumnsOf`].
pub trait ColumnsOfView {
    /// Where it differs from the fields.
    const NAMES: &'static Names;
}

impl<Row: View> ColumnsOfView for ColumnsOf<Row> {
    const NAMES: &'static Names = &Row::NAMES;
}
