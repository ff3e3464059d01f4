//! What is said when a rehearsal does not go well: the database itself is as it was.

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::runner::refuse_lacked;
use dbmigrate_core::engine::apply::{ApplyError, Database, Failure};
use dbmigrate_core::engine::engines::Turso;
use dbmigrate_core::engine::error::ErrorKind;
use dbmigrate_core::engine::remote::{Refusal, refusals};
use dbmigrate_core::folder::{Folder, Migration, Script};
use pollster::block_on;

use super::copy::{Copy, ELSEWHERE};
use super::said;
use crate::database::Run;
use crate::database::state::failure_of_run;
use crate::error::CommandError;
use crate::exit;
use crate::messages::{Exceeded, LimitName, Rehearsal, Violation};
use crate::project::config::FILE_NAME;
use crate::project::path;
use crate::report::counted;
use crate::report::duration::Elapsed;
use crate::report::rows::grouped;

/// How many keys of a check are listed.
const MOST_KEYS: usize = 20;

/// What a server would refuse of a migration that is not tried out there. `is_turso` is whether Turso Database runs on it.
///
/// # Errors
/// If it would refuse something, or the migration cannot be read.
pub(crate) fn refuse_for_server(folder: &Folder, migration: &Migration, is_turso: bool) -> Result<(), ApplyError> {
    if is_turso {
        return refuse_lacked(folder, std::slice::from_ref(migration), Turso::Runs);
    }
    let file = folder.sql_path(migration);
    let text = folder.sql(migration)?;
    let script = Script::parse(&text, &file)?;
    let Some(Refusal { index, line, reason }) = refusals(&script.statements).into_iter().next() else { return Ok(()) };
    let statement = script.statements.get(index).map(|statement| statement.text.to_owned()).unwrap_or_default();
    let error = EngineError { kind: ErrorKind::Statement, message: reason };
    let failure = Box::new(Failure::Statement { number: index + 1, line, statement, error });
    Err(ApplyError::Migration { name: migration.name.to_string(), file, failure, differences: Vec::new() })
}

/// The error of the real run, with the rows that are to blame.
pub(super) fn failed(
    plan: &Run<'_>,
    database: &Database,
    error: ApplyError,
    report: &mut Rehearsal,
    copy: &Copy,
) -> CommandError {
    let url = plan.url;
    let is_full = engine_error_of(&error).is_some_and(|error| error.kind == ErrorKind::DiskFull);
    if let ApplyError::Migration { name, failure, .. } = &error {
        report.failed = Some(name.clone());
        report.violations = violations(plan, database, name, failure);
    }
    let before = report.migrations.len();
    let mut shown = failure_of_run(error, url.into());
    for violation in report.violations.iter().filter(|one| !one.keys.is_empty()) {
        let keys: Vec<String> = violation.keys.iter().map(|key| key.join(", ")).collect();
        let more = if violation.more { " and others" } else { "" };
        let is_said = shown.message().contains(&violation.message);
        let what = if is_said { String::new() } else { format!("{}; ", violation.message) };
        shown = shown.note(format!("{what}rows: {}{more}", keys.join("; ")));
    }
    if before > 0 {
        shown = shown.note(format!("{} before it went well", counted(before, "migration")));
    }
    if is_full {
        let place = copy.path();
        let place = path::for_display(place.parent().and_then(std::path::Path::parent).unwrap_or(&place));
        shown =
            shown.note(format!("the copy in `{}` ran out of space, not the database", place.display())).help(ELSEWHERE);
    }
    shown.note(unchanged(plan))
}

fn engine_error_of(error: &ApplyError) -> Option<&EngineError> {
    match error {
        ApplyError::Engine { error, .. } => Some(error),
        ApplyError::Migration { failure, .. } => failure.engine_error(),
        _ => None,
    }
}

/// That it was a rehearsal.
fn unchanged(plan: &Run<'_>) -> String {
    format!("this was a rehearsal on a copy: `{}` was not changed", plan.url)
}

/// The rows that contradict a migration.
fn violations(plan: &Run<'_>, database: &Database, name: &str, failure: &Failure) -> Vec<Violation> {
    let of = |line: Option<usize>, message: String, keys: Vec<Vec<String>>, more: bool| Violation {
        line,
        message,
        keys,
        more,
    };
    match failure {
        Failure::Preflight { .. } => {
            let Some(migration) = plan.folder.find(name) else { return Vec::new() };
            let Ok(text) = plan.folder.sql(migration) else { return Vec::new() };
            let Ok(script) = Script::parse(&text, &plan.folder.sql_path(migration)) else { return Vec::new() };
            let found = block_on(database.contradicting_rows(&script, MOST_KEYS)).unwrap_or_default();
            found.into_iter().map(|one| of(Some(one.line), one.message, one.keys, one.has_more)).collect()
        }
        Failure::PreflightExpressions { line, found } => {
            found.iter().map(|one| of(Some(*line), one.to_string(), Vec::new(), false)).collect()
        }
        Failure::ForeignKeys { rowid, count, .. } => {
            vec![of(None, failure.to_string(), vec![vec![rowid.clone()]], *count > 1)]
        }
        Failure::Statement { line, error, .. } if error.kind == ErrorKind::Constraint => {
            vec![of(Some(*line), error.to_string(), Vec::new(), false)]
        }
        _ => Vec::new(),
    }
}

/// That limits do not hold.
pub(super) fn exceeded(plan: &Run<'_>, report: &Rehearsal) -> CommandError {
    let Some((first, rest)) = report.exceeded.split_first() else {
        return CommandError::new(exit::DECISION, "a limit does not hold");
    };
    let error = CommandError::new(exit::DECISION, format!("`{}` is refused: {}", first.migration, words(first)));
    let error = match (first.line, plan.folder.find(&first.migration)) {
        (Some(line), Some(migration)) => {
            error.at(format!("{}:{line}", path::for_display(&plan.folder.sql_path(migration)).display()))
        }
        _ => error,
    };
    let error = rest.iter().fold(error, |error, one| error.note(format!("also `{}`: {}", one.migration, words(one))));
    let error = error.note(unchanged(plan));
    let has = |line: bool| report.exceeded.iter().any(|one| one.line.is_some() == line);
    let error = match has(true) {
        true => error
            .help("change the limit in the file if more is fine, then record it: `cargo dbmigrate generate --custom`"),
        false => error,
    };
    match has(false) {
        true => {
            let target = plan.url.target().map(|target| target.name.as_str());
            let key = plan.context.config.key_of_max_write_lock(target);
            error.help(format!("change {key} in `{FILE_NAME}` if writers can wait that long"))
        }
        false => error,
    }
}

/// A limit that does not hold, in words.
pub(crate) fn words(one: &Exceeded) -> String {
    let Exceeded { limit, allowed, found, .. } = one;
    match limit {
        LimitName::Time => {
            format!("it takes about {}, and `expect-time` allows {}", Elapsed(*found), Elapsed(*allowed))
        }
        LimitName::Rewrites => {
            format!("it rewrites {}, and `expect-rewrites` allows {}", said::rows(*found), grouped(*allowed))
        }
        LimitName::WriteLock => {
            format!("other writers wait up to {}, and `max_write_lock` allows {}", Elapsed(*found), Elapsed(*allowed))
        }
    }
}
