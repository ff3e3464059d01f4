//! Copies a file: its pages as they are, where nobody writes to them, and otherwise with `VACUUM INTO`.
//!
//! With `VACUUM INTO`, two connections have to see the same snapshot: the one that copies, and the one whose rows the copy
//! is compared with. So the lock for writing is held until both have begun to read. `VACUUM` cannot run in a transaction;
//! that it has begun to read shows in the first statement that it compiles then, which reads the schema.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::time::{Duration, Instant};

use super::absent::Absent;
use super::bytes::whole::{Failed, Whole};
use super::bytes::{self, Also, still};
use super::error::{BackupError, of_io};
use super::fingerprint::{Contents, of_schema};
use super::inventory::VECTOR_INDEXES;
use super::local::Local;
use super::publish::Part;
use super::verify::{joined, sound_copy};
use super::{At, Progress};
use crate::engine::connection::{Row, Value, integer, text};
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::owner::owner;

/// Copies a file and returns what the snapshot has in it, and the copy as well.
pub(super) fn copy(
    path: &Path,
    part: &Part,
    busy_timeout: Duration,
    progress: &dyn Progress,
) -> Result<Contents, BackupError> {
    if let Some(owner) = owner(path) {
        return Err(BackupError::Owned { path: path.to_owned(), owner });
    }
    progress.at(At::Copying);
    let mut absent = Absent::default();
    let mut snapshot = Snapshot::take(path, busy_timeout, &absent)?;
    let file = snapshot.file.clone();
    if let Some(whole) = file.as_deref().and_then(Whole::of) {
        snapshot.let_others_write();
        if let Some(contents) = by_pages(&snapshot, &whole, part.path(), progress)? {
            return Ok(contents);
        }
        // what is wrong with it the engine has to say, which may even be able to copy it
        part.remove();
        progress.at(At::Copying);
        drop(snapshot);
        snapshot = Snapshot::take(path, busy_timeout, &absent)?;
    }
    loop {
        match by_vacuum(snapshot, part.path(), progress) {
            Err(BackupError::Source(error)) if absent.learns(&error) => {
                part.remove();
                progress.at(At::Copying);
                snapshot = Snapshot::take(path, busy_timeout, &absent)?;
            }
            done => return done,
        }
    }
}

/// A moment of a file, in which nobody else writes.
struct Snapshot {
    /// It sees that moment as long as it is there.
    original: Local,
    /// It can be used for `VACUUM INTO`.
    copier: Local,
    lock: Local,
    is_locked: bool,
    /// The file itself, if all that is seen is in it.
    file: Option<Arc<File>>,
    journal_mode: Option<String>,
}

impl Snapshot {
    fn take(path: &Path, busy_timeout: Duration, absent: &Absent) -> Result<Self, BackupError> {
        let open = |absent: &Absent| {
            patiently(busy_timeout, || {
                let local = absent.open(path, false, Duration::ZERO)?;
                local.connection.set_busy_timeout(busy_timeout)?;
                Ok(local)
            })
        };
        let [original, copier] = [open(&Absent::default())?, open(absent)?];
        // whatever there is to be written back is best written before others have to wait
        let _ = still::write_back(&copier);
        let (lock, is_locked) = hold(path, busy_timeout)?;
        original.begin_reading().map_err(BackupError::of_source)?;
        let file = still::still(path, || is_locked && still::write_back(&copier).unwrap_or_default());
        let journal_mode = original.rows("PRAGMA journal_mode").map_err(BackupError::of_source)?;
        let journal_mode = journal_mode.first().map(|row| text(&row[0]).to_ascii_lowercase());
        Ok(Self { original, copier, lock, is_locked, file, journal_mode })
    }

    /// From here on others can write again, where there is a write-ahead log.
    fn let_others_write(&self) {
        if self.is_locked {
            let _ = self.lock.run("ROLLBACK");
        }
    }
}

/// Copies the pages. `None` if there is something in them that is not as expected.
///
/// A copy that has the same bytes has the same rows: they are read and hashed once, from the copy.
fn by_pages(
    snapshot: &Snapshot,
    whole: &Whole<'_>,
    to: &Path,
    progress: &dyn Progress,
) -> Result<Option<Contents>, BackupError> {
    match whole.write(to) {
        Ok(()) => {}
        Err(Failed::Source) => return Ok(None),
        Err(Failed::Copy(error)) => return Err(BackupError::copy(to)(of_io(&error))),
    }
    progress.at(At::Verifying);
    let copy = File::open(to).map_err(BackupError::io("read", to))?;
    if !whole.is_same(&copy) {
        return Err(BackupError::Differs { differences: vec!["its pages".to_owned()] });
    }
    drop(copy);
    let Ok(copy) = sound_copy(to, None) else { return Ok(None) };
    // what a connection sees of the source, which has to be the same
    let inventory = snapshot.original.inventory().map_err(BackupError::of_source)?;
    let mut contents =
        Contents { schema: of_schema(inventory.own_objects()), settings: inventory.settings, ..copy.clone() };
    contents.settings.journal_mode.clone_from(&snapshot.journal_mode);
    match contents.differences(&copy) {
        same if same.is_empty() => Ok(Some(contents)),
        differences => Err(BackupError::Differs { differences }),
    }
}

