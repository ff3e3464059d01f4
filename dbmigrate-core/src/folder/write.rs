//! Writing to the migrations folder: a migration is there as a whole or not at all, whatever dies when.
//!
//! Adding takes three steps. The files are staged in a hidden directory and flushed to the disk; the directory gets
//! its name; the lock is replaced. Death after the first step leaves a hidden directory that nobody looks at; death
//! after the second one a directory that the lock does not list, which every command reports with what to do.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::error::FolderError;
use super::left_over;
use super::lock::{Lock, Sums};
use super::name::{MigrationName, Slug};
use super::script::meaning;
use super::{Folder, Listing, Migration, Origin, SNAPSHOT_FILE, SQL_FILE, Snapshot, snapshot};
use crate::sql::line_ends;

/// What git reads before it changes line ends.
const ATTRIBUTES_FILE: &str = ".gitattributes";

/// The line in it that keeps those of SQL.
const KEEP_LINE_ENDS: &str = "*.sql -text";

/// A directory that is deleted unless it was given its final name.
#[derive(Debug)]
pub(super) struct Staged {
    path: PathBuf,
    published: bool,
}

impl Staged {
    /// Adds an empty file.
    pub(super) fn add(&self, name: &str) -> io::Result<()> {
        write_file(&self.path.join(name), b"")
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.published {
            // best effort: what remains is hidden
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

impl Folder {
    /// Makes a folder without migrations: the directory and an empty lock. Returns whether there was none.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn create(&mut self) -> Result<bool, FolderError> {
        if self.exists() {
            return Ok(false);
        }
        self.verify_writable()?;
        self.in_directory(|folder| folder.write_lock(&Lock::default()))?;
        Ok(true)
    }

    /// The name that the next migration gets.
    pub fn next_name(&self, slug: &Slug) -> MigrationName {
        MigrationName::new(self.next_sequence(), slug)
    }

    /// The number that the next migration gets.
    pub fn next_sequence(&self) -> u32 {
        // a number that was taken once is in the histories of databases
        let all = self.migrations().iter().flat_map(Migration::with_replaced);
        all.map(|migration| migration.name.sequence()).max().unwrap_or_default().saturating_add(1)
    }

    /// Adds a migration at the end: its SQL and the schema that it leads to.
    ///
    /// # Errors
    /// If directories and lock do not fit together, if somebody else has written to the folder since it was opened,
    /// or if it cannot be written. In all cases nothing is left behind.
    pub fn add(&mut self, slug: &Slug, sql: &str, snapshot: &Snapshot) -> Result<&Migration, FolderError> {
        self.add_all(&[(slug, sql, snapshot)])?;
        Ok(&self.migrations()[self.migrations().len() - 1])
    }

    /// Adds several, all of them or none: the lock lists them at once.
    ///
    /// # Errors
    /// As for [`Folder::add`].
    pub fn add_all(&mut self, all: &[(&Slug, &str, &Snapshot)]) -> Result<(), FolderError> {
        self.verify_writable()?;
        let mut lock = self.lock.clone();
        let mut files = Vec::with_capacity(all.len());
        for (sequence, (slug, sql, snapshot)) in (self.next_sequence()..).zip(all) {
            let name = MigrationName::new(sequence, slug);
            let bytes = snapshot::to_bytes(snapshot);
            lock = lock.with(name.clone(), Sums::of(sql, &bytes, &snapshot.schema));
            self.make_room(&name)?;
            files.push((name, *sql, bytes));
        }
        self.in_directory(|folder| {
            let mut published = Vec::with_capacity(files.len());
            let mut write = || {
                for (name, sql, bytes) in &files {
                    folder.protect_line_ends(sql)?;
                    let staged = folder.stage(name, sql.as_bytes(), bytes)?;
                    published.push(folder.publish(staged, name)?);
                }
                folder.write_lock(&lock)
            };
            write().inspect_err(|_| {
                for directory in published {
                    // best effort: what remains is reported as not listed
                    let _ = std::fs::remove_dir_all(directory);
                }
            })?;
            folder.sweep()
        })
    }

    /// Removes the directory that an interrupted run has left behind without a line in the lock, if it is byte for byte
    /// what [`Folder::add`] would write now. Returns whether there was one.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn remove_left_over(&mut self, slug: &Slug, sql: &str, snapshot: &Snapshot) -> Result<bool, FolderError> {
        if let Origin::Program(_) = self.origin {
            return Ok(false);
        }
        let directory = self.path.join(self.next_name(slug));
        let has = |file: &str, bytes: &[u8]| std::fs::read(directory.join(file)).is_ok_and(|found| found == bytes);
        let names = std::fs::read_dir(&directory).map(Iterator::count);
        let is_left_over = names.is_ok_and(|count| count == 2)
            && has(SQL_FILE, sql.as_bytes())
            && has(SNAPSHOT_FILE, &snapshot::to_bytes(snapshot));
        if is_left_over {
            std::fs::remove_dir_all(&directory).map_err(|source| self.not_writable(source))?;
            self.read_listing()?;
        }
        Ok(is_left_over)
    }

    /// Records the last migration as it is on the disk now, after its SQL was edited, with the schema that it now
    /// leads to. Returns whether anything was different. For migrations that were not applied anywhere yet.
    ///
    /// # Errors
    /// As for [`Folder::add`], and if the SQL is not text or has conflict markers.
    pub fn reseal_last(&mut self, snapshot: &Snapshot) -> Result<bool, FolderError> {
        self.verify_writable()?;
        let Some(last) = self.head().cloned() else { return Ok(false) };
        let (sql_path, snapshot_path) = (self.sql_path(&last), self.snapshot_path(&last));
        let sql = std::fs::read(&sql_path).map_err(|error| FolderError::read(&sql_path, error))?;
        if let Some(line) = super::lock::conflict_marker(&sql) {
            return Err(FolderError::Conflict { path: sql_path, line });
        }
        let sql = String::from_utf8(sql).map_err(|_| FolderError::NotUtf8 { path: sql_path })?;
        let bytes = snapshot::to_bytes(snapshot);
        let mut sums = Sums::of(&sql, &bytes, &snapshot.schema);
        // comments do not make it another one
        if last.statements == Some(sums.statements) {
            sums.sql = last.sql;
        }
        let lock = self.complete(&self.lock.without_last())?.with(last.name.clone(), sums);
        let is_same = lock
            .migrations()
            .last()
            .is_some_and(|new| (new.sql, new.snapshot, new.schema) == (last.sql, last.snapshot, last.schema));
        if is_same && self.read_snapshot(&last).is_ok() {
            return Ok(false);
        }
        self.protect_line_ends(&sql)?;
        replace_file(&snapshot_path, &bytes).map_err(|source| self.not_writable(source))?;
        self.write_lock(&lock)?;
        Ok(true)
    }

    /// Tells git to leave the files alone if nobody could undo what a checkout does to the literals of `sql`.
    pub(super) fn protect_line_ends(&self, sql: &str) -> Result<(), FolderError> {
        if !line_ends::are_lost_in_conversion(sql) {
            return Ok(());
        }
        let path = self.path.join(ATTRIBUTES_FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(FolderError::read(&path, error)),
        };
        if text.lines().any(|line| line.trim() == KEEP_LINE_ENDS) {
            return Ok(());
        }
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        let text = format!("{text}{end}{KEEP_LINE_ENDS}\n");
        replace_file(&path, text.as_bytes()).map_err(|source| self.not_writable(source))
    }

    /// Whether directories and lock fit together, and lie on the disk.
    pub(super) fn verify_writable(&self) -> Result<(), FolderError> {
        match &self.origin {
            Origin::Disk(_) => self.verify_listing(),
            Origin::Program(_) => Err(self.not_writable(io::ErrorKind::ReadOnlyFilesystem.into())),
        }
    }

    /// Makes the directory if it is missing, and removes it again if `write` fails.
    fn in_directory(&mut self, write: impl FnOnce(&mut Self) -> Result<(), FolderError>) -> Result<(), FolderError> {
        let is_new = !self.path.exists();
        std::fs::create_dir_all(&self.path).map_err(|source| self.not_writable(source))?;
        write(self).inspect_err(|_| {
            if is_new {
                // only if it is empty
                let _ = std::fs::remove_dir(&self.path);
            }
        })
    }

    /// Writes a migration's files to a hidden directory.
    pub(super) fn stage(&self, name: &MigrationName, sql: &[u8], snapshot: &[u8]) -> Result<Staged, FolderError> {
        let path = self.path.join(format!(".{name}.{}.staged", std::process::id()));
        let write = || {
            if path.exists() {
                // of a process that had our number and died
                std::fs::remove_dir_all(&path)?;
            }
            std::fs::create_dir(&path)?;
            let staged = Staged { path: path.clone(), published: false };
            write_file(&staged.path.join(SQL_FILE), sql)?;
            write_file(&staged.path.join(SNAPSHOT_FILE), snapshot)?;
            sync_directory(&staged.path)?;
            Ok(staged)
        };
        write().map_err(|source| self.not_writable(source))
    }

    /// Gives a staged directory its final name.
    pub(super) fn publish(&self, mut staged: Staged, name: &MigrationName) -> Result<PathBuf, FolderError> {
        let path = self.path.join(name);
        if path.exists() {
            // no process of ours makes it empty: it is from a branch that had a migration of this name
            if !left_over::is_left_over(&path) {
                return Err(FolderError::ChangedMeanwhile { path });
            }
            left_over::remove(&path).map_err(|_| FolderError::Unlisted { path: path.clone(), head: None })?;
        }
        std::fs::rename(&staged.path, &path).map_err(|source| self.not_writable(source))?;
        staged.published = true;
        sync_directory(&self.path).map_err(|source| self.not_writable(source))?;
        Ok(path)
    }

    /// A lock of the newest format: what one of format 1 lacks is read from the files.
    pub(super) fn complete(&self, lock: &Lock) -> Result<Lock, FolderError> {
        match lock.is_complete() {
            true => Ok(lock.clone()),
            false => lock.completed(|migration| Ok(meaning(&self.sql(migration)?))),
        }
    }

    /// Replaces the lock, if it is still the one that was read.
    pub(super) fn write_lock(&mut self, lock: &Lock) -> Result<(), FolderError> {
        let lock = self.complete(lock)?;
        let path = self.lock_path();
        let current = match std::fs::read(&path) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(FolderError::read(&path, error)),
        };
        if current.as_deref() != self.lock_text.as_ref().map(String::as_bytes) {
            return Err(FolderError::ChangedMeanwhile { path });
        }
        let text = lock.to_text();
        replace_file(&path, text.as_bytes()).map_err(|source| self.not_writable(source))?;
        self.lock = lock;
        self.lock_text = Some(text);
        self.read_listing()
    }

    pub(super) fn read_listing(&mut self) -> Result<(), FolderError> {
        let read = Listing::read(&self.path);
        let listing = read.map_err(|source| FolderError::NotReadable { path: self.path.clone(), source })?;
        self.origin = Origin::Disk(listing);
        Ok(())
    }

    pub(super) fn not_writable(&self, source: io::Error) -> FolderError {
        FolderError::NotWritable { path: self.path.clone(), source }
    }
}

/// Writes a new file and flushes it to the disk.
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Replaces a file as a whole: readers see the old bytes or the new ones.
pub(super) fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new(""));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let staged = parent.join(format!(".{name}.{}.staged", std::process::id()));
    let replace = || {
        let mut file = File::create(&staged)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&staged, path)?;
        sync_directory(parent)
    };
    replace().inspect_err(|_| {
        let _ = std::fs::remove_file(&staged);
    })
}

/// Flushes the names in a directory to the disk, where the platform can.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        return File::open(path)?.sync_all();
    }
    Ok(())
}
