//! Failures of databases and of applying migrations, as the user sees them.

use std::path::Path;

use dbmigrate_core::config::LONGEST_TIMEOUT;
use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::database::CANNOT_COMMIT;
use dbmigrate_core::engine::apply::{ApplyError, FailingRows, Failure, Phase};
use dbmigrate_core::engine::brought::{Missing, MissingKind, NOT_HERE};
use dbmigrate_core::engine::engines::{TURSO_PREFIX, Turso, lacking};
use dbmigrate_core::engine::error::ErrorKind;
use dbmigrate_core::engine::remote::refusals;
use dbmigrate_core::folder::Script;
use dbmigrate_core::folder::script::outside_of_transaction;
use dbmigrate_core::plan::HELPER_PREFIX;
use dbmigrate_core::shell::{shell_quoted, shell_word};
use dbmigrate_core::sql::split;

use crate::database::changed::other_state;
use crate::database::contradicted::{is_newest, made_anew};
use crate::database::file;
use crate::database::history::history_error;
use crate::database::server_error;
use crate::database::{Subject, cascades};
use crate::error::CommandError;
use crate::exit;
use crate::project::path;

/// How many differences are listed with an error.
const MOST_SHOWN: usize = 20;

/// What to do about an expression of the last migration.
const AMEND: &str = "or change the expression, then regenerate the migration: `cargo dbmigrate generate --amend`";

/// What to do about a lock: to wait longer than it was waited for.
fn wait_longer(database: Subject<'_>) -> String {
    let waited = database.url().map_or(0, |url| url.timeout().as_secs());
    let longer = waited.saturating_mul(4).clamp(60, LONGEST_TIMEOUT);
    format!("try again when it is done; to wait longer, in seconds: `--timeout {longer}`")
}

/// A statement that failed, with its place.
pub(crate) fn statement_error(file: &Path, line: usize, number: usize, error: &EngineError) -> CommandError {
    let what = if number == 0 { "the preflight".to_owned() } else { format!("statement {number}") };
    CommandError::failed(format!("{what} failed: {error}")).at(format!("{}:{line}", path::for_display(file).display()))
}

/// Why a run stopped.
pub(crate) fn apply_error(error: &ApplyError, database: Subject<'_>) -> CommandError {
    match error {
        ApplyError::Engine { action, error: engine } => engine_error(action, engine, database),
        ApplyError::History(history) => history_error(history, database),
        ApplyError::NotEmpty { objects } => {
            let shown = objects.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
            CommandError::new(exit::INCONSISTENT, format!("`{database}` has tables but no migration history"))
                .note(format!("it has: {shown}{}", if objects.len() > 5 { ", …" } else { "" }))
                .note("nothing was changed")
                .helps(not_empty_help())
        }
        ApplyError::Drift { migration, differences } => {
            let error = CommandError::new(exit::INCONSISTENT, drift_message(&database.to_string(), migration));
            let shown = differences.iter().take(MOST_SHOWN);
            let error = shown.fold(error, |error, line| error.note(format!("drift: {line}")));
            let error = match differences.len().saturating_sub(MOST_SHOWN) {
                0 => error,
                more => error.note(format!("drift: {more} more, see `cargo dbmigrate status`")),
            };
            error.note("nothing was changed").helps(drift_help(migration))
        }
        ApplyError::OtherState { expected, found } => {
            other_state(expected, found, database).help("see where it stands: `cargo dbmigrate status`")
        }
        ApplyError::Migration { name, file, failure, differences } => {
            let (failure, is_undone) = match &**failure {
                Failure::NotUndone(failure) => (&**failure, false),
                // what is done stays, and is gone on behind
                Failure::UnderWay { failure, .. } => (&**failure, true),
                failure => (failure, true),
            };
            let shown = migration_error(name, file, failure, differences, database);
            if is_undone {
                return shown;
            }
            shown.help(format!(
                "once the database has what the migration makes, record it: `cargo dbmigrate repair --applied {}`",
                shell_quoted(name)
            ))
        }
        ApplyError::UnderWay { progress, .. } => under_way(error, &progress.name, database),
        ApplyError::NotAtomic { name } => CommandError::usage(error.to_string())
            .note("nothing was changed")
            .help(format!("apply migrations up to it one by one: `cargo dbmigrate migrate --to {name}`")),
        ApplyError::Unknown { name } => {
            CommandError::usage(format!("no migration named `{name}`")).help("list them: `cargo dbmigrate status`")
        }
        ApplyError::Replaced { by, .. } => {
            CommandError::usage(error.to_string()).help(format!("name that one: `cargo dbmigrate migrate --to {by}`"))
        }
        ApplyError::Behind { name, later } => {
            CommandError::usage(format!("`{name}` is already applied, and {later} after it"))
                .help("`--to` names the last migration to apply; applied migrations are kept")
        }
        ApplyError::BehindPhase { name, waits, phase } => behind_phase(name, waits, *phase),
        _ => CommandError::failed(error.to_string()),
    }
}

