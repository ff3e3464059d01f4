//! The migrations that are to be reverted, with what each has made of names.

use dbmigrate_core::folder::{Folder, Migration, Script, Snapshot};
use dbmigrate_core::kept::{self, KeptTable};
use dbmigrate_core::plan::{Decisions, Trace};
use dbmigrate_core::schema::canonical::SchemaHash;

use super::by_hand::{self, ByHand};
use crate::drafting::snapshot_before;
use crate::error::{CommandError, Result};
use crate::exit;

/// A migration with the schemas around it.
pub(super) struct Entry {
    pub(super) migration: Migration,
    /// The name of the one before it.
    pub(super) previous: Option<String>,
    pub(super) before: Snapshot,
    pub(super) after: Snapshot,
    /// Its SQL.
    pub(super) text: String,
    /// What became of the names before it.
    pub(super) trace: Trace,
    /// What it was planned with, as far as its text tells.
    pub(super) decisions: Decisions,
    /// What it does besides changing the schema.
    pub(super) by_hand: ByHand,
    /// What it has kept.
    pub(super) kept: Vec<KeptTable>,
    /// Whether it has a way back of its own.
    pub(super) has_undo: bool,
}

impl Entry {
    /// Reads a migration and its snapshots.
    ///
    /// # Errors
    /// If one of them cannot be read.
    pub(super) fn read(folder: &Folder, migration: &Migration) -> Result<Self> {
        let (before, after) = (snapshot_before(folder, migration)?, folder.snapshot_at(migration)?);
        let text = folder.sql(migration)?;
        let script = Script::parse(&text, &folder.sql_path(migration))?;
        let (trace, _) = dbmigrate_core::plan::follow(&before.schema, &after.schema, &script.statements);
        let allowed = script.allows.iter().map(|allow| (allow.lint.as_str(), allow.object.as_str()));
        let decisions = Decisions::read_back(&before.schema, &after.schema, allowed, &script.statements);
        let by_hand = by_hand::of(folder, migration, &script, (&before.schema, &after.schema), &text)?;
        let has_undo = script.undo.is_some();
        let kept = kept::read(&script.keeps, &script.statements).map_err(|error| {
            let file = folder.sql_path(migration);
            CommandError::new(exit::INCONSISTENT, error.to_string()).at(format!("{}:{}", file.display(), error.line))
        })?;
        let previous = migration.index.checked_sub(1).and_then(|at| folder.migrations().get(at));
        let previous = previous.map(|migration| migration.name.to_string());
        Ok(Self {
            previous,
            migration: migration.clone(),
            before,
            after,
            trace,
            decisions,
            by_hand,
            kept,
            has_undo,
            text,
        })
    }

    pub(super) fn name(&self) -> &str {
        self.migration.name.as_str()
    }

    /// Whether it leaves the schema as it was.
    pub(super) fn keeps_the_schema(&self) -> bool {
        SchemaHash::of(&self.before.schema) == SchemaHash::of(&self.after.schema) && self.trace.renames().is_empty()
    }
}

/// What became of the names before the first of these, in their order.
pub(super) fn combined(entries: &[Entry]) -> Trace {
    let (first, rest) = match entries {
        [first, rest @ ..] => (first.trace.clone(), rest),
        [] => return Trace::default(),
    };
    rest.iter().fold(first, |trace, entry| trace.then(&entry.trace))
}
