//! The migration that takes a run of others back, planned and proven.

use dbmigrate_core::folder::{Slug, Snapshot};
use dbmigrate_core::plan::{Decisions, Plan, Trace, WRITTEN_BY, plan};

use super::arguments::Revert;
use super::carried;
use super::converted::conversions;
use super::history::{Entry, combined};
use super::kept::AllReturning;
use super::only;
use super::returns::{Causes, returns};
use super::round_trip;
use super::undo;
use crate::decisions::answers::FOR_GENERATE;
use crate::decisions::ask::{Asker, Decided};
use crate::drafting;
use crate::error::{CommandError, Result};
use crate::messages::Returned;
use crate::project::Context;
use crate::proof::warn_of_empty;
use crate::source::Declared;

/// A migration that is not written yet.
pub(super) struct Draft {
    pub(super) slug: Slug,
    /// Its plan; empty where the way back is the author's.
    pub(super) plan: Plan,
    /// The text before the statements of the plan: the way back that an author has written, with its name.
    pub(super) undo: Option<(String, String)>,
    pub(super) snapshot: Snapshot,
    /// What the names before it are behind it.
    pub(super) trace: Trace,
    /// The command that has led to it, without what was decided.
    pub(super) command: String,
    pub(super) returned: Vec<Returned>,
    /// The migrations that it takes back, the last first.
    pub(super) reverts: Vec<String>,
}

impl Draft {
    /// Whether nothing is to be done.
    pub(super) fn is_empty(&self) -> bool {
        self.plan.is_empty() && self.undo.is_none()
    }

    /// The text of the migration.
    pub(super) fn to_sql(&self, name: &str) -> String {
        let planned = drafting::with_command(&self.plan, name, &self.command);
        let title = format!("-- {name}\n{WRITTEN_BY}{}\n", self.command);
        let Some((of, undo)) = &self.undo else { return planned };
        let rest = planned.strip_prefix(&title).unwrap_or_default();
        let rest = rest.trim();
        let rest = if rest.is_empty() { String::new() } else { format!("\n\n{rest}") };
        format!("{title}--   the way back of {of}, as it was written there\n\n{}{rest}\n", undo.trim())
    }
}

/// What is to be planned.
pub(super) struct Wanted<'a> {
    pub(super) context: &'a Context,
    pub(super) arguments: &'a Revert,
    /// The structs, as they are.
    pub(super) declared: &'a Declared,
}

