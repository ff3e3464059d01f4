//! Which database it is, whatever it is called: a file that takes another one's path is another one.

use std::path::Path;
#[cfg(unix)]
use std::time::SystemTime;

/// A database that several tasks can mean.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// A file, told from all others, before and after it, by where it is on its device and when it was created.
    #[cfg(unix)]
    File { device: u64, inode: u64, created: Option<SystemTime> },
    /// A file where the system does not tell which one it is.
    #[cfg(not(unix))]
    Path(std::path::PathBuf),
    /// A database on a server.
    #[cfg(feature = "remote")]
    Server { url: String, namespace: Option<String> },
}

impl Place {
    /// Of the file at a path, if there is one.
    #[cfg(unix)]
    pub(crate) fn of_file(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;

        let metadata = std::fs::metadata(path).ok()?;
        Some(Self::File { device: metadata.dev(), inode: metadata.ino(), created: metadata.created().ok() })
    }

    /// Of the file at a path, if there is one.
    #[cfg(not(unix))]
    pub(crate) fn of_file(path: &Path) -> Option<Self> {
        std::fs::canonicalize(path).ok().map(Self::Path)
    }

    /// Whether what was known of it is still of the same database.
    pub(crate) fn is_identity(&self) -> bool {
        match self {
            #[cfg(unix)]
            Self::File { .. } => true,
            #[cfg(not(unix))]
            Self::Path(_) => false,
            #[cfg(feature = "remote")]
            Self::Server { .. } => true,
        }
    }
}
