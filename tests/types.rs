//! The SQL types that rustc evaluates (the trait) and those that the subcommand reads off the source (the table) are
//! the same.

use dbmigrate::ColumnType;
use dbmigrate_core::declare::rust_types::{TypeNames, column_type, joined, spelled_full_path};
use dbmigrate_core::declare::{ColumnType as Read, DeclareError};

/// Takes every path for a full one.
struct FullPaths;

impl TypeNames for FullPaths {
    fn full_path(&self, path: &syn::Path) -> Option<String> {
        spelled_full_path(path).or_else(|| Some(joined(path)))
    }

    fn own_type(&self, _: &syn::Type) -> Result<Option<Read>, DeclareError> {
        Ok(None)
    }
}

fn read(source: &str) -> (String, bool) {
    let ty: syn::Type = syn::parse_str(source).unwrap_or_else(|error| panic!("{source}: {error}"));
    match column_type(&ty, &FullPaths) {
        Ok(Some(read)) => (read.decl_type.as_str().to_owned(), read.nullable),
        other => panic!("{source}: {other:?}"),
    }
}

macro_rules! agree {
    ($($ty:ty),+ $(,)?) => { $(
        assert_eq!(read(stringify!($ty)), (<$ty>::SQL_TYPE.to_owned(), <$ty>::NULLABLE), "{}", stringify!($ty));
    )+ };
}

#[test]
fn the_trait_and_the_table_agree_on_the_types_of_std() {
    agree!(i8, i16, i32, i64, isize, u8, u16, u32, bool, f32, f64, char, String, &'static str);
    agree!(Box<str>, std::rc::Rc<str>, std::sync::Arc<str>, std::borrow::Cow<'static, str>);
    agree!(Vec<u8>, &'static [u8], Box<[u8]>, std::rc::Rc<[u8]>, std::sync::Arc<[u8]>, std::borrow::Cow<'static, [u8]>);
    agree!([u8; 4], [f32; 768], [f64; 10], Option<i64>, Option<Box<str>>, Option<[f32; 3]>, dbmigrate::Json<i64>);
}

#[test]
#[cfg(feature = "chrono")]
fn the_trait_and_the_table_agree_on_chrono() {
    agree!(chrono::NaiveDate, chrono::NaiveTime, chrono::NaiveDateTime, chrono::DateTime<chrono::Utc>);
}

#[test]
#[cfg(feature = "jiff")]
fn the_trait_and_the_table_agree_on_jiff() {
    agree!(jiff::Timestamp, jiff::Zoned, jiff::civil::Date, jiff::civil::Time, jiff::civil::DateTime);
}

#[test]
#[cfg(feature = "time")]
fn the_trait_and_the_table_agree_on_time() {
    agree!(time::Date, time::Time, time::PrimitiveDateTime, time::OffsetDateTime, time::UtcDateTime);
}

#[test]
#[cfg(all(feature = "uuid", feature = "rust_decimal", feature = "serde_json"))]
fn the_trait_and_the_table_agree_on_uuids_decimals_and_json() {
    agree!(uuid::Uuid, rust_decimal::Decimal, serde_json::Value);
}
