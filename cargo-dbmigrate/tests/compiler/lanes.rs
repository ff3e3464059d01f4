//! Two target folders, so that two tests compile at once: cargo lets one process at a time into such a folder.
//!
//! What the packages of the tests depend on is compiled in the first. The second is a copy of it, files with their times,
//! in which cargo finds everything done.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::workspace::{cargo_in, primer};

/// How many tests use each of the folders just now.
static USED: Mutex<[usize; 2]> = Mutex::new([0; 2]);

/// The folders: the second only where it could be made.
static FOLDERS: LazyLock<Vec<PathBuf>> = LazyLock::new(|| {
    let folder = |name: &str| Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // the first is that of other suites, too
    let (first, second) = (folder("check"), folder("check-beside"));
    let output = cargo_in(&first, &primer(), "check", &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // but itself, which is written anew each time
    let is_new = |line: &str| line.contains("\"fresh\":false") && !line.contains("compiler-primer");
    let was_there = !String::from_utf8_lossy(&output.stdout).lines().any(is_new);
    if was_there && second.exists() {
        return vec![first, second];
    }
    if second.exists() {
        std::fs::remove_dir_all(&second).expect("the folder is ours");
    }
    // what the tests themselves have compiled into it is only a part of what they compile anew
    let copied = Command::new("cp").arg("-a").args([&first, &second]).status();
    if copied.is_ok_and(|status| status.success()) { vec![first, second] } else { vec![first] }
});

/// One of the folders, for as long as a test needs it.
pub(crate) struct Lane(usize);

impl Lane {
    /// The folder that fewer tests use.
    pub(crate) fn new() -> Self {
        let count = FOLDERS.len();
        let mut used = USED.lock().unwrap_or_else(PoisonError::into_inner);
        let least = (0..count).min_by_key(|at| used[*at]).unwrap_or_default();
        used[least] += 1;
        Self(least)
    }

    /// The target folder.
    pub(crate) fn folder(&self) -> &'static Path {
        &FOLDERS[self.0]
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        USED.lock().unwrap_or_else(PoisonError::into_inner)[self.0] -= 1;
    }
}
