//! The files of migrations, from wherever they are: the lock has the checksum of each, so that it does not matter which
//! branch a file is taken from, or in what state a merge has left the folder.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use dbmigrate_core::folder::rewrite::COPIES;
use dbmigrate_core::folder::{
    Checksum, Migration, MigrationName, SNAPSHOT_FILE, SQL_FILE, Snapshot, as_recorded, snapshot,
};
use dbmigrate_core::schema::canonical::SchemaHash;
use dbmigrate_core::sql::line_ends::normalized;

use crate::error::{CommandError, Result};
use crate::{exit, git};

/// Where files are looked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources {
    /// The folder itself.
    folder: PathBuf,
    /// Other folders with migrations.
    beside: Vec<PathBuf>,
    /// Commits.
    commits: Vec<String>,
}

impl Sources {
    /// The folder itself.
    pub(crate) fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), ..Self::default() }
    }

    /// Looks in another folder, too.
    pub(crate) fn beside(&mut self, folder: &Path) {
        self.beside.push(folder.to_owned());
    }

    /// Looks in the copies that were made of what git does not have, too.
    pub(crate) fn beside_copies(&mut self) {
        self.beside.push(self.folder.join(COPIES));
    }

    /// Looks in a commit, too.
    pub(crate) fn commit(&mut self, commit: &str) {
        if !self.commits.iter().any(|known| known == commit) {
            self.commits.push(commit.to_owned());
        }
    }

    /// Where a migration's SQL is, or would be, for messages.
    pub(crate) fn path_of(&self, migration: &Migration) -> PathBuf {
        self.folder.join(&migration.name).join(SQL_FILE)
    }

    /// The SQL of a migration, as it was recorded.
    ///
    /// # Errors
    /// If nobody has it.
    pub(crate) fn sql(&self, migration: &Migration) -> Result<String> {
        let recorded = |bytes: &[u8]| recorded(bytes, migration);
        self.find(&migration.name, SQL_FILE, recorded).ok_or_else(|| self.lost(migration, SQL_FILE))
    }

    /// The snapshot of a migration.
    ///
    /// # Errors
    /// If nobody has it, or it cannot be read.
    pub(crate) fn snapshot(&self, migration: &Migration) -> Result<Snapshot> {
        let bytes = self.snapshot_bytes(migration)?;
        snapshot::read(&bytes).map_err(|error| {
            let path = self.folder.join(&migration.name).join(SNAPSHOT_FILE);
            CommandError::new(exit::INCONSISTENT, format!("cannot read `{}`: {error}", path.display()))
        })
    }

    /// The snapshot of a migration as it lies in its file.
    ///
    /// # Errors
    /// If nobody has it.
    pub(crate) fn snapshot_bytes(&self, migration: &Migration) -> Result<Vec<u8>> {
        let is_recorded = |bytes: &[u8]| (Checksum::of_text(bytes) == migration.snapshot).then(|| bytes.to_owned());
        self.find(&migration.name, SNAPSHOT_FILE, is_recorded).ok_or_else(|| self.lost(migration, SNAPSHOT_FILE))
    }

    /// The SQL of that name with a checksum in hexadecimal digits, if somebody has it.
    pub(super) fn sql_by_checksum(&self, name: &MigrationName, checksum: &str) -> Option<String> {
        self.find(name, SQL_FILE, |bytes| {
            let text = std::str::from_utf8(bytes).ok()?;
            (Checksum::of_sql(text).to_hex() == checksum)
                .then(|| normalized(text.trim_start_matches('\u{feff}')).into_owned())
        })
    }

    /// The snapshot of that name of a schema with a hash in hexadecimal digits, if somebody has it.
    pub(super) fn snapshot_by_schema(&self, name: &MigrationName, hash: &str) -> Option<(Vec<u8>, Snapshot)> {
        self.find(name, SNAPSHOT_FILE, |bytes| {
            let snapshot = snapshot::read(bytes).ok()?;
            (SchemaHash::of(&snapshot.schema).to_hex() == hash).then(|| (bytes.to_owned(), snapshot))
        })
    }

    /// The SQL of a migration as somebody has edited it since: what lies in the folder and is none of what `others` are
    /// recorded with, nor what a merge has left of two files.
    pub(crate) fn edited(&self, migration: &Migration, others: &[Migration]) -> Option<String> {
        let bytes = std::fs::read(self.folder.join(&migration.name).join(SQL_FILE)).ok()?;
        let text = String::from_utf8(bytes.clone()).ok()?;
        let same_name = others.iter().filter(|other| other.name == migration.name);
        let is_known = std::iter::once(migration).chain(same_name).any(|one| recorded(&bytes, one).is_some());
        let is_marked = text.lines().any(|line| ["<<<<<<<", ">>>>>>>"].iter().any(|marker| line.starts_with(marker)));
        (!is_known && !is_marked).then(|| normalized(text.trim_start_matches('\u{feff}')).into_owned())
    }

    /// The first file of that name that is the one.
    fn find<T>(&self, name: &MigrationName, file: &str, is_it: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
        for folder in std::iter::once(&self.folder).chain(&self.beside) {
            let directory = folder.join(name);
            for path in [directory.join(file), directory.join(".next").join(file)] {
                if let Some(found) = std::fs::read(path).ok().and_then(|bytes| is_it(&bytes)) {
                    return Some(found);
                }
            }
        }
        let path = format!("./{name}/{file}");
        let in_commits = || self.commits.iter().find_map(|commit| is_it(&git::file_at(&self.folder, commit, &path)?));
        let in_index = || (0..=3).rev().find_map(|stage| is_it(&git::file_in_index(&self.folder, stage, &path)?));
        let text = || std::fs::read_to_string(self.folder.join(name).join(file)).ok();
        in_commits()
            .or_else(in_index)
            .or_else(|| text().and_then(|text| sides_of(&text).iter().find_map(|side| is_it(side.as_bytes()))))
            .or_else(|| {
                let commits = git::commits_of(&self.folder, &path, 20);
                commits.iter().find_map(|commit| is_it(&git::file_at(&self.folder, commit, &path)?))
            })
    }

    fn lost(&self, migration: &Migration, file: &str) -> CommandError {
        let path = self.folder.join(&migration.name).join(file);
        let message = format!("no recorded version of `{}` was found", path.display());
        CommandError::new(exit::INCONSISTENT, message)
            .note("looked in the folder, and in git where it is there; nothing was written")
            .help("copy the file from a checkout that has it, then run the command again")
    }
}

