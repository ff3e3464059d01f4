//! What tests that use the crate `libsql` take.

use super::{BoxError, FromTest, TestDatabase};

/// The test's file, for as many connections as it needs.
impl FromTest for libsql::Database {
    async fn from_test(database: &TestDatabase) -> Result<Self, BoxError> {
        Ok(libsql::Builder::new_local(database.path()).build().await?)
    }
}

/// A connection to the test's file. It does not wait for the disk: what is lost when the machine stops is a test's.
impl FromTest for libsql::Connection {
    async fn from_test(database: &TestDatabase) -> Result<Self, BoxError> {
        let connection = libsql::Database::from_test(database).await?.connect()?;
        connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON;").await?;
        Ok(connection)
    }
}
