//! Applications of which two versions run at once: what they apply before a deployment, and what waits.

use dbmigrate_embed::MigrateErrorKind as Kind;

use crate::database::File;
use crate::driver::block_on;
use crate::history::migrations;

/// A table, the first half of a change, and the second one.
const HISTORY: [(&str, &str); 3] = [
    ("create", "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);"),
    ("full name", "ALTER TABLE users ADD COLUMN full_name TEXT; UPDATE users SET full_name = name;"),
    ("full name after deploy", "-- dbmigrate: after-deploy\nALTER TABLE users DROP COLUMN name;"),
];

/// A later release.
const NEXT: (&str, &str) = ("bio", "ALTER TABLE users ADD COLUMN bio TEXT;");

#[test]
fn what_waits_is_applied_when_an_operator_asks_for_it() {
    let file = File::new();
    let running = migrations(&HISTORY[..1]);
    block_on(running.runner().before_deployment().run(file.database().target())).expect("it applies");
    file.run(&["INSERT INTO users VALUES (1, 'Ann')"]);
    let coming = migrations(&HISTORY);
    // as often as it starts
    for applied in [1, 0] {
        let run = coming.runner().before_deployment().run(file.database().target());
        assert_eq!(block_on(run).expect("it applies").applied.len(), applied);
    }
    assert_eq!(file.column("SELECT name || full_name FROM users"), ["AnnAnn"]);
    let status = block_on(coming.status(file.database().target())).expect("it can be read");
    assert_eq!(status.pending, ["0003_full_name_after_deploy"]);
    let plan = coming.runner().after_deployment().plan(file.database().target());
    assert_eq!(block_on(plan).expect("it can be read").pending.len(), 1);
    let report = block_on(coming.runner().after_deployment().run(file.database().target())).expect("it applies");
    assert_eq!(report.applied.len(), 1);
    assert_eq!(file.column("SELECT full_name FROM users"), ["Ann"]);
    file.must_be_whole();
}

#[test]
fn a_later_release_goes_past_nothing_that_waits() {
    let file = File::new();
    block_on(migrations(&HISTORY[..1]).run(file.database().target())).expect("it applies");
    let coming = migrations(&HISTORY);
    block_on(coming.runner().before_deployment().run(file.database().target())).expect("it applies");
    let later = migrations(&[&HISTORY[..], &[NEXT]].concat());
    let error = block_on(later.runner().before_deployment().run(file.database().target())).expect_err("it waits");
    assert_eq!(error.kind(), Kind::Option);
    let said = error.to_string();
    assert!(said.contains("`0004_bio`") && said.contains("`0003_full_name_after_deploy`"), "{said}");
    assert_eq!(file.history().len(), 2);
    block_on(later.runner().after_deployment().run(file.database().target())).expect("it applies");
    block_on(later.runner().before_deployment().run(file.database().target())).expect("it applies");
    assert_eq!(file.history().len(), 4);
}

#[test]
fn a_new_database_has_no_release_to_wait_for() {
    let file = File::new();
    let report = block_on(migrations(&HISTORY).runner().before_deployment().run(file.database().target()));
    assert_eq!(report.expect("it applies").applied.len(), 3);
}