/// That a migration is under way that cannot be gone on with.
fn under_way(error: &ApplyError, name: &str, database: Subject<'_>) -> CommandError {
    CommandError::new(exit::INCONSISTENT, error.to_string())
        .note(format!("a part of `{name}` is done in `{database}`, and stays"))
        .help("restore it as it was when it began, from version control, then: `cargo dbmigrate migrate`")
}

/// That a migration of one phase of a deployment stands behind one of the other.
fn behind_phase(name: &str, waits: &str, phase: Phase) -> CommandError {
    let migrate = "cargo dbmigrate migrate --phase";
    let (message, help) = match phase {
        Phase::Before => (
            format!(
                "`{name}` stands behind `{waits}`, which waits until the release that it came with runs everywhere"
            ),
            format!("once no older release runs: `{migrate} after`, then `{migrate} before`"),
        ),
        Phase::After => (
            format!("`{name}` stands behind `{waits}`, which the release that it came with needs, and is pending"),
            format!("apply what that release needs: `{migrate} before`"),
        ),
    };
    CommandError::new(exit::DECISION, message).note("nothing was changed").help(help)
}

/// What can be done with a database that has tables but no history.
pub(crate) fn not_empty_help() -> [String; 3] {
    [
        "if it has the schema of these migrations: `cargo dbmigrate baseline`".to_owned(),
        "to start from its schema, with an empty migrations folder: `cargo dbmigrate pull --baseline --out \
         src/schema.rs`"
            .to_owned(),
        "apply the migrations to a new database: `cargo dbmigrate migrate --url NEW.db`".to_owned(),
    ]
}

/// That a database is not what its last migration left.
pub(crate) fn drift_message(database: &str, migration: &str) -> String {
    format!("`{database}` does not match its last migration `{migration}`: it was changed by hand")
}

/// What can be done about it.
pub(crate) fn drift_help(migration: &str) -> [String; 3] {
    [
        format!("to undo the change, print its SQL: `cargo dbmigrate diff --from database --to {migration} --sql`"),
        "to keep it, and bring it to every database: `cargo dbmigrate capture`".to_owned(),
        "to leave it, and apply the migrations beside it: `cargo dbmigrate migrate --accept drift`".to_owned(),
    ]
}

