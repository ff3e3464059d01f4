//! Opens the database that a command is for.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use dbmigrate_core::engine::apply::database::OpenError;
use dbmigrate_core::engine::apply::{Database, Work};
use dbmigrate_core::engine::error::ErrorKind;
use dbmigrate_core::engine::owner::Owner;
use dbmigrate_core::engine::remote::{Client, Connections, Observer, OnPressure, Options};
use dbmigrate_core::engine::{Connection, EngineError};
use pollster::block_on;

use crate::database::failure::engine_error;
use crate::database::file;
use crate::database::pressure;
use crate::error::{CommandError, Result};
use crate::messages::{self, On};
use crate::project::Context;
use crate::project::path;
use crate::project::url::{DatabaseUrl, Place, Server};
use crate::report::Printer;
use crate::url_text::redacted;

/// The connections to the servers of fleets.
static CONNECTIONS: OnceLock<Connections> = OnceLock::new();

/// How often at most something is said of what is waited for.
const BETWEEN_SIGNS: Duration = Duration::from_secs(15);

/// Opens the database.
///
/// # Errors
/// If it is not a database, a replica, or cannot be opened.
pub(crate) fn open(context: &Context, url: &DatabaseUrl, create: bool) -> Result<Database> {
    let path = match url.place() {
        Place::File(path) => path,
        Place::Server(server) => return Ok(open_server(context, url, server)),
    };
    file::check(url)?;
    let opened = block_on(Database::open(path, create, url.timeout()));
    let ignore = || context.config.ignore.clone();
    opened.map(|database| context.steps.on(database.ignoring(ignore()))).map_err(|error| match error {
        OpenError::Engine(engine) => {
            let known = not_a_database(path, url, &engine).or_else(|| match engine.kind {
                ErrorKind::CannotOpen => file::no_access(path),
                _ => None,
            });
            known
                .unwrap_or_else(|| engine_error("cannot open the database", &engine, url.into()))
                .note("nothing was changed")
        }
        OpenError::Owned { owner, .. } => owned(url, &owner),
        _ => CommandError::failed(error.to_string()),
    })
}

/// A database on a server. Nothing is sent yet: whether it is there shows with the first question.
fn open_server(context: &Context, url: &DatabaseUrl, server: &Server) -> Database {
    let client = client(context, url, server);
    let (printer, database, on) = (context.printer.clone(), url.to_string(), On::from(url));
    let on_retry = Arc::new(move |number: u32, of: u32| {
        printer.status("Retrying", format!("{database}: another client took the lock (retry {number} of {of})"));
        printer.message(|| messages::Retry { on: on.clone(), number, of });
    });
    let database = Database::on_server(client).telling_of_retries(on_retry);
    context.steps.on(database.ignoring(context.config.ignore.clone()))
}

/// The client of a server, which says what is waited for.
#[expect(clippy::field_reassign_with_default, reason = "it may get more fields")]
pub(crate) fn client(context: &Context, url: &DatabaseUrl, server: &Server) -> Client {
    let mut options = Options::default();
    options.timeout = url.timeout();
    options.encryption_key.clone_from(&server.encryption_key);
    options.observer = Some(waiting(context.printer.clone(), url));
    options.on_pressure = Some(pressure::listener().unwrap_or_else(|| refused(context.printer.clone(), url)));
    // the members of a fleet are asked one after the other, and many are on one server
    options.connections = url.is_member().then(|| CONNECTIONS.get_or_init(Connections::default).clone());
    Client::new(server.url.clone(), server.token.clone(), options)
}

/// Says from time to time that a long statement is waited for.
fn waiting(printer: Printer, url: &DatabaseUrl) -> Observer {
    let (database, on) = (url.to_string(), On::from(url));
    let said = Mutex::new(Duration::ZERO);
    Arc::new(move |since| {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        // another request begins to count anew
        let last = if since < *said { Duration::ZERO } else { *said };
        if since < last + BETWEEN_SIGNS {
            return;
        }
        *said = since;
        let seconds = since.as_secs();
        printer.status("Waiting", format!("{database}: the server is up, no answer after {seconds} s"));
        printer.message(|| messages::Waiting { on: on.clone(), seconds });
    })
}

/// Says that a server wants to be left alone for a while.
fn refused(printer: Printer, url: &DatabaseUrl) -> OnPressure {
    let database = url.to_string();
    Arc::new(move |pressure| {
        if let Some(after) = pressure.after.filter(|after| pressure.again && !after.is_zero()) {
            let seconds = after.as_secs();
            printer.status("Waiting", format!("{database}: the server is busy, and is asked again in {seconds} s"));
        }
        true
    })
}

