//! What is refused, in which words, and that nothing was done.

use std::time::Duration;

use dbmigrate_embed::{MigrateError, MigrateErrorKind as Kind, Standing};

use crate::database::{File, column};
use crate::driver::block_on;
use crate::history::{beside, family, migrations};

const TABLE: (&str, &str) = ("create", "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);");
const TABLE_OF_POSTS: (&str, &str) = ("more", "CREATE TABLE posts (id INTEGER PRIMARY KEY);");

/// Kind, message and help.
fn said(error: &MigrateError) -> (Kind, String) {
    (error.kind(), format!("{error} | {}", error.help().join(" | ")))
}

#[test]
fn a_migration_that_fails_leaves_those_before_it_and_says_so() {
    let file = File::new();
    let bad = "CREATE TABLE more (id INTEGER PRIMARY KEY);\n\nCREATE UNIQUE INDEX by_email ON users (email);";
    let history = migrations(&[TABLE, ("make unique", bad)]);
    block_on(history.runner().to("1").run(file.database().target())).expect("it applies");
    file.run(&["INSERT INTO users (email) VALUES ('a'), ('a')"]);
    let error = block_on(history.run(file.database().target())).expect_err("two rows have one e-mail");
    let expected = "migration `0002_make_unique` failed, in statement 2 at migrations/0002_make_unique/migration.sql:3: \
                    UNIQUE constraint failed: users.email; the database is as it was before | ";
    assert_eq!(said(&error), (Kind::Migration, expected.to_owned()));
    assert_eq!((error.report().before, error.report().applied.len()), (Some(1), 0));
    assert!(std::error::Error::source(&error).is_some());
    assert_eq!(file.column("SELECT name FROM sqlite_schema WHERE name = 'more'"), [""; 0]);
    assert_eq!(file.history(), ["0001_create"]);
    file.must_be_whole();
}

#[test]
fn rows_on_which_an_expression_fails_are_counted_and_named_before_anything_is_changed() {
    let table = ("docs", "CREATE TABLE docs (a TEXT, b INT, d TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;");
    let index = ("index", "ALTER TABLE docs ADD COLUMN x INT;\nCREATE INDEX by_d ON docs (json(d));");
    let file = File::new();
    block_on(migrations(&[table]).run(file.database().target())).expect("it applies");
    file.run(&["INSERT INTO docs VALUES ('x', 1, '{}'), ('y', 2, 'no'), ('y', 3, 'nor'), ('z', 1, NULL)"]);
    let error = block_on(migrations(&[table, index]).run(file.database().target())).expect_err("two rows are no JSON");
    let (kind, message) = said(&error);
    assert_eq!(kind, Kind::Migration);
    let words = "`json(d)` of index `by_d` fails on 2 rows of `docs`, at (a, b) ('y', 2), ('y', 3): malformed JSON";
    assert!(message.contains(words), "{message}");
    assert_eq!(file.column("SELECT name FROM pragma_table_info('docs') WHERE name = 'x'"), [""; 0]);
    file.run(&["UPDATE docs SET d = NULL WHERE a = 'y'"]);
    block_on(migrations(&[table, index]).run(file.database().target())).expect("it applies");
    file.must_be_whole();
}

#[test]
fn the_report_of_a_failure_has_what_was_applied_before() {
    let file = File::new();
    let preflight = "-- dbmigrate: expect-none \"{} users without an e-mail\" SELECT count(*) FROM users HAVING count(*) > 0\n\
                     CREATE INDEX by_email ON users (email);";
    let filled = ("fill", "INSERT INTO users (email) VALUES (NULL);");
    let history = migrations(&[TABLE, filled, ("index", preflight)]);
    let error = block_on(history.run(file.database().target())).expect_err("there is a user");
    let (kind, message) = said(&error);
    assert_eq!(kind, Kind::Migration);
    assert!(
        message.contains("refused at migrations/0003_index/migration.sql:1: 1 users without an e-mail"),
        "{message}"
    );
    let applied: Vec<&str> = error.report().applied.iter().map(|applied| applied.name.as_str()).collect();
    assert_eq!((applied, error.report().before), (vec!["0001_create", "0002_fill"], Some(0)));
    assert_eq!(file.history(), ["0001_create", "0002_fill"]);
}

