//! `pull --from`: a database that another tool has managed goes on under this one. Its history is carried over, and no
//! statement is executed on it.

use std::path::Path;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::history;
use dbmigrate_core::engine::apply::runner::name_differences;
use dbmigrate_core::engine::apply::{Database, RecordKind, Target as _};
use dbmigrate_core::engine::introspect::Unreadable;
use dbmigrate_core::folder::Folder;
use dbmigrate_core::schema::Schema;
use dbmigrate_core::schema::canonical::SchemaHash;
use dbmigrate_core::shell::shell_flag;
use dbmigrate_core::sql::Name;
use pollster::block_on;

use super::arguments::Pull;
use super::beside::Beside;
use super::first_only;
use super::replay::{Replayed, replay};
use super::said::{other_migrations, stop_using, undecided, unrecorded, went_on};
use super::take_over::{self, Step};
use super::{baseline, read};
use crate::adopting::{self, Adoption};
use crate::database::failure::{apply_error, engine_error};
use crate::database::{Subject, file};
use crate::error::{CommandError, Result};
use crate::messages::{self, On};
use crate::project::url::DatabaseUrl;
use crate::project::{Context, config};
use crate::proof::say_assumed;
use crate::tools::argument::{From, typed};
use crate::tools::found::{Found, Search};
use crate::tools::{ToolFolder, Warning};
use crate::{exit, structs};

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(super) fn run(context: &Context, arguments: &Pull, from: &From, url: &DatabaseUrl) -> Result<u8> {
    let found = find(context, arguments, from, url)?;
    let beside = Beside::of(context, &found)?;
    match &found.folder {
        Some(folder) => import(&beside, arguments, &found, folder, url),
        None => baseline::run(&beside.context, arguments, url, Some((&found, &beside))),
    }
}

/// Which tool it is, and where its folder is.
fn find(context: &Context, arguments: &Pull, from: &From, url: &DatabaseUrl) -> Result<Found> {
    let table = arguments.history_table.as_deref();
    let search = Search::new(&context.package.root, &context.folder_path, from, table)?;
    let by_database = || -> Result<Option<Found>> {
        if !file::exists(url)? {
            return Ok(None);
        }
        let mut database = adopting::open_existing(context, url, "pull")?;
        let engine = |error| engine_error("cannot read its tables", &error, url.into()).note("nothing was changed");
        search.in_database(&mut database).map_err(engine)
    };
    let found = match search.without_database() {
        Some(found) => found,
        None => match by_database()? {
            Some(found) => found,
            None => search.otherwise()?,
        },
    };
    if from.tool.is_none() || from.folder.is_none() {
        let at = found.folder.as_ref().map(|folder| format!(" in {}", folder.display())).unwrap_or_default();
        context.printer.detail("Found", format!("{}{at}", found.tool.about().name));
    }
    Ok(found)
}

/// Imports a folder.
fn import(beside: &Beside, arguments: &Pull, other: &Found, path: &Path, url: &DatabaseUrl) -> Result<u8> {
    let tool = other.tool;
    let read = tool.read(path, &tool.settings(&beside.context.package.root))?;
    if read.entries.is_empty() {
        return Err(CommandError::usage(format!("`{}` has no migrations", read.path.display()))
            .help("adopt the database as it is: `cargo dbmigrate pull --baseline --out src/schema.rs`"));
    }
    let context = &beside.context;
    let printer = &context.printer;
    let mut replayed = replay(context, other, &read)?;
    let mut folder =
        take_over::open_folder(context, &replayed.steps, |folder| other_migrations(&context.config, folder, &read))?;
    let from = read.path.display().to_string();
    let again = format!("pull {}{}", shell_flag("--from", &typed(tool.about(), Some(&from))), arguments.again());
    let mut database = adopting::open_existing(context, url, &again)?;
    let around = Around { context, again: &format!("cargo dbmigrate {again}") };
    let state = look(&mut database, other, &read, &folder, &replayed.steps, (url, around))?;
    drop(database);
    let count = state.fitting.last().copied().unwrap_or_default();
    replayed.refuse_text_for_names(count)?;
    let steps = &replayed.steps;
    // for a further database, what was said of the migrations that are written is not said again
    let known = folder.migrations().len();
    let new = replayed.warnings.iter().filter(|(at, _)| *at >= known).map(|(_, warning)| warning);
    read.warnings.iter().chain(&state.warnings).chain(new).for_each(|warning| warning.show(printer));
    if let Some(last) = steps.last() {
        say_assumed(context, &last.snapshot.schema, steps.iter().map(|step| step.sql.as_str()));
    }

    let places = Places { from: &from, again: &format!("cargo dbmigrate {again}") };
    let next = place_structs(context, arguments, &places, &replayed, &folder)?;
    beside.settle()?;
    let written = take_over::write_missing(context, &mut folder, steps, &from)?;
    let at = |count: usize| count.checked_sub(1).and_then(|at| folder.migrations().get(at));
    if let [_, _, ..] = state.fitting[..] {
        context.ignore_in_git(Some(url))?;
        return Err(undecided(&state.fitting, &folder, url));
    }
    match at(count) {
        _ if state.goes_on => {
            printer.status("Unchanged", format!("{url}: already has its history"));
        }
        Some(last) => {
            // a record that came in the meantime is of a migration that was executed in the meantime
            let kind = RecordKind::Imported(tool.about().name);
            let (expect_none, consent) = (state.changed, arguments.consent.into());
            let adoption = Adoption { kind, expect_none, consent, command: places.again };
            adopting::record(context, &folder, last, url, adoption)?;
        }
        None => printer.status("Empty", format!("{url}: {} has applied nothing to it", tool.about().title())),
    }
    context.ignore_in_git(Some(url))?;
    let (migrations, tool_name) = (steps.len(), tool.about().name.to_owned());
    printer.message(|| messages::TakenOver {
        tool: tool_name,
        folder: from.clone(),
        migrations,
        written,
        applied: count,
    });
    printer.next(&next_steps(other, next, &from, folder.migrations().len() > count && !state.goes_on));
    Ok(exit::DONE)
}

