//! What the derives leave to rustc when they compare a struct with the migrations: the SQL type of a Rust type, the
//! value of a const, the table of a struct. It runs at compile time, in constants that nothing uses. The message of a
//! panic is the message of the error, at the token where the derive puts it.

use std::marker::PhantomData;

use dbmigrate_core::hash;

use crate::statements::Literal;
use crate::{Column, Table};

/// What is compared: the columns of a struct, and what ends every message, which begins with "as of migration".
#[derive(Clone, Copy)]
pub struct Compared(pub &'static [Column], pub &'static str);

/// What the migrations say of a column.
#[derive(Clone, Copy)]
struct Expected {
    /// The hash of the declared type; [`hash::NOTHING`] if the struct says it in words, which the derive has compared.
    sql_type: u64,
    /// 1 if it may be NULL, 0 if not, something else if the type of the field makes no difference.
    nullable: u8,
    /// The hash of the check that is the type's, or [`hash::NOTHING`].
    check: u64,
}

/// The column may be NULL; 0 is that it may not.
const NULLABLE: u8 = 1;

/// What the derive of a type with errors says of it.
pub const UNKNOWN: (u64, u64) = (hash::UNKNOWN, hash::UNKNOWN);

/// The hashes of the type and of the check of a column.
pub(crate) const fn hashes(sql_type: &str, check: Option<&str>) -> (u64, u64) {
    match check {
        Some(check) => (hash::hash(sql_type), hash::hash(check)),
        None => (hash::hash(sql_type), hash::NOTHING),
    }
}

impl Compared {
    /// Whether the column of the field `at` is what the migrations say: the hash of its type, whether it may be NULL
    /// (1), may not (0) or either (2), and the hash of its check.
    pub const fn is(self, at: usize, sql_type: u64, nullable: u8, check: u64) -> bool {
        Expected { sql_type, nullable, check }.is(&self.0[at])
    }
}

/// Refuses the column of the field `at` unless it is what the migrations say, see [`Compared::is`]. `field` is the
/// field with its type, `hash` the hash of `sql_type`.
///
/// # Panics
/// If it is not: that is the error.
#[track_caller]
pub const fn column(compared: Compared, at: usize, nullable: u8, field: &str, hash: u64, sql_type: &str) {
    checked_column(compared, at, nullable, field, hash, sql_type, (hash::NOTHING, ""));
}

/// The same of a column that has a check by its type.
///
/// # Panics
/// As [`column`].
#[track_caller]
pub const fn checked_column(
    compared: Compared,
    at: usize,
    nullable: u8,
    field: &str,
    hash: u64,
    sql_type: &str,
    check: (u64, &str),
) {
    let expected = Expected { sql_type: hash, nullable, check: check.0 };
    if !expected.is(&compared.0[at]) {
        expected.refuse(&compared.0[at], field, sql_type, check.1, compared.1);
    }
}

impl Expected {
    const fn is(&self, column: &Column) -> bool {
        self.has_type(column) && self.has_nullability(column) && self.has_check(column)
    }

    const fn has_type(&self, column: &Column) -> bool {
        let found = column.hashes.0;
        self.sql_type == hash::NOTHING || hash::same(self.sql_type, found) || found == hash::UNKNOWN
    }

    const fn has_nullability(&self, column: &Column) -> bool {
        self.nullable > NULLABLE || (self.nullable == NULLABLE) == column.nullable
    }

    const fn has_check(&self, column: &Column) -> bool {
        let found = column.hashes.1;
        let is_same = (self.check == hash::NOTHING) == (found == hash::NOTHING) && hash::same(self.check, found);
        is_same || found == hash::UNKNOWN
    }

