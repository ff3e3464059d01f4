//! Taking the last migration back, and replacing it by another: before the lock is replaced, the folder is what it was,
//! and behind that what it is to be, whatever dies when.
//!
//! Directories and lock cannot change in one step, so what is on its way in or out says so. A directory with
//! [`UNLISTED`] in it counts only if the lock lists it; and in [`NEXT`] lie the files of a migration whose name stays,
//! which are taken where the lock lists them and not those in their place. Both are swept away once the lock is written.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::checksum::Checksum;
use super::error::FolderError;
use super::lock::Sums;
use super::name::{MigrationName, Slug};
use super::write::{replace_file, sync_directory, write_file};
use super::{Folder, Migration, SNAPSHOT_FILE, SQL_FILE, Snapshot, snapshot};

/// The file in a directory that counts only if the lock lists it. With the last hash of a lock in it, it says so for that
/// lock alone: of a directory that no lock lists before either.
pub(super) const UNLISTED: &str = ".unlisted";

/// The folder in a migration's directory with the files that are about to take the place of the others.
pub(super) const NEXT: &str = ".next";

impl Folder {
    /// Takes the last migration back: out of the lock, and off the disk. Its directory may be missing already.
    ///
    /// # Errors
    /// As for [`Folder::add`].
    pub fn take_back_last(&mut self) -> Result<Option<Migration>, FolderError> {
        let Some(last) = self.head().cloned() else { return Ok(None) };
        let directory = self.path.join(&last.name);
        match self.verify_writable() {
            Err(FolderError::Missing { path }) if path == directory => {}
            result => result?,
        }
        self.mark(&directory)?;
        let lock = self.lock.without_last();
        self.write_lock(&lock).inspect_err(|_| unmark(&directory))?;
        self.sweep()?;
        Ok(Some(last))
    }

    /// Puts another migration in the place of the last one, with its number.
    ///
    /// # Errors
    /// As for [`Folder::add`].
    pub fn replace_last(&mut self, slug: &Slug, sql: &str, snapshot: &Snapshot) -> Result<(), FolderError> {
        self.replace_tail(1, &[(slug, sql, snapshot)])
    }

    /// Puts migrations in the place of the last so many, from the number of the first of those on: all of them or none.
    ///
    /// # Errors
    /// As for [`Folder::add`].
    pub fn replace_tail(&mut self, count: usize, files: &[(&Slug, &str, &Snapshot)]) -> Result<(), FolderError> {
        self.verify_writable()?;
        let at = self.migrations().len().saturating_sub(count);
        let old: Vec<MigrationName> = self.migrations()[at..].iter().map(|one| one.name.clone()).collect();
        let Some(first) = old.first() else { return Ok(()) };
        let mut lock = old.iter().fold(self.lock.clone(), |lock, _| lock.without_last());
        let mut new = Vec::with_capacity(files.len());
        for (sequence, (slug, sql, snapshot)) in (first.sequence()..).zip(files) {
            let (name, bytes) = (MigrationName::new(sequence, slug), snapshot::to_bytes(snapshot));
            lock = lock.with(name.clone(), Sums::of(sql, &bytes, &snapshot.schema));
            new.push((name, *sql, bytes));
        }
        let (mut made, mut marked) = (Vec::new(), Vec::new());
        let mut lay_out_all = || {
            for (name, sql, bytes) in &new {
                if old.contains(name) {
                    self.protect_line_ends(sql)?;
                    let next = self.path.join(name).join(NEXT);
                    self.lay_out(&next, sql.as_bytes(), bytes).map_err(|source| self.not_writable(source))?;
                    made.push(next);
                } else {
                    made.push(self.publish_unlisted(name, sql, bytes)?);
                }
            }
            for name in old.iter().filter(|name| new.iter().all(|(stays, ..)| stays != *name)) {
                let directory = self.path.join(name);
                self.mark(&directory)?;
                marked.push(directory);
            }
            self.write_lock(&lock)
        };
        lay_out_all().inspect_err(|_| {
            for directory in marked {
                unmark(&directory);
            }
            for directory in made {
                // best effort: what remains does not count
                let _ = std::fs::remove_dir_all(directory);
            }
        })?;
        self.sweep()
    }

