//! Declare a libSQL schema as Rust structs; `cargo dbmigrate` derives the schema, writes reviewed and proven
//! migrations, and applies them.
//!
//! Applications depend on this crate. It has the derives [`derive@Table`], [`derive@View`] and [`derive@ColumnType`],
//! the traits that they implement, [`Json`] and [`Value`]. The manual of the schema language follows.
//!
#![doc = include_str!("../docs/schema.md")]

mod check;
mod column_name;
mod column_type;
mod declared;
mod expansion;
#[cfg(any(
    feature = "chrono",
    feature = "jiff",
    feature = "time",
    feature = "uuid",
    feature = "rust_decimal",
    feature = "serde_json"
))]
mod foreign_types;
mod json;
#[cfg(feature = "rows")]
pub mod rows;
mod statements;
mod table;
mod value;

pub use column_name::ColumnName;
pub use column_type::ColumnType;
/// Applications that migrate their database themselves.
#[cfg(feature = "migrate")]
#[doc(inline)]
pub use dbmigrate_embed as migrate;
/// Databases for tests.
#[cfg(feature = "test")]
#[doc(inline)]
pub use dbmigrate_embed::testing;
#[cfg(feature = "migrate")]
pub use dbmigrate_embed::{MigrateError, MigrateErrorKind, Migrations, Report};
#[cfg(feature = "migrate")]
pub use dbmigrate_macros::embed_migrations;
pub use dbmigrate_macros::{ColumnType, Table, View};
#[cfg(feature = "test")]
pub use dbmigrate_macros::{migration_test, test};
#[cfg(feature = "rows")]
pub use dbmigrate_macros::{query, query_file};
pub use dbmigrate_macros::{sql, sql_file};
pub use json::Json;
#[cfg(feature = "rows")]
pub use rows::{FromRow, RowError, ToParams};
pub use statements::Create;
pub use table::{Column, Table, View};
pub use value::Value;

/// What the derives expand to; not part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::check::{
        Compared, Default, NotNullable, Nullable, UNKNOWN, Value, checked_column, column, is_within, refers_to_column,
        require, require_same_database,
    };
    pub use crate::column_name::{ColumnsOf, ColumnsOfView, column_name};
    pub use crate::declared::{
        Declared, DeclaredBy, Places, ProbeBinary, ProbeBoth, ProbeLibrary, ProbeNotBoth, ProbeUndeclared, TableName,
        TableProbe, Undeclared,
    };
    #[cfg(feature = "rows")]
    pub use crate::rows::output::{self, AnyClass, Given, Stored};
    #[cfg(feature = "rows")]
    pub use crate::rows::{FromRow, FromValue, Reader, ToParams, ToValue, ValueError, Writer, number_at, word_at};
    pub use crate::statements::{Parent, Statements};
    pub use crate::table::{Names, refers_to};
    pub use crate::{__dbmigrate_rows as rows, __dbmigrate_with_rows as with_rows};
    /// The text of an enum.
    #[cfg(feature = "rows")]
    pub type Text = str;
    /// The number of an enum.
    #[cfg(feature = "rows")]
    pub type Integer = i64;
}
