//! `capture`: what was changed by hand in a database becomes a migration that this database has already.

mod arguments;
mod found;
mod mirror;
mod pending;
mod recording;
mod said;

use dbmigrate_core::engine::apply::{Database, Drifted, Standing, Status, inspect};
use dbmigrate_core::folder::{Folder, Slug, Snapshot, Verify, suggest};
use dbmigrate_core::plan::{Decisions, Plan, Trace, follow, plan};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::{Name, split};
use pollster::block_on;

pub(crate) use arguments::Capture;
use recording::{Unrecorded, record};

use crate::adopting::open_existing;
use crate::database::state::failure;
use crate::decisions::answers::{Acceptance, FOR_CAPTURE, Word, override_with};
use crate::decisions::ask::{Asker, Decided};
use crate::error::{CommandError, Result};
use crate::project::Context;
use crate::project::url::DatabaseUrl;
use crate::source::Declared;
use crate::{drafting, exit, rewriting, structs};

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Capture) -> Result<u8> {
    let url = context.database(&arguments.connect)?;
    context.printer.detail("Database", format!("{url} (from {})", url.source()));
    let mut folder = context.existing_folder()?;
    folder.verify(Verify::Sql)?;
    let mut database = open_existing(context, &url, "capture")?;
    let (status, standing) =
        block_on(inspect(&mut database, &folder)).map_err(|error| failure(error, (&url).into()))?;
    let drifted = match standing {
        Standing::Drifted(drifted) => drifted,
        Standing::AsRecorded => {
            said::nothing(context, &folder, &status, &url);
            return fit_later(context, arguments, &folder);
        }
        other => return other.into_error().map_or(Ok(exit::DONE), |error| Err(failure(error, (&url).into()))),
    };
    if status.applied < folder.migrations().len() {
        return with_pending(context, arguments, &folder, (&mut database, &status, &drifted), &url);
    }
    let declared = structs::or_nothing(context)?;
    let draft = Draft::of(context, arguments, &folder, (&mut database, &url), &declared)?;
    if arguments.dry_run {
        drafting::show(context, &draft.name, &draft.sql, &draft.plan);
        said::would(context, &draft.name, &url);
        fit(context, arguments, declared, draft.change())?;
        return Ok(exit::DONE);
    }
    recording::consent(context, arguments, &url, &draft.name)?;
    let added = folder.add(&draft.slug, &draft.sql, &draft.snapshot)?.clone();
    match record(&mut database, &status, std::slice::from_ref(&added), &url) {
        Ok(()) => {}
        Err(Unrecorded::Known(error)) => {
            // only what the database has was captured
            folder.take_back_last()?;
            return Err(error.note("nothing was written"));
        }
        Err(Unrecorded::Unknown(error)) => {
            return Err(error
                .note(format!("`{}` was written", draft.name))
                .help("run it again: `cargo dbmigrate capture`"));
        }
    }
    said::captured(context, &folder, &draft, &url);
    let is_left = fit(context, arguments, declared, draft.change())?;
    said::next(context, &folder, arguments, is_left);
    Ok(exit::DONE)
}

/// A database that also lacks migrations: nothing is planned.
fn with_pending(
    context: &Context,
    arguments: &Capture,
    folder: &Folder,
    (database, status, drifted): (&mut Database, &Status, &Drifted),
    url: &DatabaseUrl,
) -> Result<u8> {
    let same = pending::same_change(folder, status, drifted)?;
    let Some(last) = same.last() else { return Err(pending::first(folder, status, drifted, url)) };
    if arguments.dry_run {
        said::would(context, last.name.as_str(), url);
        return Ok(exit::DONE);
    }
    recording::consent(context, arguments, url, last.name.as_str())?;
    record(database, status, same, url).map_err(|error| match error {
        Unrecorded::Known(error) => error.note("nothing was changed"),
        Unrecorded::Unknown(error) => error.help("run it again: `cargo dbmigrate capture`"),
    })?;
    said::recorded(context, same, url);
    Ok(exit::DONE)
}

/// A migration that is not written yet.
struct Draft {
    slug: Slug,
    name: String,
    sql: String,
    plan: Plan,
    /// Where it starts.
    head: Snapshot,
    /// Where it ends: what the database has.
    snapshot: Snapshot,
    /// What the names before it are behind it.
    trace: Trace,
}

impl Draft {
    /// Plans and proves the migration from the last snapshot to what a database has.
    ///
    /// # Errors
    /// As for `generate`, and if the database has something that no migration can be planned for.
    fn of(
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
    fn change(&self) -> (&Schema, &Schema, &Trace) {
        (&self.head.schema, &self.snapshot.schema, &self.trace)
    }
}

/// Asks what becomes of rows elsewhere that contradict the change: a migration that a database has is not written again.
fn refuse_open_rows(arguments: &Capture, plan: &Plan) -> Result<()> {
    let accepted = arguments.answers.accepted(FOR_CAPTURE)?;
    let is_word = |one: &Acceptance| matches!(one, Acceptance::Word(Word::All | Word::Rows));
    let open: Vec<_> = plan.preflights.iter().filter(|one| !one.rows.is_empty() && !one.answers.is_empty()).collect();
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

/// Changes the structs for a migration that was captured before, if it is the last one and that is asked for.
fn fit_later(context: &Context, arguments: &Capture, folder: &Folder) -> Result<u8> {
    let Some(last) = folder.head().filter(|_| arguments.write) else { return Ok(exit::DONE) };
    let sql = folder.sql(last)?;
    if drafting::is_captured(&sql) {
        let (head, snapshot) = (drafting::snapshot_before(folder, last)?, folder.snapshot_at(last)?);
        let (trace, _) = follow(&head.schema, &snapshot.schema, &split(&sql));
        fit(context, arguments, structs::or_nothing(context)?, (&head.schema, &snapshot.schema, &trace))?;
    }
    Ok(exit::DONE)
}

/// Changes the structs if that is asked for, and says what they lack then. Returns whether they lack anything.
fn fit(
    context: &Context,
    arguments: &Capture,
    declared: Declared,
    (head, captured, trace): (&Schema, &Schema, &Trace),
) -> Result<bool> {
    if declared.schema.is_empty() {
        return Ok(false);
    }
    let (target, trace) = mirror::wanted(&declared.schema, head, captured, trace);
    let is_written = arguments.write && !arguments.dry_run;
    let declared = if is_written { rewriting::fit(context, declared, &target, &trace)? } else { declared };
    Ok(rewriting::say_missing(context, &declared, &target, &trace))
}
