//! Putting a folder right whose files and lock do not fit together, where what is meant is known: the lock is made to
//! say what lies there, or a file is written again.

use std::path::PathBuf;

use super::checksum::Checksum;
use super::error::FolderError;
use super::lock::{Lock, Migration, Sums, conflict_marker};
use super::name::MigrationName;
use super::script::meaning;
use super::write::replace_file;
use super::{Folder, Listing, Origin, SNAPSHOT_FILE, SQL_FILE, Snapshot, left_over, lock, read_small, snapshot};
use crate::sql::line_ends;

/// A folder as its directories say it is, beside the lock that it has.
#[derive(Debug)]
pub struct Rebuilt {
    /// The folder with a lock that was made of the directories and is not written yet.
    pub folder: Folder,
    /// The migrations that the lock lists with other statements.
    pub edited: Vec<String>,
    /// Those that the lock lists and that are not there.
    pub missing: Vec<String>,
    /// Whether the lock lists migrations that were replaced by others, of which nothing else knows.
    pub has_replaced: bool,
}

impl Folder {
    /// The SQL of a migration as it lies there, whatever the lock says.
    ///
    /// # Errors
    /// If it cannot be read, is no text, or has conflict markers.
    pub fn sql_as_it_lies(&self, migration: &Migration) -> Result<String, FolderError> {
        sql_in(self.sql_path(migration))
    }

    /// Records the SQL of a migration as it lies there. Its snapshot stays: the edit must not lead to another schema.
    ///
    /// # Errors
    /// As for [`Folder::add`], and if the SQL cannot be read.
    pub fn accept_sql(&mut self, migration: &Migration) -> Result<(), FolderError> {
        let sql = self.sql_as_it_lies(migration)?;
        self.protect_line_ends(&sql)?;
        self.relist(migration, |listed| {
            listed.sql = Checksum::of_sql(&sql);
            listed.statements = Some(meaning(&sql));
        })
    }

    /// The directory that has the files of a migration whose own is missing, by their checksums.
    pub fn renamed_directory(&self, migration: &Migration) -> Option<MigrationName> {
        let Origin::Disk(listing) = &self.origin else { return None };
        let is_listed = |name: &MigrationName| self.migrations().iter().any(|one| one.name == *name);
        if listing.directories.iter().any(|name| *name == *migration.name.as_str()) {
            return None;
        }
        let names = listing.directories.iter().filter_map(|name| MigrationName::parse(name.to_str()?));
        let mut found = names.filter(|name| !is_listed(name) && self.has_files_of(name, migration));
        found.next().filter(|_| found.next().is_none())
    }

    fn has_files_of(&self, name: &MigrationName, migration: &Migration) -> bool {
        let directory = self.path.join(name);
        let Ok(sql) = sql_in(directory.join(SQL_FILE)) else { return false };
        let is_it = Checksum::of_sql(&sql) == migration.sql || migration.statements == Some(meaning(&sql));
        let snapshot = read_small(&directory.join(SNAPSHOT_FILE));
        is_it && snapshot.is_ok_and(|bytes| Checksum::of_text(&bytes) == migration.snapshot)
    }

    /// Lists a migration under the name that its directory has now.
    ///
    /// # Errors
    /// As for [`Folder::add`].
    pub fn accept_name(&mut self, migration: &Migration, name: &MigrationName) -> Result<(), FolderError> {
        self.relist(migration, |listed| listed.name = name.clone())
    }

    /// Writes the snapshot of a migration again. Returns whether it is the file that it was, byte for byte; if not, the
    /// lock lists it from now on.
    ///
    /// # Errors
    /// As for [`Folder::add`].
    pub fn restore_snapshot(&mut self, migration: &Migration, snapshot: &Snapshot) -> Result<bool, FolderError> {
        let bytes = snapshot::to_bytes(snapshot);
        let path = self.snapshot_path(migration);
        replace_file(&path, &bytes).map_err(|source| self.not_writable(source))?;
        let is_same = Checksum::of_text(&bytes) == migration.snapshot;
        if !is_same {
            self.relist(migration, |listed| listed.snapshot = Checksum::of_text(&bytes))?;
        }
        Ok(is_same)
    }

    /// Whether a snapshot is the one that the lock lists, byte for byte.
    pub fn is_snapshot_of(migration: &Migration, snapshot: &Snapshot) -> bool {
        Checksum::of_text(&snapshot::to_bytes(snapshot)) == migration.snapshot
    }