#[test]
fn an_atomic_run_applies_all_or_nothing() {
    let file = File::new();
    file.run(&["CREATE TABLE log (line TEXT)"]);
    let fails = ("fail", "CREATE UNIQUE INDEX once ON users (email); INSERT INTO users (email) VALUES ('b');");
    let history = beside(&[], &[TABLE, ("fill", "INSERT INTO users (email) VALUES ('a');"), fails], &["log"]);
    let report = block_on(history.runner().atomic().run(file.database().target())).expect("it applies");
    assert_eq!(report.applied.len(), 3);

    let file = File::new();
    let refused = "-- dbmigrate: expect-none SELECT id FROM users\nCREATE INDEX by_email ON users (email);";
    let history = migrations(&[TABLE, ("fill", "INSERT INTO users (email) VALUES ('a');"), ("index", refused)]);
    let error = block_on(history.runner().atomic().run(file.database().target())).expect_err("there is a user");
    assert_eq!((error.kind(), error.report().applied.len()), (Kind::Migration, 0));
    assert_eq!(file.column("SELECT name FROM sqlite_schema WHERE name = 'users'"), [""; 0]);
}

#[test]
fn a_drift_is_named_although_no_snapshot_is_in_the_program() {
    let file = File::new();
    let history = migrations(&[TABLE, TABLE_OF_POSTS]);
    block_on(history.runner().to("1").run(file.database().target())).expect("it applies");
    file.run(&["CREATE INDEX by_hand ON users (email)", "ALTER TABLE users ADD COLUMN age INTEGER"]);
    let error = block_on(history.run(file.database().target())).expect_err("it has drifted");
    let (kind, message) = said(&error);
    assert_eq!(kind, Kind::Drift);
    assert!(
        message.starts_with("the database was changed by hand after its last migration `0001_create`: "),
        "{message}"
    );
    assert!(message.contains("users.age") && message.contains("by_hand"), "{message}");
    assert_eq!(error.report().before, None);
    assert_eq!(file.history(), ["0001_create"]);

    let status = block_on(history.status(file.database().target())).expect("it can be read");
    assert!(matches!(&status.standing, Standing::Drifted(lines) if lines.len() == 2), "{status:?}");
    let plan = block_on(history.runner().accept_drift().plan(file.database().target())).expect("it is accepted");
    assert_eq!((plan.drift.len(), plan.pending.len()), (2, 1));
    let report = block_on(history.runner().accept_drift().run(file.database().target())).expect("it is accepted");
    assert_eq!((report.drift.len(), report.applied.len()), (2, 1));
}

#[test]
fn a_drift_that_cannot_be_named_is_refused_with_the_reason() {
    let file = File::new();
    let legacy = "CREATE TABLE legacy_users (id INTEGER PRIMARY KEY, email TEXT)";
    file.run(&[legacy]);
    // a database in memory does not have what is somebody else's
    let copy = ("copy", "CREATE TABLE users AS SELECT id, email FROM legacy_users;");
    let history = beside(&[legacy], &[copy, TABLE_OF_POSTS], &["legacy_*"]);
    block_on(history.runner().to("1").run(file.database().target())).expect("it applies");
    file.run(&["ALTER TABLE users ADD COLUMN age INTEGER"]);
    let error = block_on(history.run(file.database().target())).expect_err("it has drifted");
    let (kind, message) = said(&error);
    assert_eq!(kind, Kind::Drift);
    assert!(message.contains("cannot be listed: `migrations/0001_copy/snapshot.json` is not embedded in"), "{message}");
    assert!(message.contains("statement 1 of `0001_copy` failed: no such table: legacy_users"), "{message}");
    assert_eq!(file.history(), ["0001_copy"]);
}

#[test]
fn a_migration_that_leads_elsewhere_is_undone() {
    let file = File::new();
    let legacy = "CREATE TABLE legacy_users (id INTEGER PRIMARY KEY, email TEXT)";
    file.run(&["CREATE TABLE legacy_users (id INTEGER PRIMARY KEY, email TEXT, age INTEGER)"]);
    let copy = ("copy", "CREATE TABLE users AS SELECT * FROM legacy_users;");
    let history = beside(&[legacy], &[TABLE_OF_POSTS, copy], &["legacy_*"]);
    let error = block_on(history.run(file.database().target())).expect_err("it has a column more");
    let (kind, message) = said(&error);
    assert_eq!(kind, Kind::Migration);
    let expected =
        "migration `0002_copy` failed: the schema after the migration does not match its snapshot; the database";
    assert!(message.starts_with(expected), "{message}");
    assert_eq!(error.report().applied.len(), 1);
    assert_eq!(file.column("SELECT name FROM sqlite_schema WHERE name = 'users'"), [""; 0]);
    file.must_be_whole();
}