pub(crate) fn migration_error(
    name: &str,
    file: &Path,
    failure: &Failure,
    differences: &[String],
    database: Subject<'_>,
) -> CommandError {
    let shown = path::for_display(file).display().to_string();
    if let Some(error) = needs_the_application(name, &shown, failure) {
        return error;
    }
    match failure {
        Failure::Statement { number, line, statement, error }
            if outside_of_transaction(statement).is_some()
                && !is_refused(statement, error)
                && !is_outside_of_transaction(file) =>
        {
            let word = outside_of_transaction(statement).unwrap_or_default();
            CommandError::failed(format!("statement {number} of `{name}` failed: {error}"))
                .at(format!("{shown}:{line}"))
                .note(format!("`{word}` cannot run in a transaction, and a migration runs in one"))
                .helps(run_outside(&word))
        }
        Failure::Statement { error, .. } if error.kind == ErrorKind::Locked => being_read(database),
        Failure::Engine { error, action } if error.kind == ErrorKind::Locked && *action == CANNOT_COMMIT => {
            being_read(database)
        }
        Failure::Statement { number, line, statement, error } if is_refused(statement, error) => {
            CommandError::failed(format!("statement {number} of `{name}` cannot run: {error}"))
                .at(format!("{shown}:{line}"))
                .help(
                    "if no database has the migration, remove the statement and record the edit: `cargo dbmigrate \
                       generate --custom`",
                )
                .helps(only_by_libsql(statement, error))
        }
        Failure::Statement { number, line, statement, error } => {
            let what = if *number == 0 { "a preflight".to_owned() } else { format!("statement {number}") };
            let action = format!("{what} of `{name}` failed");
            let first = statement.lines().next().unwrap_or_default();
            let error = &in_words_of_the_user(statement, error);
            let shown = engine_error(&action, error, database).at(format!("{shown}:{line}"));
            let shown = shown.note(format!("the statement: {first}"));
            match error.kind {
                // the rows contradict the migration, as for a preflight
                ErrorKind::Constraint => shown
                    .with_exit_code(if is_planned(statement) { exit::DECISION } else { exit::FAILED })
                    .help("fix the rows that violate the constraint, then run again"),
                _ => shown,
            }
        }
        Failure::Preflight { line, message } => {
            CommandError::new(exit::DECISION, format!("`{name}` is refused: {message}"))
                .at(format!("{shown}:{line}"))
                .help("fix the rows, then run `cargo dbmigrate migrate` again")
                .helps(made_anew(file, *line))
        }
        Failure::Rewrites { line, why, .. } => why
            .iter()
            .fold(CommandError::new(exit::DECISION, format!("`{name}` is refused: {failure}")), |error, why| {
                error.note(format!("it cannot be made in place here: {why}"))
            })
            .at(format!("{shown}:{line}"))
            .help("if it may rewrite rows, delete the line, then record the edit: `cargo dbmigrate generate --custom`"),
        Failure::OtherRows => CommandError::new(exit::INCONSISTENT, format!("`{name}` is refused: {failure}"))
            .help("rehearse again: `cargo dbmigrate migrate --rehearse`")
            .help("to apply without the rehearsal, with every check on the rows of then: `cargo dbmigrate migrate`"),
        Failure::PreflightExpressions { line, found } => {
            CommandError::new(exit::DECISION, format!("`{name}` is refused: {failure}"))
                .at(format!("{shown}:{line}"))
                .helps(to_see(found))
                .help("fix the rows, then run `cargo dbmigrate migrate` again")
                .helps(is_newest(file).then(|| AMEND.to_owned()))
        }
        Failure::Structure { .. } => {
            let message = format!("`{name}` does not produce the schema of its snapshot");
            let error = CommandError::new(exit::INCONSISTENT, message).at(&shown);
            differences
                .iter()
                .fold(error, |error, difference| error.note(format!("missing: {difference}")))
                .help("if the migration was edited by hand, record it: `cargo dbmigrate generate --custom`")
        }
        Failure::NotBatched { line, help, .. } => {
            CommandError::failed(format!("statement of `{name}` cannot be run in batches: {failure}"))
                .at(format!("{shown}:{line}"))
                .helps(help.clone())
                .help("to run it at once, delete the line of `batched`, then record the edit: `cargo dbmigrate generate --custom`")
        }
        Failure::NotOnline { line, .. } => CommandError::failed(format!("`{name}`: {failure}"))
            .at(format!("{shown}:{line}"))
            .note("nothing was changed")
            .help(format!(
                "delete the line `-- dbmigrate: online` in `{shown}`: the migration is then one transaction"
            )),
        Failure::WaitsTooLong { line, wait, .. } => {
            let error = CommandError::failed(format!("`{name}`: {failure}")).at(format!("{shown}:{line}"));
            let error = error.note("nothing was changed");
            let error = if wait.as_secs() < 4 { error } else { error.note(server_error::TAKEN_AWAY) };
            // what is foreseen is about right
            error.help(format!("if they can wait: `cargo dbmigrate migrate --max-lag {}s`", wait.as_secs() * 3 / 2 + 1))
        }
        Failure::Differs { .. } => CommandError::failed(format!(
            "`{name}` was stopped before its table was put to use: {failure}"
        ))
        .note("another program writes to the table without firing triggers, or `VACUUM` has given its rows other numbers")
        .note("no row of the table was changed")
        .help("give it up, stop that program, and begin again: `cargo dbmigrate migrate --abort`"),
        Failure::NoStep { line } => {
            CommandError::failed(format!("`{name}` has a step in Rust, which only the application can run"))
                .at(format!("{shown}:{line}"))
                .note("nothing was changed")
                .help("build and run the application's program for it: `cargo dbmigrate migrate --with BIN`")
                .help("or apply it from the application, which has the step: `MIGRATIONS.run(…)`")
        }
        Failure::Step { line, message } => {
            CommandError::failed(format!("the step in Rust of `{name}` failed: {message}"))
                .at(format!("{shown}:{line}"))
        }
        Failure::TouchesDrift { .. } => {
            CommandError::new(exit::INCONSISTENT, format!("`{name}` is refused: {failure}"))
                .at(&shown)
                .help("show the change: `cargo dbmigrate status`")
                .help("undo it by hand, then run `cargo dbmigrate migrate` again")
                .help("to keep it, and bring it to every database: `cargo dbmigrate capture`")
        }
        Failure::KeptRows { kept, .. } => CommandError::new(exit::DECISION, format!("`{name}` is refused: {failure}"))
            .at(&shown)
            .note("without its key, a new row could get the value of a deleted one")
            .help(format!("if what is kept is no longer needed: `cargo dbmigrate kept drop {}`", shell_quoted(kept))),
        Failure::ForeignKeys { table, parent, .. } => {
            let error = CommandError::new(exit::DECISION, format!("`{name}` is refused: {failure}"));
            cascades::said(error, (file, &shown), [table, parent])
        }
        Failure::Engine { error, .. } if error.kind == ErrorKind::Stolen => {
            engine_error(&format!("`{name}` failed"), error, database)
        }
        Failure::Engine { error, action } => engine_error(action, error, database),
        Failure::Lost { error, is_known: true } => {
            CommandError::failed(format!("the connection was lost during `{name}`: {error}"))
                .help("run again: `cargo dbmigrate migrate`")
        }
        Failure::Lost { error, .. } => {
            engine_error(&format!("the connection was lost during `{name}`"), error, database)
        }
        _ => CommandError::failed(format!("`{name}` failed: {failure}")).at(&shown),
    }
}

