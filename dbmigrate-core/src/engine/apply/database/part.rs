//! A part of a migration, applied to a database that has the part of the schema that it is about, without a history.

use super::super::{Failure, Prepared};
use super::{CANNOT_COMMIT, Database, cannot_read};
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

    async fn apply_part_inside(&mut self, migration: &Prepared<'_>) -> Result<SchemaHash, Failure> {
        self.preflights(migration).await?;
        let mut wanted = self.wanted(migration).await.map_err(cannot_read)?;
        wanted.hash = None;
        self.run_checked(&migration.script.statements, None, &wanted).await?;
        Ok(self.tracker().await.map_err(cannot_read)?.hash())
    }
}
