//! The migration from the last snapshot to what a database has, planned and proven.

use dbmigrate_core::engine::apply::Database;
use dbmigrate_core::folder::{Folder, Slug, Snapshot, suggest};
use dbmigrate_core::plan::{Decisions, Plan, Trace, follow, plan};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::{Name, split};

use super::arguments::Capture;
use super::found;
use crate::decisions::answers::{Acceptance, FOR_CAPTURE, Word, override_with};
use crate::decisions::ask::{Asker, Decided};
use crate::error::{CommandError, Result};
use crate::project::Context;
use crate::project::url::DatabaseUrl;
use crate::source::Declared;
use crate::{drafting, exit, structs};

/// A migration that is not written yet.
pub(super) struct Draft {
    pub(super) slug: Slug,
    pub(super) name: String,
    pub(super) sql: String,
    pub(super) plan: Plan,
    /// Where it starts.
    pub(super) head: Snapshot,
    /// Where it ends: what the database has.
    pub(super) snapshot: Snapshot,
    /// What the names before it are behind it.
    pub(super) trace: Trace,
}

impl Draft {
    /// Plans and proves the migration from the last snapshot to what a database has.
    ///
    /// # Errors
    /// As for `generate`, and if the database has something that no migration can be planned for.
    pub(super) fn of(
        context: &Context,
        arguments: &Capture,
        folder: &Folder,
        (database, url): (&mut Database, &DatabaseUrl),
        declared: &Declared,
    ) -> Result<Self> {
        let head = folder.head_snapshot()?;
        let schema = found::schema(context, database, url, &head.schema, &declared.schema.docs)?;
        // the places of the structs, for what is asked
        let there = declared.instead(schema.clone());
        let answers = (&arguments.answers, FOR_CAPTURE);
        let asker = Asker::new(context, &there, answers, arguments.command(), "nothing was written");
        let plans = || {
            let Decided { decisions, diff, .. } =
                asker.decide_after(by_attributes(declared, &head, &schema), &head, false)?;
            let renamed = decisions.renames.apply(&head.schema);
            structs::refuse_new_problems(context, &there, &renamed)?;
            let plan = plan(&head.schema, &schema, &diff, &decisions)
                .map_err(|error| CommandError::failed(error.to_string()))?;
            refuse_open_rows(arguments, &plan)?;
            let by_hand = "write it by hand: `cargo dbmigrate generate --custom`";
            drafting::prove(context, (&head.schema, &schema), &decisions, &plan, by_hand)?;
            Ok(plan)
        };
        let plan: Plan = plans().map_err(|error| asker.with_answers(error))?;
        let slug = slug(arguments, &plan, &head, &schema)?;
        let name = folder.next_name(&slug).to_string();
        let sql = drafting::with_command(&plan, &name, &arguments.command_again());
        let (trace, _) = follow(&head.schema, &schema, &split(&sql));
        let snapshot = Snapshot { schema, renamed_from: head.renamed_from.clone() };
        Ok(Self { slug, name, sql, plan, head, snapshot, trace })
    }
}

impl Draft {
    /// The schemas before and behind it, and what became of the names.
    pub(super) fn change(&self) -> (&Schema, &Schema, &Trace) {
        (&self.head.schema, &self.snapshot.schema, &self.trace)
    }
}

/// Asks what becomes of rows elsewhere that contradict the change: a migration that a database has is not written again.
fn refuse_open_rows(arguments: &Capture, plan: &Plan) -> Result<()> {
    let accepted = arguments.answers.accepted(FOR_CAPTURE)?;
    let is_word = |one: &Acceptance| matches!(one, Acceptance::Word(Word::All | Word::Rows));
    // that there must be no rows at all was accepted by name
    let rows = plan.preflights.iter().filter(|preflight| !preflight.rows.is_empty());
    let fills = |flag: &String| flag.starts_with("--backfill") || flag.starts_with("--convert");
    let open: Vec<_> = rows.filter(|preflight| preflight.answers.iter().any(|(_, flag)| fills(flag))).collect();
    if open.is_empty() || accepted.iter().any(is_word) {
        return Ok(());
    }
    let command = arguments.command_line();
    let count = match open.len() {
        1 => "a decision is needed".to_owned(),
        count => format!("{count} decisions are needed"),
    };
    let mut error = CommandError::new(exit::DECISION, format!("{count}, nothing was written"));
    for preflight in open {
        let rows = preflight.message.split(", first at").next().unwrap_or_default().replace("{} ", "");
        error = error.note(format!("another database will refuse the migration if {rows}"));
        let answers = preflight.answers.iter().map(|(words, flag)| format!("{words}: `{command} {flag}`"));
        error = error.helps(answers);
    }
    Err(error.help(format!("if no other database has such rows: `{command} --accept rows`")))
}

/// The renames that the structs say by an attribute and that were made by hand: both names tell.
fn by_attributes(declared: &Declared, head: &Snapshot, found: &Schema) -> Decisions {
    let mut renames = structs::pending_renames(declared, head);
    let is_made = |from: bool, to: bool| !from && to;
    let has = |name: &Name| found.tables.contains(name) || found.virtual_tables.contains(name);
    renames.tables.retain(|(from, to)| is_made(has(from), has(to)));
    renames.columns.retain(|(table, from, to)| {
        found.table(table).is_some_and(|table| is_made(table.column(from).is_some(), table.column(to).is_some()))
    });
    let mut decisions = Decisions::default();
    override_with(&mut decisions.renames, renames);
    decisions
}

fn slug(arguments: &Capture, plan: &Plan, head: &Snapshot, schema: &Schema) -> Result<Slug> {
    let Some(wanted) = &arguments.name else {
        let changes: Vec<_> = plan.changes.iter().map(|assessed| assessed.change.clone()).collect();
        return Ok(suggest(&changes, &head.schema, schema));
    };
    Slug::sanitize(wanted)
        .ok_or_else(|| CommandError::usage(format!("`--name {wanted}` has no letter or digit to use in a file name")))
}
