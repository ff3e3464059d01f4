//! `pull --from-drizzle`: a database that drizzle-kit has managed goes on under this tool. Its history is carried over,
//! and no statement is executed on it.

use std::path::Path;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::history;
use dbmigrate_core::engine::apply::runner::name_differences;
use dbmigrate_core::engine::apply::{Database, RecordKind, Target as _};
use dbmigrate_core::engine::connection::{integer, text};
use dbmigrate_core::engine::introspect::HISTORY_TABLE;
use dbmigrate_core::folder::Folder;
use dbmigrate_core::schema::canonical::SchemaHash;
use dbmigrate_core::shell::shell_flag;
use pollster::block_on;

use super::arguments::Pull;
use super::drizzle_replay::{Replayed, replay};
use super::read;
use super::take_over::{self, Step};
use crate::adopting::{self, Adoption};
use crate::database::Subject;
use crate::database::failure::{apply_error, engine_error};
use crate::drizzle::applied::{self, Applied, AppliedRow};
use crate::drizzle::{DrizzleFolder, TABLE, journal};
use crate::error::{CommandError, Result};
use crate::messages::{self, On};
use crate::project::Context;
use crate::project::url::DatabaseUrl;
use crate::report::counted;
use crate::{exit, structs};

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(super) fn run(context: &Context, arguments: &Pull, dir: &Path, url: &DatabaseUrl) -> Result<u8> {
    let printer = &context.printer;
    let drizzle = journal::read(dir)?;
    if drizzle.entries.is_empty() {
        return Err(CommandError::usage(format!("`{}` has no migrations", drizzle.path.display()))
            .help("adopt the database as it is: `cargo dbmigrate pull --baseline --out src/schema.rs`"));
    }
    let mut replayed = replay(context, &drizzle)?;
    let mut folder = take_over::open_folder(context, &replayed.steps, |folder| other_migrations(folder, &drizzle))?;
    let from = drizzle.path.display().to_string();
    let again = format!("pull {}{}", shell_flag("--from-drizzle", &from), arguments.again());
    let mut database = adopting::open_existing(context, url, &again)?;
    let state = look(&mut database, &drizzle, &folder, &replayed.steps, url)?;
    drop(database);
    replayed.refuse_text_for_names(state.applied.count)?;
    let steps = &replayed.steps;
    let warnings = drizzle.warnings.iter().chain(&state.applied.warnings).chain(&replayed.warnings);
    warnings.for_each(|warning| warning.show(printer));

    let places = Places { from: &from, again: &format!("cargo dbmigrate {again}") };
    let next = place_structs(context, arguments, &places, &replayed, &folder)?;
    let written = take_over::write_missing(context, &mut folder, steps, &from)?;
    let count = state.applied.count;
    let last = count.checked_sub(1).and_then(|at| folder.migrations().get(at));
    match last {
        _ if state.goes_on => {
            printer.status("Unchanged", format!("{url}: already has its history"));
        }
        Some(last) => {
            // a record that came in the meantime is of a migration that was executed in the meantime
            let expect_none = format!("SELECT 1 FROM (SELECT count(*) AS n FROM {TABLE}) WHERE n <> {}", state.records);
            let (kind, expect_none, consent) = (RecordKind::Drizzle, Some(expect_none), arguments.consent.into());
            let adoption = Adoption { kind, expect_none, consent, command: places.again };
            adopting::record(context, &folder, last, url, adoption)?;
        }
        None => printer.status("Empty", format!("{url}: drizzle-kit has applied nothing to it")),
    }
    context.ignore_in_git(Some(url))?;
    let migrations = steps.len();
    printer.message(|| messages::TakenOver { folder: from.clone(), migrations, written, applied: count });
    printer.next(&next_steps(next, &from, folder.migrations().len() > count && !state.goes_on));
    Ok(exit::DONE)
}

fn next_steps(mut next: Vec<String>, from: &str, pending: bool) -> Vec<String> {
    if pending {
        next.push("apply the rest: `cargo dbmigrate migrate`".to_owned());
    }
    next.push("check the result: `cargo dbmigrate check`".to_owned());
    next.push(format!(
        "stop using drizzle-kit on this database; delete `{from}` and `{TABLE}` once every database has \
                       moved"
    ));
    next
}

fn other_migrations(folder: &Folder, drizzle: &DrizzleFolder) -> CommandError {
    let message =
        format!("the migrations in `{}` are not those of `{}`", folder.path().display(), drizzle.path.display());
    CommandError::new(exit::INCONSISTENT, message)
        .note("nothing was changed")
        .help("set another folder in `dbmigrate.toml`: `migrations = \"db\"`")
        .help("if the database has the schema of one of them: `cargo dbmigrate baseline`")
}

