//! A new file with all migrations, which takes the place of the old one when it is complete.
//!
//! Until the last step the old file is untouched, whatever fails. In that step nobody else may have the old one open for
//! reading or writing: its lock is held, and its log and journal are gone before the new file has its name, because
//! SQLite would take them for those of the new one (sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_file_while_in_use).

use std::path::Path;
use std::time::Instant;

use dbmigrate_core::engine::apply::{Applied, Database, Loss, Observer, Target as _, apply_pending};
use dbmigrate_core::engine::{Connection, EngineError};
use dbmigrate_core::folder::Folder;
use pollster::block_on;

use super::arguments::Reset;
use super::rows;
use crate::database::failure::engine_error;
use crate::database::state::failure_of_run;
use crate::database::swap::{self, NewFile, WRITE_AHEAD};
use crate::database::{Subject, file, open};
use crate::decisions::answers::{Acceptance, FOR_RESET, Word};
use crate::decisions::ask::confirmed;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::messages;
use crate::project::url::DatabaseUrl;
use crate::project::{Context, Intent};
use crate::report::duration::Elapsed;
use crate::report::{Printer, counted};
use crate::seeding::fresh::Seeds;

/// Runs it and returns the exit code.
///
/// # Errors
/// If it has rows and nobody has said that they may go, if it is in use, or if a migration fails.
pub(super) fn run(context: &Context, arguments: &Reset, folder: &Folder, url: &DatabaseUrl) -> Result<u8> {
    let started = Instant::now();
    let seed = arguments.seed.as_deref().map(|name| Seeds::read(context, name)).transpose()?;
    file::check(url)?;
    let old = if file::exists(url)? { Some(open(context, url, false)?) } else { None };
    let (old, rows) = match old {
        Some(mut old) => {
            let rows = rows::count(&mut old, url)?;
            if !rows.is_empty() {
                may_be_lost(context, arguments, url, &rows)?;
            }
            (Some(old), rows)
        }
        None => (None, Vec::new()),
    };
    let command = arguments.command_line();
    let intent = Intent { what: "recreate it", command: &command, why: None, untouched: "nothing was changed" };
    context.consent(url, arguments.consent.into(), intent)?;
    let path = file::end_of_links(url.file().unwrap_or(Path::new("")));
    let new = NewFile::beside(&path);
    let is_wal = match &old {
        Some(old) => swap::journal_mode(old, url)? == "wal",
        None => false,
    };
    fill(&new, context, (folder, url), seed.as_ref(), is_wal)
        .map_err(|error| error.note(format!("`{url}` was not changed: the migrations were applied to a new file")))?;
    match old {
        Some(old) => replace(&new, old, &path, url, &rows, is_wal)?,
        None => new.publish(&path)?,
    }
    let count = folder.migrations().len();
    let lost: u64 = rows.iter().filter_map(|(_, count)| *count).sum();
    context.printer.message(|| messages::Reset { on: url.into(), migrations: count, recorded: 0, rows_lost: lost });
    let took = Elapsed(u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX));
    context.printer.status("Finished", format!("{url}: recreated, {} applied in {took}", counted(count, "migration")));
    Ok(exit::DONE)
}

/// Rows are never lost without a word.
fn may_be_lost(context: &Context, arguments: &Reset, url: &DatabaseUrl, rows: &rows::Rows) -> Result<()> {
    let accepted = arguments.answers.accepted(FOR_RESET)?;
    if accepted.iter().any(|word| matches!(word, Acceptance::Word(Word::Rows | Word::All))) {
        return Ok(());
    }
    let message = format!("`{url}` has rows that would be lost: {}", rows::shown(rows));
    if context.printer.can_ask() && confirmed(context, &format!("{message}. Continue?"))? {
        return Ok(());
    }
    Err(CommandError::new(exit::DECISION, message)
        .note("nothing was changed")
        .help("to keep them: `cargo dbmigrate reset --keep-data`")
        .help("to lose them: `cargo dbmigrate reset --accept rows`"))
}

/// Applies all migrations to the new file, and puts rows into it.
fn fill(
    new: &NewFile,
    context: &Context,
    (folder, url): (&Folder, &DatabaseUrl),
    seed: Option<&Seeds<'_>>,
    is_wal: bool,
) -> Result<()> {
    const NEW: Subject<'static> = Subject::Named("the new file");
    let engine = |error: EngineError| engine_error("cannot create the new file", &error, NEW);
    let connection = block_on(Connection::open(new.path(), true)).map_err(engine)?;
    let database = Database::from_connection(connection).ignoring(context.config.ignore.clone());
    let mut database = context.steps.on(database);
    let mut observer = Said(&context.printer, url);
    block_on(apply_pending(&mut database, folder, None, &mut observer)).map_err(|error| failure_of_run(error, NEW))?;
    if let Some(seed) = seed {
        seed.apply(context, &mut database, NEW)?;
    }
    if is_wal {
        for pragma in WRITE_AHEAD {
            block_on(database.rows(pragma)).map_err(engine)?;
        }
    }
    drop(database);
    new.settle().map_err(|error| CommandError::io("write", new.path(), &error))
}

/// Puts it into the place of the old file.
fn replace(
    new: &NewFile,
    mut old: Database,
    path: &Path,
    url: &DatabaseUrl,
    rows: &rows::Rows,
    is_wal: bool,
) -> Result<()> {
    let result = swap::lock_out(&old, url, is_wal, "cargo dbmigrate reset").and_then(|()| {
        if rows::count(&mut old, url)? != *rows {
            let message = format!("`{url}` changed in the meantime");
            return Err(CommandError::failed(message).note("nothing was changed").help("run the command again"));
        }
        new.take_rights_of(path);
        new.publish(path)
    });
    if result.is_err() {
        swap::let_in(&old, is_wal);
    }
    result
}

/// Says what is applied.
struct Said<'a>(&'a Printer, &'a DatabaseUrl);

impl Observer for Said<'_> {
    fn begin(&mut self, _: &str, _: usize, _: usize) {}

    fn loses(&mut self, _: &Loss) {}

    fn applied(&mut self, Applied { name, milliseconds, in_place, .. }: &Applied) {
        self.0.detail("Applied", format!("{name} ({})", Elapsed(*milliseconds)));
        self.0.message(|| messages::Applied {
            on: self.1.into(),
            name: name.clone(),
            milliseconds: *milliseconds,
            in_place: *in_place,
        });
    }
}
