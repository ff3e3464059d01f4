//! Errors of statements: a server's say what those of a local database say.

use dbmigrate_core::engine::{Connection, error::ErrorKind};
use dbmigrate_test_support::sqld::Server;

use super::{client, run};

/// What is there when a statement fails.
const BEFORE: [&str; 6] = [
    "CREATE TABLE u(a INTEGER PRIMARY KEY, b NOT NULL UNIQUE, c CHECK(c > 0), d REFERENCES u(a))",
    "INSERT INTO u VALUES(1, 2, 3, NULL)",
    "CREATE TABLE s(a INT) STRICT",
    "CREATE VIEW broken AS SELECT nope FROM s",
    "CREATE TRIGGER no AFTER DELETE ON u BEGIN SELECT RAISE(ABORT, 'do not (at offset 3)'); END",
    "CREATE TABLE w(a, CONSTRAINT positive CHECK(a > 0))",
];

/// Statements that fail.
const FAILING: [&str; 33] = [
    "INSERT INTO u VALUES(1, 5, 3, NULL)",
    "INSERT INTO u VALUES(2, 2, 3, NULL)",
    "INSERT INTO u VALUES(2, NULL, 3, NULL)",
    "INSERT INTO u VALUES(2, 3, -1, NULL)",
    "INSERT INTO w VALUES(0)",
    "INSERT INTO u VALUES(2, 3, 3, 77)",
    "DELETE FROM u",
    "INSERT INTO s VALUES('x')",
    "INSERT INTO u(nope) VALUES(1)",
    "INSERT INTO u VALUES(1)",
    "INSERT INTO gone VALUES(1)",
    "SELECT * FROM gone",
    "SELECT nope FROM u",
    "SELECT nope(1)",
    "SELECT substr()",
    "SELECT * FROM broken",
    "SELECT a FROM u, s",
    "SELECT * FROM u WHERE a = 1 GROUP BY nope",
    "SELECT 1 UNION SELECT 1, 2",
    "SELECT json_extract('{}', 'foreign keys still on')",
    "SELECT abs(-9223372036854775808)",
    "SELECT json('{')",
    "CREATE TABLE u(a)",
    "CREATE TABLE sqlite_x(a)",
    "CREATE TABLE y(a F32_BLOB(3)) STRICT",
    "CREATE INDEX i ON u(nope)",
    "CREATE INDEX i ON gone(a)",
    "ALTER TABLE u RENAME COLUMN nope TO x",
    "ALTER TABLE gone ADD COLUMN x",
    "ALTER TABLE s ADD COLUMN b INT NOT NULL",
    "DROP TABLE gone",
    "COMMIT",
    "UPDATE sqlite_schema SET sql = ''",
];

#[test]
fn a_failing_statement_says_on_a_server_what_it_says_locally() {
    let Some(server) = Server::start() else { return };
    let client = client(&server.url(), None);
    let setup = run(&client, &BEFORE).unwrap();
    assert!(setup.first_error().is_none(), "{setup:?}");
    run(&client, &["INSERT INTO s VALUES(1)"]).unwrap();
    let local = pollster::block_on(async {
        let local = Connection::in_memory().await.unwrap();
        for sql in BEFORE.iter().chain(&["INSERT INTO s VALUES(1)"]) {
            local.run(sql).await.unwrap();
        }
        local
    });
    for sql in FAILING {
        let here = pollster::block_on(local.run(sql)).unwrap_err();
        let outcome = run(&client, &[sql]).unwrap();
        let (_, there) = outcome.first_error().unwrap_or_else(|| panic!("`{sql}` does not fail on a server"));
        assert_eq!((there.kind, &there.message), (here.kind, &here.message), "{sql}");
    }
}

#[test]
fn a_statement_that_cannot_be_read_is_found_among_the_others() {
    let Some(server) = Server::start() else { return };
    let client = client(&server.url(), None);
    let statements = ["CREATE TABLE t(a)", "SELEC 1", "DROP TABLE gone", "SELECT 'a", "SELECT 1; SELECT 2", ""];
    let error = run(&client, &statements).unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Statement, "syntax error around L1:6: `SELEC`"));
    let refused =
        client.stream().refused(&super::batch(&statements), dbmigrate_core::engine::remote::Then::Close).unwrap();
    let steps: Vec<u32> = refused.iter().map(|(step, _)| *step).collect();
    assert_eq!(steps, [1, 3, 4, 5], "{refused:?}");
    assert_eq!(super::ask(&client, "SELECT count(*) FROM sqlite_schema").unwrap(), "0");
}