/// The SQL of a migration, if these bytes are it, whatever a checkout has made of its line ends.
fn recorded(bytes: &[u8], migration: &Migration) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    as_recorded(text.trim_start_matches('\u{feff}'), migration).map(Cow::into_owned)
}

/// What the sides of a merge were, of a file with its markers.
fn sides_of(text: &str) -> Vec<String> {
    if !text.lines().any(|line| line.starts_with("<<<<<<<")) {
        return Vec::new();
    }
    // which part of a conflict a line is in: none of it, ours, the base, theirs
    let side = |wanted: u8| {
        let mut part = 0;
        let mut kept = String::new();
        for line in text.split_inclusive('\n') {
            match (part, line.get(..7).unwrap_or(line.trim_end())) {
                (_, "<<<<<<<") => part = 1,
                (1, "|||||||") => part = 2,
                (1 | 2, "=======") => part = 3,
                (3, ">>>>>>>") => part = 0,
                _ if part == 0 || part == wanted => kept.push_str(line),
                _ => {}
            }
        }
        kept
    };
    vec![side(1), side(3), side(2)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_of_a_file_with_conflict_markers_are_told() {
        let text = "a\n<<<<<<< HEAD\nb\n||||||| base\nx\n=======\nc\n>>>>>>> main\nd\n";
        assert_eq!(sides_of(text), ["a\nb\nd\n", "a\nc\nd\n", "a\nx\nd\n"]);
        assert!(sides_of("a\n=======\n").is_empty());
    }
}
