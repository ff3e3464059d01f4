//! The migrations folder: a lock, and a directory with `migration.sql` and `snapshot.json` for each migration.
//!
//! [`Folder::open`] is cheap, however many migrations there are: it reads the lock and the directory listing. Nothing
//! of a migration is handed out unless its checksum is the one in the lock. Adding to the folder is in [`mod@write`].
//! The folder of a program that has its migrations embedded is in [`embedded`].

pub mod checksum;
pub mod embedded;
pub mod error;
pub mod heads;
mod left_over;
pub mod lock;
pub mod name;
pub mod repair;
mod replace;
pub mod rewrite;
mod schemas;
pub mod script;
pub mod snapshot;
pub mod suggest;
mod text;
pub mod write;

use std::ffi::{OsStr, OsString};
use std::io::{self, Read as _};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

pub use checksum::Checksum;
pub use embedded::Embedded;
pub use error::FolderError;
pub use heads::{Branch, Heads};
pub use lock::{Lock, Migration, Sums};
pub use name::{MigrationName, Slug};
pub use repair::Rebuilt;
pub use rewrite::{Rewrite, Rewritten};
pub use schemas::Schemas;
pub use script::{Allow, Preflight, RustStep, Script, ScriptError, Undo};
pub use snapshot::Snapshot;
pub use suggest::suggest;
pub use text::as_recorded;

use crate::schema::Schema;
use text::Held;

/// The name of a migration's SQL in its directory.
pub const SQL_FILE: &str = "migration.sql";

/// The name of a migration's snapshot in its directory.
pub const SNAPSHOT_FILE: &str = "snapshot.json";

/// From so many migrations on, two threads verify them. In the tests of folders that is most of them.
const MANY: usize = if cfg!(test) { 3 } else { 200 };

/// A migrations folder, as it was when it was opened.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
    lock: Lock,
    /// The lock's text, `None` if there is no lock: writing checks that nobody else has written since.
    lock_text: Option<String>,
    origin: Origin,
    /// The texts that were read, if they are held.
    held: Option<Held>,
}

/// Where the contents of a folder come from.
#[derive(Debug, Clone)]
enum Origin {
    /// The disk, where these names lie.
    Disk(Listing),
    /// A program.
    Program(Embedded),
}

/// How much of a folder is checked; each level includes those before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verify {
    /// The directories are those that the lock lists. Reads no file.
    Listing,
    /// Every `migration.sql` is the one that the lock lists.
    Sql,
    /// Every `snapshot.json` as well.
    All,
}

/// What lies in the folder, hidden names left out, in the order of the names.
#[derive(Debug, Clone, Default)]
struct Listing {
    directories: Vec<OsString>,
    sql_files: Vec<OsString>,
}

impl Folder {
    /// Opens a folder. One that does not exist is empty.
    ///
    /// # Errors
    /// If the lock is not whole, or something cannot be read. Directories are compared with the lock by
    /// [`Folder::verify`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, FolderError> {
        let path = path.into();
        let lock_path = path.join(lock::FILE_NAME);
        let lock_text = match std::fs::read(&lock_path) {
            Ok(bytes) => Some(String::from_utf8(bytes).map_err(|_| FolderError::NotUtf8 { path: lock_path.clone() })?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(FolderError::NotReadable { path: lock_path, source }),
        };
        let lock = match &lock_text {
            Some(text) => Lock::parse(text).map_err(|error| heads::explain(lock_path, text, error))?,
            None => Lock::default(),
        };
        let listing = Listing::read(&path).map_err(|source| FolderError::NotReadable { path: path.clone(), source })?;
        Ok(Self { path, lock, lock_text, origin: Origin::Disk(listing), held: None })
    }