/// That a migration needs a function of the application for rows of users, about which no stand-in decides.
fn needs_the_application(name: &str, file: &str, failure: &Failure) -> Option<CommandError> {
    let said = match failure {
        Failure::Statement { error, .. } | Failure::Engine { error, .. } => error.message.clone(),
        failure => failure.to_string(),
    };
    let missing = Missing::of(&said).filter(|missing| missing.kind == MissingKind::Application)?;
    let place = match failure {
        Failure::Statement { line, .. }
        | Failure::Preflight { line, .. }
        | Failure::PreflightExpressions { line, .. } => format!("{file}:{line}"),
        _ => file.to_owned(),
    };
    let message = format!("`{name}` is refused: it calls `{}` for rows of the database", missing.name);
    let error = CommandError::new(exit::DECISION, message).at(place);
    Some(error.note(format!("`{}` {NOT_HERE}: no stand-in decides about real rows", missing.name)))
}

/// How the rows can be looked at on which expressions fail.
pub(crate) fn to_see(found: &[FailingRows]) -> Vec<String> {
    let queries = found.iter().map(|one| &one.query).filter(|query| !query.is_empty());
    let mut helps: Vec<String> = queries.map(|query| format!("to see them: `{query}`")).collect();
    helps.dedup();
    helps
}

/// What to do with a statement that cannot run in a transaction.
pub(crate) fn run_outside(word: &str) -> [String; 2] {
    [
        format!("write `-- dbmigrate: no-transaction` above `{word}`, the only statement of its migration"),
        "record the edit: `cargo dbmigrate generate --custom`".to_owned(),
    ]
}