    /// Refuses a column that is not what was expected.
    #[track_caller]
    const fn refuse(self, column: &Column, field: &str, sql_type: &str, check: &str, here: &str) {
        let mut text = Text::new();
        if self.has_type(column) && self.has_nullability(column) {
            text = text.and("`").and(column.name).and("` has ");
            text = match column.check {
                Some(check) => text.and("CHECK (").and_column(check, column.name).and(") by its type"),
                None => text.and("no CHECK"),
            };
            text = text.and(" here, but ");
            text = if check.is_empty() { text.and("none") } else { text.and(check) };
        } else {
            text = text.and(field).and(" (");
            text = if column.sql_type.is_empty() { text.and("no type") } else { text.and(column.sql_type) };
            if self.nullable <= NULLABLE {
                text = if column.nullable { text.and(", nullable") } else { text.and(", NOT NULL") };
            }
            text = text.and(") here, but ");
            if !self.has_type(column) {
                text = if sql_type.is_empty() { text.and("without a type") } else { text.and(sql_type) };
                if !self.has_nullability(column) {
                    text = text.and(" and ");
                }
            }
            if !self.has_nullability(column) {
                text = if self.nullable == NULLABLE { text.and("nullable") } else { text.and("NOT NULL") };
            }
        }
        text = text.and(" ").and(here);
        panic!("{}", text.as_str());
    }
}

/// The literal that the migrations have as the default of a column.
pub enum Value {
    /// An integer; `TRUE` and `FALSE` are 1 and 0.
    Integer(i128),
    /// A number that is no integer.
    Real(f64),
    /// A text.
    Text(&'static str),
    /// Bytes.
    Blob(&'static [u8]),
    /// Another expression, which no const stands for.
    Other,
}

/// A const that is the default of a column.
pub struct Default<T>(pub T);

macro_rules! integers {
    ($($ty:ty),+) => { $(
        impl Default<$ty> {
            /// Whether the migrations have this value.
            #[allow(clippy::cast_lossless, clippy::cast_possible_wrap, reason = "for all of them at once")]
            pub const fn is(&self, value: &Value) -> bool {
                matches!(value, Value::Integer(integer) if *integer == self.0 as i128)
            }

            /// The value as a literal.
            #[allow(clippy::cast_lossless, clippy::cast_possible_wrap, reason = "for all of them at once")]
            pub const fn literal(&self) -> Literal {
                Literal::Integer(self.0 as i128)
            }
        }
    )+ };
}
integers!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, usize);

impl Default<bool> {
    /// Whether the migrations have this value.
    pub const fn is(&self, value: &Value) -> bool {
        matches!(value, Value::Integer(integer) if *integer == self.0 as i128)
    }

    /// The value as a literal.
    pub const fn literal(&self) -> Literal {
        Literal::Bool(self.0)
    }
}

macro_rules! reals {
    ($($ty:ty: $literal:ident),+) => { $(
        impl Default<$ty> {
            /// Whether the migrations have this value.
            #[allow(clippy::float_cmp, clippy::cast_lossless, clippy::cast_possible_truncation, reason = "the same text was read")]
            pub const fn is(&self, value: &Value) -> bool {
                matches!(value, Value::Real(real) if *real as $ty == self.0)
            }

            /// The value as a literal.
            pub const fn literal(&self) -> Literal {
                Literal::$literal(self.0)
            }
        }
    )+ };
}
reals!(f32: Single, f64: Real);

impl Default<&'static str> {
    /// The value as a literal.
    pub const fn literal(&self) -> Literal {
        Literal::Text(self.0)
    }

    /// Whether the migrations have this value.
    pub const fn is(&self, value: &Value) -> bool {
        matches!(value, Value::Text(text) if same_bytes(text.as_bytes(), self.0.as_bytes()))
    }
}

impl Default<char> {
    /// The value as a literal.
    pub const fn literal(&self) -> Literal {
        Literal::Char(self.0)
    }

    /// Whether the migrations have this value.
    pub const fn is(&self, value: &Value) -> bool {
        matches!(value, Value::Text(text) if same_bytes(text.as_bytes(), self.0.encode_utf8(&mut [0; 4]).as_bytes()))
    }
}

impl Default<&'static [u8]> {
    /// The value as a literal.
    pub const fn literal(&self) -> Literal {
        Literal::Blob(self.0)
    }

    /// Whether the migrations have this value.
    pub const fn is(&self, value: &Value) -> bool {
        matches!(value, Value::Blob(bytes) if same_bytes(bytes, self.0))
    }
}

