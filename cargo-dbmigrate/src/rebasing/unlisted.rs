//! The histories of directories that the lock does not list: as git has them, or as their names say.

use std::path::Path;

use dbmigrate_core::folder::heads::in_order_of_numbers;
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

/// A history with a name for it.
type Named = (String, Vec<Migration>);

/// The histories that they end: one, unless several branches were merged at once.
///
/// # Errors
/// If a snapshot cannot be read.
pub(super) fn histories(
    folder: &Path,
    lock: &[Migration],
    names: &[MigrationName],
    sources: &mut Sources,
) -> Result<Vec<Named>> {
    let (mut found, rest) = in_git(folder, names, sources);
    let groups = in_order_of_numbers(names.to_vec());
    match (&rest[..], groups.len()) {
        ([], _) => return Ok(found),
        // no history has one number twice
        (_, 2..) => {
            for group in in_order_of_numbers(rest) {
                found.push(by_number(folder, lock, &group)?);
            }
        }
        _ => found = vec![by_number(folder, lock, names)?],
    }
    Ok(found)
}

/// The histories that git has of them, each of the commit that has the most, and those of which it has none.
fn in_git(folder: &Path, names: &[MigrationName], sources: &mut Sources) -> (Vec<Named>, Vec<MigrationName>) {
    let path = format!("./{}", lock::FILE_NAME);
    let mut commits = git::parents(folder, "HEAD");
    commits.extend(git::commits_of(folder, &path, MOST_COMMITS));
    let mut rest = names.to_vec();
    let mut locks: Vec<(String, Lock)> = Vec::new();
    let mut found = Vec::new();
    let read = |commit: String| {
        let text = git::file_at(folder, &commit, &path).and_then(|text| String::from_utf8(text).ok())?;
        Some((commit, Lock::parse(&text).ok()?))
    };
    for (commit, lock) in commits.into_iter().filter_map(read) {
        // one that has all of them is mostly among the first
        if listed(folder, &lock, &rest).len() == rest.len() {
            locks = vec![(commit, lock)];
            break;
        }
        locks.push((commit, lock));
    }
    while !rest.is_empty() {
        let mut counted = locks.iter().map(|(commit, lock)| (listed(folder, lock, &rest), commit, lock));
        let Some(first) = counted.next() else { break };
        // of several, the first
        let (there, commit, lock) =
            counted.fold(first, |best, next| if next.0.len() > best.0.len() { next } else { best });
        let Some(end) = there.iter().map(|migration| migration.index).max() else { break };
        rest.retain(|name| !there.iter().any(|migration| migration.name == *name));
        sources.commit(commit);
        found.push((git::name_of(folder, commit), lock.migrations()[..=end].to_vec()));
    }
    (found, rest)
}

/// Those of the directories that a lock lists. Other migrations may have had their names.
fn listed<'l>(folder: &Path, lock: &'l Lock, names: &[MigrationName]) -> Vec<&'l Migration> {
    let is_one = |migration: &&Migration| names.contains(&migration.name) && lies_there(folder, migration);
    lock.migrations().iter().filter(is_one).collect()
}

/// The history that they end by their numbers.
fn by_number(folder: &Path, lock: &[Migration], names: &[MigrationName]) -> Result<Named> {
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