#[test]
fn histories_that_do_not_fit_are_told_apart() {
    let file = File::new();
    let newer = migrations(&[TABLE, TABLE_OF_POSTS]);
    block_on(newer.run(file.database().target())).expect("it applies");
    let older = migrations(&[TABLE]);
    let error = block_on(older.run(file.database().target())).expect_err("the database is newer");
    assert_eq!(error.kind(), Kind::Newer);
    let other = migrations(&[("create others", "CREATE TABLE others (id INTEGER PRIMARY KEY);")]);
    let error = block_on(other.run(file.database().target())).expect_err("it is another one's");
    assert_eq!(error.kind(), Kind::History);
    assert_eq!(file.history(), ["0001_create", "0002_more"]);
}

#[test]
fn tables_without_a_history_are_refused_unless_they_are_ignored() {
    let file = File::new();
    file.run(&["CREATE TABLE legacy_users (id INTEGER PRIMARY KEY)"]);
    let history = migrations(&[TABLE]);
    let error = block_on(history.run(file.database().target())).expect_err("there is a table");
    let (kind, message) = said(&error);
    assert_eq!(kind, Kind::NotEmpty);
    assert!(message.starts_with("the database has tables but no migration history: legacy_users | "), "{message}");
    let status = block_on(history.status(file.database().target())).expect("it can be read");
    assert_eq!(status.standing, Standing::NotEmpty(vec!["legacy_users".to_owned()]));
    let report = block_on(history.runner().ignore(["legacy_*"]).run(file.database().target())).expect("it is ignored");
    assert_eq!(report.applied.len(), 1);
    let error = block_on(history.runner().ignore(["[a]"]).run(file.database().target())).expect_err("it is no pattern");
    assert_eq!(error.kind(), Kind::Option);
    let error = block_on(history.runner().to("nine").run(file.database().target())).expect_err("there is none");
    assert_eq!(said(&error), (Kind::Option, "no migration named `nine` | ".to_owned()));
}

#[test]
fn a_connection_in_a_transaction_is_refused_and_left_in_it() {
    let file = File::new();
    let mut connection = file.connection();
    column(&mut connection, "BEGIN");
    column(&mut connection, "CREATE TABLE mine (id INTEGER)");
    let history = migrations(&family());
    let error = block_on(history.run(connection.target())).expect_err("there is a transaction");
    assert_eq!(error.kind(), Kind::InTransaction);
    assert!(!connection.is_autocommit());
    column(&mut connection, "ROLLBACK");
    assert_eq!(file.column("SELECT name FROM sqlite_schema"), [""; 0]);
    assert_eq!(block_on(history.run(connection.target())).expect("it applies").applied.len(), 3);
}

#[test]
fn a_file_that_belongs_to_another_program_is_refused() {
    let history = migrations(&family());
    let file = File::new();
    file.run(&["CREATE TABLE t (id INTEGER)"]);
    for sidecar in ["app.db-info", "app.db-client_wal_index"] {
        let sidecar = file.path().with_file_name(sidecar);
        fs_err::write(&sidecar, "{}").expect("the folder is writable");
        for error in
            [block_on(history.run(file.database().target())), block_on(history.run(file.connection().target()))]
        {
            let (kind, message) = said(&error.expect_err("it is a replica"));
            assert!(kind == Kind::Target && message.contains("embedded replica"), "{message}");
        }
        fs_err::remove_file(&sidecar).expect("it is there");
    }
    assert_eq!(file.column("SELECT name FROM sqlite_schema"), ["t"]);
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let file = File::new();
    fs_err::write(file.path(), "these are notes, and there are more than a hundred bytes of them. ".repeat(9))
        .expect("ok");
    let before = fs_err::read(file.path()).expect("it is there");
    let error = block_on(migrations(&family()).run(file.database().target())).expect_err("it is no database");
    assert_eq!(error.kind(), Kind::Database);
    assert!(error.to_string().contains("file is not a database"), "{error}");
    assert_eq!(fs_err::read(file.path()).expect("it is there"), before);
}

#[test]
fn a_lock_is_waited_for_as_long_as_is_said() {
    let file = File::new();
    let history = migrations(&family());
    block_on(history.runner().to("1").run(file.database().target())).expect("it applies");
    let mut other = file.connection();
    column(&mut other, "BEGIN IMMEDIATE");
    let short = history.runner().busy_timeout(Duration::from_millis(50));
    let error = block_on(short.run(file.database().target())).expect_err("it is locked");
    assert_eq!(error.kind(), Kind::Locked, "{error}");
    assert!(error.help()[0].contains("busy_timeout"), "{error:?}");
    let waiting = {
        let mut database = file.database();
        std::thread::spawn(move || block_on(history.run(database.target())))
    };
    std::thread::sleep(Duration::from_millis(200));
    column(&mut other, "COMMIT");
    let report = waiting.join().expect("it does not panic").expect("it waits");
    assert_eq!(report.applied.len(), 2);
}
