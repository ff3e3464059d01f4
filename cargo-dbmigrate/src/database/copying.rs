//! Copies of databases that something is tried out on: of a file a clone where the file system can, which takes no time
//! and no space.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use dbmigrate_core::engine::{Connection, EngineError};
use pollster::block_on;

use super::file;
use super::scratch::private_file;

/// The name of a copy in its folder.
pub(crate) const COPY: &str = "copy.db";

/// A copy of a file.
#[derive(Debug)]
pub(crate) struct Copied {
    /// Whether the file system shares the pages until one side changes them.
    pub(crate) is_clone: bool,
    /// [`Connection::data_version`] of what was copied, or of something before.
    pub(crate) data_version: Option<i64>,
    /// The files. Closing one gives up all locks that the process has on it (fcntl(2)), and with them what keeps other
    /// programs from removing the log under a connection: they stay open as long as the connection.
    pub(crate) files: Vec<File>,
}

/// Copies a database with what its log has of it.
///
/// While somebody reads, nobody writes into the file but what the log has as well, and the log is not begun anew
/// (sqlite.org/wal.html#concurrency).
pub(crate) fn copy_file(
    original: &Connection,
    path: &Path,
    copy: &Path,
) -> std::result::Result<io::Result<Copied>, EngineError> {
    block_on(original.run("BEGIN"))?;
    block_on(original.rows("SELECT count(*) FROM sqlite_schema"))?;
    let data_version = block_on(original.data_version())?;
    let path = file::end_of_links(path);
    let copied = (|| {
        let (database, is_clone) = copied_file(&path, copy)?;
        let mut files = vec![database];
        match copied_file(&beside(&path, "-wal"), &beside(copy, "-wal")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            log => files.push(log?.0),
        }
        Ok(Copied { is_clone, data_version, files })
    })();
    block_on(original.roll_back());
    Ok(copied)
}

/// How many bytes a database has, with its log.
pub(crate) fn size_of(path: &Path) -> u64 {
    let path = file::end_of_links(path);
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    length(&path) + length(&beside(&path, "-wal"))
}

/// Whether a clone of a file can be made in a folder. It is found out by making one of an empty file: what is there may
/// be locked.
pub(crate) fn can_clone(path: &Path, folder: &Path) -> bool {
    let own = folder.join("probe");
    let made = (|| {
        let from = private_file(&beside(&own, "-from"))?;
        io::Write::write_all(&mut &from, b"0")?;
        Ok::<_, io::Error>(clone(&from, &private_file(&own)?))
    })();
    let _ = std::fs::remove_file(beside(&own, "-from"));
    let _ = std::fs::remove_file(&own);
    made.unwrap_or(false) && is_on_one_file_system(path, folder)
}

#[cfg(unix)]
fn is_on_one_file_system(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let device = |path: &Path| std::fs::metadata(path).ok().map(|file| file.dev());
    device(one).is_some_and(|own| device(other) == Some(own))
}

#[cfg(not(unix))]
fn is_on_one_file_system(_: &Path, _: &Path) -> bool {
    false
}

/// Copies a file, which is left open.
fn copied_file(from: &Path, to: &Path) -> io::Result<(File, bool)> {
    let mut from = File::open(from)?;
    let mut to = private_file(to)?;
    let is_clone = clone(&from, &to);
    if !is_clone {
        io::copy(&mut from, &mut to)?;
    }
    Ok((from, is_clone))
}

/// Shares the content of a file with another one until one of them changes, if the file system can.
fn clone(from: &File, to: &File) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    return rustix::fs::ioctl_ficlone(to, from).is_ok();
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let _ = (from, to);
        false
    }
}

/// A file beside a database.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_the_file_and_no_part_of_it_whether_or_not_it_is_a_clone() {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        let content = vec![7_u8; 300_000];
        std::fs::write(&from, &content).expect("it is written");
        let expected = can_clone(&from, folder.path());
        let (_, is_clone) = copied_file(&from, &to).expect("it is copied");
        assert_eq!(is_clone, expected, "what was tried on an empty file holds for a full one");
        if !is_clone {
            dbmigrate_test_support::skipped(
                "a clone of a file, because the file system of the temporary folder has none",
            );
        }
        assert!(std::fs::read(&to).expect("it is there") == content);
        std::fs::write(&to, b"other").expect("it is written");
        assert!(std::fs::read(&from).expect("it is there") == content, "the original is as it was");
        assert!(!folder.path().join("probe").exists() && !folder.path().join("probe-from").exists());
    }
}
