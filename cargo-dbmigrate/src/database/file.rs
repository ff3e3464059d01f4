//! Where a database file lies, or is to lie: whether it is there, and what keeps it from being read or written. SQLite
//! says no more than that it cannot open a file.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use dbmigrate_core::engine::owner;
use dbmigrate_core::shell::shell_word;

use crate::error::{CommandError, Result};
use crate::project::path;
use crate::project::url::DatabaseUrl;

/// Whether there is a file. It is made where there can be one: at the end of a link, in a folder that exists. Of a
/// server only the server knows.
///
/// # Errors
/// If there is something else, or nobody can tell, or there can be no file.
pub(crate) fn exists(url: &DatabaseUrl) -> Result<bool> {
    let Some(path) = url.file() else { return Ok(true) };
    let what = match std::fs::metadata(path) {
        Ok(place) if place.is_dir() => Some("a folder"),
        // it would be waited for
        Ok(place) if !place.is_file() => Some("a pipe or a device"),
        Ok(_) => return Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(cannot_look(url, path, &error)),
    };
    let what = what.unwrap_or_default();
    Err(CommandError::failed(format!("`{url}` is {what}, not a database"))
        .help(format!("name a database file: `{}`", url.instead("PATH"))))
}

/// The same for a file that is to be made if there is none.
///
/// # Errors
/// As for [`exists`], and if there is no folder for it. It is not made: where the path has a wrong letter in it, all
/// migrations would go into a new database that nobody looks for.
pub(crate) fn check(url: &DatabaseUrl) -> Result<()> {
    if exists(url)? {
        return Ok(());
    }
    let Some(given) = url.file() else { return Ok(()) };
    let path = end_of_links(given);
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) else {
        return Ok(());
    };
    let folder = shown(folder);
    let error = CommandError::failed(format!("cannot create `{url}`: no such folder: `{folder}`"));
    let error = if path == given { error } else { error.note(format!("`{url}` is a link to `{}`", shown(&path))) };
    Err(error.help(format!("create it: `mkdir -p {}`", shell_word(Path::new(&folder)))))
}

/// Why a database file cannot be read or made, if it is a question of rights.
pub(crate) fn no_access(database: &Path) -> Option<CommandError> {
    let path = end_of_links(database);
    let (name, database) = (shown(&path), shown(database));
    match File::open(&path).err()?.kind() {
        ErrorKind::PermissionDenied => {
            let message = format!("cannot read `{database}`: permission denied");
            Some(
                CommandError::failed(message)
                    .help(format!("see its owner and permissions: `ls -l {}`", shell_word(Path::new(&name)))),
            )
        }
        ErrorKind::NotFound => {
            let folder = folder_of(&path);
            Some(cannot_make(Path::new(&database), &folder))
        }
        _ => None,
    }
}

/// That a database cannot be written. SQLite needs the folder as well, for its journal.
pub(crate) fn read_only(database: &Path) -> CommandError {
    let path = end_of_links(database);
    let (name, database) = (shown(&path), shown(database));
    // closing it gives up the locks of this process (fcntl(2)), but the transaction is over
    let is_writable = OpenOptions::new().write(true).open(&path).is_ok();
    if is_writable && cannot_write_in(&folder_of(&path)) {
        return no_journal(Path::new(&database), &folder_of(&path));
    }
    CommandError::failed(format!("`{database}` is read-only"))
        .help(format!("see its owner and permissions: `ls -l {}`", shell_word(Path::new(&name))))
}

/// Whether a file could be written, or made where there is none, as far as rights and mounts tell. Nothing is written
/// to find out.
///
/// # Errors
/// What SQLite would end with at the first statement that writes.
pub(crate) fn verify_writable(database: &Path, exists: bool) -> Result<()> {
    let path = end_of_links(database);
    let folder = folder_of(&path);
    #[cfg(unix)]
    let has_room = rustix::fs::access(&folder, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).is_ok();
    #[cfg(not(unix))]
    let has_room = std::fs::metadata(&folder).is_ok_and(|folder| !folder.permissions().readonly());
    // SQLite begins a transaction that reads, and fails where it writes
    #[cfg(unix)]
    let is_writable = rustix::fs::access(&path, rustix::fs::Access::WRITE_OK).is_ok();
    #[cfg(not(unix))]
    let is_writable = std::fs::metadata(&path).is_ok_and(|file| !file.permissions().readonly());
    match (has_room, exists) {
        (true, true) if !is_writable => Err(read_only(database)),
        (true, _) => Ok(()),
        (false, true) => Err(no_journal(database, &folder)),
        (false, false) => Err(cannot_make(database, &folder)),
    }
}

/// Whether a file cannot be made in a folder, found out by making one: rights, owners and mounts all have a say in it.
fn cannot_write_in(folder: &Path) -> bool {
    let probe = folder.join(format!(".dbmigrate-{}", std::process::id()));
    match OpenOptions::new().write(true).create_new(true).open(&probe) {
        Ok(_) => std::fs::remove_file(&probe).is_err(),
        Err(error) => error.kind() != ErrorKind::AlreadyExists,
    }
}

fn no_journal(database: &Path, folder: &Path) -> CommandError {
    let (database, place) = (shown(database), shown(folder));
    CommandError::failed(format!("cannot write to `{database}`: cannot create a journal in the folder `{place}`"))
        .help(see_folder(folder))
}

fn cannot_make(database: &Path, folder: &Path) -> CommandError {
    let (database, place) = (shown(database), shown(folder));
    CommandError::failed(format!("cannot create `{database}`: the folder `{place}` is not writable"))
        .help(see_folder(folder))
}

fn see_folder(folder: &Path) -> String {
    format!("see its owner and permissions: `ls -ld {}`", shell_word(Path::new(&shown(folder))))
}

/// Nobody can tell whether there is a file.
fn cannot_look(url: &DatabaseUrl, path: &Path, error: &std::io::Error) -> CommandError {
    let path = end_of_links(path);
    let mut folders: Vec<&Path> = path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()).collect();
    folders.reverse();
    let message = match error.kind() {
        ErrorKind::PermissionDenied => {
            let closed = folders.iter().find(|folder| std::fs::metadata(folder.join(".")).is_err());
            if let Some(folder) = closed {
                let message = format!("cannot find `{url}`: no permission to enter the folder `{}`", shown(folder));
                return CommandError::failed(message).help(see_folder(folder));
            }
            error.to_string()
        }
        ErrorKind::NotADirectory => {
            let file = folders.iter().find(|folder| folder.is_file());
            file.map_or_else(|| error.to_string(), |file| format!("`{}` is a file, not a folder", shown(file)))
        }
        _ if path.is_symlink() => "its links form a loop".to_owned(),
        _ => error.to_string(),
    };
    CommandError::failed(format!("cannot find `{url}`: {message}"))
        .help(format!("name a database file: `{}`", url.instead("PATH")))
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The file that a path leads to, be it there or not: SQLite makes its journal beside that one.
pub(crate) fn end_of_links(path: &Path) -> PathBuf {
    owner::names(path).pop().unwrap_or_default()
}

fn shown(path: &Path) -> String {
    path::for_display(path).display().to_string()
}
