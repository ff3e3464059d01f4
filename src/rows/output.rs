//! What `query!` leaves to rustc: whether the type of a field can hold a column, in constants that nothing uses; and
//! whether a value is stored as what its parameter is compared with, by traits. Not part of the public interface.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use crate::ColumnType;
use crate::check::Text;

/// The column may be NULL; 0 is that it may not.
const NULLABLE: u8 = 1;

/// Refuses a field whose type cannot hold a column. `class` is empty if anything may be in it.
///
/// # Panics
/// If it cannot: that is the error.
#[track_caller]
pub const fn field<Row, T: ColumnType>(_: fn(&Row) -> &T, name: &str, class: &str, nullable: u8) {
    value::<T>(name, class, nullable);
}

/// The same of the type itself.
///
/// # Panics
/// If it cannot: that is the error.
#[track_caller]
pub const fn value<T: ColumnType>(name: &str, class: &str, nullable: u8) {
    let text = Text::new().and("`").and(name).and("` ");
    let text = if !can_hold(T::SQL_TYPE, class) {
        text.and("is ").and(class).and(", but its field is ").and(T::SQL_TYPE)
    } else if nullable == NULLABLE && !T::NULLABLE && !is_anything(T::SQL_TYPE) {
        text.and("may be NULL, but its field is no `Option`\nhelp: where it never is, say it: `AS \"")
            .and(name)
            .and(": Type\"`")
    } else {
        return;
    };
    panic!("{}", text.as_str());
}

/// Whether a Rust type with this SQL type can hold values of a class.
const fn can_hold(sql_type: &str, class: &str) -> bool {
    let found = affinity(sql_type);
    if class.is_empty() || found.is_empty() {
        return true;
    }
    found.eq_ignore_ascii_case(class) || (found.eq_ignore_ascii_case("REAL") && class.eq_ignore_ascii_case("INTEGER"))
}

const fn is_anything(sql_type: &str) -> bool {
    sql_type.eq_ignore_ascii_case("ANY")
}

/// The affinity of a declared type (sqlite.org/datatype3.html#determination_of_column_affinity); empty for one that keeps
/// several kinds of values.
const fn affinity(sql_type: &str) -> &'static str {
    if sql_type.is_empty() || is_anything(sql_type) {
        ""
    } else if has(sql_type, "INT") {
        "INTEGER"
    } else if has(sql_type, "CHAR") || has(sql_type, "CLOB") || has(sql_type, "TEXT") {
        "TEXT"
    } else if has(sql_type, "BLOB") {
        "BLOB"
    } else if has(sql_type, "REAL") || has(sql_type, "FLOA") || has(sql_type, "DOUB") {
        "REAL"
    } else {
        ""
    }
}

/// Whether a text has a word in it, in capitals or not.
const fn has(text: &str, word: &str) -> bool {
    let (text, word) = (text.as_bytes(), word.as_bytes());
    let mut start = 0;
    while start + word.len() <= text.len() {
        let mut at = 0;
        while at < word.len() && text[start + at].eq_ignore_ascii_case(&word[at]) {
            at += 1;
        }
        if at == word.len() {
            return true;
        }
        start += 1;
    }
    false
}

/// As what values are stored.
pub mod class {
    /// `INTEGER`.
    pub struct Integer;
    /// `REAL`.
    pub struct Real;
    /// `TEXT`.
    pub struct Text;
    /// `BLOB`.
    pub struct Blob;
}

/// A type whose values are all stored as the same.
pub trait Stored {
    /// As what.
    type As;
}

/// What a parameter for `INTEGER` can be given.
#[diagnostic::on_unimplemented(
    message = "a parameter for INTEGER cannot be a value of this type",
    label = "not stored as INTEGER",
    note = "the parameter is compared with or written to a column of that type; where that is meant, say so in the \
            statement with `CAST`"
)]
pub trait ForInteger {}

impl ForInteger for class::Integer {}

/// What a parameter for `REAL` can be given.
#[diagnostic::on_unimplemented(
    message = "a parameter for REAL cannot be a value of this type",
    label = "not stored as REAL",
    note = "the parameter is compared with or written to a column of that type; where that is meant, say so in the \
            statement with `CAST`"
)]
pub trait ForReal {}

impl ForReal for class::Real {}
impl ForReal for class::Integer {}

/// What a parameter for `TEXT` can be given.
#[diagnostic::on_unimplemented(
    message = "a parameter for TEXT cannot be a value of this type",
    label = "not stored as TEXT",
    note = "the parameter is compared with or written to a column of that type; where that is meant, say so in the \
            statement with `CAST`"
)]
pub trait ForText {}

impl ForText for class::Text {}

/// What a parameter for `BLOB` can be given.
#[diagnostic::on_unimplemented(
    message = "a parameter for BLOB cannot be a value of this type",
    label = "not stored as BLOB",
    note = "the parameter is compared with or written to a column of that type; where that is meant, say so in the \
            statement with `CAST`"
)]
pub trait ForBlob {}

impl ForBlob for class::Blob {}

/// A value of a parameter.
pub struct Given<'a, T: ?Sized>(pub &'a T);

impl<T: Stored + ?Sized> Given<'_, T> {
    /// Refuses a value that a parameter for `INTEGER` cannot be.
    pub fn integer(&self)
    where
        T::As: ForInteger,
    {
    }

    /// Refuses a value that a parameter for `REAL` cannot be.
    pub fn real(&self)
    where
        T::As: ForReal,
    {
    }

    /// Refuses a value that a parameter for `TEXT` cannot be.
    pub fn text(&self)
    where
        T::As: ForText,
    {
    }

    /// Refuses a value that a parameter for `BLOB` cannot be.
    pub fn blob(&self)
    where
        T::As: ForBlob,
    {
    }
}

/// Values of types that are not known fit everywhere.
pub trait AnyClass {
    /// Nothing is known.
    fn integer(&self) {}

    /// Nothing is known.
    fn real(&self) {}

    /// Nothing is known.
    fn text(&self) {}

    /// Nothing is known.
    fn blob(&self) {}
}

impl<T: ?Sized> AnyClass for Given<'_, T> {}

macro_rules! stored {
    ($($class:ident: $($ty:ty),+;)+) => { $($(
        impl Stored for $ty {
            type As = class::$class;
        }
    )+)+ };
}

stored! {
    Integer: i8, i16, i32, i64, isize, u8, u16, u32, bool;
    Real: f32, f64;
    Text: char, str, String, Box<str>, Rc<str>, Arc<str>, Cow<'_, str>;
    Blob: [u8], Vec<u8>, Box<[u8]>, Rc<[u8]>, Arc<[u8]>, Cow<'_, [u8]>;
}

impl<const N: usize> Stored for [u8; N] {
    type As = class::Blob;
}

impl<T: Stored + ?Sized> Stored for &T {
    type As = T::As;
}

impl<T: Stored> Stored for Option<T> {
    type As = T::As;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_holds_what_it_can_be_read_from() {
        assert!(can_hold("INTEGER", "INTEGER") && can_hold("REAL", "INTEGER") && can_hold("varchar(3)", "TEXT"));
        assert!(!can_hold("INTEGER", "REAL") && !can_hold("TEXT", "INTEGER") && !can_hold("F32_BLOB(3)", "TEXT"));
        // of which anything may be expected
        assert!(can_hold("ANY", "BLOB") && can_hold("DECIMAL", "TEXT") && can_hold("INTEGER", ""));
    }
}
