//! One history of two: in a folder of its own, proven migration by migration, before anything is written.

use std::path::Path;

use dbmigrate_core::diff::{Renames, diff};
use dbmigrate_core::engine::introspect_without;
use dbmigrate_core::engine::prove::differences;
use dbmigrate_core::folder::heads::shared;
use dbmigrate_core::folder::{
    Folder, Lock, MigrationName, SNAPSHOT_FILE, SQL_FILE, Script, Slug, Snapshot, Verify, lock,
};
use dbmigrate_core::merge::{Edit, Merged, Side as Of, merge, replan};
use dbmigrate_core::plan::{Decisions, Plan, Trace, plan};
use dbmigrate_core::schema::Schema;
use pollster::block_on;

use super::conflicts::Deciding;
use super::expanded::straddling;
use super::mentioned::{mentioned, renamed};
use super::moved::{Moved, traced};
use super::placed::{Chain, How, Placed, Rebased};
use super::side::{Ours, Side};
use super::there::There;
use crate::decisions::answers::FOR_GENERATE;
use crate::decisions::ask::{Asker, Decided};
use crate::decisions::keeping::Keeps;
use crate::drafting::{self, Marks};
use crate::error::{CommandError, Result};
use crate::exit;

impl Chain<'_> {
    /// Puts all migrations of this branch behind the others, and proves each and all.
    ///
    /// # Errors
    /// Exit code 3 for conflicts and decisions, 1 for what fails its proof, 5 for files that are not there.
    pub(crate) fn rebased(&self) -> Result<Rebased> {
        self.behind(&self.sides.onto, &self.sides.ours)
    }

    /// The same with sides of one's own.
    pub(super) fn behind(&self, onto: &Side, ours: &[Ours]) -> Result<Rebased> {
        let scratch =
            tempfile::tempdir().map_err(|error| CommandError::io("make", "a temporary folder".as_ref(), &error))?;
        let mut folder = self.start(scratch.path(), onto)?;
        let mut sources = self.sides.sources.clone();
        sources.beside(scratch.path());
        let mut placed = Vec::new();
        for one in ours {
            let so_far = Side::new(onto.label.clone(), folder.migrations().to_vec());
            let (mine, theirs) = shared(&one.side.migrations, &so_far.migrations);
            let of_base = traced(&sources, &one.side, mine.min(one.base), one.base)?;
            let of_theirs = traced(&sources, &so_far, theirs, so_far.migrations.len())?;
            let mut across = of_base.inverse().then(&of_theirs).renames();
            let there = There { sources: &sources, onto, side: so_far, fork: theirs };
            let found = self.found(&there, one, of_base.inverse())?;
            for (at, found) in (one.base..).zip(found) {
                let moved = Moved::read(&sources, one, at, onto)?;
                if straddling(one, onto).is_some_and(|squash| *squash == moved.migration) {
                    return Err(self.refuse_squash(&moved));
                }
                if let Some(found) = found {
                    let head = folder.head_schema()?;
                    let so_far = (folder.migrations(), Trace::between(&moved.before.schema, &head, &across));
                    across = there.behind(&found, &moved, so_far)?.renames();
                    placed.push(Placed::left_out(moved, Some(there.name(&found))));
                    continue;
                }
                let (next, one) = self.place(&mut folder, moved, (&across, &there), (ours, &placed))?;
                across = next;
                placed.push(one);
            }
        }
        self.replayed(&folder, (ours, &placed))?;
        Ok(Rebased { folder, placed, _scratch: scratch })
    }

    /// A folder with a history, as it is recorded.
    fn start(&self, path: &Path, onto: &Side) -> Result<Folder> {
        let write = |path: &Path, bytes: &[u8]| {
            std::fs::write(path, bytes).map_err(|error| CommandError::io("write", path, &error))
        };
        for migration in &onto.migrations {
            let directory = path.join(&migration.name);
            std::fs::create_dir(&directory).map_err(|error| CommandError::io("make", &directory, &error))?;
            write(&directory.join(SQL_FILE), self.sides.sources.sql(migration)?.as_bytes())?;
            write(&directory.join(SNAPSHOT_FILE), &self.sides.sources.snapshot_bytes(migration)?)?;
        }
        let text = Lock::of(onto.migrations.clone()).to_text();
        write(&path.join(lock::FILE_NAME), text.as_bytes())?;
        let folder = Folder::open(path)?;
        folder.verify(Verify::All)?;
        Ok(folder)
    }

    /// Puts one migration behind what there is, and returns what the others rename behind it.
    fn place(
        &self,
        folder: &mut Folder,
        moved: Moved,
        (across, there): (&Renames, &There<'_>),
        so_far: (&[Ours], &[Placed]),
    ) -> Result<(Renames, Placed)> {
        let head = folder.head_snapshot()?;
        let merged = self.merged(&moved, &head.schema, across)?;
        let recorded = renamed_from(&head, &moved.after);
        let next = merged.across.clone();
        if let Some(left_out) = self.left_out(there, &moved, so_far.1)? {
            return Ok((next, Placed::left_out(moved, left_out.same)));
        }
        let Some(decisions) = &moved.decisions else {
            return Ok((next, self.kept(folder, moved, (&merged, across, so_far), recorded)?));
        };
        let is_empty = differences(&head.schema, &merged.schema).is_empty() && merged.renames.is_empty();
        if is_empty && !dbmigrate_core::sql::split(&moved.text).is_empty() {
            return Ok((next, Placed::left_out(moved, None)));
        }
        let edit = Edit { from: &moved.before.schema, to: &moved.after.schema, renames: &moved.renames };
        let number = folder.next_sequence();
        let theirs = Edit { from: &moved.before.schema, to: &head.schema, renames: across };
        let replanned = replan(&edit, &theirs, decisions, &merged, number)
            .map_err(|error| CommandError::failed(error.to_string()))?;
        let mut left: Vec<String> = replanned.left.iter().map(|left| format!("{}: {}", left.what, left.why)).collect();
        let plan = self.planned(&head, &merged, replanned.decisions, &moved.marks)?;
        let slug = slug(&moved.migration.name)?;
        let name = folder.next_name(&slug);
        let (text, is_marked) = moved.marks.text(&plan, name.as_str());
        if !is_marked {
            left.push("`online`: it is not one rebuild there".to_owned());
        }
        let mut sql = if plan.is_empty() { moved.text.clone() } else { text };
        if let (Some(line), false) = (moved.written_by(), plan.is_empty()) {
            sql = sql.replacen('\n', &format!("\n{line}\n"), 1);
        }
        let snapshot = Snapshot { schema: merged.schema, renamed_from: recorded };
        folder.add(&slug, &sql, &snapshot)?;
        Ok((next, Placed { moved, name: Some(name), how: How::Planned, sql, plan: Some(plan), left, same: None }))
    }

    /// What both sides make of the schema.
    fn merged(&self, moved: &Moved, head: &Schema, across: &Renames) -> Result<Merged> {
        let ours = Edit { from: &moved.before.schema, to: &moved.after.schema, renames: &moved.renames };
        let theirs = Edit { from: &moved.before.schema, to: head, renames: across };
        loop {
            let found = merge(&ours, &theirs, &self.deciding.taken.borrow());
            match found {
                Ok(merged) => return Ok(merged),
                Err(conflicts) => self.deciding.resolve(&conflicts, &moved.file)?,
            }
        }
    }

    /// The plan, once everything is decided and proven.
    fn planned(&self, head: &Snapshot, merged: &Merged, decisions: Decisions, marks: &Marks) -> Result<Plan> {
        let Deciding { context, declared, answers, .. } = *self.deciding;
        let declared = declared.instead(merged.schema.clone());
        let difference = diff(&head.schema, &merged.schema, &decisions.renames)
            .map_err(|error| CommandError::failed(error.to_string()))?;
        let answers = answers.of_plan(&difference, (&head.schema, &merged.schema), &decisions)?;
        self.deciding.used.borrow_mut().extend(answers.backfill.iter().chain(&answers.convert).cloned());
        let command = self.deciding.command_line();
        let asker = Asker::new(context, &declared, (&answers, FOR_GENERATE), command, "nothing was written");
        let keeps = if decisions.keep.is_some() { Keeps::ByDefault } else { Keeps::Never };
        let asker = asker.answered().keeping(keeps);
        let decided = asker.decide_after(decisions, head, self.deciding.is_silent);
        let Decided { decisions, diff, open } = decided.map_err(|error| asker.with_answers(error))?;
        self.deciding.given.borrow_mut().extend(asker.given.borrow().iter().cloned());
        if !open.is_empty() {
            return Err(CommandError::new(exit::DECISION, "a decision is needed"));
        }
        let mut plan = plan(&head.schema, &merged.schema, &diff, &decisions)
            .map_err(|error| CommandError::failed(error.to_string()).note("nothing was written"))?;
        if !plan.is_empty() {
            marks.put(&mut plan);
            let by_hand =
                "write it by hand: take the other branch's migrations, then `cargo dbmigrate generate --custom`";
            drafting::prove(context, (&head.schema, &merged.schema), &decisions, &plan, by_hand)?;
        }
        Ok(plan)
    }

    /// A migration that a person wrote, behind what there is: run there, as it stands.
    fn kept(
        &self,
        folder: &mut Folder,
        moved: Moved,
        (merged, across, so_far): (&Merged, &Renames, (&[Ours], &[Placed])),
        renamed_from: Vec<String>,
    ) -> Result<Placed> {
        let ignore = &self.deciding.context.config.ignore;
        let script = Script::parse(&moved.text, &moved.file)?;
        let connection = self.replayed(folder, so_far)?;
        let head = folder.head_schema()?;
        if let Some(mentioned) = mentioned(&script, &head, across) {
            let message = format!("`{}` {}, behind `{}`", moved.migration.name, mentioned.said, self.sides.onto.label);
            return Err(self.by_hand(&moved, mentioned.line, message));
        }
        for preflight in &script.preflights {
            let ran = block_on(connection.run(&preflight.query));
            ran.map_err(|error| self.fails(&moved, preflight.line, &error.to_string(), &[]))?;
        }
        for statement in &script.statements {
            block_on(connection.run(statement.text)).map_err(|error| {
                let error = error.to_string();
                let refused = self.refused_there(&moved, (&head, across), statement, &error);
                refused.unwrap_or_else(|| self.fails(&moved, statement.line, &error, &renamed(statement, across)))
            })?;
        }
        let found = block_on(introspect_without(&connection, ignore))
            .map_err(|error| CommandError::failed(error.to_string()))?
            .schema;
        let lacking = differences(&found, &merged.schema);
        // of what the others have made, a statement that was written for another schema undoes some
        let of_others = differences(&moved.after.schema, &merged.schema);
        let undone: Vec<&String> = lacking.iter().filter(|line| of_others.contains(line)).collect();
        if !undone.is_empty() {
            return Err(self.undoes(&moved, &undone));
        }
        // as it was declared, if that is what comes of it
        let schema = if lacking.is_empty() { merged.schema.clone() } else { found };
        let slug = slug(&moved.migration.name)?;
        let name = folder.next_name(&slug);
        folder.add(&slug, &moved.text, &Snapshot { schema, renamed_from })?;
        let how = if moved.is_edited { How::Edited } else { How::Kept };
        let sql = moved.text.clone();
        Ok(Placed { moved, name: Some(name), how, sql, plan: None, left: Vec::new(), same: None })
    }

    /// A squash of migrations that the others have and of some that they have not.
    fn refuse_squash(&self, moved: &Moved) -> CommandError {
        let (name, onto) = (&moved.migration.name, &self.sides.onto.label);
        CommandError::new(exit::DECISION, format!("`{name}` replaces migrations that `{onto}` does not have as one"))
            .at(moved.file.display())
            .note("the files of what it replaces are nowhere to be found; nothing was written")
            .help("rebase the branch as it was before the squash, then squash again")
    }

    /// A migration that a person wrote, and that takes back what the others have made: a rebuild that does not know
    /// their columns.
    fn undoes(&self, moved: &Moved, lines: &[&String]) -> CommandError {
        let onto = &self.sides.onto.label;
        let message = format!("`{}` undoes what `{onto}` has changed", moved.migration.name);
        let error = self.by_hand(moved, 1, message);
        lines.iter().fold(error, |error, line| error.note(format!("missing behind it: {line}")))
    }

    /// A statement that a person wrote, and that fails where it is now.
    fn fails(&self, moved: &Moved, line: usize, error: &str, renamed: &[String]) -> CommandError {
        let message = format!("`{}` fails behind `{}`: {error}", moved.migration.name, self.sides.onto.label);
        let notes = renamed.iter().cloned();
        notes.fold(self.by_hand(moved, line, message), CommandError::note)
    }

    /// A statement that a person wrote for another schema.
    fn by_hand(&self, moved: &Moved, line: usize, message: String) -> CommandError {
        let error = CommandError::new(exit::DECISION, message)
            .at(format!("{}:{line}", moved.file.display()))
            .note("it was written by hand, so only you can say what it is to do there; nothing was written");
        let leave_out = format!("to leave it out: `{}`", self.taking(Of::Theirs, moved));
        // the files are right, where it is about one database
        if self.deciding.is_of_database {
            return error.help(leave_out).help("then run by hand what it is to do there");
        }
        let (onto, command) = (&self.sides.onto.label, self.deciding.command_line());
        error.help(format!("edit its SQL for the schema of `{onto}`, then run again: `{command}`")).help(leave_out)
    }

    /// An error about the folder for the proof, as one about the one at home.
    pub(super) fn at_home(&self, error: CommandError, scratch: &Path) -> CommandError {
        let home = self.deciding.context.folder_path.display().to_string();
        match error.place().map(|place| place.replace(&scratch.display().to_string(), &home)) {
            Some(place) => error.at(place),
            None => error,
        }
    }
}

fn slug(name: &MigrationName) -> Result<Slug> {
    Slug::sanitize(name.slug()).ok_or_else(|| CommandError::failed(format!("`{name}` is no name for a migration")))
}

/// The `renamed_from` attributes that were made by either side.
fn renamed_from(head: &Snapshot, ours: &Snapshot) -> Vec<String> {
    let mut all: Vec<String> = head.renamed_from.iter().chain(&ours.renamed_from).cloned().collect();
    all.sort();
    all.dedup();
    all
}
