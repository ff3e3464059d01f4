//! Another history in the place of the one that a folder has, whatever state that is in: before the lock is replaced, the
//! folder is what it was, and behind that what it is to be, whatever dies when.
//!
//! As in `replace`, what is on its way in or out counts only if the lock lists it. What would be lost with a
//! directory that goes, because nobody else has it, is copied before anything else.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::checksum::Checksum;
use super::error::FolderError;
use super::lock::{self, Lock};
use super::name::MigrationName;
use super::replace::{NEXT, UNLISTED};
use super::write::{sync_directory, write_file};
use super::{Folder, Listing, Migration, Origin, SNAPSHOT_FILE, SQL_FILE, read_small};

/// The folder for copies of what would be lost. Hidden, so that nothing in it is taken for a migration.
pub const COPIES: &str = ".replaced";

/// What becomes of a folder.
#[derive(Debug, Clone, Default)]
pub struct Rewrite {
    /// Directories that go: those of migrations that get another name.
    pub gone: Vec<MigrationName>,
    /// Directories that are copied first, because nobody else has what is in them.
    pub copied: Vec<MigrationName>,
}

/// What was done with a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rewritten {
    /// The migrations whose files were written.
    pub written: Vec<MigrationName>,
    /// The directories that went.
    pub removed: Vec<MigrationName>,
    /// The copies that were made.
    pub copies: Vec<PathBuf>,
    /// Whether the lock was replaced.
    pub lock: bool,
}

impl Folder {
    /// Makes the folder at `path` have the migrations of this one. `seen` is its lock as it was read, which nobody may
    /// have changed since.
    ///
    /// # Errors
    /// If somebody else has written to it, something that is not meant to go is in the way, or it cannot be written.
    pub fn write_to(&self, path: &Path, seen: Option<&str>, rewrite: &Rewrite) -> Result<Rewritten, FolderError> {
        let mut there = at(path, seen)?;
        if lock_text(path)?.as_deref() != seen {
            return Err(FolderError::ChangedMeanwhile { path: there.lock_path() });
        }
        let text = self.lock.to_text();
        there.refuse_others(&self.lock, rewrite)?;
        let mut done = Rewritten { copies: there.copy(&rewrite.copied)?, ..Rewritten::default() };
        for migration in self.migrations() {
            if there.has(migration) {
                continue;
            }
            let sql = self.sql(migration)?;
            let snapshot = self.read_snapshot(migration)?;
            there.protect_line_ends(&sql)?;
            let directory = there.path.join(&migration.name);
            if is_someones(&directory) {
                there.next_to(&directory, sql.as_bytes(), &snapshot)?;
            } else {
                if directory.exists() {
                    there.remove(&directory).map_err(|source| there.not_writable(source))?;
                }
                let staged = there.stage(&migration.name, sql.as_bytes(), &snapshot)?;
                staged.add(UNLISTED).map_err(|source| there.not_writable(source))?;
                there.publish(staged, &migration.name)?;
            }
            done.written.push(migration.name.clone());
        }
        let stays = |name: &MigrationName| self.migrations().iter().any(|migration| migration.name == *name);
        for name in rewrite.gone.iter().filter(|name| !stays(name)) {
            let directory = there.path.join(name);
            if let Some(head) = self.head().filter(|_| directory.is_dir()) {
                there.mark_for(&directory, head)?;
                done.removed.push(name.clone());
            }
        }
        done.lock = seen.is_none_or(|seen| seen != text);
        there.write_lock(&self.lock)?;
        there.sweep()?;
        Ok(done)
    }

    /// Whether a directory is there only for a change that was interrupted, and counts for nothing.
    pub fn is_on_its_way(&self, name: &MigrationName) -> bool {
        super::replace::is_marked(&self.path.join(name), self.head())
    }

    /// Whether a migration's files lie there as they are to be.
    fn has(&self, migration: &Migration) -> bool {
        let read = |file: &str| read_small(&self.path.join(&migration.name).join(file)).ok();
        let sql = read(SQL_FILE).is_some_and(|bytes| is_sql(&bytes, migration));
        sql && read(SNAPSHOT_FILE).is_some_and(|bytes| Checksum::of_text(&bytes) == migration.snapshot)
    }

    /// Directories that neither stay nor go would make the folder one that nothing can be done with.
    fn refuse_others(&self, lock: &Lock, rewrite: &Rewrite) -> Result<(), FolderError> {
        let is_known = |name: &str| {
            lock.migrations()
                .iter()
                .map(|migration| &migration.name)
                .chain(&rewrite.gone)
                .any(|one| one.as_str() == name)
        };
        let unknown = self.directories().iter().filter(|name| !name.to_str().is_some_and(is_known));
        let mut unknown = unknown.map(|name| self.path.join(name)).filter(|directory| is_someones(directory));
        match unknown.next() {
            Some(path) => Err(FolderError::Unlisted { path, head: None }),
            None => Ok(()),
        }
    }

