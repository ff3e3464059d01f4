//! Time, size and death: what a batch that was not answered, or not to its end, is said to have done.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use dbmigrate_core::engine::error::ErrorKind;
use dbmigrate_core::engine::remote::{Batch, Options, Patience, Then};
use dbmigrate_test_support::proxy::{Answer, Delivered, Fault, Proxy};
use dbmigrate_test_support::sqld;
use dbmigrate_test_support::sqld::Server;

use super::{ask, batch, client, client_with, kind, run};

/// Runs for some seconds.
const LONG: &str = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 8000000) \
    INSERT INTO t SELECT max(x) FROM c";

fn short() -> Options {
    Options { timeout: Duration::from_millis(500), ..Options::default() }
}

#[test]
fn a_statement_may_run_longer_than_the_timeout() {
    let Some(server) = Server::start() else { return };
    run(&client(&server.url(), None), &["CREATE TABLE t(a)"]).unwrap();
    let waited = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&waited);
    let observer = Arc::new(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let options = Options { timeout: Duration::from_millis(200), observer: Some(observer), ..Options::default() };
    let client = client_with(&server.url(), None, options);
    let outcome = client.stream().run(&batch(&[LONG]), Then::Close, Patience::WhileAlive).unwrap();
    assert!(outcome.is_ok(0) && waited.load(Ordering::Relaxed) > 0, "{outcome:?}");
    assert_eq!(kind(client.stream().run(&batch(&[LONG]), Then::Close, Patience::Timeout)).0, ErrorKind::Lost);
}

#[test]
fn a_server_that_dies_or_stops_leaves_the_outcome_open() {
    let Some(mut server) = Server::start() else { return };
    run(&client(&server.url(), None), &["CREATE TABLE t(a)"]).unwrap();
    let long = |url: String| {
        thread::spawn(move || {
            let client = client_with(&url, None, short());
            client.stream().run(&batch(&["BEGIN IMMEDIATE", LONG, "COMMIT"]), Then::Close, Patience::WhileAlive)
        })
    };
    let stopped = long(server.url());
    server.wait_for_work(Duration::from_millis(300));
    server.pause();
    let (wanted, message) = kind(stopped.join().unwrap());
    assert_eq!(wanted, ErrorKind::Lost);
    assert!(message.ends_with("it stopped answering"), "{message}");
    server.resume();

    let killed = long(server.url());
    server.wait_for_work(Duration::from_millis(300));
    server.kill_9();
    assert_eq!(kind(killed.join().unwrap()).0, ErrorKind::Lost);
    assert_eq!(kind(run(&client_with(&server.url(), None, short()), &["DELETE FROM t"])).0, ErrorKind::Unreachable);
    server.restart();
    assert_eq!(ask(&client(&server.url(), None), "PRAGMA integrity_check").unwrap(), "ok");
}

#[test]
fn an_answer_that_is_too_large_is_said_to_be() {
    let Some(server) = sqld::Options::default().max_response_size("100KB").start() else { return };
    let client = client(&server.url(), None);
    let error = kind(run(&client, &["CREATE TABLE t(a)", "SELECT hex(zeroblob(100000))"]));
    assert_eq!(error, (ErrorKind::TooLarge, "the answer would be larger than the server allows".into()));
    // what came before it is there
    assert_eq!(ask(&client, "SELECT count(*) FROM t").unwrap(), "0");
}

#[test]
fn a_transaction_whose_lock_was_given_away_is_said_to_be_rolled_back() {
    let Some(server) = Server::start() else { return };
    let client = client(&server.url(), None);
    run(&client, &["CREATE TABLE t(a)"]).unwrap();
    let mut slow = client.stream();
    slow.run(&batch(&["BEGIN IMMEDIATE", "INSERT INTO t VALUES(1)"]), Then::Keep, Patience::Timeout).unwrap();
    // waits until the server takes the lock away
    assert!(run(&client, &["INSERT INTO t VALUES(2)"]).unwrap().is_ok(0));
    let outcome = slow.run(&batch(&["INSERT INTO t VALUES(3)"]), Then::Close, Patience::Timeout).unwrap();
    assert_eq!(outcome.error(0).unwrap().kind, ErrorKind::Stolen, "{outcome:?}");
    assert_eq!(ask(&client, "SELECT group_concat(a) FROM t").unwrap(), "2");
}

