//! What a derive writes down of its table or view in SQL, and the `CREATE` statements that are completed from it.
//!
//! A derive knows neither the SQL type of an alias nor the name of another struct's table, only rustc does. So its
//! `CREATE TABLE` lacks them, and gets them when it is asked for: types from [`Column`], the rest from consts.

use std::fmt;

use dbmigrate_core::ddl::{Object, read, render};
use dbmigrate_core::schema;
use dbmigrate_core::sql::name::{quote_blob, quote_string};
use dbmigrate_core::sql::{DeclType, Expr, Name};

use crate::table::Names;
use crate::{Column, Table};

/// What a derive writes down. No part of the interface.
#[derive(Debug, Clone, Copy)]
pub struct Statements {
    /// The columns of the primary key.
    pub primary_key: &'static [&'static str],
    /// Whether the primary key is the rowid if it is of type `INTEGER`.
    pub rowid: bool,
    /// `CREATE …`, without what only rustc knows.
    pub create: &'static str,
    /// What [`PLACEHOLDER`]s in the foreign keys stand for.
    pub parents: &'static [Parent],
    /// The consts that are defaults, with the places of their columns.
    pub defaults: &'static [(usize, Literal)],
    /// `CREATE` for indexes and triggers.
    pub besides: &'static [&'static str],
    /// `SELECT` of all columns.
    pub select: &'static str,
    /// `INSERT` into all columns that can be written.
    pub insert: &'static str,
    /// The same if there is no such row yet, else `UPDATE`.
    pub upsert: &'static str,
}

/// What the name of a parent in [`Statements::create`] starts with if another struct knows it; the place of its
/// [`Parent`] follows.
const PLACEHOLDER: char = '\u{1}';

impl Statements {
    /// Of a trait that was implemented by hand.
    pub(crate) const NONE: Self = Self {
        primary_key: &[],
        rowid: false,
        create: "",
        parents: &[],
        defaults: &[],
        besides: &[],
        select: "",
        insert: "",
        upsert: "",
    };

    #[track_caller]
    pub(crate) const fn select(&self) -> &'static str {
        assert!(!self.select.is_empty(), "there is no `SELECT` of a struct without fields");
        self.select
    }

    #[track_caller]
    pub(crate) const fn insert(&self) -> &'static str {
        assert!(!self.insert.is_empty(), "there is no `INSERT` into a struct without fields");
        self.insert
    }

    #[track_caller]
    pub(crate) const fn upsert(&self) -> &'static str {
        assert!(
            !self.upsert.is_empty(),
            "there is no `UPSERT` without a primary key: nothing says which row it would be about"
        );
        self.upsert
    }
}

/// The column of another struct. No part of the interface.
#[derive(Debug, Clone, Copy)]
pub struct Parent {
    table: &'static str,
    names: &'static Names,
    field: &'static str,
}

impl Parent {
    /// The column of a field.
    pub const fn of<T: Table>(field: &'static str) -> Self {
        Self { table: T::NAME, names: &T::NAMES, field }
    }

    fn column(&self) -> &'static str {
        self.names.column(self.field)
    }
}

/// The value of a const that is the default of a column. No part of the interface.
#[derive(Debug, Clone, Copy)]
pub enum Literal {
    /// An integer.
    Integer(i128),
    /// `true` or `false`.
    Bool(bool),
    /// A number with single precision.
    Single(f32),
    /// A number with double precision.
    Real(f64),
    /// A text.
    Text(&'static str),
    /// A text of one character.
    Char(char),
    /// Bytes.
    Blob(&'static [u8]),
}

impl Literal {
    fn sql(self) -> String {
        match self {
            Self::Integer(value) => value.to_string(),
            Self::Bool(value) => if value { "TRUE" } else { "FALSE" }.to_owned(),
            Self::Single(value) => format!("{value:?}"),
            Self::Real(value) => format!("{value:?}"),
            Self::Text(value) => quote_string(value),
            Self::Char(value) => quote_string(value.encode_utf8(&mut [0; 4])),
            Self::Blob(value) => quote_blob(value),
        }
    }
}

/// The `CREATE` statements of a table or view with its indexes and triggers: what `cargo dbmigrate push` executes on an
/// empty database, for databases in memory, as tests have them.
///
/// As text, a script for `execute_batch`:
///
/// ```
/// use dbmigrate::Table;
///
/// #[derive(Table)]
/// #[table(name = "users")]
/// struct User {
///     #[column(primary_key)]
///     id: i64,
///     #[column(index)]
///     email: String,
/// }
///
/// assert_eq!(
///     User::CREATE.to_string(),
///     "CREATE TABLE users (\n  id INTEGER PRIMARY KEY,\n  email TEXT NOT NULL\n);\n\
///      CREATE INDEX users_email_idx ON users (email);\n"
/// );
/// ```
#[derive(Clone, Copy)]
pub struct Create {
    columns: &'static [Column],
    statements: Statements,
}

impl Create {
    pub(crate) const fn new(columns: &'static [Column], statements: Statements) -> Self {
        Self { columns, statements }
    }

    /// Each statement, without a semicolon: of the table or view, then of its indexes, then of its triggers.
    pub fn statements(&self) -> Vec<String> {
        let besides = self.statements.besides.iter().map(|&text| text.to_owned());
        std::iter::once(self.object()).chain(besides).collect()
    }

    /// The statement of the table or view itself.
    fn object(&self) -> String {
        match read(self.statements.create) {
            Ok(Object::Table(mut table)) => {
                self.complete(&mut table);
                render::create_table(&table)
            }
            // nothing in it is rustc's to know
            _ => self.statements.create.to_owned(),
        }
    }

    fn complete(&self, table: &mut schema::Table) {
        for (column, known) in table.columns.iter_mut().zip(self.columns) {
            column.decl_type = DeclType::new(known.sql_type);
            let check = known.check.map(|check| Expr::new(check).with_column(&column.name));
            table.checks.extend(check.map(|expr| schema::Check { name: None, expr }));
        }
        let rowid = table.rowid_alias().map(|column| column.name.clone());
        for (column, known) in table.columns.iter_mut().zip(self.columns) {
            column.not_null |= !known.nullable && rowid.as_ref() != Some(&column.name);
        }
        for (at, value) in self.statements.defaults {
            let Some(column) = table.columns.get_mut(*at) else { continue };
            column.default = Some(Expr::new(value.sql()));
        }
        for key in &mut table.foreign_keys {
            if let Some(parent) = self.parent(&key.parent) {
                key.parent = parent.table.into();
            }
            for column in &mut key.parent_columns {
                if let Some(parent) = self.parent(column) {
                    *column = parent.column().into();
                }
            }
        }
    }

    fn parent(&self, name: &Name) -> Option<&'static Parent> {
        self.statements.parents.get(name.as_str().strip_prefix(PLACEHOLDER)?.parse::<usize>().ok()?)
    }
}

impl fmt::Display for Create {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.statements().iter().try_for_each(|statement| writeln!(f, "{statement};"))
    }
}

impl fmt::Debug for Create {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.statements()).finish()
    }
}
