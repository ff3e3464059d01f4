//! New databases, as copies of a template that has all migrations.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind as Io};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use crate::driver::open_file;
use crate::error::{MigrateError, MigrateErrorKind};
use crate::ready::Place;
use crate::report::Standing;
use crate::runner::{Runner, no_result, status};
use crate::target::Source;
use crate::thread::{Dropped, OnThread, lock};

/// What SQLite keeps beside a database.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

const BUILD: &str = "make it again: `cargo dbmigrate template build`";

/// What a template was when it was found to be one.
type Stamp = (usize, Option<Place>, u64, Option<SystemTime>);

/// Makes a new database: see [`Migrations::create_from`](crate::Migrations::create_from).
pub(crate) async fn create(runner: Runner, template: PathBuf, path: PathBuf) -> Result<(), MigrateError> {
    let created = OnThread::new(move |dropped| {
        refuse_what_is_there(&path)?;
        verify(&runner, &template, dropped)?;
        copy(&template, &path)
    });
    created.await.unwrap_or_else(|reason| Err(no_result(reason)))
}

/// There must be no database, and nothing beside it that SQLite would take for a part of the new one.
fn refuse_what_is_there(path: &Path) -> Result<(), MigrateError> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(exists(path));
    }
    match BESIDE.iter().map(|suffix| beside(path, suffix)).find(|left| fs::symlink_metadata(left).is_ok()) {
        None => Ok(()),
        Some(left) => {
            let message = format!("`{}` is left of a database that was here", left.display());
            Err(MigrateError::new(MigrateErrorKind::Exists, message)
                .with_help("move it away: with a new database beside it, SQLite would write it into that"))
        }
    }
}

fn exists(path: &Path) -> MigrateError {
    MigrateError::new(MigrateErrorKind::Exists, format!("`{}` exists already", path.display()))
        .with_help("open it: `MIGRATIONS.ready(&database)`")
}

/// A template is a whole database with exactly these migrations. One that was found to be is not looked at again while
/// it is the same file, of the same size and time.
fn verify(runner: &Runner, template: &Path, dropped: &Dropped) -> Result<(), MigrateError> {
    static VERIFIED: Mutex<Option<Stamp>> = Mutex::new(None);
    let metadata = fs::metadata(template).map_err(|error| failed("read the template", template, &error))?;
    let which = runner.migrations().identity();
    let stamp = (which, Place::of_file(template), metadata.len(), metadata.modified().ok());
    if lock(&VERIFIED).as_ref() == Some(&stamp) {
        return Ok(());
    }
    let unusable = |why: String| {
        let message = format!("the template `{}` {why}", template.display());
        Err(MigrateError::new(MigrateErrorKind::Template, message).with_help(BUILD))
    };
    if let Some(log) = BESIDE.iter().map(|suffix| beside(template, suffix)).find(|log| log.exists()) {
        return unusable(format!("is in use, or was not closed: there is `{}`", log.display()));
    }
    let driver = open_file(template)?;
    let status =
        runner.with_database(Source::Driver(driver, true), dropped, |database, folder, _, _| status(database, folder));
    match status {
        Ok(status) if !status.pending.is_empty() => unusable(format!("lacks {}", status.pending.join(", "))),
        Ok(status) if status.standing != Standing::AsRecorded => unusable("was changed by hand".to_owned()),
        Ok(_) => {
            *lock(&VERIFIED) = Some(stamp);
            Ok(())
        }
        Err(error) => unusable(format!("cannot be used: {error}")),
    }
}

/// Copies the template beside the new database, and gives the copy its name when it is on the disk.
fn copy(template: &Path, path: &Path) -> Result<(), MigrateError> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let part = beside(path, &format!(".{}-{number}.part", std::process::id()));
    let result =
        copy_to(template, &part).map_err(|error| failed("write", &part, &error)).and_then(|()| name(&part, path));
    // once the copy has its name this is a second one
    let _ = fs::remove_file(&part);
    result
}

fn copy_to(template: &Path, part: &Path) -> io::Result<()> {
    // of a process that had our number and died
    let _ = fs::remove_file(part);
    // with the rights of a new file: a template may be one that nobody writes
    let mut to = OpenOptions::new().write(true).create_new(true).open(part)?;
    io::copy(&mut File::open(template)?, &mut to)?;
    to.sync_all()
}

/// Gives it its name, which nobody else has taken meanwhile.
fn name(part: &Path, path: &Path) -> Result<(), MigrateError> {
    match fs::hard_link(part, path) {
        Ok(()) => {}
        Err(error) if error.kind() == Io::AlreadyExists => return Err(exists(path)),
        // there are file systems without links
        Err(_) => {
            refuse_what_is_there(path)?;
            fs::rename(part, path).map_err(|error| failed("create", path, &error))?;
        }
    }
    // best effort: it is there, if not yet on the disk
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    Ok(())
}

fn failed(what: &str, path: &Path, error: &io::Error) -> MigrateError {
    MigrateError::new(MigrateErrorKind::Database, format!("cannot {what} `{}`: {error}", path.display()))
}

/// The path with something behind it.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
