//! What the tests of others rely on: servers start and are gone, tokens count, and the proxy counts and breaks.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use dbmigrate_test_support::PATIENCE;
use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::proxy::{Answer, Delivered, Fault, Proxy};
use dbmigrate_test_support::sqld::{Options, Server};
use dbmigrate_test_support::token::Key;
use serde_json::json;

const TABLE: [&str; 2] = ["CREATE TABLE t (a TEXT, b BLOB)", "INSERT INTO t VALUES ('x', x'00ff'), (NULL, 1.5)"];

fn refused(hand: &Hand) -> String {
    hand.batch(&["SELECT 1"]).expect_err("the server should refuse it").message
}

#[test]
fn a_server_keeps_what_it_has_when_it_is_killed_and_started_again() {
    let Some(mut server) = Server::start() else { return };
    let hand = Hand::new(server.url());
    hand.run(&TABLE);
    assert_eq!(hand.query("SELECT a, b, 7 FROM t"), ["x|x'00FF'|7", "NULL|1.5|7"]);
    let dump = "-- t: a|b|rowid\n'x'|X'00FF'|1\nNULL|1.5|2\n";
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&hand.dump()), sorted(dump));
    assert_eq!(hand.schema(), [TABLE[0]]);
    server.kill_9();
    assert_eq!(hand.batch(&["SELECT 1"]).expect_err("it is dead").code, "TRANSPORT");
    server.restart();
    let hand = Hand::new(server.url());
    assert_eq!(sorted(&hand.dump()), sorted(dump));
    assert_eq!(hand.integrity_check(), [""; 0]);
    assert_eq!(hand.foreign_key_check(), [""; 0]);
}

#[test]
fn a_batch_ends_at_the_statement_that_fails() {
    let Some(server) = Server::start() else { return };
    let hand = Hand::new(server.url());
    let failure = hand.batch(&["CREATE TABLE t (a)", "INSERT INTO u VALUES (1)", "DROP TABLE t"]).expect_err("no u");
    assert_eq!(failure.step, Some(1), "{failure}");
    assert!(failure.message.contains("no such table: u"), "{failure}");
    assert_eq!(hand.tables(), ["t"]);
    let failure = hand.batch(&["VACUUM"]).expect_err("it is not supported");
    assert_eq!((failure.step, failure.code.as_str()), (None, "SQL_PARSE_ERROR"));
}

#[test]
fn a_paused_server_answers_later() {
    let Some(server) = Server::start() else { return };
    server.pause();
    let hand = Hand::new(server.url());
    assert!(hand.clone().with_timeout(Duration::from_millis(200)).batch(&["SELECT 1"]).is_err());
    server.resume();
    assert_eq!(hand.query("SELECT 1"), ["1"]);
}

#[test]
fn tokens_are_accepted_and_refused() {
    let key = Key::generate();
    let Some(server) = Options::default().key(key.public()).start() else { return };
    let hand = |token: String| Hand::new(server.url()).with_token(token);
    assert!(refused(&Hand::new(server.url())).contains("401"), "none");
    assert!(refused(&hand(Key::generate().token(&json!({})))).contains("401"), "of somebody else");
    assert!(refused(&hand(key.expired())).contains("expired"));
    assert!(refused(&hand(key.token(&json!({"id": "foo"})))).contains("404"), "for another database");
    let reader = hand(key.token(&json!({"a": "ro"})));
    assert_eq!(reader.query("SELECT 1"), ["1"]);
    assert!(reader.batch(&TABLE).is_err());
    let writer = hand(key.token(&json!({})));
    writer.run(&TABLE);
    assert_eq!(writer.tables(), ["t"]);
}

#[test]
fn namespaces_are_databases() {
    let Some(server) = Options::default().namespaces().start() else { return };
    let first = server.fresh();
    let (one, other) = (Hand::new(&first), Hand::new(server.fresh()));
    one.run(&TABLE);
    assert_eq!(one.tables(), ["t"]);
    assert_eq!(other.tables(), [""; 0]);
    let named = Hand::new(server.create_namespace("foo"));
    assert_eq!(named.query("SELECT libsql_server_database_name()"), ["foo"]);
    let by_path = Hand::new(format!("{}/dev/foo", server.url()));
    assert_eq!(by_path.query("SELECT libsql_server_database_name()"), ["foo"]);
    let copies = tempfile::tempdir().expect("a temporary directory");
    let copy = copies.path().join("copy.db");
    server.copy_database(&first, &copy);
    assert!(std::fs::read(copy.with_extension("db-wal")).is_ok_and(|log| !log.is_empty()));
    assert!(refused(&Hand::new(format!("http://bar.localhost:{}", server.port()))).contains("404"));
}

#[test]
fn a_replica_forwards_what_is_written() {
    let Some(primary) = Options::default().replicable().start() else { return };
    let Some(replica) = Options::default().replica_of(&primary).start() else { return };
    Hand::new(replica.url()).run(&TABLE);
    assert_eq!(Hand::new(primary.url()).query("SELECT count(*) FROM t"), ["2"]);
}

