//! Migrations of this branch that the others have already, as a rebase, a squash merge or a cherry-pick has put them there
//! under another number. What they do to rows must not be done twice, and what came after them there is no contradiction.

use dbmigrate_core::engine::prove::differences;
use dbmigrate_core::folder::{Migration, MigrationName, as_recorded};
use dbmigrate_core::merge::{Edit, Side as Of, merge};
use dbmigrate_core::plan::Trace;
use dbmigrate_core::shell::shell_flag;
use dbmigrate_core::sql::Name;

use super::moved::{Moved, snapshot_before, traced};
use super::placed::{Chain, Placed};
use super::side::{Ours, Side};
use super::sources::Sources;
use crate::error::{CommandError, Result};
use crate::exit;

/// What there is to put migrations behind, and from where on it is not ours as well.
pub(super) struct There<'a> {
    pub(super) sources: &'a Sources,
    /// The history as it was told, for edits.
    pub(super) onto: &'a Side,
    /// All that there is, with what was placed of other branches.
    pub(super) side: Side,
    /// How many of its migrations this branch has at the same place.
    pub(super) fork: usize,
}

/// The migration that another one is there.
#[derive(Clone)]
pub(super) struct Found {
    at: usize,
    /// What the names behind the one are called behind the other.
    names: Trace,
}

/// That a migration is left out.
pub(super) struct LeftOut {
    /// The one of the others that it is; `None` if that was only said.
    pub(super) same: Option<MigrationName>,
}

impl There<'_> {
    /// The migration with the statements of one that somebody wrote, if it is no other's already.
    fn same_statements(&self, moved: &Moved, placed: &[Placed]) -> Option<&Migration> {
        let mut since = self.side.migrations[self.fork..].iter();
        let is_taken = |other: &Migration| placed.iter().any(|one| one.same.as_ref() == Some(&other.name));
        since.find(|other| is_same_text(moved, other) && !is_taken(other))
    }

    /// The migration with the name of one that somebody wrote, and with other statements, if that is in doubt: SQL is
    /// rewritten for the schema that it comes behind.
    fn same_name(&self, moved: &Moved) -> Option<&Migration> {
        if moved.is_edited || !moved.migration.replaces.is_empty() {
            return None;
        }
        let mut since = self.side.migrations[self.fork..].iter();
        since.find(|other| is_namesake(moved, other) && !is_same_text(moved, other))
    }

    /// The migration that it was found to be.
    pub(super) fn name(&self, found: &Found) -> MigrationName {
        self.side.migrations[found.at].name.clone()
    }

    /// What the names behind a migration that is left out are called behind all that was placed so far, where `across` says
    /// it of the names before it.
    pub(super) fn behind(
        &self,
        found: &Found,
        moved: &Moved,
        (so_far, across): (&[Migration], Trace),
    ) -> Result<Trace> {
        let made = Trace::between(&moved.before.schema, &moved.after.schema, &moved.renames);
        let all = Side::new("", so_far.to_vec());
        let since = traced(self.sources, &all, found.at + 1, so_far.len())?;
        Ok(made.inverse().then(&across).and(&found.names.then(&since)))
    }
}