    /// Puts the files of a directory beside it, into the folder from which they are taken once the lock lists them.
    fn next_to(&self, directory: &Path, sql: &[u8], snapshot: &[u8]) -> Result<(), FolderError> {
        let next = directory.join(NEXT);
        let write = || {
            if next.exists() {
                fs::remove_dir_all(&next)?;
            }
            fs::create_dir(&next)?;
            write_file(&next.join(SQL_FILE), sql)?;
            write_file(&next.join(SNAPSHOT_FILE), snapshot)?;
            sync_directory(&next)?;
            sync_directory(directory)
        };
        write().map_err(|source: io::Error| self.not_writable(source))
    }

    /// Copies directories to where nobody looks, each under a name that is free.
    fn copy(&self, names: &[MigrationName]) -> Result<Vec<PathBuf>, FolderError> {
        let copies = self.path.join(COPIES);
        let copy = |name: &MigrationName| {
            let numbered = (2_u32..).map(|number| copies.join(format!("{name}-{number}")));
            let to = std::iter::once(copies.join(name)).chain(numbered).find(|path| !path.exists());
            let to = to.unwrap_or_else(|| copies.join(name));
            fs::create_dir_all(&to)?;
            for file in [SQL_FILE, SNAPSHOT_FILE] {
                match fs::read(self.path.join(name).join(file)) {
                    Ok(bytes) => write_file(&to.join(file), &bytes)?,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
            sync_directory(&to)?;
            Ok(to)
        };
        let made: io::Result<Vec<PathBuf>> =
            names.iter().filter(|name| self.path.join(name).is_dir()).map(copy).collect();
        let made = made.map_err(|source| self.not_writable(source))?;
        if !made.is_empty() {
            sync_directory(&copies).map_err(|source| self.not_writable(source))?;
        }
        Ok(made)
    }
}

/// The folder at a path, whatever its lock says.
fn at(path: &Path, seen: Option<&str>) -> Result<Folder, FolderError> {
    let listing = Listing::read(path).map_err(|source| FolderError::NotReadable { path: path.to_owned(), source })?;
    let lock_text = seen.map(str::to_owned);
    Ok(Folder { path: path.to_owned(), lock: Lock::default(), lock_text, origin: Origin::Disk(listing), held: None })
}

/// Whether a directory is that of a migration, and not one that is on its way in or out, or left by something else.
fn is_someones(directory: &Path) -> bool {
    directory.is_dir() && !super::replace::is_marked(directory, None) && !super::left_over::is_left_over(directory)
}

fn is_sql(bytes: &[u8], migration: &Migration) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| super::as_recorded(text, migration).is_some())
}