/// That a file is a replica, or a server's, and what to name instead of it.
pub(crate) fn owned(url: &DatabaseUrl, owner: &Owner) -> CommandError {
    let error = CommandError::failed(format!("`{url}` is {owner}"));
    let beside = owner.sidecar().map(|file| path::for_display(file).display().to_string());
    let error = match (beside, owner) {
        (Some(beside), Owner::Mvcc { .. }) => error.note(format!("the file `{beside}` has changes that are not in it")),
        (Some(beside), _) => error.note(format!("the file `{beside}` says so")),
        (None, _) => error,
    };
    let error = error.note("nothing was changed");
    error.help(match owner {
        Owner::Mvcc { .. } => {
            "to use it here, end that mode with Turso Database: `PRAGMA journal_mode = wal`".to_owned()
        }
        Owner::Replica { primary: Some(primary), .. } => match redacted(primary) {
            shown if shown == *primary => format!("name its primary: `{}`", url.instead(primary)),
            shown => format!("name its primary, `{shown}`: `{}`", url.instead("URL")),
        },
        Owner::Server { .. } => format!("name the server: `{}`", url.instead("http://HOST:PORT")),
        _ => format!("name the primary that it syncs from: `{}`", url.instead("libsql://HOST")),
    })
}

/// What SQLite takes for no database, told apart by the header of the file (sqlite.org/fileformat.html#the_database_header).
fn not_a_database(path: &Path, url: &DatabaseUrl, error: &EngineError) -> Option<CommandError> {
    const MAGIC: &[u8] = b"SQLite format 3\0";
    /// Where the version is that a program has to know to read the file, and three bytes that no version changes.
    const READ_VERSION: usize = 19;
    const FIXED: (usize, [u8; 3]) = (21, [64, 32, 32]);
    let shown = url.to_string();
    let newer = || {
        CommandError::failed(format!("`{shown}` has a file format that is too new for this version of libSQL"))
            .help("update cargo-dbmigrate, which includes libSQL: `cargo install cargo-dbmigrate`")
    };
    // SQLite's whole message for a schema format above 4, for which it has no code of its own
    if error.kind == ErrorKind::Statement && error.message == "unsupported file format" {
        return Some(newer());
    }
    if error.kind != ErrorKind::NotADatabase {
        return None;
    }
    let mut header = [0; 100];
    let has_header = File::open(path).and_then(|mut file| file.read_exact(&mut header)).is_ok();
    let begins_as_one = has_header && header.starts_with(MAGIC);
    if begins_as_one && header[FIXED.0..].starts_with(&FIXED.1) && header[READ_VERSION] > 2 {
        return Some(newer());
    }
    let message = match begins_as_one {
        true => format!("`{shown}` starts like a database, but cannot be read: it is damaged or encrypted"),
        false => format!("`{shown}` is not a database, or it is encrypted"),
    };
    Some(CommandError::failed(message).help(format!("name a database file: `{}`", url.instead("PATH"))))
}

/// The same database, which tells how far its statements are.
///
/// # Errors
/// If the engine does not tell.
pub(crate) fn watched(database: Database, work: &Arc<Work>, url: &DatabaseUrl) -> Result<Database> {
    database.showing(work).map_err(|error| engine_error("cannot watch the database", &error, url.into()))
}

/// A file that this run made, and that nothing was written to, is not left behind.
pub(crate) fn remove_if_empty(url: &DatabaseUrl) {
    if let Some(path) = url.file() {
        remove_empty_file(path);
    }
}

fn remove_empty_file(path: &Path) {
    let path = file::end_of_links(path);
    let is_empty = || std::fs::metadata(&path).is_ok_and(|file| file.is_file() && file.len() == 0);
    if !is_empty() {
        return;
    }
    // another runner may be about to fill it: what it writes into a file that has been removed is lost
    let Ok(connection) = block_on(Connection::open(&path, false)) else { return };
    if block_on(connection.run("BEGIN EXCLUSIVE")).is_ok() && is_empty() {
        // best effort: an empty file does no harm
        let _ = std::fs::remove_file(&path);
    }
}

/// Those of some databases that are there and may be asked; of servers that may not, that is said.
///
/// # Errors
/// If it cannot be told whether a file is there.
pub(crate) fn to_ask(context: &Context, urls: Vec<DatabaseUrl>, offline: bool) -> Result<Vec<DatabaseUrl>> {
    let mut found = Vec::with_capacity(urls.len());
    for url in urls {
        if offline && matches!(url.place(), Place::Server(_)) {
            context.printer.detail("Skipped", format!("{url}: not checked (`--offline`)"));
        } else if file::exists(&url)? {
            context.printer.detail("Database", format!("{url} (from {})", url.source()));
            found.push(url);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_removed_unless_somebody_is_about_to_fill_it() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("a.db");
        let other = block_on(Connection::open(&path, true)).expect("it can be made");
        block_on(other.run("BEGIN IMMEDIATE")).expect("nobody else is there");
        remove_empty_file(&path);
        assert!(path.exists(), "what the other one writes would be lost");
        block_on(other.run("CREATE TABLE t (a)")).expect("it is a statement");
        block_on(other.run("COMMIT")).expect("it can be written");
        remove_empty_file(&path);
        assert!(path.exists(), "it is not empty");
        drop(other);
        std::fs::write(&path, "").expect("it is writable");
        remove_empty_file(&path);
        assert!(!path.exists());
    }

    #[cfg(unix)]
    #[test]
    fn of_a_link_the_file_is_removed() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let (link, path) = (folder.path().join("link.db"), folder.path().join("a.db"));
        std::os::unix::fs::symlink("a.db", &link).expect("links can be made");
        std::fs::write(&path, "").expect("it is writable");
        remove_empty_file(&link);
        assert!(!path.exists() && std::fs::symlink_metadata(&link).is_ok());
    }
}
