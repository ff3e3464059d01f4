//! The copy that migrations are rehearsed on: where there is room for it, which is said before it is made.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dbmigrate_core::engine::apply::Database;
use dbmigrate_core::engine::connection::integer;
use dbmigrate_core::engine::owner::is_made_by_turso;
use dbmigrate_core::engine::{Connection, EngineError};
use pollster::block_on;

use super::estimate::Place;
use super::job::cannot;
use crate::database::Run;
use crate::database::copying::{COPY, can_clone, copy_file, size_of};
use crate::database::file;
use crate::database::scratch::{Scratch, private_file};
use crate::error::{CommandError, Result};
use crate::messages::HowCopied;
use crate::project::url::DatabaseUrl;
use crate::project::{Context, path};
use crate::report::size::Bytes;

/// What is left free beside what is needed.
const RESERVE: u64 = 1 << 20;

/// A copy of a database.
pub(super) struct Copy {
    /// How it was made.
    pub(super) how: HowCopied,
    /// Whether the database itself writes ahead, so that its pages are written once while it is locked.
    pub(super) writes_ahead: bool,
    /// [`Connection::data_version`] of the original before it was copied.
    pub(super) data_version: Option<i64>,
    /// The files of the original, which have to stay open as long as it is.
    pub(super) files: Vec<File>,
    /// How long a question to the server takes.
    trip: Option<Duration>,
    /// Where it lies.
    scratch: Scratch,
}

impl Copy {
    /// Copies the database, which is open if it is there. `rewrites`: tables will be written again.
    ///
    /// # Errors
    /// If there is no room, or it cannot be read or written.
    pub(super) fn of(plan: &Run<'_>, original: Option<&Connection>, rewrites: bool) -> Result<Self> {
        let url = plan.url;
        let engine = |error: EngineError| cannot(&error, url);
        let asked = Instant::now();
        let size = match (url.file(), original) {
            (_, None) => 0,
            (Some(path), _) => size_of(path),
            (None, Some(original)) => size_on_server(original).map_err(engine)?,
        };
        let trip = url.file().is_none().then(|| asked.elapsed());
        // a rebuild writes a table to the log first, and then behind the old one
        let growth = if rewrites { size.saturating_mul(2) } else { size / 10 };
        let scratch = place(plan, size, growth)?;
        let copy = scratch.path().join(COPY);
        let shown = path::for_display(scratch.path().parent().unwrap_or(Path::new("/"))).display().to_string();
        let failed = |error: std::io::Error| {
            CommandError::failed(format!("cannot copy `{url}` to `{shown}` to rehearse on it: {error}"))
                .note("nothing was changed")
                .help(ELSEWHERE)
        };
        let (how, files) = (HowCopied::Empty, Vec::new());
        let mut made = Self { how, writes_ahead: false, data_version: None, files, trip, scratch };
        let Some(original) = original else {
            private_file(&copy).map_err(failed)?;
            return Ok(made);
        };
        plan.context.printer.status("Copying", format!("{url} ({}) to {shown}", Bytes(size)));
        let Some(path) = url.file() else {
            // before it is read: what is written in between is not in doubt either
            made.data_version = block_on(original.data_version()).map_err(engine)?;
            super::served::copy(original, url, &copy)?;
            made.how = HowCopied::Read;
            return Ok(made);
        };
        let mode = block_on(original.first_row("PRAGMA journal_mode")).map_err(engine)?;
        let mode = mode.and_then(|row| row.first().map(dbmigrate_core::engine::connection::display));
        made.writes_ahead = mode.is_some_and(|mode| mode.eq_ignore_ascii_case("wal"));
        let copied = copy_file(original, path, &copy).map_err(engine)?.map_err(failed)?;
        made.how = if copied.is_clone { HowCopied::Clone } else { HowCopied::Copy };
        (made.data_version, made.files) = (copied.data_version, copied.files);
        Ok(made)
    }