#[test]
fn a_stream_that_was_idle_for_too_long_has_expired() {
    let Some(server) = Server::start() else { return };
    let client = client(&server.url(), None);
    let mut stream = client.stream();
    let mut reading = Batch::reading();
    reading.step(None, "SELECT 1", Vec::new(), true);
    stream.run(&reading, Then::Keep, Patience::Timeout).unwrap();
    thread::sleep(Duration::from_secs(12));
    assert_eq!(kind(stream.run(&reading, Then::Keep, Patience::Timeout)).0, ErrorKind::StreamExpired);
    assert_eq!(kind(stream.run(&reading, Then::Keep, Patience::Timeout)).0, ErrorKind::StreamExpired);
}

#[test]
fn whatever_happens_to_the_answer_a_write_is_sent_once() {
    let Some(server) = Server::start() else { return };
    let direct = client(&server.url(), None);
    run(&direct, &["CREATE TABLE t(a)"]).unwrap();
    for answer in
        [Answer::Nothing, Answer::First(20), Answer::First(200), Answer::Status(503), Answer::Page, Answer::Silence]
    {
        let proxy = Proxy::before(server.port());
        proxy.fail(0, Fault { delivered: Delivered::All, answer });
        let through = client_with(&proxy.url(), None, short());
        let (wanted, message) = kind(run(&through, &["INSERT INTO t VALUES(1)"]));
        assert_eq!((wanted, proxy.requests()), (ErrorKind::Lost, 1), "{answer:?}: {message}");
    }
    assert_eq!(ask(&direct, "SELECT count(*) FROM t").unwrap(), "6");
}

#[test]
fn a_replica_says_what_the_primary_says() {
    let Some(primary) = sqld::Options::default().replicable().start() else { return };
    let Some(replica) = sqld::Options::default().replica_of(&primary).start() else { return };
    let (primary, replica) = (client(&primary.url(), None), client(&replica.url(), None));
    let statements = [
        "CREATE TABLE t(a UNIQUE CHECK(a > 0))",
        "CREATE TABLE s(a INT) STRICT",
        "INSERT INTO t VALUES(1)",
        "INSERT INTO t VALUES(1)",
        "INSERT INTO t VALUES(0)",
        "INSERT INTO s VALUES('x')",
        "INSERT INTO t(nope) VALUES(0)",
        "CREATE INDEX i ON t(nope)",
        "DROP TABLE gone",
        "DROP TABLE t",
        "DROP TABLE s",
    ];
    let there = run(&primary, &statements).unwrap();
    let here = run(&replica, &statements).unwrap();
    for (step, sql) in (0_u32..).zip(statements) {
        assert_eq!(here.error(step), there.error(step), "{sql}");
    }

    // the same where the primary takes the lock away
    run(&primary, &["CREATE TABLE t(a)"]).unwrap();
    let mut slow = replica.stream();
    slow.run(&batch(&["BEGIN IMMEDIATE", "INSERT INTO t VALUES(1)"]), Then::Keep, Patience::Timeout).unwrap();
    assert!(run(&primary, &["INSERT INTO t VALUES(2)"]).unwrap().is_ok(0));
    let outcome = slow.run(&batch(&["INSERT INTO t VALUES(3)"]), Then::Close, Patience::Timeout).unwrap();
    assert_eq!(outcome.error(0).unwrap().kind, ErrorKind::Stolen, "{outcome:?}");
}
