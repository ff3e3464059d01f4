//! What fails leaves no trace and says where it was; what is not answered is looked up.

use dbmigrate_core::engine::apply::Failure;
use dbmigrate_test_support::proxy::{Answer, Delivered, Fault};

use super::*;

const A: &str = "CREATE TABLE a (x INTEGER PRIMARY KEY, y UNIQUE);\n";
const B: &str = "CREATE TABLE b (x);\n";
const C: &str = "CREATE TABLE c (x);\n";

/// The request that carries the migrations, counted from 0: the history and the schema are read before.
const MIGRATIONS: usize = 1;

/// Three migrations that make a table each.
fn case() -> Option<Case> {
    let mut case = Case::new()?;
    case.add("a", A, A);
    case.add("b", B, &format!("{A}{B}"));
    case.add("c", C, &format!("{A}{B}{C}"));
    Some(case)
}

#[test]
fn migrations_before_one_that_fails_stay_and_its_statement_is_named() {
    let Some(mut case) = case() else { return };
    let sql = "CREATE TABLE d (x);\n\nINSERT INTO a VALUES (1, 1);\nINSERT INTO a VALUES (2, 1);\n";
    case.add("d", sql, &format!("{A}{B}{C}CREATE TABLE d (x);"));
    let (name, failure) = failure(case.migrate());
    let Failure::Statement { number, line, error, .. } = failure else { panic!("{failure:?}") };
    assert_eq!((name.as_str(), number, line), ("0004_d", 3, 4));
    assert_eq!(error.message, "UNIQUE constraint failed: a.y");
    assert_eq!(case.applied(), ["0001_a", "0002_b", "0003_c"]);
    assert_eq!(case.hand().query("SELECT count(*) FROM a"), ["0"]);
}

/// What only the rows there contradict is found in the transaction that all of them share, and said of the one that it
/// is about, which keeps none of those before it.
#[test]
fn brief_migrations_are_tried_together_and_then_each_by_itself() {
    let Some(mut case) = case() else { return };
    case.migrate().expect("it applies");
    // recorded by one statement, when all had been made
    let records = "SELECT count(*) || ' ' || count(DISTINCT schema_version) || ' ' || min(duration_ms >= 0) FROM _dbmigrate_history";
    assert_eq!(case.hand().query(records), ["3 1 1"]);
    case.assert_sound();
    case.hand().run(&["INSERT INTO a VALUES (1, 1)"]);
    let schema = format!("{A}{B}{C}CREATE TABLE d (x);");
    case.add("d", "CREATE TABLE d (x);\n", &schema);
    case.add("e", "INSERT INTO a VALUES (2, 1);\n", &schema);
    case.proxy.reset();
    let (name, failure) = failure(case.migrate());
    // a look, both in one transaction, each in its own
    assert_eq!(case.proxy.requests(), 3, "{:?}", case.proxy.traffic());
    let Failure::Statement { number, error, .. } = failure else { panic!("{failure:?}") };
    assert_eq!((name.as_str(), number, error.message.as_str()), ("0005_e", 1, "UNIQUE constraint failed: a.y"));
    assert_eq!(case.applied(), ["0001_a", "0002_b", "0003_c", "0004_d"]);
    assert_eq!(case.hand().query("SELECT count(*) FROM a"), ["1"]);
}

#[test]
fn of_an_atomic_run_that_fails_nothing_stays() {
    let Some(mut case) = case() else { return };
    case.add("d", "INSERT INTO nowhere VALUES (1);", &format!("{A}{B}{C}"));
    let options = Options { atomic: true, ..Options::default() };
    let (name, _) = failure(migrate(&case.proxy.url(), &case.folder, options));
    assert_eq!(name, "0004_d");
    assert!(case.hand().tables().is_empty(), "{:?}", case.hand().tables());
}

#[test]
fn a_preflight_says_what_it_found_and_nothing_is_touched() {
    let Some(mut case) = case() else { return };
    case.migrate().expect("it applies");
    case.hand().run(&["INSERT INTO a VALUES (1, 'one'), (2, CAST(x'ff' AS TEXT))"]);
    let sql = "-- dbmigrate: expect-none \"{} rows, the last is {}\" SELECT count(*), max(y) FROM a GROUP BY NULL\n\
        DELETE FROM a;\n";
    case.add("d", sql, &format!("{A}{B}{C}"));
    let (_, failure) = failure(case.migrate());
    let Failure::Preflight { line, message } = failure else { panic!("{failure:?}") };
    assert_eq!((line, message.as_str()), (1, "2 rows, the last is \u{fffd}"));
    assert_eq!(case.hand().query("SELECT count(*) FROM a"), ["2"]);
}

#[test]
fn what_no_server_runs_is_found_before_anything_is_sent() {
    for (sql, number, line) in [
        ("CREATE TABLE d (x);\n\nVACUUM;\n", 2, 3),
        ("CREATE TABLE d (x);\nSELECT count(*) FROM a HAVING count(*) > 1;\n", 2, 2),
    ] {
        let Some(mut case) = case() else { return };
        case.add("d", sql, &format!("{A}{B}{C}CREATE TABLE d (x);"));
        let (name, failure) = failure(case.migrate());
        let Failure::Statement { number: found, line: at, .. } = failure else { panic!("{failure:?}") };
        assert_eq!((name.as_str(), found, at), ("0004_d", number, line), "{sql}");
        assert!(case.hand().tables().is_empty(), "{:?}", case.hand().tables());
    }
}

#[test]
fn an_answer_that_does_not_arrive_is_looked_up_in_the_history() {
    for answer in [Answer::Nothing, Answer::First(40), Answer::Page] {
        let Some(case) = case() else { return };
        case.proxy.fail(MIGRATIONS, Fault { delivered: Delivered::All, answer });
        let result = case.migrate();
        assert_eq!(case.applied(), ["0001_a", "0002_b", "0003_c"], "{answer:?}");
        assert_eq!(result.unwrap_or_else(|error| panic!("{answer:?}: {error}")).applied.len(), 3, "{answer:?}");
        case.assert_sound();
    }
}

#[test]
fn a_request_that_does_not_arrive_changes_nothing_and_the_next_run_does_it() {
    for delivered in [Delivered::Nothing, Delivered::First(600)] {
        let Some(case) = case() else { return };
        case.proxy.fail(MIGRATIONS, Fault { delivered, answer: Answer::Nothing });
        let (name, failure) = failure(case.migrate());
        assert!(matches!(failure, Failure::Lost { is_known: true, .. }), "{delivered:?}: {failure:?}");
        assert_eq!(name, "0001_a");
        assert!(case.hand().tables().is_empty(), "{:?}", case.hand().tables());
        assert_eq!(case.migrate().expect("it applies").applied.len(), 3);
    }
}
