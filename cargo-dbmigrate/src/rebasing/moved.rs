//! A migration that is put behind others: what it was written from, and whether a person wrote it.

use std::path::PathBuf;

use dbmigrate_core::diff::Renames;
use dbmigrate_core::folder::{Migration, Script, Snapshot};
use dbmigrate_core::plan::{Decisions, Trace, WRITTEN_BY, follow};

use super::side::{Ours, Side};
use super::sources::Sources;
use crate::drafting::{self, Marks, generated};
use crate::error::Result;

/// A migration that moves.
#[derive(Debug, Clone)]
pub(crate) struct Moved {
    /// As its lock lists it.
    pub(crate) migration: Migration,
    /// Where its SQL is, for messages.
    pub(crate) file: PathBuf,
    /// Its SQL.
    pub(crate) text: String,
    /// Whether somebody has edited that since it was recorded.
    pub(crate) is_edited: bool,
    /// The schema before it.
    pub(crate) before: Snapshot,
    /// The schema behind it.
    pub(crate) after: Snapshot,
    /// What it was planned with; nothing if a person wrote it.
    pub(crate) decisions: Option<Decisions>,
    /// What it renames.
    pub(crate) renames: Renames,
    /// What it says besides, if it was planned.
    pub(crate) marks: Marks,
}

impl Moved {
    /// Reads one: that at a place of a history which is put behind `onto`.
    ///
    /// # Errors
    /// If its files are not to be found, or cannot be read.
    pub(crate) fn read(sources: &Sources, ours: &Ours, at: usize, onto: &Side) -> Result<Self> {
        let migration = ours.side.migrations[at].clone();
        let file = sources.path_of(&migration);
        let (before, mut after) = (snapshot_before(sources, &ours.side, at)?, sources.snapshot(&migration)?);
        let edited = sources.edited(&migration, &onto.migrations);
        let is_edited = edited.is_some();
        let text = match edited {
            Some(text) => text,
            None => sources.sql(&migration)?,
        };
        let written = generated(&migration, &file, (&before, &after), &text);
        let script = Script::parse(&text, &file)?;
        let mut marks = Marks::default();
        let decisions = written.filter(|_| script.undo.is_none()).map(|written| {
            (after.schema, marks) = (written.schema, written.marks);
            written.decisions
        });
        let renames = match &decisions {
            Some(decisions) => decisions.renames.clone(),
            None => follow(&before.schema, &after.schema, &script.statements).1,
        };
        Ok(Self { migration, file, text, is_edited, before, after, decisions, renames, marks })
    }

    /// The line of its text that names the command which has written it, if that was not `generate`.
    pub(crate) fn written_by(&self) -> Option<&str> {
        self.text.lines().take(2).find(|line| line.starts_with(WRITTEN_BY))
    }
}

/// The snapshot before a migration of a history.
pub(super) fn snapshot_before(sources: &Sources, side: &Side, at: usize) -> Result<Snapshot> {
    match at.checked_sub(1) {
        Some(before) => sources.snapshot(&side.migrations[before]),
        None => Ok(Snapshot::default()),
    }
}

/// What becomes of the names before some migrations of a history, behind them; of all that are there before.
///
/// # Errors
/// If a file of theirs is not to be found, or cannot be read.
pub(super) fn traced(sources: &Sources, side: &Side, from: usize, to: usize) -> Result<Trace> {
    let steps = side.migrations[from..to].iter().map(|migration| {
        Ok((sources.sql(migration)?, sources.path_of(migration), sources.snapshot(migration)?.schema))
    });
    drafting::traced(snapshot_before(sources, side, from)?.schema, steps)
}
