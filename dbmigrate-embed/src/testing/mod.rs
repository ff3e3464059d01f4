//! Databases for tests, with the feature `test`: what `#[dbmigrate::test]` expands to, and what its functions take.
//!
#![doc = include_str!("../testing.md")]

mod engine;
mod from_test;
mod kept;
#[cfg(feature = "libsql")]
mod libsql;
mod migration;
mod place;
mod request;
#[cfg(feature = "rusqlite")]
mod rusqlite;
mod seed;
#[cfg(feature = "sqlx")]
mod sqlx;
mod template;
mod test_database;

pub use from_test::{BoxError, FromTest};
pub use migration::MigrationTest;
pub use test_database::TestDatabase;

/// What the macros expand to; not part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use super::from_test::{open, run};
    pub use super::kept::{Given, new, reported};
    pub use super::request::{Request, Schema, Until};
    pub use pollster::block_on;
}