/// Copies with `VACUUM INTO`.
fn by_vacuum(snapshot: Snapshot, to: &Path, progress: &dyn Progress) -> Result<Contents, BackupError> {
    let vectors = vectors_of(&snapshot.original).map_err(BackupError::of_source)?;
    let (contents, original, copy) = std::thread::scope(|scope| {
        let (has_begun, begun) = mpsc::channel();
        let copier = snapshot.copier;
        let copied = scope.spawn(move || {
            vacuum(&copier, to, has_begun).map_err(|error| BackupError::of_both(error, to))?;
            Ok::<_, BackupError>(copier)
        });
        // also where it fails before
        let _ = begun.recv();
        if snapshot.is_locked {
            let _ = snapshot.lock.run("ROLLBACK");
        }
        let (original, file) = (snapshot.original, snapshot.file);
        let original = scope.spawn(move || {
            let seen = bytes::seen(&original, file.as_deref(), Also::Nothing, 1, None);
            (seen.map(|seen| seen.contents), original)
        });
        let copied = joined(copied);
        let checked = copied.and_then(|_copier| {
            write_vectors(to, vectors).map_err(BackupError::copy(to))?;
            progress.at(At::Verifying);
            sound_copy(to, None)
        });
        let (contents, original) = joined(original);
        (contents, original, checked)
    });
    // what is wrong with the source is said first: the copy has it as well
    let mut contents = contents.map_err(BackupError::of_source)?;
    let copy = copy?;
    // they follow from the rows
    contents.foreign_key_violations = copy.foreign_key_violations;
    contents.uncompared.clone_from(&copy.uncompared);
    if !contents.differences(&copy).is_empty() {
        // nobody but the engine is believed to say so
        contents.tables = original.tables().map_err(BackupError::of_source)?;
    }
    contents.settings.journal_mode = snapshot.journal_mode;
    match contents.differences(&copy) {
        same if same.is_empty() => Ok(contents),
        differences => Err(BackupError::Differs { differences }),
    }
}

/// A connection that has the lock for writing, unless nobody can write.
fn hold(path: &Path, busy_timeout: Duration) -> Result<(Local, bool), BackupError> {
    patiently(busy_timeout, || {
        let lock = Local::open(path, false, Duration::ZERO)?;
        match lock.run("BEGIN IMMEDIATE") {
            Ok(()) => Ok((lock, true)),
            Err(error) if error.kind == ErrorKind::ReadOnly => Ok((lock, false)),
            Err(error) => Err(error),
        }
    })
}

/// Tries again as long as somebody else has the lock. Somebody who writes all the time leaves it for moments only, so it
/// is tried more often than SQLite would: with a journal that undoes, not even a reader gets in while a commit is synced.
fn patiently<T>(
    busy_timeout: Duration,
    mut try_once: impl FnMut() -> Result<T, EngineError>,
) -> Result<T, BackupError> {
    let since = Instant::now();
    loop {
        match try_once() {
            Err(error) if error.kind == ErrorKind::Locked && since.elapsed() < busy_timeout => {
                std::thread::sleep(Duration::from_micros(500));
            }
            done => return done.map_err(BackupError::of_source),
        }
    }
}

/// Runs `VACUUM INTO`, and says when it has begun to read.
fn vacuum(copier: &Local, to: &Path, has_begun: Sender<()>) -> Result<(), EngineError> {
    let Some(name) = to.to_str() else {
        let message = "its name is not UTF-8".to_owned();
        return Err(EngineError { kind: ErrorKind::CannotOpen, message });
    };
    copier.connection.tell_of_reads(Some(Arc::new(move || {
        let _ = has_begun.send(());
    })))?;
    // `./` so that no name is taken for an address
    let result = copier.run_with("VACUUM INTO ?1", vec![Value::Text(format!("{}{name}", prefix(to)))]);
    copier.connection.tell_of_reads(None)?;
    result
}

fn prefix(path: &Path) -> &'static str {
    if path.is_absolute() { "" } else { "./" }
}

/// The list of the indexes of vectors, if there is one.
fn vectors_of(original: &Local) -> Result<Option<Vec<Row>>, EngineError> {
    let query = format!("SELECT count(*) FROM sqlite_schema WHERE name = '{VECTOR_INDEXES}'");
    if original.rows(&query)?.first().is_none_or(|row| integer(&row[0]) == 0) {
        return Ok(None);
    }
    original.rows(&format!("SELECT name, metadata FROM {VECTOR_INDEXES}")).map(Some)
}

/// `VACUUM` makes the indexes of vectors, which puts them into their list, and then copies the list: each is in it twice,
/// which `integrity_check` takes for damage.
fn write_vectors(copy: &Path, vectors: Option<Vec<Row>>) -> Result<(), EngineError> {
    let Some(vectors) = vectors else { return Ok(()) };
    let copy = Local::open(copy, false, Duration::ZERO)?;
    copy.run("BEGIN")?;
    copy.run(&format!("DELETE FROM {VECTOR_INDEXES}"))?;
    for row in vectors {
        copy.run_with(&format!("INSERT INTO {VECTOR_INDEXES} (name, metadata) VALUES (?1, ?2)"), row)?;
    }
    copy.run("COMMIT")
}