    /// Lays a migration out that counts once the lock lists it.
    fn publish_unlisted(&mut self, name: &MigrationName, sql: &str, snapshot: &[u8]) -> Result<PathBuf, FolderError> {
        self.make_room(name)?;
        self.protect_line_ends(sql)?;
        let staged = self.stage(name, sql.as_bytes(), snapshot)?;
        staged.add(UNLISTED).map_err(|source| self.not_writable(source))?;
        self.publish(staged, name)
    }

    /// Puts one migration in the place of several, which it replaces: databases that have all of them have it. It gets
    /// the number of the last one, and leads to the same snapshot.
    ///
    /// # Errors
    /// As for [`Folder::add`].
    pub fn squash(&mut self, range: Range<usize>, slug: &Slug, sql: &str) -> Result<(), FolderError> {
        self.verify_writable()?;
        let replaced = self.migrations().get(range.clone()).unwrap_or_default().to_vec();
        let Some(last) = replaced.last() else { return Ok(()) };
        let name = MigrationName::new(last.name.sequence(), slug);
        let snapshot = self.snapshot_at(last)?;
        let bytes = snapshot::to_bytes(&snapshot);
        let lock = self.complete(&self.lock)?.squashed(range, name.clone(), Sums::of(sql, &bytes, &snapshot.schema));
        self.make_room(&name)?;
        self.protect_line_ends(sql)?;
        let staged = self.stage(&name, sql.as_bytes(), &bytes)?;
        staged.add(UNLISTED).map_err(|source| self.not_writable(source))?;
        let directories: Vec<_> = replaced.iter().map(|one| self.path.join(&one.name)).collect();
        let unmark_all = || {
            for directory in &directories {
                unmark(directory);
            }
        };
        for directory in &directories {
            self.mark(directory).inspect_err(|_| unmark_all())?;
        }
        let published = self.publish(staged, &name).inspect_err(|_| unmark_all())?;
        self.write_lock(&lock).inspect_err(|_| {
            unmark_all();
            // best effort: what remains does not count
            let _ = std::fs::remove_dir_all(published);
        })?;
        self.sweep()
    }

    /// Writes the files that are to take the place of others.
    fn lay_out(&self, next: &Path, sql: &[u8], snapshot: &[u8]) -> io::Result<()> {
        if next.exists() {
            // of a run that died
            std::fs::remove_dir_all(next)?;
        }
        std::fs::create_dir(next)?;
        write_file(&next.join(SQL_FILE), sql)?;
        write_file(&next.join(SNAPSHOT_FILE), snapshot)?;
        sync_directory(next)?;
        sync_directory(next.parent().unwrap_or(&self.path))
    }

    fn mark(&self, directory: &Path) -> Result<(), FolderError> {
        if !directory.is_dir() {
            return Ok(());
        }
        replace_file(&directory.join(UNLISTED), b"").map_err(|source| self.not_writable(source))
    }

    /// Says of a directory that it goes as soon as the lock has this head.
    pub(super) fn mark_for(&self, directory: &Path, head: &Migration) -> Result<(), FolderError> {
        let text = head.chain.to_hex();
        replace_file(&directory.join(UNLISTED), text.as_bytes()).map_err(|source| self.not_writable(source))
    }

    /// Takes a directory out of the way that an interrupted run has left and that does not count.
    pub(super) fn make_room(&self, name: &MigrationName) -> Result<(), FolderError> {
        let path = self.path.join(name);
        let is_listed = self.migrations().iter().any(|migration| migration.name == *name);
        if is_listed || !is_marked(&path, self.head()) {
            return Ok(());
        }
        self.remove(&path).map_err(|source| self.not_writable(source))
    }