fn next_steps(other: &Found, mut next: Vec<String>, from: &str, pending: bool) -> Vec<String> {
    if pending {
        next.push("apply the rest: `cargo dbmigrate migrate`".to_owned());
    }
    next.push("check the result: `cargo dbmigrate check`".to_owned());
    next.push(stop_using(other, Some(from)));
    next
}

/// What the database says.
struct State {
    /// How many migrations it has. Several numbers if its schema is that of several, and nothing else tells.
    fitting: Vec<usize>,
    /// What is odd about them.
    warnings: Vec<Warning>,
    /// A query that returns a row if the tool applies something in the meantime.
    changed: Option<String>,
    /// It has a history of ours already.
    goes_on: bool,
}

/// What of the migrations the database has; it has to have the schema of the last one.
fn look(
    database: &mut Database,
    other: &Found,
    read: &ToolFolder,
    folder: &Folder,
    steps: &[Step],
    (url, around): (&DatabaseUrl, Around<'_>),
) -> Result<State> {
    let (shown, about) = (&url.to_string(), other.tool.about());
    let engine = |action: String| move |error: EngineError| engine_error(&action, &error, url.into());
    let own = block_on(database.history()).map_err(engine("cannot read the history".to_owned()))?;
    let said = other.recorded(database, Some(read));
    let recorded = said.map_err(engine(format!("cannot read what {} has recorded", about.title())))?;
    let records = recorded.rows;
    let (found, unreadable) = block_on(database.schema()).map_err(engine("cannot read the schema".to_owned()))?;
    let rows = records.as_deref().unwrap_or_default();
    let mut applied = other.compare(read, rows, shown)?;
    let is_empty = found.is_empty() && unreadable.is_empty();
    let hash = SchemaHash::of(&found);
    let fits = |count: &usize| match count.checked_sub(1).and_then(|at| steps.get(at)) {
        Some(step) => unreadable.is_empty() && hash == SchemaHash::of(&step.snapshot.schema),
        None => is_empty,
    };
    let state = |fitting: Vec<usize>, warnings: Vec<Warning>, goes_on: bool| State {
        fitting,
        warnings,
        changed: recorded.changed.clone(),
        goes_on,
    };
    if !own.is_empty() {
        history::compare(&own, folder.migrations()).map_err(|error| apply_error(&error.into(), url.into()))?;
        if let Some(least) = applied.counts.iter().min().filter(|least| own.len() < **least) {
            return Err(went_on(other.tool, least - own.len(), shown));
        }
        let count = own.len().min(steps.len());
        return Ok(state(vec![count], applied.warnings, true));
    }
    let is_unknown = applied.counts.is_empty() || applied.counts == [0];
    if is_unknown && !is_empty && other.record().is_some() {
        return Err(unrecorded(other, records.is_some(), shown));
    }
    let mut counts = std::mem::take(&mut applied.counts);
    if counts.is_empty() {
        // nothing is recorded, so the schema alone tells
        counts = if is_empty { vec![0] } else { (1..=steps.len()).collect() };
    }
    let fitting: Vec<usize> = counts.iter().copied().filter(fits).collect();
    if !fitting.is_empty() {
        return Ok(state(fitting, applied.warnings, false));
    }
    let (Some(first), Some(last)) = (counts.first(), counts.last()) else {
        return Ok(state(vec![0], applied.warnings, false));
    };
    let count = if counts.len() > 2 { *last } else { *first };
    let Some(at) = count.checked_sub(1) else { return Err(unrecorded(other, records.is_some(), shown)) };
    let tag = &read.entries[at].tag;
    let what = if rows.is_empty() { "the last migration" } else { "its last applied migration" };
    let mut error =
        CommandError::new(exit::DIFFERENCE, format!("`{shown}` does not have the schema of `{tag}`, {what}"));
    for warning in &applied.warnings {
        error = error.note(&warning.message);
    }
    if let Some(name) = made_by_none(&found, &unreadable, &counts, steps) {
        let again = format!("{} {}", around.again, shell_flag("--history-table", name.as_str()));
        return Err(error
            .note(format!("no migration creates the table `{name}`, and nothing else differs"))
            .note("nothing was changed")
            .help(format!("if a program records its migrations there: `{again}`"))
            .help(format!("if it is of another program, {}", config::hiding(&around.context.config, &name)))
            .help("or adopt it as it is: `cargo dbmigrate pull --baseline --out src/schema.rs`"));
    }
    let differences = name_differences(&found, &unreadable, &steps[at].snapshot.schema);
    if unreadable.is_empty()
        && let Some(others) = first_only::left_out(&read.entries[..count], &found, &around.context.config.ignore)
    {
        return Err(first_only::said(adopting::with_differences(error, "to match it", &differences), &others));
    }
    let how = about.unrecorded.map(|command| format!(" or with `{command}`")).unwrap_or_default();
    Err(adopting::with_differences(error, "to match it", &differences)
        .note("nothing was changed")
        .help(format!("it was changed by hand{how}: undo that, then run this again"))
        .help("or adopt it as it is: `cargo dbmigrate pull --baseline --out src/schema.rs`"))
}

/// What it takes to say what to do next.
#[derive(Clone, Copy)]
struct Around<'a> {
    context: &'a Context,
    /// The command, to be typed again.
    again: &'a str,
}

