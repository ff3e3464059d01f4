//! Simulated fleets: they answer as a libSQL server does, and fail as they are told to.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use dbmigrate_test_support::fleet::files::{self, Files};
use dbmigrate_test_support::fleet::server::Server;
use dbmigrate_test_support::fleet::weather::{Fault, Weather, When};
use dbmigrate_test_support::fleet::{chance, look, names};
use dbmigrate_test_support::hand::{self, Hand};
use dbmigrate_test_support::sqld;
use serde_json::{Value, json};
use tempfile::TempDir;

const TABLES: [&str; 3] = [
    "CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p (id), note BLOB)",
    "INSERT INTO p VALUES (1, 'one'), (2, 'two')",
];

fn fleet(count: usize) -> (TempDir, Files) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let template = folder.path().join("template.db");
    files::run(&template, &TABLES);
    let files = Files::copy(&template, &folder.path().join("fleet"), &names(count));
    (folder, files)
}

fn inserts(server: &Server, name: &str, id: usize) -> bool {
    let insert = format!("INSERT INTO c VALUES ({id}, 1, x'00')");
    Hand::new(server.url(name)).batch(&["BEGIN IMMEDIATE", &insert, "COMMIT"]).is_ok()
}

fn rows(path: &Path) -> usize {
    look::content(path).expect("a database").rows["c"].len()
}

/// What of an answer is the same on every server.
fn essence(answer: &[u8]) -> Value {
    let mut answer: Value = serde_json::from_slice(answer).expect("JSON");
    let is_open = answer["baton"].is_string();
    for result in answer["results"].as_array_mut().into_iter().flatten() {
        let result = &mut result["response"]["result"];
        let Some(steps) = result["step_results"].as_array_mut() else { continue };
        for step in steps.iter_mut().filter(|step| !step.is_null()) {
            *step = json!({"cols": step["cols"], "rows": step["rows"], "changes": step["affected_row_count"]});
        }
        let errors = result["step_errors"].clone();
        let steps = result["step_results"].clone();
        *result = json!({"steps": steps, "errors": errors});
    }
    json!({"is_open": is_open, "results": answer["results"]})
}

#[test]
fn a_simulated_member_answers_like_a_libsql_server() {
    let Some(real) = sqld::Server::start() else { return };
    let (_folder, files) = fleet(1);
    let simulated = Server::start(&files, 1);
    Hand::new(real.url()).run(&TABLES);
    let step = |condition: Value, sql: &str| json!({"condition": condition, "stmt": {"sql": sql, "want_rows": true}});
    let ok = |step: usize| json!({"type": "ok", "step": step});
    let batches = [
        vec![
            step(Value::Null, "SELECT 1 AS a, 'x', x'00ff', NULL, 1.5"),
            step(Value::Null, "SELECT * FROM p ORDER BY id"),
        ],
        vec![
            step(Value::Null, "BEGIN IMMEDIATE"),
            step(ok(0), "INSERT INTO c VALUES (1, 1, NULL), (2, 2, x'01')"),
            step(ok(1), "UPDATE c SET note = 'y' WHERE id > 0"),
            step(ok(2), "COMMIT"),
            step(json!({"type": "not", "cond": ok(3)}), "ROLLBACK"),
        ],
        vec![
            step(Value::Null, "BEGIN IMMEDIATE"),
            step(ok(0), "INSERT INTO p VALUES (3, 'one')"),
            step(ok(1), "COMMIT"),
            step(json!({"type": "not", "cond": {"type": "is_autocommit"}}), "ROLLBACK"),
        ],
        vec![step(Value::Null, "INSERT INTO c VALUES (9, 99, NULL)")],
        vec![
            step(Value::Null, "INSERT INTO nowhere VALUES (1)"),
            step(json!({"type": "error", "step": 0}), "SELECT 2"),
        ],
        vec![step(Value::Null, "PRAGMA foreign_keys"), step(Value::Null, "DELETE FROM c")],
        vec![
            step(json!({"type": "or", "conds": []}), "DELETE FROM p"),
            step(json!({"type": "and", "conds": []}), "SELECT 3"),
        ],
    ];
    for steps in batches {
        let request =
            json!({"requests": [{"type": "batch", "batch": {"steps": steps}}, {"type": "close"}]}).to_string();
        let asks = |url: String| essence(&hand::post(&format!("{url}/v3/pipeline"), &request).expect("an answer"));
        assert_eq!(asks(simulated.url("t0000")), asks(real.url()), "{request}");
    }
    for sql in ["SELECT a.id, name FROM p a", "DELETE FROM c WHERE id = ?", "EXPLAIN SELECT 1", "PRAGMA foreign_keys"] {
        let request = json!({"requests": [{"type": "describe", "sql": sql}, {"type": "close"}]}).to_string();
        let asks = |url: String| {
            let answer = hand::post(&format!("{url}/v3/pipeline"), &request).expect("an answer");
            let answer: Value = serde_json::from_slice(&answer).expect("JSON");
            let result = &answer["results"][0]["response"]["result"];
            let names: Vec<Value> =
                result["cols"].as_array().into_iter().flatten().map(|one| one["name"].clone()).collect();
            json!([names, result["is_readonly"], result["is_explain"], result["params"].as_array().map(Vec::len)])
        };
        assert_eq!(asks(simulated.url("t0000")), asks(real.url()), "{sql}");
    }
    assert_eq!(Hand::new(real.url()).dump(), Hand::new(simulated.url("t0000")).dump());
    // a stream, from request to request
    for url in [simulated.url("t0000"), real.url()] {
        let url = format!("{url}/v3/pipeline");
        let asks = |baton: &Value, sql: &str| -> Value {
            let request = json!({"baton": baton, "requests": [{"type": "execute", "stmt": {"sql": sql}}]}).to_string();
            serde_json::from_slice(&hand::post(&url, &request).expect("an answer")).expect("JSON")
        };
        let first = asks(&Value::Null, "BEGIN IMMEDIATE");
        let second = asks(&first["baton"], "INSERT INTO p VALUES (7, 'seven')");
        let third = asks(&second["baton"], "COMMIT");
        assert_eq!(third["results"][0]["type"], "ok", "{third}");
        let request = json!({"baton": first["baton"], "requests": []}).to_string();
        assert!(hand::post(&url, &request).is_err_and(|error| error.starts_with("400") && error.contains("baton")));
    }
}

