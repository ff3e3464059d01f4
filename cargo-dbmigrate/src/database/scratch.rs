//! A folder for the copy of a database: nobody else can read it, and it is removed whatever happens, also after Ctrl-C.
//! What a process leaves behind that is killed outright is removed by the next one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::sync::Once;
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

/// What the name of every such folder begins with.
const PREFIX: &str = ".dbmigrate-copy-";

/// The file in it that is locked as long as somebody uses the folder.
const IN_USE: &str = "in-use";

/// Those that are there now.
static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A folder that is there as long as this value.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: TempDir,
    _in_use: File,
}

impl Scratch {
    /// Makes one in a folder that is there.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(crate) fn in_folder(parent: &Path) -> io::Result<Self> {
        #[cfg(unix)]
        watch_signals();
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let folder = builder.prefix(PREFIX).tempdir_in(parent)?;
        FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).push(folder.path().to_owned());
        // under its own name only once it is locked
        let (new, name) = (folder.path().join("new"), folder.path().join(IN_USE));
        let in_use = private_file(&new)?;
        // where there are no locks, nothing is ever taken for left behind
        if in_use.try_lock().is_ok() {
            fs::rename(&new, &name)?;
        }
        remove_left_behind(parent, folder.path());
        Ok(Self { folder, _in_use: in_use })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // the folder itself goes with its field
        FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).retain(|folder| folder != self.folder.path());
    }
}

/// Makes a file that nobody else can read.
///
/// # Errors
/// If it cannot be made, or is there.
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Removes what processes that are gone have left: our own folders in which nothing is locked.
fn remove_left_behind(parent: &Path, own: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_one = entry.file_name().to_string_lossy().starts_with(PREFIX) && path != own;
        if !is_one || !is_of_same_owner(&path, own) {
            continue;
        }
        let in_use = File::options().read(true).write(true).open(path.join(IN_USE));
        if in_use.is_ok_and(|file| file.try_lock().is_ok()) {
            // best effort: the next one tries again
            let _ = fs::remove_dir_all(&path);
        }
    }
}

#[cfg(unix)]
fn is_of_same_owner(folder: &Path, own: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let owner = |path: &Path| fs::symlink_metadata(path).ok().filter(fs::Metadata::is_dir).map(|folder| folder.uid());
    owner(folder).is_some_and(|uid| owner(own) == Some(uid))
}

#[cfg(not(unix))]
fn is_of_same_owner(folder: &Path, _own: &Path) -> bool {
    fs::symlink_metadata(folder).is_ok_and(|folder| folder.is_dir())
}

/// Removes the folders when the process is told to end, and then ends as it would have.
#[cfg(unix)]
fn watch_signals() {
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    use super::signals;

    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let Ok(mut signals) = Signals::new(signals::heard()) else { return };
        std::thread::spawn(move || {
            // who finishes what is under way ends later, and by itself
            if let Some(signal) = signals.forever().find(|_| !signals::is_finishing()) {
                // something may be written there meanwhile
                for _ in 0..3 {
                    let folders = FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    for folder in folders.iter().filter(|folder| folder.exists()) {
                        let _ = fs::remove_dir_all(folder);
                    }
                }
                let _ = emulate_default_handler(signal);
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_behind_is_removed_and_what_is_in_use_is_not() {
        let parent = tempfile::tempdir().expect("a temporary directory");
        let left = parent.path().join(format!("{PREFIX}left"));
        fs::create_dir(&left).expect("it can be made");
        fs::write(left.join(IN_USE), "").expect("it can be written");
        fs::write(left.join("copy.db"), "rows").expect("it can be written");
        let unknown = parent.path().join(format!("{PREFIX}unknown"));
        fs::create_dir(&unknown).expect("it can be made");
        let first = Scratch::in_folder(parent.path()).expect("it can be made");
        assert!(!left.exists() && unknown.exists());
        let second = Scratch::in_folder(parent.path()).expect("it can be made");
        assert!(first.path().exists() && second.path().exists());
        let path = first.path().to_owned();
        drop(first);
        assert!(!path.exists());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let parent = tempfile::tempdir().expect("a temporary directory");
        let scratch = Scratch::in_folder(parent.path()).expect("it can be made");
        private_file(&scratch.path().join("copy.db")).expect("it can be made");
        let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!((mode(scratch.path()), mode(&scratch.path().join("copy.db"))), (0o700, 0o600));
    }
}
