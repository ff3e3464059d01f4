//! Column types of other crates, each behind a feature with the crate's name. All are stored as text: dates, times
//! and UUIDs in a form that sorts like the values, decimals without losing a digit.

use crate::column_type::{ColumnType, column_types};

#[cfg(feature = "chrono")]
column_types! {
    "TEXT": chrono::NaiveDate, chrono::NaiveTime, chrono::NaiveDateTime;
}

#[cfg(feature = "chrono")]
impl<Tz: chrono::TimeZone> ColumnType for chrono::DateTime<Tz> {
    const SQL_TYPE: &'static str = "TEXT";
}

#[cfg(feature = "jiff")]
column_types! {
    "TEXT": jiff::Timestamp, jiff::Zoned, jiff::civil::Date, jiff::civil::Time, jiff::civil::DateTime;
}

#[cfg(feature = "time")]
column_types! {
    "TEXT": time::Date, time::Time, time::PrimitiveDateTime, time::OffsetDateTime, time::UtcDateTime;
}

#[cfg(feature = "uuid")]
column_types! {
    "TEXT": uuid::Uuid;
}

#[cfg(feature = "rust_decimal")]
column_types! {
    "TEXT": rust_decimal::Decimal;
}

#[cfg(feature = "serde_json")]
column_types! {
    "TEXT": serde_json::Value;
}
