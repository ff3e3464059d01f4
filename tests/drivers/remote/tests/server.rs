//! A program that has the facade's `remote` and nothing else: it migrates databases on servers, and there is no SQLite in
//! it. Without a server, and nothing to fetch it with, this says `SKIPPED`.

use dbmigrate::MigrateErrorKind as Kind;
use dbmigrate::migrate::Server as Target;
use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::sqld::Server;

/// Those of the sample application.
const MIGRATIONS: dbmigrate::Migrations = dbmigrate::embed_migrations!("../../../migrations");

#[test]
fn a_new_database_is_migrated_once_whoever_starts() {
    let Some(server) = Server::start() else { return };
    let hand = Hand::new(server.url());
    let plan = MIGRATIONS.plan(Target::new(server.url())).wait().expect("it can be read");
    assert_eq!(plan.before, 0);
    assert_eq!(hand.tables(), [""; 0]);
    let url = server.url();
    let start = || {
        let target = Target::new(&url);
        std::thread::spawn(move || MIGRATIONS.run(target).wait().expect("it applies"))
    };
    let reports = [start(), start()].map(|run| run.join().expect("it does not panic"));
    let applied: usize = reports.iter().map(|report| report.applied.len()).sum();
    assert_eq!(applied, plan.pending.len());
    let count = hand.query("SELECT count(*) FROM _dbmigrate_history");
    assert_eq!(count, [plan.pending.len().to_string()]);
    assert!(MIGRATIONS.status(Target::new(&url)).wait().expect("it can be read").is_current());
    assert!(MIGRATIONS.ready(Target::new(&url)).wait().expect("it is ready").applied.is_empty());
    hand.run(&["INSERT INTO feature_flags (name, description) VALUES ('one', '')"]);
    assert!(hand.integrity_check().is_empty() && hand.foreign_key_check().is_empty());
}

#[test]
fn what_cannot_be_done_is_an_error_with_its_help() {
    let nobody = Target::new("http://localhost:1").retries(0);
    let error = MIGRATIONS.run(nobody).wait().expect_err("nobody listens there");
    assert_eq!(error.kind(), Kind::Unreachable, "{error}");
    let Some(server) = Server::start() else { return };
    let hand = Hand::new(server.url());
    hand.run(&["CREATE TABLE users (id INTEGER PRIMARY KEY)"]);
    let error = MIGRATIONS.run(Target::new(server.url())).wait().expect_err("somebody has been there");
    assert!(!error.help().is_empty(), "{error}");
    assert_eq!(hand.tables(), ["users"]);
}

#[test]
fn there_is_no_sqlite_in_it() {
    let lock = include_str!("../Cargo.lock");
    for sqlite in ["libsql-ffi", "libsqlite3-sys", "rusqlite", "sqlx-sqlite"] {
        assert!(!lock.contains(&format!("name = \"{sqlite}\"")), "{sqlite}");
    }
}
