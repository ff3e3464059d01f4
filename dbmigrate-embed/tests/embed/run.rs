//! What a run does, and says that it did.

use std::time::Duration;

use dbmigrate_embed::Standing;

use crate::database::{File, column};
use crate::driver::{AFTER, BEFORE, BUSY_TIMEOUT, Connection, SAMPLE, block_on};
use crate::history::{family, migrations};

#[test]
fn a_history_is_applied_once() {
    let file = File::new();
    let report = block_on(SAMPLE.run(file.database().target())).expect("it applies");
    assert_eq!((report.applied.len(), report.before), (19, Some(0)));
    assert!(report.to_string().starts_with("19 migrations applied in "), "{report}");
    let names: Vec<String> = report.applied.iter().map(|applied| applied.name.clone()).collect();
    assert_eq!(file.history(), names);
    file.must_be_whole();

    let status = block_on(SAMPLE.status(file.database().target())).expect("it can be read");
    assert!(status.is_current() && status.applied.len() == 19, "{status:?}");
    let again = block_on(SAMPLE.run(file.database().target())).expect("there is nothing to do");
    assert_eq!(again.to_string(), "nothing to apply, 19 already applied");
    assert_eq!(file.history(), names);
}

#[test]
fn rows_and_the_settings_of_the_connection_are_kept() {
    let file = File::new();
    let mut connection = file.connection();
    connection.wait_for_locks(Duration::from_millis(70));
    let report = block_on(migrations(&family()).run(connection.target())).expect("it applies");
    assert_eq!(report.applied.len(), 3);
    assert_eq!(
        column(&mut connection, "SELECT count(*) FROM children JOIN parents ON parents.id = parent_id"),
        ["100"]
    );
    assert_eq!(column(&mut connection, "PRAGMA foreign_keys"), ["1"]);
    assert_eq!(column(&mut connection, "PRAGMA busy_timeout"), ["70"]);
    assert!(connection.is_autocommit());
    file.must_be_whole();
    let report = block_on(SAMPLE.runner().to("1").run(Connection::in_memory().target())).expect("it applies");
    assert_eq!(report.applied.len(), 1);
    let mut connection = file.connection();
    block_on(migrations(&family()).status(connection.target())).expect("it can be read");
    assert_eq!(column(&mut connection, "PRAGMA busy_timeout"), [BUSY_TIMEOUT]);
}

#[test]
fn foreign_keys_that_were_off_stay_off() {
    let file = File::new();
    let mut connection = file.connection();
    column(&mut connection, "PRAGMA foreign_keys = OFF");
    block_on(migrations(&family()).run(connection.target())).expect("it applies");
    assert_eq!(column(&mut connection, "PRAGMA foreign_keys"), ["0"]);
}

#[test]
fn a_database_in_memory_is_migrated_by_its_connection() {
    let mut connection = Connection::in_memory();
    block_on(migrations(&family()).run(connection.target())).expect("it applies");
    assert_eq!(column(&mut connection, "SELECT count(*) FROM children"), ["100"]);
}

#[test]
fn a_run_goes_no_further_than_it_is_told() {
    let file = File::new();
    let family = migrations(&family());
    let report = block_on(family.runner().to("0002").run(file.database().target())).expect("it applies");
    assert_eq!(report.applied.len(), 2);
    let status = block_on(family.status(file.database().target())).expect("it can be read");
    assert_eq!((status.applied.len(), &status.pending[..]), (2, &["0003_require_names".to_owned()][..]));
    assert!(!status.is_current() && status.standing == Standing::AsRecorded);
    let report = block_on(family.run(file.database().target())).expect("it applies");
    assert_eq!((report.applied.len(), report.before), (1, Some(2)));
}

#[test]
fn a_plan_names_what_is_to_come_and_changes_nothing() {
    let file = File::new();
    let history = [
        ("create", "CREATE TABLE users (id INTEGER PRIMARY KEY, nickname TEXT);"),
        ("drop", "-- dbmigrate: allow(drop_column) users.nickname\nALTER TABLE users DROP COLUMN nickname;"),
    ];
    let history = migrations(&history);
    block_on(history.runner().to("1").run(file.database().target())).expect("it applies");
    file.run(&["INSERT INTO users (nickname) VALUES ('ada'), ('bob'), (NULL)"]);
    let before = fs_err::read(file.path()).expect("it is there");
    let plan = block_on(history.plan(file.database().target())).expect("it can be read");
    assert_eq!((plan.before, plan.pending.len()), (1, 1));
    assert_eq!(plan.pending[0].name, "0002_drop");
    assert!(plan.pending[0].sql.contains("DROP COLUMN nickname"));
    assert_eq!((plan.pending[0].losses[0].object.as_str(), plan.pending[0].losses[0].count), ("users.nickname", 2));
    assert_eq!(fs_err::read(file.path()).expect("it is there"), before);
    let report = block_on(history.run(file.database().target())).expect("it applies");
    assert_eq!((report.losses[0].object.as_str(), report.losses[0].count), ("users.nickname", 2));
}