impl Wanted<'_> {
    /// The migration that takes a run back, the newest of them first.
    ///
    /// # Errors
    /// As for `generate`.
    pub(super) fn of_run(&self, run: &[Entry], sequence: u32) -> Result<Draft> {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            return Err(CommandError::failed("nothing to revert"));
        };
        let slug = match run {
            [only] => slug(&format!("revert_{}", only.migration.name.slug()))?,
            _ => slug(&first.previous.as_deref().map_or_else(
                || "revert_all".to_owned(),
                |name| format!("revert_to_{}", name.split_once('_').map_or(name, |(_, slug)| slug)),
            ))?,
        };
        let way_back = match run {
            [only] if only.has_undo => Some(undo::whole(self.context, only)?),
            _ => None,
        };
        let target = first.before.clone();
        let trace = combined(run).inverse();
        let whole_trace = trace.clone();
        let causes = Causes { entries: run, is_only_the_first: false };
        // what leads back as a whole needs no plan
        let is_whole = way_back.as_ref().is_some_and(|(_, is_whole)| *is_whole);
        let head = if is_whole { &target } else { &last.after };
        let trace = if is_whole { Trace::of_same(&target.schema) } else { trace };
        let undo = way_back.map(|(text, _)| (last.name().to_owned(), text));
        let run = if is_whole { &[] } else { run };
        self.planned(head, target.clone(), &trace, &causes, run, sequence).map(|(plan, snapshot, returned)| Draft {
            slug,
            plan,
            undo,
            snapshot,
            trace: whole_trace,
            command: self.arguments.command_again(),
            returned,
            reverts: causes.entries.iter().rev().map(|entry| entry.name().to_owned()).collect(),
        })
    }

    /// The migration that takes the first of these back and leaves the others.
    ///
    /// # Errors
    /// As for `generate`, and if the others have changed something again.
    pub(super) fn of_first(&self, entries: &[Entry], sequence: u32) -> Result<Draft> {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            return Err(CommandError::failed("nothing to revert"));
        };
        let slug = slug(&format!("revert_{}", first.migration.name.slug()))?;
        let reverts = vec![first.name().to_owned()];
        let causes = Causes { entries, is_only_the_first: true };
        let undo = match first.has_undo {
            true => Some((first.name().to_owned(), undo::rows(self.context, first, entries)?)),
            false => None,
        };
        let (target, trace) = if undo.is_some() {
            (last.after.clone(), Trace::of_same(&last.after.schema))
        } else {
            only::target(entries)?
        };
        let (plan, snapshot, returned) = self.planned(&last.after, target, &trace, &causes, entries, sequence)?;
        let command = self.arguments.command_again();
        Ok(Draft { slug, plan, undo, snapshot, trace, command, returned, reverts })
    }

    fn planned(
        &self,
        head: &Snapshot,
        mut target: Snapshot,
        trace: &Trace,
        causes: &Causes<'_>,
        run: &[Entry],
        sequence: u32,
    ) -> Result<(Plan, Snapshot, Vec<Returned>)> {
        target.schema.docs = self.declared.schema.docs.clone();
        let returning = match self.arguments.without_kept {
            true => AllReturning::default(),
            false => AllReturning::of(run, causes.is_only_the_first.then_some(trace)),
        };
        let (head, with_kept) = returning.beside(head, &target.schema);
        let declared = self.declared.instead(with_kept.clone());
        let answers = (&self.arguments.answers, FOR_GENERATE);
        let keeps = self.arguments.keeps(self.context.config.keep);
        let asker = Asker::new(self.context, &declared, answers, self.arguments.command(), "nothing was written")
            .keeping(self.arguments.keeps_of(self.context.config.keep, sequence))
            .taking_back(causes.added_by_path(&head.schema));
        let decided = || {
            let keep = keeps.then_some(sequence);
            let renames = trace.renames();
            let mut decisions = Decisions { renames, keep, knows_renames: true, ..Decisions::default() };
            returning.rename(&mut decisions);
            let first = run.get(..1).filter(|_| causes.is_only_the_first);
            carried::fill(first.unwrap_or(run), (&head.schema, &with_kept), trace, &mut decisions);
            conversions(&asker, run, causes, trace, &returning, &mut decisions)?;
            asker.decide_after(decisions, &head, false)
        };
        let Decided { mut decisions, diff, .. } = decided().map_err(|error| asker.with_answers(error))?;
        let returned = returns(&diff, &with_kept, &decisions, causes, &returning);
        let restored = returning.fill(&mut decisions, &with_kept);
        let mut plan = plan(&head.schema, &with_kept, &diff, &decisions)
            .map_err(|error| CommandError::failed(error.to_string()))?;
        returning.complete(&mut plan, &target.schema);
        plan.restored = restored;
        if !plan.is_empty() {
            let by_hand = "write it by hand: change the structs back, then `cargo dbmigrate generate --custom`";
            let mut proof = drafting::prove(self.context, (&head.schema, &target.schema), &decisions, &plan, by_hand)?;
            let is_sure = !causes.is_only_the_first;
            round_trip::prove(self.context, (run, is_sure), &returning, &plan, &mut proof)?;
            warn_of_empty(self.context, &proof, &plan);
        }
        Ok((plan, target, returned))
    }
}

fn slug(text: &str) -> Result<Slug> {
    Slug::sanitize(text).ok_or_else(|| CommandError::failed(format!("`{text}` is no name for a migration")))
}
