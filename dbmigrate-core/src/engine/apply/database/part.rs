//! A part of a migration, applied to a database that has the part of the schema that it is about, without a history.

use super::super::{Failure, Prepared};
use super::{CANNOT_COMMIT, Database, cannot_read, rust};
use crate::schema::canonical::SchemaHash;

impl Database {
    /// Applies the part with its checks, or nothing at all, and returns the hash of what is there then: whether that is
    /// right shows with the other parts.
    ///
    /// # Errors
    /// If it fails, or breaks something.
    pub async fn apply_part(&mut self, migration: &Prepared<'_>) -> Result<SchemaHash, Failure> {
        self.begin().await?;
        let result = self.apply_part_inside(migration).await;
        let result = match result {
            Ok(hash) => {
                let committed = self.connection.commit().await;
                committed.map(|()| hash).map_err(|error| Failure::Engine { action: CANNOT_COMMIT, error })
            }
            failed => failed,
        };
        if result.is_err() {
            self.roll_back().await;
        }
        result
    }

    /// Applies a whole migration with its step in Rust and its checks, to a database that has the schema before it.
    ///
    /// # Errors
    /// If it fails, or does not lead to its snapshot.
    pub async fn apply_alone(&mut self, migration: &Prepared<'_>) -> Result<(), Failure> {
        self.begin().await?;
        let result = match self.preflights(migration).await {
            Ok(_) => self.apply_alone_inside(migration).await,
            Err(failure) => Err(failure),
        };
        self.roll_back().await;
        result
    }

    async fn apply_alone_inside(&mut self, migration: &Prepared<'_>) -> Result<(), Failure> {
        let wanted = self.wanted(migration).await.map_err(cannot_read)?;
        self.run_checked(&migration.script.statements, &[], rust::of(migration), &wanted).await
    }

    async fn apply_part_inside(&mut self, migration: &Prepared<'_>) -> Result<SchemaHash, Failure> {
        self.preflights(migration).await?;
        let mut wanted = self.wanted(migration).await.map_err(cannot_read)?;
        wanted.hash = None;
        self.run_checked(&migration.script.statements, &[], None, &wanted).await?;
        Ok(self.tracker().await.map_err(cannot_read)?.hash())
    }
}