    /// The histories of a lock in which a merge has left several heads, each as a folder to read from; one or none for a
    /// lock that is wrong otherwise, and none for one that [`Folder::open`] reads.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn branches(path: impl Into<PathBuf>) -> Result<Vec<Self>, FolderError> {
        let path = path.into();
        let Some(text) = rewrite::lock_text(&path)?.filter(|text| Lock::parse(text).is_err()) else {
            return Ok(Vec::new());
        };
        let folder = |history: Vec<Migration>| {
            let listing =
                Listing::read(&path).map_err(|source| FolderError::NotReadable { path: path.clone(), source })?;
            let (lock, origin) = (Lock::of(history), Origin::Disk(listing));
            Ok(Self { path: path.clone(), lock, lock_text: Some(text.clone()), origin, held: None })
        };
        Heads::read(&text).histories.into_iter().map(folder).collect()
    }

    /// Where it is, as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of the lock.
    pub fn lock_path(&self) -> PathBuf {
        self.path.join(lock::FILE_NAME)
    }

    /// Whether there is a lock, so that the folder is in use even if it has no migrations yet.
    pub fn exists(&self) -> bool {
        self.lock_text.is_some()
    }

    /// The migrations in their order.
    pub fn migrations(&self) -> &[Migration] {
        self.lock.migrations()
    }

    /// The last migration.
    pub fn head(&self) -> Option<&Migration> {
        self.migrations().last()
    }

    /// The migration of that name, or with that number: `0003_posts`, `0003`, `3`.
    pub fn find(&self, name: &str) -> Option<&Migration> {
        let is_it = |migration: &&Migration| migration.name.as_str() == name;
        // nearly always, the one of that number stands in that place
        let place = MigrationName::parse(name).and_then(|name| (name.sequence() as usize).checked_sub(1));
        let likely = place.and_then(|place| self.migrations().get(place)).filter(is_it);
        if let Some(found) = likely.or_else(|| self.migrations().iter().find(is_it)) {
            return Some(found);
        }
        let number: u32 = name.parse().ok()?;
        let mut numbered = self.migrations().iter().filter(|migration| migration.name.sequence() == number);
        // two branches may have given one number to two migrations
        numbered.next().filter(|_| numbered.next().is_none())
    }

    /// The migration that a database has whose history ends with this name: the one of that name, or one that replaces
    /// others, of which it is the last.
    pub fn behind_record(&self, name: &str) -> Option<&Migration> {
        self.migrations().iter().find(|migration| migration.last_names().contains(&name))
    }

    /// The migration that replaces the one of that name, or with that number.
    pub fn replacement(&self, name: &str) -> Option<&Migration> {
        let number: Option<u32> = name.parse().ok();
        let is_it = |one: &&Migration| one.name.as_str() == name || Some(one.name.sequence()) == number;
        self.migrations().iter().find(|migration| migration.with_replaced().iter().skip(1).any(is_it))
    }

    /// The path of a migration's `migration.sql`.
    pub fn sql_path(&self, migration: &Migration) -> PathBuf {
        self.path.join(&migration.name).join(SQL_FILE)
    }

    /// The path of a migration's `snapshot.json`.
    pub fn snapshot_path(&self, migration: &Migration) -> PathBuf {
        self.path.join(&migration.name).join(SNAPSHOT_FILE)
    }

    /// Compares the files with the lock.
    ///
    /// # Errors
    /// The first difference.
    pub fn verify(&self, level: Verify) -> Result<(), FolderError> {
        self.verify_listing()?;
        let verify_each = |migrations: &[Migration]| {
            migrations.iter().try_for_each(|migration| {
                if level >= Verify::Sql {
                    self.sql(migration)?;
                }
                if level >= Verify::All {
                    self.read_snapshot(migration)?;
                }
                Ok(())
            })
        };
        if level < Verify::Sql || self.is_embedded() || self.migrations().len() < MANY {
            return verify_each(self.migrations());
        }
        // most of it is opening files, which two threads do in half the time
        let (first, second) = self.migrations().split_at(self.migrations().len() / 2);
        thread::scope(|scope| {
            let helper = thread::Builder::new().spawn_scoped(scope, || verify_each(second));
            verify_each(first)?;
            match helper.map(thread::ScopedJoinHandle::join) {
                Ok(Ok(result)) => result,
                Ok(Err(panic)) => resume_unwind(panic),
                // there is no other thread to be had
                Err(_) => verify_each(second),
            }
        })
    }

    /// The schema that a migration leads to.
    ///
    /// # Errors
    /// If its snapshot is not what the lock lists, or cannot be read.
    pub fn schema_at(&self, migration: &Migration) -> Result<Schema, FolderError> {
        match &self.origin {
            Origin::Disk(_) => Ok(self.snapshot_at(migration)?.schema),
            Origin::Program(embedded) => embedded.schema_at(self, migration),
        }
    }

    /// The snapshot of a migration.
    ///
    /// # Errors
    /// As for [`Folder::schema_at`].
    pub fn snapshot_at(&self, migration: &Migration) -> Result<Snapshot, FolderError> {
        let bytes = self.read_snapshot(migration)?;
        snapshot::read(&bytes).map_err(|error| FolderError::snapshot(self.snapshot_path(migration), error))
    }

    /// The schema that the last migration leads to; empty if there is none. Reads no other snapshot.
    ///
    /// # Errors
    /// As for [`Folder::schema_at`].
    pub fn head_schema(&self) -> Result<Schema, FolderError> {
        Ok(self.head_snapshot()?.schema)
    }

    /// The snapshot of the last migration; empty if there is none. Reads no other.
    ///
    /// # Errors
    /// As for [`Folder::schema_at`].
    pub fn head_snapshot(&self) -> Result<Snapshot, FolderError> {
        self.head().map_or_else(|| Ok(Snapshot::default()), |head| self.snapshot_at(head))
    }

    /// The schema that a migration starts from: that of the one before it.
    ///
    /// # Errors
    /// As for [`Folder::schema_at`].
    pub fn schema_before(&self, migration: &Migration) -> Result<Schema, FolderError> {
        match migration.index.checked_sub(1).and_then(|index| self.migrations().get(index)) {
            Some(before) => self.schema_at(before),
            None => Ok(Schema::default()),
        }
    }

    /// A hash over the names and files of all migrations up to this one, which plans are sealed with: the same whatever
    /// the format of the lock is, and whatever they replace.
    pub fn seal_at(&self, migration: &Migration) -> Checksum {
        lock::seal(&self.migrations()[..=migration.index])
    }

    /// The directories that lie in it.
    fn directories(&self) -> &[OsString] {
        match &self.origin {
            Origin::Disk(listing) => &listing.directories,
            Origin::Program(_) => &[],
        }
    }

    fn is_embedded(&self) -> bool {
        matches!(self.origin, Origin::Program(_))
    }

    fn verify_listing(&self) -> Result<(), FolderError> {
        let Origin::Disk(listing) = &self.origin else { return Ok(()) };
        if let Some(name) = listing.sql_files.first() {
            return Err(FolderError::StrayFile { path: self.path.join(name) });
        }
        let is_migration = |name: &OsString| !left_over::is_left_over(&self.path.join(name));
        if self.lock_text.is_none() && listing.directories.iter().any(is_migration) {
            return Err(FolderError::MissingLock { path: self.lock_path() });
        }
        // names and not paths: those are compared part by part, which takes as long as reading the folder
        let mut listed: Vec<&OsStr> =
            self.migrations().iter().map(|migration| OsStr::new(migration.name.as_str())).collect();
        listed.sort_unstable();
        let found = &listing.directories;
        let is_found = |name: &OsStr| found.binary_search_by(|other| other.as_os_str().cmp(name)).is_ok();
        if let Some(missing) = listed.iter().find(|name| !is_found(name)) {
            let migration = self.migrations().iter().find(|migration| **missing == *migration.name.as_str());
            if let Some((migration, found)) = migration.and_then(|one| Some((one, self.renamed_directory(one)?))) {
                return Err(FolderError::Renamed { path: self.path.join(found), name: migration.name.to_string() });
            }
            return Err(FolderError::Missing { path: self.path.join(missing) });
        }
        let is_unlisted = |name: &&OsString| {
            listed.binary_search(&name.as_os_str()).is_err() && !replace::is_marked(&self.path.join(name), self.head())
        };
        let unlisted: Vec<&OsString> = found.iter().filter(is_unlisted).filter(|name| is_migration(name)).collect();
        match &unlisted[..] {
            [] => Ok(()),
            [first, ..] => Err(self.of_another_branch(&unlisted).unwrap_or_else(|| FolderError::Unlisted {
                path: self.path.join(first),
                head: self.head().map(|head| head.name.clone()),
            })),
        }
    }

    /// That directories which the lock does not list came from another branch, if they alone tell: an interrupted run
    /// leaves one, with the next number.
    fn of_another_branch(&self, unlisted: &[&OsString]) -> Option<FolderError> {
        let is_whole =
            |name: &OsString| [SQL_FILE, SNAPSHOT_FILE].iter().all(|file| self.path.join(name).join(file).is_file());
        let head = self.head()?;
        let names: Option<Vec<MigrationName>> =
            unlisted.iter().map(|name| MigrationName::parse(name.to_str()?).filter(|_| is_whole(name))).collect();
        let names = names?;
        let is_next = |name: &MigrationName| name.sequence() == self.next_sequence();
        if matches!(&names[..], [only] if is_next(only)) {
            return None;
        }
        Some(FolderError::beside(self.lock_path(), head.name.clone(), names))
    }

    fn read_snapshot(&self, migration: &Migration) -> Result<Vec<u8>, FolderError> {
        let path = self.snapshot_path(migration);
        if let Origin::Program(_) = &self.origin {
            return Err(FolderError::NotEmbedded { path, reason: None });
        }
        let bytes = read_small(&path).map_err(|error| FolderError::read(&path, error));
        let is_recorded = |bytes: &Vec<u8>| Checksum::of_text(bytes) == migration.snapshot;
        if bytes.as_ref().is_ok_and(is_recorded) {
            return bytes;
        }
        let next = || replace::next(&path).filter(is_recorded);
        next().ok_or_else(|| match bytes {
            Ok(bytes) => why_other(&bytes, path.clone(), |path| FolderError::EditedSnapshot { path }),
            Err(error) => error,
        })
    }
}

