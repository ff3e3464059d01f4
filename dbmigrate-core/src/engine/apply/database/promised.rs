//! `expect-rewrites 0`, as far as only the database at hand can tell: a rebuild that the definitions let be made in place is
//! made so, however few rows there are, or the migration is refused. And what a copy of a server must not do, because that
//! cannot do it.

use super::Database;
use crate::engine::apply::Failure;
use crate::engine::error::ErrorKind;
use crate::engine::in_place::ByStatements;
use crate::folder::Script;
use crate::folder::script::Rebuild;
use crate::plan::in_place::altered;
use crate::schema::Index;
use crate::sql::Name;
use crate::sql::path::path;

/// What is known of the migration at work.
#[derive(Debug, Default)]
pub(super) struct AtWork {
    /// The line that promises that no row is written again.
    promise: Option<usize>,
    /// Why the last rebuild was not made in place.
    pub(super) declined: Option<String>,
    /// Whether tables that it rebuilds are large, as far as that was asked.
    pub(super) large: Vec<(Name, bool)>,
    /// How its tables are read in another form, on a server.
    pub(super) forms: Vec<ByStatements>,
}

impl AtWork {
    pub(super) fn of(script: &Script<'_>) -> Self {
        let promise = script.limits.rewrites.filter(|(_, rows)| *rows == 0).map(|(line, _)| line);
        Self { promise, ..Self::default() }
    }
}

/// Whether a migration promises that its rebuilds write no row.
pub(super) fn is_promised(script: &Script<'_>) -> bool {
    !script.rebuilds.is_empty() && AtWork::of(script).promise.is_some()
}

impl Database {
    /// Does only what the server of which this is a copy would do as well.
    #[must_use]
    pub fn standing_for_server(mut self) -> Self {
        self.is_like_server = true;
        self
    }

    /// From how many rows on a rebuild of the migration at work may be made otherwise than it is written.
    pub(super) fn least_rows(&self) -> u64 {
        match (self.at_work.promise, self.least_rows) {
            (Some(_), least) if least < u64::MAX => least.min(1),
            (_, least) => least,
        }
    }

    /// Whether a server would make it in place, as far as definitions tell.
    pub(super) fn would_be_altered(&self, rebuild: &Rebuild) -> bool {
        let before = self.tracker.as_ref().and_then(|tracker| tracker.schema().table(&rebuild.table));
        before.is_some_and(|before| {
            let indexes: Vec<Index> = before.indexes.iter().cloned().collect();
            altered::is_possible(before, &indexes, &rebuild.rebuilt())
        })
    }

    /// Refuses a rebuild that is to be run as it is written, if it would write rows and the migration promises that none is.
    pub(super) async fn keep_promise(&self, rebuild: &Rebuild) -> Result<(), Failure> {
        let Some(line) = self.at_work.promise else { return Ok(()) };
        match self.connection.first_row(&format!("SELECT 1 FROM {} LIMIT 1", rebuild.table.sql())).await {
            Ok(Some(_)) => Err(Failure::Rewrites {
                line,
                tables: vec![format!("`{}`", path([&rebuild.table]))],
                why: self.at_work.declined.clone(),
            }),
            Ok(None) => Ok(()),
            // what is not there is nothing to write; otherwise the statements say what is wrong
            Err(error) if error.kind == ErrorKind::Statement => Ok(()),
            Err(error) => Err(Failure::Engine { action: "cannot look at the rows", error }),
        }
    }

    /// The same for all rebuilds of a migration, on a server.
    #[cfg(feature = "remote")]
    pub(super) async fn keep_promises(&mut self, script: &Script<'_>) -> Result<(), Failure> {
        self.at_work = AtWork::of(script);
        let is_known = self.at_work.promise.is_some() && self.tracker().await.is_ok();
        for marked in &script.rebuilds {
            let why = match is_known && self.would_be_altered(&marked.rebuild) {
                true => "a row is not as the new definition wants it, or is stored in another way",
                false => "the server has no statement for it",
            };
            self.at_work.declined = Some(why.to_owned());
            self.keep_promise(&marked.rebuild).await?;
        }
        Ok(())
    }
}
