//! What tests that use the crate `sqlx` take.

use sqlx_core::connection::ConnectOptions as _;
use sqlx_core::pool::{Pool, PoolConnection};
use sqlx_sqlite::{Sqlite, SqliteConnectOptions, SqliteConnection, SqliteSynchronous};

use super::{BoxError, FromTest, TestDatabase};

/// How the test's file is opened. No connection waits for the disk: what is lost when the machine stops is a test's.
impl FromTest for SqliteConnectOptions {
    async fn from_test(database: &TestDatabase) -> Result<Self, BoxError> {
        Ok(Self::new().filename(database.path()).foreign_keys(true).synchronous(SqliteSynchronous::Off))
    }
}

/// A connection to the test's file.
impl FromTest for SqliteConnection {
    async fn from_test(database: &TestDatabase) -> Result<Self, BoxError> {
        Ok(SqliteConnectOptions::from_test(database).await?.connect().await?)
    }
}

/// A pool of connections to the test's file. It needs the runtime that sqlx was built for: `#[tokio::test]` below
/// `#[dbmigrate::test]`.
impl FromTest for Pool<Sqlite> {
    async fn from_test(database: &TestDatabase) -> Result<Self, BoxError> {
        Ok(Self::connect_with(SqliteConnectOptions::from_test(database).await?).await?)
    }
}

/// A connection of such a pool.
impl FromTest for PoolConnection<Sqlite> {
    async fn from_test(database: &TestDatabase) -> Result<Self, BoxError> {
        Ok(Pool::<Sqlite>::from_test(database).await?.acquire().await?)
    }
}
