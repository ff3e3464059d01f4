//! A connection of rusqlite that is lent: what comes back.

use std::sync::{Arc, Mutex};

use dbmigrate_embed::MigrateErrorKind;

use crate::database::File;
use crate::driver::SAMPLE;
use crate::history::migrations;

#[test]
fn an_application_without_an_executor_waits() {
    let file = File::new();
    let shared = Arc::new(Mutex::new(rusqlite::Connection::open(file.path()).expect("it can be opened")));
    let report = SAMPLE.run(&mut *shared.lock().expect("nobody panics")).wait().expect("it applies");
    assert_eq!(report.applied.len(), 19);
    let report = SAMPLE.run(&mut *shared.lock().expect("nobody panics")).wait().expect("there is nothing to do");
    assert_eq!(report.to_string(), "nothing to apply, 19 already applied");
}

#[test]
fn an_error_is_that_of_the_engine_without_the_statement_again() {
    let file = File::new();
    let history = migrations(&[("create", "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT);")]);
    let mut connection = file.connection();
    history.run(connection.target()).wait().expect("it applies");
    file.run(&["DROP TABLE t", "CREATE VIEW t AS SELECT 1 AS a"]);
    let error = history.run(connection.target()).wait().expect_err("it has drifted");
    assert_eq!(error.kind(), MigrateErrorKind::Drift);

    let wrong = [("fill", "INSERT INTO nowhere (a) VALUES (1);")];
    let error = crate::history::beside(&["CREATE TABLE nowhere (a)"], &wrong, &["nowhere"])
        .run(File::new().connection().target())
        .wait()
        .expect_err("there is no such table");
    let message = error.to_string();
    assert!(message.contains("no such table: nowhere; the database"), "{message}");
    assert!(!message.contains("at offset"), "{message}");
}
