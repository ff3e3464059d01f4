//! What cannot be foreseen is applied step by step, with the same result.

use dbmigrate_core::engine::Connection;
use dbmigrate_core::engine::apply::{Failure, apply_pending_with};
use pollster::block_on;

use super::*;

const FIRST: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\n\
    CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE);\n\
    CREATE VIEW names AS SELECT name FROM users;\n";
const REBUILD: &str = "DROP VIEW names;\nCREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n\
    INSERT INTO new_users (id, name) SELECT id, name FROM users;\n\
    DROP TABLE users;\nALTER TABLE new_users RENAME TO users;\nCREATE VIEW names AS SELECT name FROM users;\n";

fn rebuilt() -> String {
    FIRST.replace("name TEXT", "name TEXT NOT NULL")
}

/// A case with rows behind its first migration.
fn case() -> Option<Case> {
    let mut case = Case::new()?;
    case.add("first", FIRST, FIRST);
    case.migrate().expect("it applies");
    case.hand()
        .run(&["INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace')", "INSERT INTO posts VALUES (1, 1), (2, 1), (3, 2)"]);
    case.proxy.reset();
    Some(case)
}

#[test]
fn a_rebuild_of_a_parent_keeps_its_children_in_one_request() {
    let Some(mut case) = case() else { return };
    case.add("second", REBUILD, &rebuilt());
    assert_eq!(case.migrate().expect("it applies").applied.len(), 1);
    assert_eq!(case.proxy.requests(), 3, "{:?}", case.proxy.traffic());
    assert_eq!(case.hand().query("SELECT id || user_id FROM posts"), ["11", "21", "32"]);
    case.assert_sound();
}

#[test]
fn a_statement_that_needs_rows_is_run_between_those_that_do_not() {
    let Some(mut case) = case() else { return };
    let with = |more: &str| format!("{FIRST}{more}");
    let (a, b, c) = ("CREATE TABLE a (x NOT NULL);", "CREATE TABLE b (x);", "CREATE TABLE c (x);");
    case.add("second", a, &with(a));
    case.add(
        "third",
        &format!("INSERT INTO a SELECT (SELECT name FROM users WHERE id = 2);\n{b}"),
        &with(&format!("{a}{b}")),
    );
    case.add("fourth", c, &with(&format!("{a}{b}{c}")));
    case.add(
        "fifth",
        "INSERT INTO a VALUES ((SELECT name FROM users WHERE id = 1));\nDROP TABLE c;",
        &with(&format!("{a}{b}")),
    );
    let outcome = case.migrate().expect("it applies");
    let names: Vec<&str> = outcome.applied.iter().map(|applied| applied.name.as_str()).collect();
    assert_eq!(names, ["0002_second", "0003_third", "0004_fourth", "0005_fifth"]);
    assert_eq!(case.hand().query("SELECT x FROM a"), ["Grace", "Ada"]);
    case.assert_sound();
}

#[test]
fn violations_that_were_there_before_stay_and_new_ones_are_refused() {
    let Some(mut case) = case() else { return };
    case.hand().run(&["PRAGMA foreign_keys = OFF", "INSERT INTO posts VALUES (9, 99)"]);
    case.add("second", REBUILD, &rebuilt());
    case.migrate().expect("it applies");
    assert_eq!(case.hand().query("SELECT id FROM posts"), ["1", "2", "3", "9"]);
    case.add("third", "DELETE FROM users WHERE id = 1;", &rebuilt());
    let (name, failure) = failure(case.migrate());
    let Failure::ForeignKeys { table, count, .. } = failure else { panic!("{failure:?}") };
    assert_eq!((name.as_str(), table.as_str(), count), ("0003_third", "posts", 2));
    assert_eq!(case.hand().query("SELECT count(*) FROM users"), ["2"]);
    case.assert_sound();
}

#[test]
fn drift_that_is_accepted_stays() {
    let Some(mut case) = case() else { return };
    case.hand().run(&["CREATE TABLE scratch (x)", "CREATE INDEX by_user ON posts (user_id)"]);
    case.add("second", REBUILD, &rebuilt());
    assert!(matches!(case.migrate(), Err(ApplyError::Drift { .. })));
    let options = Options { accept_drift: true, ..Options::default() };
    let outcome = migrate(&case.server.url(), &case.folder, options).expect("it applies beside the drift");
    assert_eq!(outcome.applied.len(), 1);
    let names = case.hand().query("SELECT name FROM sqlite_schema WHERE name IN ('scratch', 'by_user') ORDER BY 1");
    assert_eq!(names, ["by_user", "scratch"]);
}

