//! The SQL that a derive writes for its table or view, and the `CREATE` statements that are completed from it.
//!
//! A derive knows neither the SQL type of an alias nor the name of another struct's table; only rustc does. So its
//! `CREATE TABLE` has gaps, which are filled from the [`Column`]s and from consts when it is displayed.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use dbmigrate_core::keyword::is_keyword;
use dbmigrate_core::quote::{quote_blob, quote_name, quote_string};

use crate::table::Names;
use crate::{Column, Table};

/// The SQL that a derive writes. Not part of the public interface.
#[derive(Debug, Clone, Copy)]
pub struct Statements {
    /// The columns of the primary key.
    pub primary_key: &'static [&'static str],
    /// Whether the primary key is the rowid if it is of type `INTEGER`.
    pub rowid: bool,
    /// `CREATE …`; each gap is a letter and a place between two marks.
    pub create: &'static str,
    /// The columns of other structs.
    pub parents: &'static [Parent],
    /// The consts that are defaults.
    pub defaults: &'static [Literal],
    /// `CREATE` for indexes and triggers.
    pub besides: &'static [&'static str],
    /// `SELECT` of all columns.
    pub select: &'static str,
    /// `INSERT` into all columns that can be written.
    pub insert: &'static str,
    /// The same, with an `UPDATE` if the row exists.
    pub upsert: &'static str,
}

/// The mark around gaps; it occurs in no SQL.
const MARK: char = '\u{1}';

impl Statements {
    /// All parts, in this order: naming them would cost time in every expansion.
    #[allow(clippy::too_many_arguments, reason = "only derives call it")]
    pub const fn new(
        primary_key: &'static [&'static str],
        rowid: bool,
        create: &'static str,
        parents: &'static [Parent],
        defaults: &'static [Literal],
        besides: &'static [&'static str],
        select: &'static str,
        insert: &'static str,
        upsert: &'static str,
    ) -> Self {
        Self { primary_key, rowid, create, parents, defaults, besides, select, insert, upsert }
    }

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

    /// Whether the column is the rowid.
    pub(crate) fn is_rowid(&self, column: &Column) -> bool {
        self.rowid && self.primary_key == [column.name] && column.sql_type.eq_ignore_ascii_case("INTEGER")
    }

    #[track_caller]
    pub(crate) const fn select(&self) -> &'static str {
        assert!(!self.select.is_empty(), "a struct without fields has no `SELECT`");
        self.select
    }

    #[track_caller]
    pub(crate) const fn insert(&self) -> &'static str {
        assert!(!self.insert.is_empty(), "a struct without fields has no `INSERT`");
        self.insert
    }

    #[track_caller]
    pub(crate) const fn upsert(&self) -> &'static str {
        assert!(!self.upsert.is_empty(), "a struct without a primary key has no `UPSERT`: it cannot identify a row");
        self.upsert
    }
}

/// The column of another struct. Not part of the public interface.
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

/// The value of a const that is the default of a column. Not part of the public interface.
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

/// The `CREATE` statements of a table or view with its indexes and triggers: those that `cargo dbmigrate push` runs on
/// an empty database. Use them for databases in memory, such as those of tests.
///
/// They display as a script for `execute_batch`:
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

    /// Each statement, without a semicolon: the table or view, then its indexes, then its triggers.
    pub fn statements(&self) -> Vec<String> {
        let besides = self.statements.besides.iter().map(|&text| text.to_owned());
        std::iter::once(self.object()).chain(besides).collect()
    }

    /// The statement of the table or view itself.
    fn object(&self) -> String {
        let mut text = String::new();
        for (at, part) in self.statements.create.split(MARK).enumerate() {
            // every second part is a gap
            if at % 2 == 0 {
                text.push_str(part);
            } else {
                self.fill(&mut text, part);
            }
        }
        text
    }

    /// Writes what belongs in a gap. The derive makes no other gaps than these.
    fn fill(&self, text: &mut String, gap: &str) {
        let (what, place) = gap.split_at(gap.len().min(1));
        let Ok(place) = place.parse::<usize>() else { return };
        match (what, self.columns.get(place)) {
            // a type, with the space before it
            ("t", Some(column)) if !column.sql_type.is_empty() => {
                let _ = write!(text, " {}", type_name(column.sql_type));
            }
            ("n", Some(column)) if !(column.nullable || self.statements.is_rowid(column)) => text.push_str(" NOT NULL"),
            ("c", Some(column)) => {
                if let Some(check) = column.check {
                    let _ = write!(text, ",\n  CHECK ({})", with_column(check, &quote_name(column.name)));
                }
            }
            ("d", _) => text.extend(self.statements.defaults.get(place).map(|value| value.sql())),
            ("p", _) => text.extend(self.statements.parents.get(place).map(|parent| quote_name(parent.table))),
            ("f", _) => text.extend(self.statements.parents.get(place).map(|parent| quote_name(parent.column()))),
            _ => {}
        }
    }
}

/// A type unchanged if SQLite reads it back as a type, otherwise in quotes.
fn type_name(name: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_ (),+-.".contains(&byte);
    let mut words =
        name.split(|char: char| !char.is_ascii_alphanumeric() && char != '_').filter(|word| !word.is_empty());
    let is_bare = name.bytes().all(is_plain) && !words.any(is_keyword);
    if is_bare { Cow::Borrowed(name) } else { Cow::Owned(format!("\"{}\"", name.replace('"', "\"\""))) }
}

/// The condition with the column in place of each `{}` outside quotes.
fn with_column(condition: &str, column: &str) -> String {
    let mut text = String::with_capacity(condition.len());
    let mut quote = None;
    let mut rest = condition;
    while let Some(char) = rest.chars().next() {
        if quote.is_none()
            && let Some(after) = rest.strip_prefix("{}")
        {
            text.push_str(column);
            rest = after;
            continue;
        }
        quote = match (quote, char) {
            (None, '\'' | '"' | '`') => Some(char),
            (None, '[') => Some(']'),
            (Some(end), char) if end == char => None,
            (quote, _) => quote,
        };
        text.push(char);
        rest = &rest[char.len_utf8()..];
    }
    text
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
