//! The engines that a database may be run by, or written by.
//!
//! Turso Database (crate `turso`) reads and writes SQLite's files. Measured on 0.8.3:
//!
//! | | |
//! |---|---|
//! | `PRAGMA foreign_key_check` | returns nothing, whatever there is; there is no such table function |
//! | `AUTOINCREMENT` | has a table `__turso_internal_seq_…` beside it, which libSQL takes for any other |
//! | its MVCC mode | is a format of its own: 0xff at offsets 18 and 19, changes in a file `-log` |
//! | a file with generated columns | cannot be opened by it, unless it is built and told to |
//! | a file that it has made | has a negative default cache size at offset 48, which SQLite does not write; one that it has only written to has no mark |
//! | stored statements | are printed anew, without comments |

mod lacking;

pub use lacking::lacking;

use super::driver::Driver;
use super::stored::StoredObject;
use crate::sql::Name;

/// What runs the statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// libSQL, or SQLite.
    LibSql,
    /// Turso Database.
    Turso,
}

/// What Turso Database knows and others do not.
pub(super) const TURSO_VERSION: &str = "SELECT turso_version()";

impl Engine {
    /// The engine behind a driver.
    pub(super) fn of(driver: &mut dyn Driver) -> Self {
        #[cfg(feature = "libsql")]
        if driver.libsql().is_some() {
            return Self::LibSql;
        }
        if driver.columns(TURSO_VERSION).is_ok() { Self::Turso } else { Self::LibSql }
    }
}

/// What Turso Database has to do with a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turso {
    /// It runs the statements.
    Runs,
    /// It has written the file, and will want to read it again. libSQL runs the statements.
    Reads,
}

/// A statement that is refused before anything is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its index among the statements.
    pub index: usize,
    /// Its line in the script, counted from 1.
    pub line: usize,
    /// What is not done: "a libSQL server does not run `VACUUM`".
    pub reason: String,
}

/// What the names of Turso Database's own tables begin with.
pub const TURSO_PREFIX: &str = "__turso_internal_";

/// Whether something of this name is Turso Database's own.
pub fn is_tursos(name: &Name) -> bool {
    name.folded().starts_with(TURSO_PREFIX)
}

/// Whether Turso Database has written to a database that has these objects: it leaves tables in it once a table of its
/// user's has `AUTOINCREMENT`.
pub(super) fn was_written_by_turso<'o>(objects: impl IntoIterator<Item = &'o StoredObject>) -> bool {
    objects.into_iter().any(|object| is_tursos(&object.name))
}
