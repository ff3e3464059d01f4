//! The client of servers against a real libSQL server.

mod access;
mod failures;
mod messages;
mod refusals;

use std::time::Duration;

use dbmigrate_core::engine::remote::{Batch, Client, Options, Outcome, Patience, RemoteUrl, Then, Token};
use dbmigrate_core::engine::{EngineError, error::ErrorKind};

/// A client of that URL, with a token if there is one.
fn client(url: &str, token: Option<&str>) -> Client {
    client_with(url, token, Options::default())
}

fn client_with(url: &str, token: Option<&str>, options: Options) -> Client {
    let token = token.map(|token| Token::parse(token).unwrap());
    Client::new(RemoteUrl::parse(url).unwrap().0, token, options)
}

/// A batch of those statements, none of which depends on another.
fn batch(statements: &[&str]) -> Batch {
    let mut batch = Batch::writing();
    for sql in statements {
        batch.step(None, *sql, Vec::new(), true);
    }
    batch
}

fn run(client: &Client, statements: &[&str]) -> Result<Outcome, EngineError> {
    client.stream().run(&batch(statements), Then::Close, Patience::Timeout)
}

/// The first value of a query, as text.
fn ask(client: &Client, sql: &str) -> Result<String, EngineError> {
    let rows = client.stream().query(sql, Vec::new(), Then::Close)?.rows;
    Ok(rows.first().and_then(|row| row.first()).map(dbmigrate_core::engine::connection::display).unwrap_or_default())
}

#[test]
fn conditions_values_and_rows_go_there_and_back_in_one_request() {
    use dbmigrate_core::engine::remote::{and, error, is_autocommit, not, ok, or};
    use dbmigrate_core::engine::value::Value;
    let Some(server) = dbmigrate_test_support::sqld::Server::start() else { return };
    let client = client(&server.url(), None);
    let mut batch = Batch::writing();
    let values = vec![
        Value::Null,
        Value::Integer(i64::MIN),
        Value::Real(-0.5),
        Value::Text("é\u{1f980}\"\\\n".into()),
        Value::Blob(vec![0, 254, 255]),
        Value::Real(f64::NAN),
    ];
    let begin = batch.step(None, "BEGIN IMMEDIATE", Vec::new(), false);
    let create = batch.step(Some(ok(begin)), "CREATE TABLE t(a, b, c, d, e, f)", Vec::new(), false);
    let insert = batch.step(Some(ok(create)), "INSERT INTO t VALUES(?, ?, ?, ?, ?, ?)", values.clone(), false);
    let select = batch.step(Some(and(vec![ok(insert), not(is_autocommit())])), "SELECT * FROM t", Vec::new(), true);
    let fails = batch.step(Some(ok(select)), "SELECT * FROM gone", Vec::new(), true);
    let skipped = batch.step(Some(ok(fails)), "COMMIT", Vec::new(), false);
    let rollback = batch.step(Some(or(vec![error(fails), error(select)])), "ROLLBACK", Vec::new(), false);
    let outcome = client.stream().run(&batch, Then::Close, Patience::WhileAlive).unwrap();
    let rows = outcome.step(select).unwrap().as_ref().unwrap();
    assert_eq!(rows.columns, ["a", "b", "c", "d", "e", "f"]);
    assert_eq!((&rows.rows[0][..5], &rows.rows[0][5]), (&values[..5], &Value::Null));
    assert_eq!(outcome.step(insert).unwrap().as_ref().unwrap().changes, 1);
    assert_eq!(outcome.first_error().unwrap().0, fails);
    assert!(outcome.step(skipped).is_none() && outcome.is_ok(rollback));
    assert_eq!(ask(&client, "SELECT count(*) FROM sqlite_schema").unwrap(), "0");
    assert_eq!(client.requests(), 2);
}

#[test]
fn a_stream_keeps_its_transaction_until_it_is_dropped() {
    let Some(server) = dbmigrate_test_support::sqld::Server::start() else { return };
    let client = client(&server.url(), None);
    let mut stream = client.stream();
    stream.run(&batch(&["BEGIN IMMEDIATE", "CREATE TABLE t(a)"]), Then::Keep, Patience::Timeout).unwrap();
    let described = stream.describe_all(&["SELECT a AS x, 2 FROM t WHERE a = ?", "SELECT nope FROM t"], Then::Keep);
    let [Ok(good), Err(bad)] = &described.unwrap()[..] else { panic!("one of two can be compiled") };
    assert_eq!((good.columns.join(" ").as_str(), good.parameters, good.is_readonly), ("x 2", 1, true));
    assert_eq!(bad.message, "no such column: nope");
    stream.run(&batch(&["INSERT INTO t VALUES(1)"]), Then::Keep, Patience::Timeout).unwrap();
    drop(stream);
    // without the close this would wait for 5 s
    let quick = client_with(&server.url(), None, Options { timeout: Duration::from_secs(2), ..Options::default() });
    assert!(run(&quick, &["BEGIN IMMEDIATE", "CREATE TABLE u(a)", "COMMIT"]).unwrap().first_error().is_none());
    assert_eq!(ask(&client, "SELECT group_concat(name) FROM sqlite_schema").unwrap(), "u");
}

#[test]
fn five_thousand_steps_are_one_request() {
    let Some(server) = dbmigrate_test_support::sqld::Server::start() else { return };
    let client = client(&server.url(), None);
    let mut statements = vec!["INSERT INTO t VALUES(1)"; 5001];
    statements[0] = "CREATE TABLE t(a)";
    assert!(run(&client, &statements).unwrap().first_error().is_none());
    assert_eq!((ask(&client, "SELECT count(*) FROM t").unwrap().as_str(), client.requests()), ("5000", 2));
}

/// The kind of what has to fail.
fn kind<T: std::fmt::Debug>(result: Result<T, EngineError>) -> (ErrorKind, String) {
    let error = result.unwrap_err();
    (error.kind, error.message)
}
