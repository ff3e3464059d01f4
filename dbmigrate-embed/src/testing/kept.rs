//! The database of a test from its beginning to its end: removed if it passes, kept if it fails.

use std::path::{Path, PathBuf};
use std::process::{ExitCode, Termination};

use super::place::{self, Place, beside};
use super::request::Request;
use super::template::template;
use super::test_database::TestDatabase;

/// The database of a test. When it is dropped, the test has ended.
#[derive(Debug)]
pub struct Given {
    database: TestDatabase,
    request: &'static Request,
    place: &'static Place,
    has_failed: bool,
}

/// A new database for a test.
///
/// # Panics
/// If there can be none, which fails the test.
pub fn new(request: &'static Request) -> Given {
    Given::new(request).unwrap_or_else(|error| panic!("{error}"))
}

/// What a test has returned, as libtest takes it.
pub fn reported(given: &mut Given, returned: impl Termination) -> ExitCode {
    let code = returned.report();
    given.has_failed |= code != ExitCode::SUCCESS;
    code
}

impl Given {
    fn new(request: &'static Request) -> Result<Self, String> {
        let place = Place::of_this_process()
            .map_err(|error| format!("cannot make a directory for the databases of tests: {error}"))?;
        let template = template(place, request)?;
        let path = place.fresh();
        // a copy of the pages, or none at all on a file system that shares them
        std::fs::copy(&template, &path)
            .map_err(|error| format!("cannot copy `{}` to `{}`: {error}", template.display(), path.display()))?;
        Ok(Self { database: TestDatabase::at(path), request, place, has_failed: false })
    }

    /// The database.
    pub fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// What was asked for.
    pub(super) fn request(&self) -> &'static Request {
        self.request
    }

    /// Puts the database where it stays until the test passes.
    fn keep(&self) -> PathBuf {
        let (from, to) = (self.database.path(), self.place.kept(self.request));
        let made = to.parent().map(std::fs::create_dir_all);
        place::remove(&to);
        if !matches!(made, Some(Ok(()))) || std::fs::rename(from, &to).is_err() {
            // somewhere a connection is open, and the system does not move open files
            return from.to_owned();
        }
        for what in place::SIDECARS {
            let _ = std::fs::rename(beside(from, what), beside(&to, what));
        }
        to
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        let has_panicked = std::thread::panicking() && !self.request.should_panic;
        if has_panicked || self.has_failed {
            tell(&self.request.name(), &self.keep());
        } else {
            place::remove(self.database.path());
            place::remove(&self.place.kept(self.request));
        }
    }
}

/// Says where the database of a test is, with what the test has printed.
#[expect(clippy::print_stderr, reason = "libtest shows it with the failure")]
fn tell(test: &str, path: &Path) {
    eprintln!("note: the database of `{test}` is kept: `{}`", path.display());
}
