//! The database of a test: a file that nothing else uses.

use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The database of one test: a file with the schema of the package's migrations that nothing else uses. It is there until
/// the test ends.
#[derive(Clone)]
pub struct TestDatabase {
    path: Arc<PathBuf>,
}

impl TestDatabase {
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path: Arc::new(path) }
    }

    /// Its file, as an absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its URL, `sqlite:///…`, which sqlx opens.
    pub fn url(&self) -> String {
        let mut url = "sqlite://".to_owned();
        let path = self.path.to_string_lossy();
        for char in path.chars() {
            match char {
                // what would end the path, or stand for something else in it
                '%' | '?' | '#' => {
                    let _ = write!(url, "%{:02X}", u32::from(char));
                }
                '\\' => url.push('/'),
                _ => url.push(char),
            }
        }
        url
    }
}

impl fmt::Debug for TestDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestDatabase").field("path", &self.path).finish()
    }
}
