//! A database in a file, seen from outside of the run.

use std::path::PathBuf;

use crate::driver::{Connection, Database};

/// A file in a folder of its own.
pub(crate) struct File {
    directory: tempfile::TempDir,
}

impl File {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a temporary directory") }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("app.db")
    }

    /// As an application opens it.
    pub(crate) fn database(&self) -> Database {
        Database::open(&self.path())
    }

    pub(crate) fn connection(&self) -> Connection {
        Connection::open(&self.path())
    }

    /// Runs statements, one each.
    pub(crate) fn run(&self, statements: &[&str]) {
        let mut connection = self.connection();
        for statement in statements {
            column(&mut connection, statement);
        }
    }

    /// The first column of what a query returns.
    pub(crate) fn column(&self, query: &str) -> Vec<String> {
        column(&mut self.connection(), query)
    }

    /// That nothing is wrong with it.
    #[track_caller]
    pub(crate) fn must_be_whole(&self) {
        assert_eq!(self.column("PRAGMA integrity_check"), ["ok"]);
        assert_eq!(self.column("PRAGMA foreign_key_check"), [""; 0]);
    }

    /// The names in the history, in order.
    pub(crate) fn history(&self) -> Vec<String> {
        self.column("SELECT name FROM _dbmigrate_history ORDER BY position")
    }
}

/// The first column of what a query returns on a connection.
#[track_caller]
pub(crate) fn column(connection: &mut Connection, query: &str) -> Vec<String> {
    connection.column(query).unwrap_or_else(|error| panic!("{query}: {error}"))
}
