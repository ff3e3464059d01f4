//! Directories without a migration in them. Git removes the files of another branch and leaves a directory where
//! something else lies in it; desktops and editors put files of their own everywhere.

use std::fs;
use std::io;
use std::path::Path;

/// How deep empty directories may lie in each other.
const DEEPEST: usize = 4;

/// What desktops put into every directory that they show. Nobody misses it.
const OF_DESKTOPS: [&str; 3] = [".DS_Store", "Thumbs.db", "desktop.ini"];

/// Whether a directory has nothing in it but what desktops and editors leave: hidden files and backups. Such a
/// directory is none of a migration. One that cannot be read may be.
pub(super) fn is_left_over(directory: &Path) -> bool {
    is_empty_but_for(directory, DEEPEST, &|name| {
        name.starts_with('.')
            || name.ends_with('~')
            || (name.starts_with('#') && name.ends_with('#'))
            || of_desktop(name)
    })
}

/// Removes such a directory.
///
/// # Errors
/// If there is more in it than what desktops leave, which nobody else may throw away, or it cannot be removed.
pub(super) fn remove(directory: &Path) -> io::Result<()> {
    if !is_empty_but_for(directory, DEEPEST, &of_desktop) {
        return Err(io::ErrorKind::DirectoryNotEmpty.into());
    }
    fs::remove_dir_all(directory)
}

fn of_desktop(name: &str) -> bool {
    OF_DESKTOPS.contains(&name)
}

fn is_empty_but_for(directory: &Path, depth: usize, may_be: &impl Fn(&str) -> bool) -> bool {
    let Ok(mut entries) = fs::read_dir(directory) else { return false };
    entries.all(|entry| {
        let Ok(entry) = entry else { return false };
        let is_listed = entry.file_name().to_str().is_some_and(may_be);
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => is_listed || (depth > 0 && is_empty_but_for(&entry.path(), depth - 1, may_be)),
            Ok(kind) => kind.is_file() && is_listed,
            Err(_) => false,
        }
    })
}