#[test]
fn kept_values_follow_their_rows_and_come_back_and_the_report_counts_them() {
    let triggers = "CREATE TRIGGER _dbmigrate_kept_0002_users_insert AFTER INSERT ON users
BEGIN
  DELETE FROM _dbmigrate_kept_0002_users WHERE id = NEW.id;
END;
CREATE TRIGGER _dbmigrate_kept_0002_users_update AFTER UPDATE ON users
WHEN NOT (OLD.id IS NEW.id)
BEGIN
  DELETE FROM _dbmigrate_kept_0002_users WHERE id = NEW.id;
  UPDATE _dbmigrate_kept_0002_users SET id = NEW.id WHERE id = OLD.id;
END;
CREATE TRIGGER _dbmigrate_kept_0002_users_delete AFTER DELETE ON users
BEGIN
  DELETE FROM _dbmigrate_kept_0002_users WHERE id = OLD.id;
END;";
    let drop = format!(
        "-- dbmigrate: allow(drop_column) users.legacy
-- dbmigrate: keep users.legacy in _dbmigrate_kept_0002_users
CREATE TABLE _dbmigrate_kept_0002_users (
  id INTEGER PRIMARY KEY,
  legacy
);
INSERT INTO _dbmigrate_kept_0002_users (id, legacy) SELECT id, legacy FROM users;
CREATE TABLE _dbmigrate_kept_rows_0002_users (kept INTEGER NOT NULL);
INSERT INTO _dbmigrate_kept_rows_0002_users (kept) SELECT count(*) FROM _dbmigrate_kept_0002_users;
ALTER TABLE users DROP COLUMN legacy;
{triggers}"
    );
    let history = [
        ("create", "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, legacy TEXT);"),
        ("drop", drop.as_str()),
        (
            "rebuild",
            "CREATE TABLE _dbmigrate_new_users (id INTEGER PRIMARY KEY, name TEXT CHECK (name <> ''));
INSERT INTO _dbmigrate_new_users (id, name) SELECT id, name FROM users;
DROP TABLE users;
ALTER TABLE _dbmigrate_new_users RENAME TO users;",
        ),
        (
            "revert",
            "-- dbmigrate: restore users.legacy from _dbmigrate_kept_0002_users else NULL
--     SELECT restored, total - known, (SELECT kept FROM _dbmigrate_kept_rows_0002_users) - known, known - restored
--     FROM (SELECT count(*) AS total, count(k.id) AS known, count(k.id) AS restored
--       FROM users LEFT JOIN _dbmigrate_kept_0002_users AS k ON k.id = users.id)
DROP TRIGGER IF EXISTS _dbmigrate_kept_0002_users_insert;
DROP TRIGGER IF EXISTS _dbmigrate_kept_0002_users_update;
DROP TRIGGER IF EXISTS _dbmigrate_kept_0002_users_delete;
ALTER TABLE users ADD COLUMN legacy TEXT;
UPDATE users SET legacy = (SELECT k.legacy FROM _dbmigrate_kept_0002_users AS k WHERE k.id = users.id);
DROP TABLE _dbmigrate_kept_rows_0002_users;
DROP TABLE _dbmigrate_kept_0002_users;",
        ),
    ];
    let history = migrations(&history);
    let file = File::new();
    block_on(history.runner().to("1").run(file.database().target())).expect("it applies");
    file.run(&["INSERT INTO users VALUES (1, 'a', 'la'), (2, 'b', 'lb'), (3, 'c', 'lc'), (4, 'd', NULL)"]);
    block_on(history.runner().to("3").run(file.database().target())).expect("it applies");
    file.run(&[
        "DELETE FROM users WHERE id = 4",
        "INSERT INTO users VALUES (4, 'reused'), (5, 'new')",
        "UPDATE users SET id = 30 WHERE id = 3",
    ]);
    let report = block_on(history.run(file.database().target())).expect("it applies");
    let [reverted] = &report.applied[..] else { panic!("{report:?}") };
    let [restored] = &reverted.restored[..] else { panic!("{report:?}") };
    assert_eq!((restored.object.as_str(), restored.otherwise.as_deref()), ("users.legacy", Some("NULL")));
    assert_eq!((restored.restored, restored.added, restored.deleted, restored.changed), (3, 2, Some(1), 0));
    let values = "SELECT id || ifnull(legacy, '-') FROM users ORDER BY id";
    assert_eq!(file.column(values), ["1la", "2lb", "4-", "5-", "30lc"]);
    assert_eq!(file.column("SELECT name FROM sqlite_schema WHERE name LIKE '%kept%'"), [""; 0]);
    file.must_be_whole();
}

#[test]
fn a_squash_that_is_embedded_is_what_databases_with_all_of_it_have_and_new_ones_run() {
    let (old, new) = (File::new(), File::new());
    block_on(BEFORE.run(old.database().target())).expect("it applies");
    let recorded = old.history();
    assert_eq!(recorded.len(), 3);
    for file in [&old, &new] {
        let report = block_on(AFTER.run(file.database().target())).expect("it applies");
        let last = report.applied.last().expect("one is new to both");
        assert_eq!(last.name, "0004_bio");
        assert!(block_on(AFTER.status(file.database().target())).expect("it can be read").is_current());
        assert_eq!(column(&mut file.connection(), "SELECT name FROM users WHERE bio IS NULL"), ["first"]);
        file.must_be_whole();
    }
    assert_eq!(new.history(), ["0003_all", "0004_bio"]);
    assert_eq!(old.history(), [&recorded[..], &["0004_bio".to_owned()]].concat(), "it is not rewritten");
    // a program from before it says that the database is newer, and one in the middle what it lacks
    let error = block_on(BEFORE.run(new.database().target())).expect_err("it does not know the squash");
    assert!(error.to_string().contains("0003_all"), "{error}");
    let middle = File::new();
    block_on(BEFORE.run(middle.database().target())).expect("it applies");
    column(&mut middle.connection(), "DELETE FROM _dbmigrate_history WHERE position = 3");
    let error = block_on(AFTER.run(middle.database().target())).expect_err("it has only some of them");
    assert!(error.to_string().contains("only some of the migrations that `0003_all` replaces"), "{error}");
}
