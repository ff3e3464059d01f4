//! What tests that use the crate `rusqlite` take.

use super::{BoxError, FromTest, TestDatabase};

/// A connection to the test's file. It does not wait for the disk: what is lost when the machine stops is a test's.
impl FromTest for rusqlite::Connection {
    async fn from_test(database: &TestDatabase) -> Result<Self, BoxError> {
        let connection = Self::open(database.path())?;
        connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON;")?;
        Ok(connection)
    }
}