#[test]
fn a_server_does_not_outlive_a_test_that_is_killed() {
    let Some(server) = Server::start() else { return };
    let binary = std::fs::read_link(format!("/proc/{}/exe", server.id())).expect("it runs");
    drop(server);
    // the same, in a process of its own that can be killed
    let test = std::env::current_exe().expect("a test is a program");
    let mut child = Command::new(test);
    child.args(["--exact", "victim", "--nocapture"]).env("VICTIM", "1");
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a test is a program");
    let said = std::io::BufReader::new(child.stdout.take().expect("it is piped"));
    let line = std::io::BufRead::lines(said)
        .map_while(Result::ok)
        .find_map(|line| line.split_once("server ").map(|(_, id)| id.to_owned()));
    let line = line.expect("it says which server it has started");
    let (id, folder) = line.split_once(' ').expect("and where");
    let exe = || std::fs::read_link(format!("/proc/{id}/exe")).ok();
    assert_eq!(exe(), Some(binary.clone()));
    assert!(Path::new(&folder).is_dir());
    child.kill().expect("it is ours");
    child.wait().expect("it is ours");
    let begin = Instant::now();
    while exe().as_ref() == Some(&binary) {
        assert!(begin.elapsed() < PATIENCE, "the server {id} lives on");
        std::thread::sleep(Duration::from_millis(10));
    }
    while Path::new(&folder).exists() {
        assert!(begin.elapsed() < PATIENCE, "{folder} is left behind");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The test that is killed; nothing when it is run by itself.
#[test]
#[allow(clippy::print_stdout, reason = "the other test reads it")]
fn victim() {
    if std::env::var_os("VICTIM").is_none() {
        return;
    }
    let Some(server) = Server::start() else { return };
    println!("server {} {}", server.id(), server.folder().display());
    std::thread::sleep(PATIENCE);
}

#[test]
fn a_proxy_counts_and_delays_round_trips() {
    let Some(server) = Server::start() else { return };
    let proxy = Proxy::before(server.port());
    let hand = Hand::new(proxy.url());
    hand.run(&TABLE);
    assert_eq!(hand.query("SELECT count(*) FROM t"), ["2"]);
    let traffic = proxy.traffic();
    assert_eq!((traffic.connections, traffic.requests.len()), (2, 2));
    assert_eq!(traffic.requests[0].line, "POST /v3/pipeline HTTP/1.1");
    assert!(traffic.requests.iter().all(|one| one.sent > 100 && one.received > 100), "{traffic:?}");
    proxy.reset();
    proxy.delay(Duration::from_millis(60));
    let begin = Instant::now();
    hand.query("SELECT 1");
    assert!(begin.elapsed() >= Duration::from_millis(120), "a connection and a request: {:?}", begin.elapsed());
    assert_eq!(proxy.requests(), 1);
}

#[test]
fn a_proxy_breaks_requests_where_it_is_told_to() {
    let Some(server) = Server::start() else { return };
    let direct = Hand::new(server.url());
    direct.run(&["CREATE TABLE t (a INTEGER PRIMARY KEY)"]);
    let proxy = Proxy::before(server.port());
    let hand = Hand::new(proxy.url()).with_timeout(Duration::from_secs(2));
    let mut count = 0;
    // what fails, whether the server has done it, and what the client hears
    for (delivered, answer, is_done, heard) in [
        (Delivered::Nothing, Answer::Nothing, Some(false), "no answer"),
        (Delivered::First(150), Answer::Nothing, Some(false), "no answer"),
        (Delivered::First(150), Answer::Silence, Some(false), ""),
        (Delivered::All, Answer::Nothing, Some(true), "no answer"),
        (Delivered::All, Answer::First(20), Some(true), "unexpected end of file"),
        (Delivered::All, Answer::First(300), Some(true), "unexpected end of file"),
        (Delivered::All, Answer::Silence, Some(true), ""),
        (Delivered::All, Answer::HangUp, None, "no answer"),
        (Delivered::Nothing, Answer::Status(503), Some(false), "503 <html>"),
        (Delivered::All, Answer::Status(502), Some(true), "502 <html>"),
        (Delivered::All, Answer::Page, Some(true), "expected value"),
    ] {
        proxy.reset();
        proxy.fail(0, Fault { delivered, answer });
        let failure = hand.batch(&["INSERT INTO t DEFAULT VALUES"]).expect_err("the proxy breaks it");
        assert!(failure.message.contains(heard), "{delivered:?} {answer:?}: {failure}");
        let found: usize = direct.query("SELECT count(*) FROM t")[0].parse().expect("a number");
        match is_done {
            Some(is_done) => assert_eq!(found, count + usize::from(is_done), "{delivered:?} {answer:?}"),
            None => assert!([count, count + 1].contains(&found)),
        }
        count = found;
        // only that request
        assert_eq!(hand.query("SELECT 1"), ["1"]);
    }
}