/// The table that a database has beside what migrations lead to, if it is the only thing that differs: what a runner of
/// one's own records in.
fn made_by_none(found: &Schema, unreadable: &[Unreadable], counts: &[usize], steps: &[Step]) -> Option<Name> {
    if !unreadable.is_empty() {
        return None;
    }
    let is_made = |name: &Name| steps.iter().any(|step| step.snapshot.schema.table(name).is_some());
    let mut others = found.tables.iter().map(|table| &table.name).filter(|name| !is_made(name));
    let (Some(name), None) = (others.next().cloned(), others.next()) else { return None };
    let mut rest = found.clone();
    rest.tables.remove(&name);
    let hash = SchemaHash::of(&rest);
    let steps = counts.iter().filter_map(|count| steps.get(count.checked_sub(1)?));
    let mut hashes = steps.map(|step| SchemaHash::of(&step.snapshot.schema));
    hashes.any(|one| one == hash).then_some(name)
}

/// What is shown of where things come from.
struct Places<'a> {
    /// The other tool's folder.
    from: &'a str,
    /// The command, to be typed again.
    again: &'a str,
}

/// Sees to it that the structs say what the last migration leads to, and returns what is left to be done by hand.
fn place_structs(
    context: &Context,
    arguments: &Pull,
    places: &Places<'_>,
    replayed: &Replayed,
    folder: &Folder,
) -> Result<Vec<String>> {
    let Places { from, again } = *places;
    let on = On { database: from.to_owned(), target: None };
    let Some(head) = replayed.steps.last() else { return Ok(Vec::new()) };
    if folder.migrations().len() > replayed.steps.len() {
        // it has gone on from there, and so have the structs
        return Ok(Vec::new());
    }
    if arguments.out.is_none() {
        let wanted = SchemaHash::of(&head.snapshot.schema);
        if structs::read(context).is_ok_and(|declared| SchemaHash::of(&declared.schema) == wanted) {
            return Ok(Vec::new());
        }
        let pulled = read::read_from(context, arguments, &replayed.connection, Subject::Named(from))?;
        read::write_structs(context, arguments, &on, &pulled)?;
        return Ok(vec![format!("write the structs to the package: `{again} --out src/schema.rs`")]);
    }
    let pulled = read::read_from(context, arguments, &replayed.connection, Subject::Named(from))?;
    let mut next = read::write_structs(context, arguments, &on, &pulled)?;
    take_over::check_structs(context, &head.snapshot.schema, arguments.out.as_deref(), &mut next, again)?;
    Ok(next)
}
