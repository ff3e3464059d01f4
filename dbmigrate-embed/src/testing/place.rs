//! Where the databases of tests are: below the target directory of the program that runs, where cargo keeps what it has
//! built, or in the directory for temporary files.
//!
//! `templates` has a database for each schema, `running` those of the tests that run, `failed` those that were kept.
//! Several processes use it at once, and any of them may be killed: each holds a lock for as long as it lives, by which
//! the next one finds what another has left behind.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::request::Request;

/// The directory below the target directory.
const DIRECTORY: &str = "dbmigrate-test";

/// What is beside the file of a database.
pub(super) const SIDECARS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Where this process keeps databases.
#[derive(Debug)]
pub(super) struct Place {
    base: PathBuf,
    /// What its files begin with.
    name: String,
    count: AtomicU64,
    /// Held until the process ends.
    _alive: File,
}

impl Place {
    /// The place of this process.
    ///
    /// # Errors
    /// If there can be none.
    pub(super) fn of_this_process() -> io::Result<&'static Self> {
        static PLACE: OnceLock<Place> = OnceLock::new();
        if let Some(place) = PLACE.get() {
            return Ok(place);
        }
        let new = Self::new(base())?;
        Ok(PLACE.get_or_init(|| new))
    }

    fn new(base: PathBuf) -> io::Result<Self> {
        let running = base.join("running");
        for directory in [&running, &base.join("templates"), &base.join("failed")] {
            std::fs::create_dir_all(directory)?;
        }
        // as long as somebody looks for what was left, nobody is between making its lock and holding it
        let everybody = locked(&running.join("lock"))?;
        let (name, alive) = registered(&running)?;
        remove_left_over(&running, &name);
        drop(everybody);
        Ok(Self { base, name, count: AtomicU64::new(0), _alive: alive })
    }

    /// A path for the database of a test, which no other has.
    pub(super) fn fresh(&self) -> PathBuf {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        self.base.join("running").join(format!("{}-{number}.db", self.name))
    }

    /// The template with this key.
    pub(super) fn template(&self, key: &str) -> PathBuf {
        self.base.join("templates").join(format!("{key}.db"))
    }

    /// Where the database of a test is kept if it fails.
    pub(super) fn kept(&self, request: &Request) -> PathBuf {
        let mut path = self.base.join("failed").join(request.package.0);
        path.extend(request.test.0.split("::"));
        path.join(format!("{}.db", request.test.1))
    }
}

/// Below the target directory, which has a file that tells backups to leave it out, or where temporary files are: a
/// doctest is compiled there.
fn base() -> PathBuf {
    let program = std::env::current_exe().ok();
    let is_target = |directory: &&Path| directory.join("CACHEDIR.TAG").is_file();
    let target = program.as_deref().and_then(|program| program.ancestors().skip(1).find(is_target));
    target.map_or_else(std::env::temp_dir, Path::to_owned).join(DIRECTORY)
}

/// Opens a file and waits until nobody else has it locked.
///
/// # Errors
/// If it cannot be opened or locked.
pub(super) fn locked(path: &Path) -> io::Result<File> {
    let file = opened(path)?;
    file.lock()?;
    Ok(file)
}

fn opened(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).open(path)
}

/// A name that no process has, and its lock.
fn registered(running: &Path) -> io::Result<(String, File)> {
    let process = std::process::id();
    let mut attempt = 0;
    loop {
        // the number of a process is not the only one of its kind where containers share a directory
        let name = format!("{process}-{attempt}");
        let file = opened(&running.join(format!("{name}.lock")))?;
        match file.try_lock() {
            Ok(()) => return Ok((name, file)),
            Err(TryLockError::WouldBlock) => attempt += 1,
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Removes what processes have left that are gone.
fn remove_left_over(running: &Path, own: &str) {
    let Ok(entries) = std::fs::read_dir(running) else { return };
    let names: Vec<String> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let gone = names.iter().filter_map(|name| name.strip_suffix(".lock")).filter(|name| {
        *name != own && opened(&running.join(format!("{name}.lock"))).is_ok_and(|file| file.try_lock().is_ok())
    });
    for process in gone {
        let start = format!("{process}-");
        for left in names.iter().filter(|name| name.starts_with(&start)) {
            let _ = std::fs::remove_file(running.join(left));
        }
        let _ = std::fs::remove_file(running.join(format!("{process}.lock")));
    }
    // of this name, by a process that was called the same
    for left in names.iter().filter(|name| name.starts_with(&format!("{own}-"))) {
        let _ = std::fs::remove_file(running.join(left));
    }
}

/// The path with something behind it: `app.db-wal`.
pub(super) fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(what);
    PathBuf::from(name)
}

/// Removes a database and what is beside it.
pub(super) fn remove(path: &Path) {
    let _ = std::fs::remove_file(path);
    for what in SIDECARS {
        let _ = std::fs::remove_file(beside(path, what));
    }
}
