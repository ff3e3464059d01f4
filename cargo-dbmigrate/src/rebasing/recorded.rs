//! The migrations that a database has as they were before a rebase, found again by what its history says of them: in
//! the folder, in its copies, and in git.

use dbmigrate_core::engine::apply::Record;
use dbmigrate_core::engine::apply::history::common;
use dbmigrate_core::folder::{Folder, Lock, MigrationName, Sums};

use super::side::{Ours, Side};
use super::sides::{Sides, whole};
use super::sources::Sources;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::git::operation::Operation;

impl Sides {
    /// What a database has, and behind it what the folder has more. `label` is how the database is called.
    ///
    /// # Errors
    /// Exit code 5 if the files of what it has are nowhere.
    pub(crate) fn of_recorded(folder: &Folder, history: &[Record], label: &str) -> Result<Self> {
        let mut sources = Sources::of(folder.path());
        sources.beside_copies();
        let same = common(history, folder.migrations());
        let mut lock = Lock::of(folder.migrations()[..same.migrations()].to_vec());
        let others = &history[same.position()..];
        for record in others {
            // those behind it may be what an interrupted run has planned, which is planned again
            let Some((name, sums)) = found(&sources, record) else { break };
            lock = lock.with(name, sums);
        }
        if let Some(first) = others.first().filter(|_| lock.migrations().len() == same.migrations()) {
            return Err(lost(first, label));
        }
        let onto = Side::new(label, lock.migrations().to_vec());
        let ours = Ours::behind(Side::new("the folder", folder.migrations().to_vec()), &onto);
        let mut expanded = Vec::new();
        let ours = whole(ours, &onto, &sources, &mut expanded);
        let ours = Vec::from_iter(Some(ours).filter(|ours| !ours.moved().is_empty()));
        Ok(Self { onto, ours, expanded, sources, operation: Operation::None, seen: None, is_whole: true })
    }
}

/// A migration as a history has recorded it, if its files are somewhere.
fn found(sources: &Sources, record: &Record) -> Option<(MigrationName, Sums)> {
    let name = MigrationName::parse(&record.name)?;
    let sql = sources.sql_by_checksum(&name, &record.checksum)?;
    let (bytes, snapshot) = sources.snapshot_by_schema(&name, &record.schema_hash)?;
    let sums = Sums::of(&sql, &bytes, &snapshot.schema);
    Some((name, sums))
}

/// That the files of a migration are nowhere.
pub(crate) fn lost(record: &Record, label: &str) -> CommandError {
    let message = format!("cannot find the files of `{}` as `{label}` has it", record.name);
    CommandError::new(exit::INCONSISTENT, message)
        .note("looked in the folder, in its `.replaced`, and in git where it is there; nothing was changed")
        .help("get the branch that it came from: `git fetch --all`, then run the command again")
}
