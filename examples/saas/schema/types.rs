//! Types that several tables share.

use dbmigrate::ColumnType;

/// A mail address, as far as one can tell by looking at it.
#[derive(Debug, Clone, PartialEq, Eq, ColumnType)]
#[column_type(check = "{} LIKE '_%@_%' AND {} NOT LIKE '% %'")]
pub struct Email(pub String);

/// Seconds since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
pub struct UnixTime(pub i64);