impl<const N: usize> Default<&'static [u8; N]> {
    /// The value as a literal.
    pub const fn literal(&self) -> Literal {
        Literal::Blob(self.0)
    }

    /// Whether the migrations have this value.
    pub const fn is(&self, value: &Value) -> bool {
        matches!(value, Value::Blob(bytes) if same_bytes(bytes, self.0))
    }
}

/// Whether the field of that name is the column of the table that a foreign key refers to. A table or column that is
/// being renamed still is: its own struct says so.
pub const fn refers_to_column<T: Table>(field: &str, table: &str, column: &str) -> bool {
    let names = &T::NAMES;
    let same_table = same_name(T::NAME, table)
        || match names.former {
            Some(former) => same_name(former, table),
            None => false,
        };
    let mut at = 0;
    while at < names.columns.len() {
        let (renamed, name, former) = names.columns[at];
        if same_bytes(renamed.as_bytes(), field.as_bytes()) {
            let is_former = match former {
                Some(former) => same_name(former, column),
                None => false,
            };
            return same_table && (same_name(name, column) || is_former);
        }
        at += 1;
    }
    same_table && same_name(field, column)
}

/// Whether a module, as `module_path!()` has it, is another one, written from the crate root, or lies in it.
pub const fn is_within(path: &str, module: &str) -> bool {
    let (path, module) = (path.as_bytes(), module.as_bytes());
    let mut start = 0;
    while start < path.len() && path[start] != b':' {
        start += 1;
    }
    // `::` behind the name of the crate
    start += 2;
    if path.len() < start + module.len() {
        return false;
    }
    let mut at = 0;
    while at < module.len() {
        if path[start + at] != module[at] {
            return false;
        }
        at += 1;
    }
    path.len() == start + at || path[start + at] == b':'
}

/// Refuses a foreign key of a struct of the database `own` to a struct of another one.
///
/// # Panics
/// With the message, which is the error.
#[track_caller]
pub const fn require_same_database<T: Table>(own: &str, message: &str) {
    assert!(same_bytes(T::DATABASE.as_bytes(), own.as_bytes()), "{}", message);
}

/// Refuses what is false.
///
/// # Panics
/// With the message, which is the error.
#[track_caller]
pub const fn require(holds: bool, message: &str) {
    assert!(holds, "{}", message);
}

/// Whether a type is an `Option`: of an `Option` by [`Nullable::IS`] of its own, of all others by that of
/// [`NotNullable`].
pub struct Nullable<T>(PhantomData<T>);

impl<T> Nullable<Option<T>> {
    /// It is.
    pub const IS: bool = true;
}

/// See [`Nullable`].
pub trait NotNullable {
    /// It is not.
    const IS: bool = false;
}

impl<T> NotNullable for Nullable<T> {}

const fn same_name(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right)
}

pub(crate) const fn same_bytes(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut at = 0;
    while at < left.len() {
        if left[at] != right[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// A message being written: what panics in constants takes one text, and no arguments.
#[derive(Clone, Copy)]
pub(crate) struct Text {
    bytes: [u8; Self::MOST],
    length: usize,
}

impl Text {
    /// Longer messages end here.
    const MOST: usize = 2048;

    pub(crate) const fn new() -> Self {
        Self { bytes: [0; Self::MOST], length: 0 }
    }

    const fn push(&mut self, byte: u8) {
        if self.length < Self::MOST {
            self.bytes[self.length] = byte;
            self.length += 1;
        }
    }

    pub(crate) const fn and(mut self, text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            self.push(bytes[at]);
            at += 1;
        }
        self
    }

    /// The condition with the column for each `{}`.
    const fn and_column(mut self, condition: &str, column: &str) -> Self {
        let bytes = condition.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at] == b'{' && at + 1 < bytes.len() && bytes[at + 1] == b'}' {
                self = self.and(column);
                at += 1;
            } else {
                self.push(bytes[at]);
            }
            at += 1;
        }
        self
    }

    pub(crate) const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            Err(_) => "this column differs from the migrations",
        }
    }
}
