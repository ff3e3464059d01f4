//! The history of directories that the lock does not list: as git has it, or as their names say.

use std::path::Path;

use dbmigrate_core::folder::{
    Checksum, Folder, FolderError, Lock, Migration, MigrationName, SNAPSHOT_FILE, SQL_FILE, Sums, lock, snapshot,
};

use super::sources::Sources;
use crate::error::{CommandError, Result};
use crate::git;

/// How many of the last versions of the lock are looked at.
const MOST_COMMITS: usize = 50;

/// The directories of migrations that are whole and not listed, in the order of their names.
pub(super) fn names(folder: &Path, lock: &[Migration]) -> Vec<MigrationName> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| MigrationName::parse(entry.file_name().to_str()?));
    let is_whole =
        |name: &MigrationName| [SQL_FILE, SNAPSHOT_FILE].iter().all(|file| folder.join(name).join(file).is_file());
    let is_listed = |name: &MigrationName| lock.iter().any(|migration| migration.name == *name);
    // the folder knows which of them do not count
    let counts = |name: &MigrationName| match Folder::open(folder) {
        Ok(open) => !open.is_on_its_way(name),
        Err(_) => true,
    };
    let mut names: Vec<MigrationName> =
        names.filter(|name| is_whole(name) && !is_listed(name) && counts(name)).collect();
    names.sort();
    names
}

/// The history that they end: a name for it, and its migrations.
///
/// # Errors
/// If a snapshot cannot be read.
pub(super) fn history(
    folder: &Path,
    lock: &[Migration],
    names: &[MigrationName],
    sources: &mut Sources,
) -> Result<(String, Vec<Migration>)> {
    let path = format!("./{}", lock::FILE_NAME);
    let mut commits = git::parents(folder, "HEAD");
    commits.extend(git::commits_of(folder, &path, MOST_COMMITS));
    for commit in commits {
        let Some(text) = git::file_at(folder, &commit, &path).and_then(|text| String::from_utf8(text).ok()) else {
            continue;
        };
        let Ok(found) = Lock::parse(&text) else { continue };
        let listed = |name: &MigrationName| found.migrations().iter().find(|migration| migration.name == *name);
        let all: Option<Vec<&Migration>> = names.iter().map(listed).collect();
        let Some(all) = all else { continue };
        // other migrations may have had their names
        if all.iter().all(|migration| lies_there(folder, migration)) {
            let end = all.iter().map(|migration| migration.index).max().unwrap_or_default();
            sources.commit(&commit);
            return Ok((git::name_of(folder, &commit), found.migrations()[..=end].to_vec()));
        }
    }
    let first = names.first().map_or(0, MigrationName::sequence);
    let before = lock.iter().filter(|migration| migration.name.sequence() < first).cloned();
    let mut history = Lock::of(before.collect());
    for name in names {
        let read = |file: &str| {
            let path = folder.join(name).join(file);
            std::fs::read(&path).map_err(|error| CommandError::io("read", &path, &error))
        };
        let (sql, bytes) = (read(SQL_FILE)?, read(SNAPSHOT_FILE)?);
        let sql =
            String::from_utf8(sql).map_err(|_| FolderError::NotUtf8 { path: folder.join(name).join(SQL_FILE) })?;
        let snapshot = snapshot::read(&bytes).map_err(|error| {
            let path = folder.join(name).join(SNAPSHOT_FILE);
            CommandError::failed(format!("cannot read `{}`: {error}", path.display()))
        })?;
        history = history.with(name.clone(), Sums::of(&sql, &bytes, &snapshot.schema));
    }
    let label = names.last().map_or_else(String::new, ToString::to_string);
    Ok((label, history.migrations().to_vec()))
}

fn lies_there(folder: &Path, migration: &Migration) -> bool {
    let snapshot = std::fs::read(folder.join(&migration.name).join(SNAPSHOT_FILE));
    snapshot.is_ok_and(|bytes| Checksum::of_text(&bytes) == migration.snapshot)
}
