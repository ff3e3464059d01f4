//! Giving a finished file its name: on the disk first, and never in the place of another one.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::BackupError;
use super::fingerprint::Contents;
use crate::folder::write::sync_directory;

/// What is behind the name of a file that is not finished.
pub const PART: &str = ".part";

/// What SQLite keeps beside a database.
pub const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// What is behind the name of a file with what is sorted for it; it has that name for a moment only.
pub(super) const SORTED: &str = "-sort";

/// A file that is being made. It goes when it is dropped.
#[derive(Debug)]
pub(super) struct Part {
    path: PathBuf,
    to: PathBuf,
}

impl Part {
    /// A file that is to be called `to`, where there is none.
    pub(super) fn of(to: &Path) -> Result<Self, BackupError> {
        match fs::symlink_metadata(to) {
            Ok(_) => return Err(BackupError::Exists { path: to.to_owned() }),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(BackupError::io("create", to)(error)),
        }
        let part = Self { path: beside(to, &format!(".{}{PART}", std::process::id())), to: to.to_owned() };
        // of a process that had our number and died
        part.remove();
        Ok(part)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn finished(self, contents: Contents) -> Unpublished {
        Unpublished { part: self, contents }
    }

    /// Also of what failed half-way, so there may be none of them.
    pub(super) fn remove(&self) {
        let _ = fs::remove_file(&self.path);
        for suffix in BESIDE.into_iter().chain([SORTED]) {
            let _ = fs::remove_file(beside(&self.path, suffix));
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // once the file has its name this is a second one
        self.remove();
    }
}

/// A complete and verified copy that has no name yet. It goes when it is dropped.
#[derive(Debug)]
pub struct Unpublished {
    part: Part,
    contents: Contents,
}

impl Unpublished {
    /// Where it is until it has its name.
    pub fn file(&self) -> &Path {
        &self.part.path
    }

    /// Where it is to be.
    pub(super) fn to(&self) -> &Path {
        &self.part.to
    }

    /// What is in it.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// Gives it its name.
    ///
    /// # Errors
    /// If it cannot be written to the disk, or somebody else has taken the name.
    pub fn publish(self) -> Result<Contents, BackupError> {
        let Self { part, contents } = self;
        File::open(&part.path).and_then(|file| file.sync_all()).map_err(BackupError::io("write", &part.path))?;
        match fs::hard_link(&part.path, &part.to) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                return Err(BackupError::Exists { path: part.to.clone() });
            }
            // there are file systems without links
            Err(_) => fs::rename(&part.path, &part.to).map_err(BackupError::io("create", &part.to))?,
        }
        // best effort: it is there, if not yet on the disk
        let _ = sync_directory(part.to.parent().unwrap_or(Path::new("")));
        Ok(contents)
    }
}

/// The path with something behind it.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