    /// Finishes what the lock has decided. Only behind a lock of one's own: until then it may be the work of others.
    pub(super) fn sweep(&mut self) -> Result<(), FolderError> {
        let directories: Vec<_> = self.directories().iter().map(|name| self.path.join(name)).collect();
        for directory in directories {
            let name = directory.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            match self.migrations().iter().find(|migration| migration.name.as_str() == name).cloned() {
                Some(migration) => {
                    unmark(&directory);
                    Self::put_in_place(&migration, &directory).map_err(|source| self.not_writable(source))?;
                }
                None if is_marked(&directory, self.head()) => {
                    self.remove(&directory).map_err(|source| self.not_writable(source))?;
                }
                None => {}
            }
        }
        self.read_listing()
    }

    fn put_in_place(migration: &Migration, directory: &Path) -> io::Result<()> {
        let next = directory.join(NEXT);
        if !next.is_dir() {
            return Ok(());
        }
        let is_sql = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok_and(|sql| Checksum::of_sql(sql) == migration.sql);
        let is_snapshot = |bytes: &[u8]| Checksum::of_text(bytes) == migration.snapshot;
        for file in [SQL_FILE, SNAPSHOT_FILE] {
            let is_listed = |bytes: Vec<u8>| if file == SQL_FILE { is_sql(&bytes) } else { is_snapshot(&bytes) };
            if std::fs::read(next.join(file)).is_ok_and(is_listed) {
                std::fs::rename(next.join(file), directory.join(file))?;
            }
        }
        sync_directory(directory)?;
        std::fs::remove_dir_all(next)
    }

    /// Hides a directory before it is deleted: one that is deleted half would be in the way.
    pub(super) fn remove(&self, directory: &Path) -> io::Result<()> {
        let name = directory.file_name().unwrap_or_default().to_string_lossy();
        let hidden = self.path.join(format!(".{name}.{}.removed", std::process::id()));
        if hidden.exists() {
            std::fs::remove_dir_all(&hidden)?;
        }
        std::fs::rename(directory, &hidden)?;
        sync_directory(&self.path)?;
        std::fs::remove_dir_all(&hidden)
    }
}

/// Whether a directory counts only if the lock with this head lists it.
pub(super) fn is_marked(directory: &Path, head: Option<&Migration>) -> bool {
    let is_of = |bytes: &[u8]| head.is_some_and(|head| head.chain.to_hex().as_bytes() == bytes);
    std::fs::read(directory.join(UNLISTED)).is_ok_and(|bytes| bytes.is_empty() || is_of(&bytes))
}

/// The bytes that are to take the place of a file.
pub(super) fn next(path: &Path) -> Option<Vec<u8>> {
    std::fs::read(path.with_file_name(NEXT).join(path.file_name()?)).ok()
}