#[test]
fn an_unknown_member_is_one_that_the_server_does_not_have() {
    let (_folder, files) = fleet(1);
    let server = Server::start(&files, 1);
    let failure = Hand::new(server.url("nobody")).batch(&["SELECT 1"]).expect_err("there is no such member");
    assert!(failure.message.starts_with("404 ") && failure.message.contains("nobody"), "{failure}");
    assert_eq!(Hand::new(server.url("t0000")).query("SELECT libsql_server_database_name()"), ["t0000"]);
    let by_path = format!("http://localhost:{}/dev/t0000", server.port());
    assert_eq!(Hand::new(by_path).query("SELECT count(*) FROM p"), ["2"]);
}

#[test]
fn each_fault_does_what_it_says() {
    let (_folder, files) = fleet(1);
    let server = Server::start(&files, 1);
    let path = files.path("t0000");
    let faults = [
        (Fault::Closed, false, false),
        (Fault::Lost, true, false),
        (Fault::Half, true, false),
        (Fault::Status(503), false, false),
        (Fault::Status(429), false, false),
        (Fault::Slow(Duration::from_millis(30)), true, true),
    ];
    for (id, (fault, is_done, is_said)) in faults.into_iter().enumerate() {
        let before = (rows(&path), server.visits("t0000"));
        server.fail("t0000", When::After(1), fault);
        assert!(Hand::new(server.url("t0000")).batch(&["SELECT 1"]).is_ok(), "{fault:?} is for the next but one");
        assert_eq!(inserts(&server, "t0000", id), is_said, "{fault:?}");
        assert!(Hand::new(server.url("t0000")).batch(&["SELECT 1"]).is_ok(), "{fault:?} is over");
        assert_eq!(rows(&path) - before.0, usize::from(is_done), "{fault:?}");
        let after = server.visits("t0000");
        assert_eq!(after.requests - before.1.requests, 3, "{fault:?}");
        assert_eq!(after.commits - before.1.commits, usize::from(is_done), "{fault:?}");
    }
    // what does not commit is not hit
    server.fail("t0000", When::Commit, Fault::Lost);
    assert!(Hand::new(server.url("t0000")).batch(&["SELECT 1"]).is_ok());
    assert!(!inserts(&server, "t0000", 90) && inserts(&server, "t0000", 91));
    server.fail("t0000", When::Always, Fault::Closed);
    assert!(!inserts(&server, "t0000", 92) && !inserts(&server, "t0000", 92));
    server.heal("t0000");
    assert!(inserts(&server, "t0000", 92));
    server.remove("t0000");
    assert!(!inserts(&server, "t0000", 93));
    server.add("t0000", path);
    assert!(inserts(&server, "t0000", 93));
}