/// The text of the lock at a path, whatever it says; `None` if there is none.
///
/// # Errors
/// If it cannot be read, or is not text.
pub fn lock_text(folder: &Path) -> Result<Option<String>, FolderError> {
    let path = folder.join(lock::FILE_NAME);
    match fs::read(&path) {
        Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| FolderError::NotUtf8 { path }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FolderError::NotReadable { path, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Slug, Snapshot, Verify};
    use super::*;

    /// A folder with migrations of these names and SQL.
    fn folder(migrations: &[(&str, &str)]) -> (tempfile::TempDir, Folder) {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut folder = Folder::open(directory.path()).expect("it is empty");
        for (name, sql) in migrations {
            folder
                .add(&Slug::sanitize(name).expect("it has letters"), sql, &Snapshot::default())
                .expect("it is writable");
        }
        (directory, folder)
    }

    fn name(text: &str) -> MigrationName {
        MigrationName::parse(text).expect("it is a name")
    }

    fn scripts(path: &Path) -> Vec<String> {
        let folder = Folder::open(path).expect("the lock is whole");
        folder.verify(Verify::All).expect("nothing is wrong");
        let script = |migration: &Migration| format!("{} {}", migration.name, folder.sql(migration).unwrap().trim());
        folder.migrations().iter().map(script).collect()
    }

    const OURS: [(&str, &str); 2] = [("a", "SELECT 1;\n"), ("ours", "SELECT 2;\n")];
    const THEIRS: [(&str, &str); 3] = [("a", "SELECT 1;\n"), ("theirs", "SELECT 3;\n"), ("ours", "SELECT 2;\n")];

    #[test]
    fn a_history_takes_the_place_of_another() {
        let (target, wanted) = folder(&THEIRS);
        let (place, _) = folder(&OURS);
        // what a merge leaves: both directories, and a lock that is none
        let theirs = place.path().join("0002_theirs");
        fs::create_dir(&theirs).unwrap();
        for file in [SQL_FILE, SNAPSHOT_FILE] {
            fs::copy(target.path().join("0002_theirs").join(file), theirs.join(file)).unwrap();
        }
        fs::write(place.path().join("migrations.lock"), "<<<<<<< a\n").unwrap();
        let rewrite = Rewrite { gone: vec![name("0002_ours")], copied: vec![name("0002_ours")] };
        assert!(matches!(
            wanted.write_to(place.path(), Some("x"), &rewrite),
            Err(FolderError::ChangedMeanwhile { .. })
        ));
        let done = wanted.write_to(place.path(), Some("<<<<<<< a\n"), &rewrite).expect("it is writable");
        assert_eq!(done.written, [name("0003_ours")]);
        assert_eq!(done.removed, [name("0002_ours")]);
        assert!(done.copies[0].ends_with(Path::new(COPIES).join("0002_ours")));
        assert_eq!(fs::read_to_string(done.copies.last().unwrap().join(SQL_FILE)).unwrap(), "SELECT 2;\n");
        assert_eq!(scripts(place.path()), ["0001_a SELECT 1;", "0002_theirs SELECT 3;", "0003_ours SELECT 2;"]);
    }

    #[test]
    fn one_name_with_other_files_takes_their_place() {
        let (_target, wanted) = folder(&[("a", "SELECT 1;\n"), ("b", "SELECT 7;\n")]);
        let (place, there) = folder(&[("a", "SELECT 1;\n"), ("b", "SELECT 2;\n")]);
        let seen = there.lock.to_text();
        wanted.write_to(place.path(), Some(&seen), &Rewrite::default()).expect("it is writable");
        assert_eq!(scripts(place.path()), ["0001_a SELECT 1;", "0002_b SELECT 7;"]);
        assert!(!place.path().join("0002_b").join(NEXT).exists());
    }

    #[test]
    fn what_is_of_nobody_known_is_in_the_way() {
        let (_target, wanted) = folder(&THEIRS);
        let (place, there) = folder(&OURS);
        let before = scripts(place.path());
        let seen = there.lock.to_text();
        let refused = wanted.write_to(place.path(), Some(&seen), &Rewrite::default());
        assert!(matches!(refused, Err(FolderError::Unlisted { .. })), "{refused:?}");
        assert_eq!(scripts(place.path()), before);
    }

    #[test]
    fn a_death_in_between_leaves_the_old_history_or_the_new_one_and_can_be_repeated() {
        let (_target, wanted) = folder(&THEIRS);
        let (place, there) = folder(&OURS);
        let seen = there.lock.to_text();
        let rewrite = Rewrite { gone: vec![name("0002_ours")], copied: Vec::new() };
        // everything up to the lock
        for migration in &wanted.migrations()[1..] {
            let (sql, snapshot) = (wanted.sql(migration).unwrap(), wanted.read_snapshot(migration).unwrap());
            let staged = there.stage(&migration.name, sql.as_bytes(), &snapshot).unwrap();
            staged.add(UNLISTED).unwrap();
            there.publish(staged, &migration.name).unwrap();
        }
        there.mark_for(&place.path().join("0002_ours"), wanted.head().unwrap()).unwrap();
        assert_eq!(scripts(place.path()), ["0001_a SELECT 1;", "0002_ours SELECT 2;"]);
        // again, from the beginning
        wanted.write_to(place.path(), Some(&seen), &rewrite).expect("what is left is not in the way");
        assert_eq!(scripts(place.path()).len(), 3);
        // one that no lock lists is not forgotten for that
        let (place, mut there) = folder(&OURS);
        there.mark_for(&place.path().join("0002_ours"), wanted.head().unwrap()).unwrap();
        there.write_lock(&there.lock.without_last()).unwrap();
        let is_said = Folder::open(place.path()).unwrap().verify(Verify::Listing);
        assert!(matches!(is_said, Err(FolderError::Unlisted { .. })), "{is_said:?}");
        // behind the lock
        let (place, mut there) = folder(&OURS);
        for migration in &wanted.migrations()[1..] {
            let (sql, snapshot) = (wanted.sql(migration).unwrap(), wanted.read_snapshot(migration).unwrap());
            let staged = there.stage(&migration.name, sql.as_bytes(), &snapshot).unwrap();
            staged.add(UNLISTED).unwrap();
            there.publish(staged, &migration.name).unwrap();
        }
        there.mark_for(&place.path().join("0002_ours"), wanted.head().unwrap()).unwrap();
        there.write_lock(&wanted.lock).unwrap();
        assert_eq!(scripts(place.path()), ["0001_a SELECT 1;", "0002_theirs SELECT 3;", "0003_ours SELECT 2;"]);
    }
}