impl Chain<'_> {
    /// Which of the migrations of a branch are there already, and as which. `names` says what the names before them are
    /// called where the branch has parted from what there is.
    pub(super) fn found(&self, there: &There<'_>, ours: &Ours, mut names: Trace) -> Result<Vec<Option<Found>>> {
        let mut from = there.fork;
        let mut all = Vec::new();
        for at in ours.base..ours.side.migrations.len() {
            // mostly none has the name or the text of another, so that nothing has to be read
            let migration = &ours.side.migrations[at];
            let may_be_there = there.side.migrations[from..].iter().any(|other| is_alike(migration, other));
            let one = match may_be_there {
                true => self.found_one(there, &Moved::read(there.sources, ours, at, there.onto)?, from, &names)?,
                false => None,
            };
            match &one {
                Some(found) => (from, names) = (found.at + 1, found.names.clone()),
                None => names = traced(there.sources, &ours.side, at, at + 1)?.inverse().then(&names),
            }
            all.push(one);
        }
        Ok(all)
    }

    /// Which of the migrations from some place on makes of the schema before it what this one makes of it.
    fn found_one(&self, there: &There<'_>, moved: &Moved, from: usize, names: &Trace) -> Result<Option<Found>> {
        let There { sources, side, .. } = there;
        let mut names = names.clone();
        for at in from..side.migrations.len() {
            let other = &side.migrations[at];
            let made = traced(sources, side, at, at + 1)?;
            let is_meant = match &moved.decisions {
                Some(_) => is_namesake(moved, other),
                None if is_namesake(moved, other) && self.taken(moved) == Some(Of::Theirs) => true,
                None => is_same_text(moved, other),
            };
            if is_meant {
                let (before, after) = (snapshot_before(sources, side, at)?.schema, sources.snapshot(other)?.schema);
                let across = names.renames();
                let ours = Edit { from: &moved.before.schema, to: &moved.after.schema, renames: &moved.renames };
                let theirs = Edit { from: &moved.before.schema, to: &before, renames: &across };
                // whether these answers are of use is seen where they are needed
                let taken = self.deciding.taken.borrow().clone();
                if let Ok(merged) = merge(&ours, &theirs, &taken)
                    && differences(&merged.schema, &after).is_empty()
                    && Trace::between(&before, &after, &merged.renames).renames() == made.renames()
                {
                    let names = Trace::between(&moved.after.schema, &after, &merged.across);
                    return Ok(Some(Found { at, names }));
                }
            }
            names = names.then(&made);
        }
        Ok(None)
    }

    /// The migration that one which somebody wrote is left out for: one with its statements, one with its name that was
    /// said to be it, or none if it was said to be left out.
    ///
    /// # Errors
    /// Exit code 3 if one has its name and other statements, and nobody has said what that is.
    pub(super) fn left_out(&self, there: &There<'_>, moved: &Moved, placed: &[Placed]) -> Result<Option<LeftOut>> {
        if moved.decisions.is_some() {
            return Ok(None);
        }
        let left_out = |for_it: &Migration| LeftOut { same: Some(for_it.name.clone()) };
        if let Some(same) = there.same_statements(moved, placed) {
            return Ok(Some(left_out(same)));
        }
        let namesake = there.same_name(moved);
        match (self.taken(moved), namesake) {
            (Some(Of::Theirs), _) => Ok(Some(namesake.map_or(LeftOut { same: None }, left_out))),
            (Some(Of::Ours), _) | (None, None) => Ok(None),
            (None, Some(other)) => Err(self.ask_for_namesake(moved, other)),
        }
    }

    /// Whose version of a whole migration is taken.
    fn taken(&self, moved: &Moved) -> Option<Of> {
        self.deciding.taken.borrow().side_of(&[Name::from(moved.migration.name.as_str())])
    }

    /// The command that leaves a migration out, or puts it behind the others all the same.
    pub(super) fn taking(&self, side: Of, moved: &Moved) -> String {
        let take = shell_flag("--take", &format!("{}:{}", side.word(), moved.migration.name));
        format!("{} {take}", self.deciding.command_line())
    }

    /// Asks whether a migration is the one of the others that has its name.
    fn ask_for_namesake(&self, moved: &Moved, other: &Migration) -> CommandError {
        let (name, onto) = (&moved.migration.name, &self.sides.onto.label);
        let message = format!("`{name}` has other SQL than `{}` of `{onto}`, which has its name", other.name);
        CommandError::new(exit::DECISION, message)
            .at(moved.file.display())
            .note("what is done twice to rows cannot be undone; nothing was written")
            .help(format!("if they are one migration: `{}`", self.taking(Of::Theirs, moved)))
            .help(format!("to run both: `{}`", self.taking(Of::Ours, moved)))
    }
}

/// Whether one migration may be another, by what locks say of them.
fn is_alike(one: &Migration, other: &Migration) -> bool {
    one.name.slug() == other.name.slug()
        || one.sql == other.sql
        || one.statements.is_some_and(|statements| other.statements == Some(statements))
}

/// Whether two migrations are called the same, apart from their numbers.
fn is_namesake(moved: &Moved, other: &Migration) -> bool {
    moved.migration.name.slug() == other.name.slug()
}

/// Whether another migration has the statements of one that somebody wrote, and there are any.
fn is_same_text(moved: &Moved, other: &Migration) -> bool {
    let has_statements = || !dbmigrate_core::sql::split(&moved.text).is_empty();
    moved.decisions.is_none()
        && as_recorded(&moved.text, other).is_some()
        && (is_namesake(moved, other) || has_statements())
}
