//! A database in a file, seen from outside of the run.

use std::path::PathBuf;

use dbmigrate_core::engine::Connection;
use dbmigrate_core::engine::connection::display;
use pollster::block_on;

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
    pub(crate) fn database(&self) -> libsql::Database {
        block_on(libsql::Builder::new_local(self.path()).build()).expect("it is a local file")
    }

    pub(crate) fn connection(&self) -> libsql::Connection {
        self.database().connect().expect("it can be opened")
    }

    /// Runs statements, one each.
    pub(crate) fn run(&self, statements: &[&str]) {
        let connection = Connection::from_libsql(self.connection());
        for statement in statements {
            block_on(connection.run(statement)).unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
    }

    /// The first column of what a query returns.
    pub(crate) fn column(&self, query: &str) -> Vec<String> {
        column(&self.connection(), query)
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
pub(crate) fn column(connection: &libsql::Connection, query: &str) -> Vec<String> {
    let connection = Connection::from_libsql(connection.clone());
    let rows = block_on(connection.rows(query)).unwrap_or_else(|error| panic!("{query}: {error}"));
    rows.iter().map(|row| display(&row[0])).collect()
}
