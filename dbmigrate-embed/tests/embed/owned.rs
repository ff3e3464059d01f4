//! What holds for libsql alone: a run that has a connection of its own lives on its own.

use std::sync::Arc;

use dbmigrate_embed::MigrateErrorKind as Kind;

use crate::database::File;
use crate::driver::{SAMPLE, block_on};
use crate::history::{family, migrations};

#[test]
fn the_future_is_send_and_lives_on_its_own() {
    fn is_for_any_executor<T: Send + 'static>(future: T) -> T {
        future
    }
    let file = File::new();
    let family = migrations(&family());
    let running = {
        let mut connection = file.connection();
        is_for_any_executor(family.run(connection.target()))
    };
    // polled on another thread than it was made on
    let report = std::thread::spawn(move || block_on(running)).join().expect("it does not panic");
    assert_eq!(report.expect("it applies").applied.len(), 3);
}

#[test]
fn a_database_behind_an_arc_is_a_target() {
    let file = File::new();
    let open = || block_on(libsql::Builder::new_local(file.path()).build()).expect("it is a local file");
    let report = block_on(SAMPLE.run(&Arc::new(open()))).expect("it applies");
    assert_eq!(report.applied.len(), 19);
    let connection = Arc::new(open().connect().expect("it can be opened"));
    assert!(block_on(SAMPLE.status(&connection)).expect("it can be read").is_current());
}

#[test]
fn a_database_of_which_every_connection_has_its_own_is_refused() {
    let memory = block_on(libsql::Builder::new_local(":memory:").build()).expect("memory is there");
    let error = block_on(migrations(&family()).run(&memory)).expect_err("every connection has its own");
    assert_eq!(error.kind(), Kind::Target);
    assert!(error.help()[0].contains("MIGRATIONS.run(&connection)"), "{:?}", error.help());
}