    fn relist(&mut self, migration: &Migration, change: impl FnOnce(&mut Migration)) -> Result<(), FolderError> {
        let mut migrations = self.migrations().to_vec();
        if let Some(listed) = migrations.iter_mut().find(|one| one.name == migration.name) {
            change(listed);
        }
        self.write_lock(&Lock::of(migrations))
    }

    /// A folder as its directories say it is, in the order of their numbers, whatever lock it has.
    ///
    /// # Errors
    /// If a file cannot be read, or two directories have the same number, so that the order is not known.
    pub fn rebuilt(path: impl Into<PathBuf>) -> Result<Rebuilt, FolderError> {
        let path = path.into();
        let lock_path = path.join(lock::FILE_NAME);
        let text = match std::fs::read(&lock_path) {
            Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(source) => return Err(FolderError::NotReadable { path: lock_path, source }),
        };
        let listing = Listing::read(&path).map_err(|source| FolderError::NotReadable { path: path.clone(), source })?;
        let mut names = Vec::new();
        for directory in &listing.directories {
            let full = path.join(directory);
            if left_over::is_left_over(&full) || super::replace::is_marked(&full, None) {
                continue;
            }
            let name = directory.to_str().and_then(MigrationName::parse);
            names.push(name.ok_or(FolderError::Unlisted { path: full, head: None })?);
        }
        names.sort_by_key(MigrationName::sequence);
        if let Some(pair) = names.windows(2).find(|pair| pair[0].sequence() == pair[1].sequence()) {
            return Err(FolderError::SameNumber { path: path.join(&pair[1]), other: pair[0].to_string() });
        }
        let listed = listed_in(text.as_deref().unwrap_or_default());
        let (mut lock, mut edited) = (Lock::default(), Vec::new());
        for name in &names {
            let sql = sql_in(path.join(name).join(SQL_FILE))?;
            let snapshot_path = path.join(name).join(SNAPSHOT_FILE);
            let bytes = read_small(&snapshot_path).map_err(|error| FolderError::read(&snapshot_path, error))?;
            let read = snapshot::read(&bytes).map_err(|error| FolderError::snapshot(snapshot_path, error))?;
            let mut sums = Sums::of(&sql, &bytes, &read.schema);
            if let Some(old) = listed.iter().find(|old| old.name == name.as_str()) {
                if old.sql == Some(sums.sql) || old.statements == Some(sums.statements) {
                    // histories of databases have the text that was recorded, whatever its comments are now
                    sums.sql = old.sql.unwrap_or(sums.sql);
                } else {
                    edited.push(name.to_string());
                }
            }
            lock = lock.with(name.clone(), sums);
        }
        let is_missing = |old: &&Listed| !old.is_replaced && names.iter().all(|name| *name.as_str() != *old.name);
        let missing = listed.iter().filter(is_missing).map(|old| old.name.clone()).collect();
        let has_replaced = listed.iter().any(|old| old.is_replaced);
        let folder = Self { path, lock, lock_text: text, origin: Origin::Disk(listing), held: None };
        Ok(Rebuilt { folder, edited, missing, has_replaced })
    }

    /// Writes the lock of a folder that was [rebuilt](Self::rebuilt).
    ///
    /// # Errors
    /// As for [`Folder::add`].
    pub fn write_rebuilt(&mut self) -> Result<(), FolderError> {
        let lock = self.lock.clone();
        self.write_lock(&lock)
    }
}

fn sql_in(path: PathBuf) -> Result<String, FolderError> {
    let bytes = read_small(&path).map_err(|error| FolderError::read(&path, error))?;
    if let Some(line) = conflict_marker(&bytes) {
        return Err(FolderError::Conflict { path, line });
    }
    let text = String::from_utf8(bytes).map_err(|_| FolderError::NotUtf8 { path })?;
    Ok(line_ends::normalized(&text).into_owned())
}

/// What a line of a lock says that is not whole.
struct Listed {
    name: String,
    sql: Option<Checksum>,
    statements: Option<Checksum>,
    /// Whether it is indented below another one.
    is_replaced: bool,
}

/// The lines of a lock, as far as they can be read.
fn listed_in(text: &str) -> Vec<Listed> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let listed = lines.filter_map(|line| {
        let mut words = line.split_whitespace();
        let name = MigrationName::parse(words.next()?)?.to_string();
        let hashes: Vec<&str> = words.collect();
        let sql = hashes.first().and_then(|hash| Checksum::from_hex(hash));
        // format 1 has four
        let statements = hashes.get(1).filter(|_| hashes.len() > 4).and_then(|hash| Checksum::from_hex(hash));
        Some(Listed { name, sql, statements, is_replaced: line.starts_with(' ') })
    });
    listed.collect()
}