#[test]
fn a_statement_outside_of_a_transaction_is_recorded() {
    let Some(mut case) = case() else { return };
    case.add("second", "-- dbmigrate: no-transaction\nREINDEX;\n", FIRST);
    case.add("third", REBUILD, &rebuilt());
    assert_eq!(case.migrate().expect("it applies").applied.len(), 2);
    assert_eq!(case.applied(), ["0001_first", "0002_second", "0003_third"]);
    case.assert_sound();
}

#[test]
fn more_than_fits_into_a_request_is_sent_in_several_and_is_one_transaction() {
    let Some(mut case) = case() else { return };
    let filler = "x".repeat(100_000);
    let rows = format!("INSERT INTO seeds VALUES ('{filler}');\n").repeat(100);
    let sql = format!("CREATE TABLE seeds (x);\n{rows}");
    let leads_to = format!("{FIRST}CREATE TABLE seeds (x);");
    case.add("seeds", &sql, &leads_to);
    case.add("failing", &format!("SELECT 1;\n{rows}INSERT INTO nowhere VALUES (1);"), &leads_to);
    let (name, failure) = failure(case.migrate());
    let Failure::Statement { number, line, .. } = failure else { panic!("{failure:?}") };
    assert_eq!((name.as_str(), number, line), ("0003_failing", 102, 102));
    assert_eq!(case.hand().query("SELECT count(*), sum(length(x)) FROM seeds"), ["100|10000000"]);
    assert_eq!(case.applied(), ["0001_first", "0002_seeds"]);
}

/// Somebody who changes the database just when a migration is about to be sent.
struct Meanwhile<'c> {
    case: &'c Case,
    action: Option<&'c dyn Fn(&Case)>,
}

impl Observer for Meanwhile<'_> {
    fn begin(&mut self, _: &str, _: usize, _: usize) {
        if let Some(action) = self.action.take() {
            action(self.case);
        }
    }
    fn loses(&mut self, _: &Loss) {}
    fn applied(&mut self, _: &Applied) {}
}

#[test]
fn what_another_runner_has_applied_in_the_meantime_is_not_applied_twice() {
    let Some(mut case) = case() else { return };
    case.add("second", REBUILD, &rebuilt());
    let more = format!("{}CREATE TABLE more (x);", rebuilt());
    case.add("third", "CREATE TABLE more (x);", &more);
    let mut observer = Meanwhile { case: &case, action: Some(&|case| drop(case.migrate().expect("it applies"))) };
    let mut database = database(&case.server.url());
    let outcome = block_on(apply_pending_with(&mut database, &case.folder, Options::default(), &mut observer));
    assert_eq!(outcome.expect("nothing is left to do").applied.len(), 0);
    assert_eq!(case.applied(), ["0001_first", "0002_second", "0003_third"]);
    case.assert_sound();
}

#[test]
fn a_change_by_hand_in_the_meantime_is_drift_and_nothing_is_applied() {
    let Some(mut case) = case() else { return };
    case.add("second", REBUILD, &rebuilt());
    let by_hand = |case: &Case| drop(case.hand().run(&["ALTER TABLE users ADD COLUMN phone TEXT DEFAULT '1'"]));
    let mut observer = Meanwhile { case: &case, action: Some(&by_hand) };
    let mut database = database(&case.server.url());
    let outcome = block_on(apply_pending_with(&mut database, &case.folder, Options::default(), &mut observer));
    assert!(matches!(outcome, Err(ApplyError::Drift { .. })), "{outcome:?}");
    assert_eq!(case.hand().query("SELECT name, phone FROM users"), ["Ada|1", "Grace|1"]);
    assert_eq!(case.applied(), ["0001_first"]);
}

#[test]
fn the_statistics_of_a_database_that_was_brought_along_stay_when_a_table_is_rebuilt() {
    let Some(mut case) = case() else { return };
    let index = "CREATE INDEX by_name ON users (name);\n";
    case.add("index", index, &format!("{FIRST}{index}"));
    case.migrate().expect("it applies");
    // a server does not run `ANALYZE`; its file may have had it before
    case.server.kill_9();
    let file = case.server.folder().join("data/dbs/default/data");
    let connection = block_on(Connection::open(&file, false)).expect("the file of the server");
    block_on(connection.run("ANALYZE")).expect("it runs");
    drop(connection);
    case.server.restart();
    let query = "SELECT tbl || ' ' || ifnull(idx, '-') || ' ' || stat FROM sqlite_stat1 ORDER BY 1";
    let before = case.hand().query(query);
    assert!(before.contains(&"users by_name 2 1".to_owned()), "{before:?}");
    case.add("rebuild", &format!("{REBUILD}{index}"), &format!("{}{index}", rebuilt()));
    migrate(&case.server.url(), &case.folder, Options::default()).expect("it applies");
    assert_eq!(case.hand().query(query), before);
    assert_eq!(case.hand().query("SELECT name FROM users ORDER BY id"), ["Ada", "Grace"]);
    case.assert_sound();
}