    /// Where the original is, as far as that says how long a migration takes there.
    pub(super) fn place(&self) -> Place {
        match (self.trip, self.writes_ahead) {
            (Some(trip), _) => Place::Server(trip),
            (None, true) => Place::Log,
            (None, false) => Place::File,
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> PathBuf {
        self.scratch.path().join(COPY)
    }

    /// The log beside it.
    pub(super) fn log(&self) -> PathBuf {
        crate::database::copying::beside(&self.path(), "-wal")
    }

    /// Opens it. It writes ahead, and nothing is taken from the log but between the migrations: the log has all that a
    /// migration writes.
    pub(super) fn open(&self, context: &Context) -> std::result::Result<Database, EngineError> {
        let is_tursos = is_made_by_turso(&self.path());
        block_on(async {
            let connection = Connection::open(&self.path(), true).await?;
            for setting in ["journal_mode = WAL", "wal_autocheckpoint = 0", "wal_checkpoint(TRUNCATE)"] {
                connection.run(&format!("PRAGMA {setting}")).await?;
            }
            let mut database = Database::from_connection(connection).made_by_turso(is_tursos);
            if self.trip.is_some() {
                database = database.standing_for_server();
            }
            Ok(context.steps.on(database.ignoring(context.config.ignore.clone())))
        })
    }
}

/// How large a database on a server is.
fn size_on_server(original: &Connection) -> std::result::Result<u64, EngineError> {
    let query = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    let row = block_on(original.first_row(query))?;
    Ok(row.and_then(|row| u64::try_from(integer(row.first()?)).ok()).unwrap_or_default())
}

/// Refuses a folder for copies that is not there.
///
/// # Errors
/// Exit code 2 then.
pub(crate) fn refuse_missing(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let shown = path::for_display(folder).display().to_string();
    Err(CommandError::usage(format!("`--rehearse-in {shown}`: no such folder")))
}

/// A folder with room for the copy.
fn place(plan: &Run<'_>, size: u64, growth: u64) -> Result<Scratch> {
    let url = plan.url;
    let needed = size.saturating_add(growth).saturating_add(RESERVE);
    if let Some(folder) = plan.place {
        refuse_missing(folder)?;
        return if has_room(folder, needed) { made_in(folder) } else { Err(no_room(url, needed, &[folder])) };
    }
    let temporary = std::env::temp_dir();
    let beside = url.file().filter(|_| size > 0).map(file::end_of_links);
    let beside = beside.as_deref().and_then(Path::parent).map(|folder| match folder.as_os_str().is_empty() {
        true => PathBuf::from("."),
        false => folder.to_owned(),
    });
    // a clone takes no time and no space, but must be where the file is
    if let (Some(file), Some(folder)) = (url.file(), &beside)
        && std::env::var_os("TMPDIR").is_none()
        && has_room(folder, growth.saturating_add(RESERVE))
        && let Ok(scratch) = Scratch::in_folder(folder)
        && can_clone(file, scratch.path())
    {
        return Ok(scratch);
    }
    let folders: Vec<&Path> = std::iter::once(temporary.as_path()).chain(beside.as_deref()).collect();
    match folders.iter().find(|folder| has_room(folder, needed)) {
        Some(folder) => made_in(folder),
        None => Err(no_room(url, needed, &folders)),
    }
}

/// Whether so much is free in a folder, as far as that can be known.
fn has_room(folder: &Path, needed: u64) -> bool {
    free(folder).is_none_or(|free| free >= needed)
}

/// What to do about a folder that does not do. Whoever wanted to rehearse and nothing else is not led to a run that applies.
pub(super) const ELSEWHERE: &str =
    "copy it to another folder: `cargo dbmigrate migrate --rehearse-only --rehearse-in DIR`";

/// That there is no room in any of these folders.
fn no_room(url: &DatabaseUrl, needed: u64, folders: &[&Path]) -> CommandError {
    let message = format!("not enough space to rehearse on a copy of `{url}`: {} needed", Bytes(needed));
    let said = folders.iter().filter_map(|folder| {
        let free = Bytes(free(folder)?);
        Some(format!("`{}` has {free} free", path::for_display(folder).display()))
    });
    said.fold(CommandError::failed(message), CommandError::note).note("nothing was changed").help(ELSEWHERE)
}

/// Makes the folder for the copy in another one.
fn made_in(folder: &Path) -> Result<Scratch> {
    Scratch::in_folder(folder).map_err(|error| {
        let shown = path::for_display(folder);
        CommandError::failed(format!("cannot create a folder for the copy in `{}`: {error}", shown.display()))
            .note("nothing was changed")
            .help(ELSEWHERE)
    })
}

/// How many bytes are free for this user in a folder, if that can be known.
#[cfg(unix)]
fn free(folder: &Path) -> Option<u64> {
    let system = rustix::fs::statvfs(folder).ok()?;
    system.f_bavail.checked_mul(system.f_frsize)
}

#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}