/// Why the bytes of a file have another checksum than the lock says: the likeliest reason.
fn why_other(bytes: &[u8], path: PathBuf, edited: impl FnOnce(PathBuf) -> FolderError) -> FolderError {
    if let Some(line) = lock::conflict_marker(bytes) {
        return FolderError::Conflict { path, line };
    }
    if std::str::from_utf8(bytes).is_err() {
        return FolderError::NotUtf8 { path };
    }
    // an edited snapshot of a newer tool is first of all one of a newer tool
    match snapshot::read(bytes) {
        Err(snapshot::SnapshotError::Newer { format }) => FolderError::Newer { path, format, newest: snapshot::FORMAT },
        _ => edited(path),
    }
}

/// The bytes of a file that is likely to be small. `std::fs::read` asks for the size first, which is a fifth of the
/// time of reading a thousand migrations.
fn read_small(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(8 * 1024);
    std::fs::File::open(path)?.take(u64::MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Listing {
    fn read(folder: &Path) -> io::Result<Self> {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        let mut listing = Self::default();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            // also what an interrupted run has staged
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let kind = entry.file_type()?;
            if kind.is_dir() || (kind.is_symlink() && entry.path().is_dir()) {
                listing.directories.push(name);
            } else if Path::new(&name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("sql")) {
                listing.sql_files.push(name);
            }
        }
        listing.directories.sort_unstable();
        listing.sql_files.sort_unstable();
        Ok(listing)
    }
}

#[cfg(test)]
mod tests;
