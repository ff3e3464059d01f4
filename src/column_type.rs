//! The trait that gives a Rust type its SQL type, and its implementations for the types of std.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use crate::check;

/// A type that a column can have.
///
/// Derive it for newtypes and enums (`#[derive(ColumnType)]`), or implement it if the derive is not enough. The
/// compiler evaluates the consts, so an alias or a newtype is judged by what it is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no known SQL type",
    label = "no column type",
    note = "derive `dbmigrate::ColumnType` for it, or name the type: `#[column(type = \"TEXT\")]`",
    note = "integers are `i64` and smaller; other data can be stored as JSON in a `dbmigrate::Json<…>`",
    note = "types of chrono, jiff, time, uuid, rust_decimal and serde_json need the feature of that name"
)]
pub trait ColumnType {
    /// The declared type.
    const SQL_TYPE: &'static str;

    /// Whether the column may be NULL; only true for `Option`.
    const NULLABLE: bool = false;

    /// A condition on the column that comes with the type; `{}` stands for the column.
    const CHECK: Option<&'static str> = None;

    /// For the comparison with the migrations. Not part of the public interface.
    #[doc(hidden)]
    const HASHES: (u64, u64) = check::hashes(Self::SQL_TYPE, Self::CHECK);
}

macro_rules! column_types {
    ($($sql:literal: $($ty:ty),+;)+) => { $($(
        impl ColumnType for $ty {
            const SQL_TYPE: &'static str = $sql;
        }
    )+)+ };
}
#[cfg(any(
    feature = "chrono",
    feature = "jiff",
    feature = "time",
    feature = "uuid",
    feature = "rust_decimal",
    feature = "serde_json"
))]
pub(crate) use column_types;

column_types! {
    "INTEGER": i8, i16, i32, i64, isize, u8, u16, u32, bool;
    "REAL": f32, f64;
    "TEXT": char, String, &str, Box<str>, Rc<str>, Arc<str>, Cow<'_, str>;
    "BLOB": Vec<u8>, &[u8], Box<[u8]>, Rc<[u8]>, Arc<[u8]>, Cow<'_, [u8]>;
}

impl<T: ColumnType> ColumnType for Option<T> {
    const SQL_TYPE: &'static str = T::SQL_TYPE;
    const NULLABLE: bool = {
        assert!(!T::NULLABLE, "an `Option` in an `Option` is not a column type: a column has a single NULL");
        true
    };
    const CHECK: Option<&'static str> = T::CHECK;
}

impl<const N: usize> ColumnType for [u8; N] {
    const SQL_TYPE: &'static str = "BLOB";
}

/// A vector that libSQL can index and search.
impl<const N: usize> ColumnType for [f32; N] {
    const SQL_TYPE: &'static str = Vector::<N>::F32;
}

/// Like `[f32; N]`, with twice the precision.
impl<const N: usize> ColumnType for [f64; N] {
    const SQL_TYPE: &'static str = Vector::<N>::F64;
}

/// The names of the vector types of length `N`.
struct Vector<const N: usize>;

impl<const N: usize> Vector<N> {
    const F32_BYTES: ([u8; 32], usize) = vector_type(*b"F32_BLOB", N);
    const F64_BYTES: ([u8; 32], usize) = vector_type(*b"F64_BLOB", N);
    const F32: &'static str = text(&Self::F32_BYTES);
    const F64: &'static str = text(&Self::F64_BYTES);
}

/// `name(length)` in bytes, and how many they are.
const fn vector_type(name: [u8; 8], length: usize) -> ([u8; 32], usize) {
    let mut bytes = [0; 32];
    let mut at = 0;
    while at < name.len() {
        bytes[at] = name[at];
        at += 1;
    }
    bytes[at] = b'(';
    let mut digits = 1;
    let mut rest = length / 10;
    while rest > 0 {
        digits += 1;
        rest /= 10;
    }
    at += digits;
    let end = at + 1;
    rest = length;
    while digits > 0 {
        // a digit: the remainder is below ten
        bytes[at] = b"0123456789"[rest % 10];
        rest /= 10;
        at -= 1;
        digits -= 1;
    }
    bytes[end] = b')';
    (bytes, end + 1)
}

const fn text((bytes, length): &([u8; 32], usize)) -> &str {
    match std::str::from_utf8(bytes.split_at(*length).0) {
        Ok(text) => text,
        Err(_) => panic!("the text is ASCII"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vector_types_say_their_length() {
        assert_eq!(<[f32; 0]>::SQL_TYPE, "F32_BLOB(0)");
        assert_eq!(<[f32; 9]>::SQL_TYPE, "F32_BLOB(9)");
        assert_eq!(<[f64; 1536]>::SQL_TYPE, "F64_BLOB(1536)");
        assert_eq!(Option::<[f32; 100]>::SQL_TYPE, "F32_BLOB(100)");
    }
}