#[test]
fn writers_queue_and_an_abandoned_transaction_is_rolled_back() {
    let (_folder, files) = fleet(1);
    let server = Server::start(&files, 1);
    let url = format!("{}/v3/pipeline", server.url("t0000"));
    let begin = json!({"requests": [{"type": "batch", "batch": {"steps": [
        {"stmt": {"sql": "BEGIN IMMEDIATE"}},
        {"stmt": {"sql": "INSERT INTO c VALUES (100, 1, NULL)"}},
    ]}}]});
    let answer = hand::post(&url, &begin.to_string()).expect("a transaction");
    let baton = serde_json::from_slice::<Value>(&answer).expect("JSON")["baton"].clone();
    thread::scope(|scope| {
        for id in 0..8 {
            let server = &server;
            scope.spawn(move || assert!(inserts(server, "t0000", id), "{id} has waited"));
        }
    });
    assert_eq!(rows(&files.path("t0000")), 8, "without the abandoned one");
    let commit = json!({"baton": baton, "requests": [{"type": "execute", "stmt": {"sql": "COMMIT"}}]}).to_string();
    let answer = String::from_utf8(hand::post(&url, &commit).expect("an answer")).expect("text");
    assert!(answer.contains("TRANSACTION_TIMEOUT"), "{answer}");
}

#[test]
fn a_storm_is_the_same_for_the_same_seed_whatever_the_order() {
    let calm = |seed: u64, at_once: usize| {
        let (_folder, files) = fleet(60);
        let server = Server::start(&files, seed);
        server.set_weather(Weather { latency: Duration::from_millis(2), ..Weather::storm() });
        let next = std::sync::Mutex::new(files.names().to_vec());
        thread::scope(|scope| {
            for _ in 0..at_once {
                scope.spawn(|| {
                    while let Some(name) = { next.lock().expect("nobody panics").pop() } {
                        for id in 0..5 {
                            let _ = inserts(&server, &name, id);
                        }
                    }
                });
            }
        });
        let traffic = server.traffic();
        assert!(traffic.at_once <= at_once, "{traffic:?}");
        let counts: Vec<usize> = files.names().iter().map(|name| rows(&files.path(name))).collect();
        assert_eq!(traffic.visits.commits, counts.iter().sum::<usize>());
        counts
    };
    let first = calm(5, 1);
    assert_eq!(first, calm(5, 8));
    assert_ne!(first, calm(6, 8));
    assert!(first.iter().sum::<usize>() < 300, "something has failed");
}

#[test]
fn latency_is_waited_for_and_not_computed() {
    let (_folder, files) = fleet(200);
    let server = Server::start(&files, 1);
    server.set_weather(Weather { latency: Duration::from_millis(40), ..Weather::default() });
    let begin = Instant::now();
    thread::scope(|scope| {
        for name in files.names() {
            let server = &server;
            scope.spawn(move || assert_eq!(Hand::new(server.url(name)).query("SELECT count(*) FROM p"), ["2"]));
        }
    });
    assert!(begin.elapsed() >= Duration::from_millis(80), "a connection and a request");
    assert!(server.traffic().at_once > 1, "{:?}", server.traffic());
}

#[test]
fn files_drift_and_vanish_and_are_damaged() {
    let (folder, mut files) = fleet(6);
    let before = look::content(&files.path("t0000")).expect("a database");
    assert_eq!((before.rows["p"].len(), before.broken.len()), (2, 0));
    files.drift("t0001", "p");
    assert_ne!(look::content(&files.path("t0001")).expect("a database").schema, before.schema);
    files.damage("t0002");
    assert_eq!(look::content(&files.path("t0002")), None);
    files.vanish("t0003");
    assert_eq!(look::content(&files.path("t0003")), None);
    assert!(!files.path("t0003").exists());
    files.come_back("t0003");
    assert_eq!(look::content(&files.path("t0003")).as_ref(), Some(&before));
    files.by_hand("t0004", &["PRAGMA foreign_keys = OFF", "INSERT INTO c VALUES (1, 99, NULL)"]);
    assert_eq!(look::content(&files.path("t0004")).expect("a database").broken.len(), 1);
    files.add("t0006", &folder.path().join("template.db"));
    assert_eq!(look::content(&files.path("t0006")).as_ref(), Some(&before));
    assert_eq!(files.names().len(), 7);
    assert_eq!(chance::choose(1, files.names(), 3).len(), 3);
}
