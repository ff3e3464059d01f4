//! Why there is no copy.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::owner::Owner;

/// Why a database was not copied. No file has got its name then.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The file is not its user's own.
    #[error("`{}` is {owner}", path.display())]
    Owned {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        owner: Owner,
    },
    /// There is something where the copy is to be.
    #[error("`{}` already exists", path.display())]
    Exists {
        /// Where.
        path: PathBuf,
    },
    /// The source cannot be read.
    #[error("{0}")]
    Source(EngineError),
    /// The copy cannot be written or read.
    #[error("cannot write `{}`: {error}", path.display())]
    Copy {
        /// The copy.
        path: PathBuf,
        /// Why.
        error: EngineError,
    },
    /// A file cannot be made, synchronized or renamed.
    #[error("cannot {action} `{}`: {error}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why it failed.
        error: io::Error,
    },
    /// The database is damaged.
    #[error("the database is damaged: {}", problems.first().map_or("no more is known", String::as_str))]
    Damaged {
        /// What `integrity_check` says.
        problems: Vec<String>,
    },
    /// The copy is not what was read.
    #[error("the copy differs from its source: {}", differences.join(", "))]
    Differs {
        /// In what.
        differences: Vec<String>,
    },
}

impl BackupError {
    /// An error of the engine while the copy was written.
    pub(super) fn copy(path: &Path) -> impl Fn(EngineError) -> Self + '_ {
        |error| Self::Copy { path: path.to_owned(), error }
    }

    pub(super) fn io<'p>(action: &'static str, path: &'p Path) -> impl Fn(io::Error) -> Self + 'p {
        move |error| Self::Io { action, path: path.to_owned(), error }
    }

    /// An error of the engine at a statement that reads the source and writes the copy: which of them it is about shows
    /// in its kind.
    pub(super) fn of_both(error: EngineError, copy: &Path) -> Self {
        match error.kind {
            ErrorKind::DiskFull | ErrorKind::Io | ErrorKind::CannotOpen | ErrorKind::ReadOnly => {
                Self::Copy { path: copy.to_owned(), error }
            }
            _ => Self::of_source(error),
        }
    }

    /// An error of the engine while the source was read.
    pub(super) fn of_source(error: EngineError) -> Self {
        match error.kind {
            ErrorKind::Corrupt => Self::Damaged { problems: vec![error.message] },
            _ => Self::Source(error),
        }
    }
}

/// What an error of writing pages would be called by the engine.
pub(super) fn of_io(error: &io::Error) -> EngineError {
    let kind = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::DiskFull,
        io::ErrorKind::ReadOnlyFilesystem => ErrorKind::ReadOnly,
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => ErrorKind::CannotOpen,
        _ => ErrorKind::Io,
    };
    EngineError { kind, message: error.to_string() }
}