fn unmark(directory: &Path) {
    // best effort: one that is listed counts with the mark as well
    let _ = std::fs::remove_file(directory.join(UNLISTED));
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::Verify;
    use super::*;

    const OLD: &str = "SELECT 1;\n";
    const NEW: &str = "SELECT 2;\n";

    struct Place {
        directory: tempfile::TempDir,
    }

    impl Place {
        /// A folder with `0001_a` and `0002_b`.
        fn new() -> Self {
            let place = Self { directory: tempfile::tempdir().expect("a temporary directory") };
            let mut folder = place.folder();
            for slug in ["a", "b"] {
                folder.add(&self::slug(slug), OLD, &Snapshot::default()).expect("it can be added");
            }
            place
        }

        fn path(&self, name: &str) -> PathBuf {
            self.directory.path().join(name)
        }

        fn folder(&self) -> Folder {
            Folder::open(self.directory.path()).expect("the lock is whole")
        }

        /// The names and scripts of a folder in which nothing is wrong.
        #[track_caller]
        fn scripts(&self) -> Vec<String> {
            let folder = self.folder();
            folder.verify(Verify::All).expect("nothing is wrong");
            let script = |migration: &Migration| {
                format!("{} {}", migration.name, folder.sql(migration).expect("it is listed").trim())
            };
            folder.migrations().iter().map(script).collect()
        }

        fn names(&self) -> Vec<String> {
            let entries = std::fs::read_dir(self.directory.path()).expect("it is readable");
            let name = |entry: io::Result<std::fs::DirEntry>| entry.unwrap().file_name().to_string_lossy().into_owned();
            let mut names: Vec<String> = entries.map(name).collect();
            names.sort();
            names
        }
    }

    fn slug(text: &str) -> Slug {
        Slug::sanitize(text).expect("it has letters")
    }

    #[test]
    fn the_last_migration_is_taken_back_with_its_line_in_the_lock() {
        let place = Place::new();
        let taken = place.folder().take_back_last().expect("it is writable").expect("there is one");
        assert_eq!(taken.name.as_str(), "0002_b");
        assert_eq!(place.scripts(), ["0001_a SELECT 1;"]);
        assert_eq!(place.names(), ["0001_a", "migrations.lock"]);
    }

    #[test]
    fn a_death_while_a_migration_is_taken_back_leaves_it_or_not() {
        let place = Place::new();
        let old = std::fs::read(place.path("migrations.lock")).unwrap();
        place.folder().mark(&place.path("0002_b")).expect("it is writable");
        assert_eq!(place.scripts().len(), 2, "nothing is decided");
        let mut folder = place.folder();
        let lock = folder.lock.without_last();
        folder.write_lock(&lock).expect("it is writable");
        assert_eq!(place.scripts().len(), 1, "it is decided");
        assert!(place.path("0002_b").is_dir());
        // the next one may have its name
        place.folder().add(&slug("b"), NEW, &Snapshot::default()).expect("what is left is not in the way");
        assert_eq!(place.scripts(), ["0001_a SELECT 1;", "0002_b SELECT 2;"]);
        assert_eq!(place.names(), ["0001_a", "0002_b", "migrations.lock"]);
        assert_ne!(std::fs::read(place.path("migrations.lock")).unwrap(), old);
    }

    #[test]
    fn a_migration_is_replaced_under_its_own_and_under_another_name() {
        for name in ["b", "c"] {
            let place = Place::new();
            place.folder().replace_last(&slug(name), NEW, &Snapshot::default()).expect("it is writable");
            assert_eq!(place.scripts(), ["0001_a SELECT 1;".to_owned(), format!("0002_{name} SELECT 2;")]);
            assert_eq!(place.names(), ["0001_a".to_owned(), format!("0002_{name}"), "migrations.lock".to_owned()]);
            assert!(!place.path("0002_b").join(NEXT).exists());
        }
    }

    #[test]
    fn two_take_the_place_of_one_or_none_does() {
        let none = Snapshot::default();
        for name in ["b", "c"] {
            let place = Place::new();
            let (first, second) = (slug(name), slug("d"));
            let both = |place: &Place| place.folder().replace_tail(1, &[(&first, NEW, &none), (&second, OLD, &none)]);
            // what is in the way of the second
            fs_write(&place.path("0003_d").join("notes"));
            both(&place).expect_err("it is somebody else's");
            std::fs::remove_dir_all(place.path("0003_d")).unwrap();
            assert_eq!(place.scripts(), ["0001_a SELECT 1;", "0002_b SELECT 1;"]);
            both(&place).expect("it is writable");
            let first = format!("0002_{name}");
            assert_eq!(place.scripts(), ["0001_a SELECT 1;", &format!("{first} SELECT 2;"), "0003_d SELECT 1;"]);
            assert_eq!(place.names(), ["0001_a", &first, "0003_d", "migrations.lock"]);
        }
    }

    #[test]
    fn two_take_the_place_of_two_whatever_their_names_are() {
        let none = Snapshot::default();
        for (first, second) in [("b", "d"), ("b", "c"), ("e", "c"), ("e", "f")] {
            let place = Place::new();
            place.folder().add(&slug("c"), OLD, &none).expect("it is writable");
            let names = (slug(first), slug(second));
            let both = [(&names.0, NEW, &none), (&names.1, NEW, &none)];
            place.folder().replace_tail(2, &both).expect("it is writable");
            let names = [format!("0002_{first}"), format!("0003_{second}")];
            let scripts = names.each_ref().map(|name| format!("{name} SELECT 2;"));
            assert_eq!(place.scripts()[1..], scripts);
            assert_eq!(place.names(), ["0001_a", &names[0], &names[1], "migrations.lock"]);
        }
    }

    fn fs_write(path: &Path) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }

    #[test]
    fn a_death_while_a_migration_is_replaced_leaves_the_old_one_or_the_new_one() {
        let (new, empty) = (NEW.as_bytes(), snapshot::to_bytes(&Snapshot::default()));
        let sums = Sums::of(NEW, &empty, &Snapshot::default().schema);
        // under its own name
        let place = Place::new();
        let mut folder = place.folder();
        let next = place.path("0002_b").join(NEXT);
        folder.lay_out(&next, new, &empty).expect("it is writable");
        assert_eq!(place.scripts()[1], "0002_b SELECT 1;");
        let name = folder.head().expect("there is one").name.clone();
        let lock = folder.lock.without_last().with(name, sums);
        folder.write_lock(&lock).expect("it is writable");
        assert_eq!(place.scripts()[1], "0002_b SELECT 2;");
        std::fs::rename(next.join(SQL_FILE), place.path("0002_b").join(SQL_FILE)).expect("it is writable");
        assert_eq!(place.scripts()[1], "0002_b SELECT 2;");
        place.folder().sweep().expect("it is writable");
        assert_eq!(place.scripts()[1], "0002_b SELECT 2;");
        assert!(!next.exists());
        // under another name
        let place = Place::new();
        let mut folder = place.folder();
        let name = MigrationName::new(2, &slug("c"));
        let staged = folder.stage(&name, new, &empty).expect("it is writable");
        staged.add(UNLISTED).expect("it is writable");
        folder.mark(&place.path("0002_b")).expect("it is writable");
        folder.publish(staged, &name).expect("it is writable");
        assert_eq!(place.scripts()[1], "0002_b SELECT 1;");
        let lock = folder.lock.without_last().with(name, sums);
        folder.write_lock(&lock).expect("it is writable");
        assert_eq!(place.scripts()[1], "0002_c SELECT 2;");
        place.folder().sweep().expect("it is writable");
        assert_eq!(place.scripts()[1], "0002_c SELECT 2;");
        assert_eq!(place.names(), ["0001_a", "0002_c", "migrations.lock"]);
    }

    #[test]
    fn a_migration_takes_the_place_of_several_and_a_death_before_that_leaves_them() {
        let place = Place::new();
        place.folder().add(&slug("c"), "SELECT 3;\n", &Snapshot::default()).expect("it is writable");
        let before = place.scripts();
        // what a death before the lock leaves
        place.folder().mark(&place.path("0001_a")).expect("it is writable");
        assert_eq!(place.scripts(), before);
        place.folder().squash(0..2, &slug("both"), NEW).expect("it is writable");
        assert_eq!(place.scripts(), ["0002_both SELECT 2;", "0003_c SELECT 3;"]);
        assert_eq!(place.names(), ["0002_both", "0003_c", "migrations.lock"]);
        let folder = place.folder();
        let replaced: Vec<_> = folder.migrations()[0].replaces.iter().map(|one| one.name.to_string()).collect();
        assert_eq!(replaced, ["0001_a", "0002_b"]);
        assert_eq!(folder.next_name(&slug("d")).as_str(), "0004_d");
        assert_eq!(folder.behind_record("0002_b").map(|one| one.name.as_str()), Some("0002_both"));
        assert_eq!(folder.replacement("1").map(|one| one.name.as_str()), Some("0002_both"));
        assert!(folder.replacement("0002_both").is_none() && folder.behind_record("0001_a").is_none());
        // a squash of a squash, and what is left of a number that was taken once
        place.folder().squash(0..2, &slug("all"), OLD).expect("it is writable");
        assert_eq!(place.scripts(), ["0003_all SELECT 1;"]);
        place.folder().take_back_last().expect("it is writable");
        assert_eq!(place.names(), ["migrations.lock"]);
    }

    #[test]
    fn nothing_is_taken_back_from_a_lock_that_somebody_else_has_written() {
        let place = Place::new();
        let mut stale = place.folder();
        place.folder().add(&slug("c"), NEW, &Snapshot::default()).expect("it is writable");
        assert!(matches!(stale.take_back_last(), Err(FolderError::ChangedMeanwhile { .. })));
        assert_eq!(place.scripts().len(), 3);
    }
}