/// What the database says.
struct State {
    applied: Applied,
    /// How many records drizzle-kit has made.
    records: usize,
    /// It has a history of ours already.
    goes_on: bool,
}

/// What of the migrations the database has; it has to have the schema of the last one.
fn look(
    database: &mut Database,
    drizzle: &DrizzleFolder,
    folder: &Folder,
    steps: &[Step],
    url: &DatabaseUrl,
) -> Result<State> {
    let shown = &url.to_string();
    let engine = |action: &'static str| move |error: EngineError| engine_error(action, &error, url.into());
    let own = block_on(database.history()).map_err(engine("cannot read the history"))?;
    let records = records(database).map_err(engine("cannot read what drizzle-kit has recorded"))?;
    let (found, unreadable) = block_on(database.schema()).map_err(engine("cannot read the schema"))?;
    let rows = records.as_deref().unwrap_or_default();
    let applied = applied::compare(drizzle, rows, shown)?;
    if !own.is_empty() {
        history::compare(&own, folder.migrations()).map_err(|error| apply_error(&error.into(), url.into()))?;
        if own.len() < applied.count {
            return Err(went_on_with_drizzle(applied.count - own.len(), shown));
        }
        return Ok(State { applied, records: rows.len(), goes_on: true });
    }
    let is_empty = found.is_empty() && unreadable.is_empty();
    let Some(last) = applied.count.checked_sub(1).and_then(|at| steps.get(at)) else {
        return if is_empty {
            Ok(State { applied, records: 0, goes_on: false })
        } else {
            Err(pushed(records.is_some(), shown))
        };
    };
    if unreadable.is_empty() && SchemaHash::of(&found) == SchemaHash::of(&last.snapshot.schema) {
        return Ok(State { applied, records: rows.len(), goes_on: false });
    }
    let tag = &drizzle.entries[applied.count - 1].tag;
    let message = format!("`{shown}` does not have the schema of `{tag}`, its last applied migration");
    let mut error = CommandError::new(exit::DIFFERENCE, message);
    for warning in &applied.warnings {
        error = error.note(&warning.message);
    }
    let differences = name_differences(&found, &unreadable, &last.snapshot.schema);
    Err(adopting::with_differences(error, "to match it", &differences)
        .note("nothing was changed")
        .help("it was changed by hand or with `drizzle-kit push`: undo that, then run this again")
        .help("or adopt it as it is: `cargo dbmigrate pull --baseline --out src/schema.rs`"))
}

/// What drizzle-kit has recorded; `None` if it never has.
fn records(database: &mut Database) -> std::result::Result<Option<Vec<AppliedRow>>, EngineError> {
    let columns = block_on(database.rows(&format!("SELECT name FROM pragma_table_info('{TABLE}')")))?;
    if columns.is_empty() {
        return Ok(None);
    }
    let has_names = columns.iter().any(|row| text(&row[0]) == "name");
    let rows = block_on(database.rows(&applied::query(has_names)))?;
    let record = |row: &Vec<_>| AppliedRow {
        hash: text(&row[0]).to_owned(),
        created_at: integer(&row[1]),
        name: Some(text(&row[2]).to_owned()).filter(|name| !name.is_empty()),
    };
    Ok(Some(rows.iter().map(record).collect()))
}

/// The database has tables, but drizzle-kit does not say where they are from.
fn pushed(has_table: bool, shown: &str) -> CommandError {
    let what = if has_table { "its table `__drizzle_migrations` is empty" } else { "no `__drizzle_migrations`" };
    let message = format!("`{shown}` has tables, but {what}: its history is unknown");
    CommandError::new(exit::INCONSISTENT, message)
        .note("`drizzle-kit push` records nothing")
        .note("nothing was changed")
        .help("adopt it as it is: `cargo dbmigrate pull --baseline --out src/schema.rs`")
        .help("if it is another database, name it: `cargo dbmigrate pull --url PATH`")
}

fn went_on_with_drizzle(more: usize, shown: &str) -> CommandError {
    let more = counted(more, "more migration");
    let message = format!("drizzle-kit applied {more} to `{shown}` after its history was imported");
    CommandError::new(exit::INCONSISTENT, message)
        .note("nothing was changed")
        .help(format!("to import it again, drop its table `{HISTORY_TABLE}`, then run this again"))
        .help("after that, stop using drizzle-kit on this database")
}

/// What is shown of where things come from.
struct Places<'a> {
    /// drizzle-kit's folder.
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