/// Whether a migration says that it is not for a transaction.
fn is_outside_of_transaction(file: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(file) else { return false };
    Script::parse(&text, file).is_ok_and(|script| script.no_transaction)
}

/// Whether a statement brings rows into a new schema, so that it is they that contradict the migration.
fn is_planned(statement: &str) -> bool {
    let changes = ["ALTER TABLE ", "CREATE UNIQUE INDEX "];
    statement.contains(HELPER_PREFIX) || changes.iter().any(|start| statement.starts_with(start))
}

/// What is said of the table that a rebuild fills is true of the one whose place it takes.
fn in_words_of_the_user(statement: &str, error: &EngineError) -> EngineError {
    let message = if statement.contains(HELPER_PREFIX) {
        error.message.replace(HELPER_PREFIX, "")
    } else {
        error.message.clone()
    };
    EngineError { message, ..error.clone() }
}

/// Whether a statement was not even sent, because no server runs it, or Turso Database has no answer to it.
fn is_refused(statement: &str, error: &EngineError) -> bool {
    let statements: Vec<_> = split(statement).into_iter().collect();
    let by_server = refusals(&statements).into_iter();
    let mut all = by_server.chain([Turso::Runs, Turso::Reads].iter().flat_map(|turso| lacking(&statements, *turso)));
    all.any(|refusal| refusal.reason == error.message)
}

/// What to do about a statement that was not run, because Turso Database could not read the file any more.
fn only_by_libsql(statement: &str, error: &EngineError) -> Option<String> {
    let statements: Vec<_> = split(statement).into_iter().collect();
    let is_so = lacking(&statements, Turso::Reads).iter().any(|refusal| refusal.reason == error.message);
    is_so.then(|| {
        format!(
            "if only libSQL is to use the file, drop the tables in it whose names begin with `{TURSO_PREFIX}`, and its mark \
             in the header: `PRAGMA default_cache_size = 0`"
        )
    })
}

/// The lock for writing was had; what was missing is the one that nobody may read beside
/// (sqlite.org/lockingv3.html#locking). With a write-ahead log there is no such lock.
fn being_read(database: Subject<'_>) -> CommandError {
    CommandError::failed(format!("`{database}` is locked: another program is reading it"))
        .help(wait_longer(database))
        .help(format!(
            "to let others read meanwhile: `sqlite3 {} 'PRAGMA journal_mode = WAL'`",
            shell_word(Path::new(&database.to_string()))
        ))
}

/// An error of the engine: what is wrong with the database, or `action` and SQLite's words.
pub(crate) fn engine_error(action: &str, error: &EngineError, database: Subject<'_>) -> CommandError {
    if let Some(error) = server_error::of(action, error, database) {
        return error;
    }
    let path = database.to_string();
    let shown = |message: String| CommandError::failed(message);
    match error.kind {
        ErrorKind::Locked => {
            shown(format!("`{database}` is locked: another program is writing to it")).help(wait_longer(database))
        }
        ErrorKind::ReadOnly => file::read_only(Path::new(&path)),
        ErrorKind::Moved => {
            shown(format!("`{database}` was moved or deleted while it was open")).help("check the path, then try again")
        }
        ErrorKind::NotADatabase => {
            let flag = database.url().map_or_else(|| "--url PATH".to_owned(), |url| url.instead("PATH"));
            shown(format!("`{database}` is not a database")).help(format!("name a database file: `{flag}`"))
        }
        ErrorKind::Corrupt => shown(format!("`{database}` is damaged: {error}"))
            .help(format!("show the damage: `sqlite3 {} 'PRAGMA integrity_check'`", shell_word(Path::new(&path))))
            .help("restore it from a backup"),
        ErrorKind::DiskFull => shown(format!("the disk of `{database}` is full"))
            .help("free up disk space: a rebuild needs as much as the table takes"),
        ErrorKind::Io => shown(format!("the disk of `{database}` failed: {error}"))
            .help(format!("check free space: `df -h {}`", shell_word(Path::new(&path)))),
        ErrorKind::CannotOpen => {
            shown(format!("cannot open `{database}`: {error}")).help("its folder must exist and be writable")
        }
        _ => shown(format!("{action}: {error}")),
    }
}
