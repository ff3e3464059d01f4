//! Rows that one side writes with SQL of its own and the other side refuses: told when they fail, from what they are about.

use std::path::Path;

use dbmigrate_core::diff::Renames;
use dbmigrate_core::folder::heads::shared;
use dbmigrate_core::folder::{Folder, Script};
use dbmigrate_core::merge::{Conflict, Edit, Side as Of, against_rows};
use dbmigrate_core::plan::Decisions;
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::Statement;

use super::moved::{Moved, traced};
use super::placed::{Chain, How, Placed};
use super::side::{Ours, Side};
use crate::drafting::is_generated;
use crate::error::{CommandError, Result};
use crate::proof::replay_to;

impl Chain<'_> {
    /// What was placed, run from the start.
    ///
    /// # Errors
    /// As the conflict that it is, if a migration of ours refuses rows that the others write.
    pub(super) fn replayed(
        &self,
        folder: &Folder,
        (ours, placed): (&[Ours], &[Placed]),
    ) -> Result<dbmigrate_core::engine::Connection> {
        let ignore = &self.deciding.context.config.ignore;
        replay_to(folder, folder.migrations().len(), ignore).map_err(|error| {
            // whatever cannot be found out about it, it has failed
            let refused = self.refused(folder, (ours, placed), &error).unwrap_or_default();
            refused.unwrap_or_else(|| self.at_home(error, folder.path()))
        })
    }

    /// Which rows of the others the first migration refuses that fails.
    fn refused(
        &self,
        folder: &Folder,
        (ours, placed): (&[Ours], &[Placed]),
        error: &CommandError,
    ) -> Result<Option<CommandError>> {
        let ignore = &self.deciding.context.config.ignore;
        let fails = |placed: &&Placed| {
            let name = placed.name.as_ref().filter(|_| placed.how == How::Planned);
            let found = name.and_then(|name| folder.find(name.as_str()));
            found.is_some_and(|migration| replay_to(folder, migration.index + 1, ignore).is_err())
        };
        let Some(first) = placed.iter().find(fails) else { return Ok(None) };
        let Some(migration) = first.name.as_ref().and_then(|name| folder.find(name.as_str())) else { return Ok(None) };
        let Some(one) = ours.iter().find(|one| one.moved().contains(&first.moved.migration)) else { return Ok(None) };
        let mut sources = self.sides.sources.clone();
        sources.beside(folder.path());
        let all = Side::new("", folder.migrations().to_vec());
        let (from, to) = (folder.schema_before(migration)?, folder.schema_at(migration)?);
        let renames = traced(&sources, &all, migration.index, migration.index + 1)?.renames();
        let stricter = Edit { from: &from, to: &to, renames: &renames };
        let decisions = is_generated(folder, migration, &folder.sql(migration)?)?.map(|written| written.decisions);
        let decisions = decisions.unwrap_or_default();
        let (_, theirs) = shared(&one.side.migrations, &all.migrations);
        let mut conflicts: Vec<Conflict> = Vec::new();
        for other in &all.migrations[theirs..migration.index] {
            // those of this side have met its demands
            let is_ours = |placed: &Placed| {
                placed.name.as_ref() == Some(&other.name) && one.moved().contains(&placed.moved.migration)
            };
            if placed.iter().any(is_ours) {
                continue;
            }
            let (text, file) = (sources.sql(other)?, sources.path_of(other));
            let script = Script::parse(&text, &file)?;
            let renames = traced(&sources, &all, other.index + 1, migration.index)?.inverse().renames();
            let other = Edit { from: &from, to: &sources.snapshot(other)?.schema, renames: &renames };
            let found = against_rows(&stricter, &other, &decisions, &script.statements, Of::Ours);
            for one in found {
                if conflicts.iter().all(|known| known.object != one.object) {
                    conflicts.push(one);
                }
            }
        }
        let words = "or write what becomes of those rows into its SQL, before what they fail at";
        Ok(self.told(&conflicts, (&first.moved.file, words), error.message()))
    }

    /// The rows that a statement of ours writes and the others refuse.
    pub(super) fn refused_there(
        &self,
        moved: &Moved,
        (head, across): (&Schema, &Renames),
        statement: &Statement<'_>,
        error: &str,
    ) -> Option<CommandError> {
        let statements = std::slice::from_ref(statement);
        let ours = Edit { from: &moved.before.schema, to: &moved.after.schema, renames: &moved.renames };
        let theirs = Edit { from: &moved.before.schema, to: head, renames: across };
        let conflicts = against_rows(&theirs, &ours, &Decisions::default(), statements, Of::Theirs);
        let words = format!("edit its SQL for the schema of `{}`", self.sides.onto.label);
        self.told(&conflicts, (&moved.file, &words), error)
    }

    /// These conflicts with their answers, and what to do by hand.
    fn told(&self, conflicts: &[Conflict], (file, by_hand): (&Path, &str), error: &str) -> Option<CommandError> {
        if conflicts.is_empty() {
            return None;
        }
        let told = self.deciding.unresolved(conflicts, file).note(error);
        Some(told.help(format!("{by_hand}, then run again: `{}`", self.deciding.command_line())))
    }
}
