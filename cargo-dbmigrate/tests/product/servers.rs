//! Databases on a server: every command as somebody types it, with the right token and with wrong ones.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::proxy::{Answer, Delivered, Fault, Proxy};
use dbmigrate_test_support::sqld::{Options, Server};
use dbmigrate_test_support::token::Key;
use insta::assert_snapshot;
use serde_json::json;

use crate::project::{Project, Run};

const USERS: &str =
    "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, name: String }";
const USERS_WITH_AGE: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, name: String, age: Option<i64> }";
/// What was nullable is not: a rebuild.
const USERS_WITH_AN_AGE: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, name: String, #[column(default = 1)] age: i64 }";

/// A project whose `.env` names the server.
fn project(structs: &str, server: &Server) -> Project {
    let project = Project::new(structs);
    project.write(".env", format!("TURSO_DATABASE_URL={}\n", server.url()));
    project
}

/// What was said, without the port.
fn transcript(project: &Project, server: &Server) -> String {
    project.transcript().replace(&server.port().to_string(), "[PORT]")
}

#[test]
fn a_new_user_migrates_a_server() {
    let Some(server) = Server::start() else { return };
    let project = project(USERS, &server);
    project.runs("generate");
    project.ends(4, "status");
    project.runs("migrate --dry-run");
    project.runs("migrate");
    project.runs("migrate");
    project.runs("status");
    Hand::new(server.url()).run(&["INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace')"]);
    project.structs(USERS_WITH_AGE);
    project.ends(4, "diff");
    project.ends(3, "push");
    project.runs("generate");
    project.runs("migrate");
    project.structs(USERS_WITH_AN_AGE);
    project.runs("generate");
    project.runs("migrate --atomic");
    project.runs("diff");
    project.runs("diff --from head --to database");
    project.runs("pull");
    project.runs("baseline");
    assert_snapshot!(transcript(&project, &server));
    assert!(!project.path("dev.db").exists());
}

#[test]
fn a_database_on_a_server_is_adopted_and_pushed_to() {
    let Some(server) = Server::start() else { return };
    let hand = Hand::new(server.url());
    hand.run(&["CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL)"]);
    hand.run(&["INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace')"]);
    let project = project("", &server);
    project.ends(4, "diff");
    project.write("src/lib.rs", "mod schema;\n");
    project.write("src/schema.rs", "");
    project.runs("pull --baseline --out src/schema.rs --overwrite");
    project.runs("status");
    project.replace("src/schema.rs", "pub name: String,", "pub name: String,\n    pub age: Option<i64>,");
    project.ends(3, "push");
    project.runs("push --dry-run --accept history");
    project.runs("push --accept history");
    project.runs("push --accept history");
    project.ends(5, "migrate");
    assert_snapshot!(transcript(&project, &server));
}

/// What `migrate` says with this token in the environment.
fn with_token(project: &Project, command: &str, token: &str) -> Run {
    let words: Vec<&str> = command.split_whitespace().collect();
    let run = Run::of(project.command(&words).env("TURSO_AUTH_TOKEN", token));
    assert!(!run.err.contains(token) && !run.out.contains(token), "{}", run.err);
    run
}

#[test]
fn tokens_that_do_not_fit_are_told_apart() {
    let key = Key::generate();
    let Some(server) = Options::default().key(key.public()).start() else { return };
    let project = project(USERS, &server);
    project.runs("generate");
    project.transcript();
    let wrong = [
        ("rubbish", "rubbish".to_owned()),
        ("of another server", Key::generate().token(&json!({}))),
        ("expired", key.expired()),
        ("read-only", key.token(&json!({ "a": "ro" }))),
        ("for another database", key.token(&json!({ "id": "foo" }))),
    ];
    project.refuses(1, "migrate");
    for (what, token) in wrong {
        let run = with_token(&project, "migrate", &token);
        assert_eq!(run.code, 1, "{what}: {}", run.err);
        project.say(&format!("# {what}\n{}\n", run.err));
    }
    // reading is enough to look
    let run = with_token(&project, "status", &key.token(&json!({ "a": "ro" })));
    assert_eq!(run.code, 4, "{}", run.err);
    assert_snapshot!(transcript(&project, &server));
    let run = with_token(&project, "migrate", &key.token(&json!({})));
    assert_eq!(run.code, 0, "{}", run.err);
    let run = with_token(&project, "migrate", &key.token(&json!({ "a": "rw" })));
    assert_eq!((run.code, run.err.contains("nothing to apply")), (0, true), "{}", run.err);
}

#[test]
fn a_token_is_found_wherever_it_may_be() {
    let key = Key::generate();
    let Some(server) = Options::default().key(key.public()).start() else { return };
    let project = Project::generated(USERS);
    let (url, token) = (server.url(), key.token(&json!({})));
    // `.env` beside a URL from the environment
    project.write(".env", format!("TURSO_AUTH_TOKEN={token}\n"));
    let run = Run::of(project.command(&["migrate"]).env("TURSO_DATABASE_URL", &url));
    assert_eq!(run.code, 0, "{}", run.err);
    // the environment before `.env`
    project.write(".env", "TURSO_AUTH_TOKEN=rubbish\n");
    let run = Run::of(project.command(&["status", "--url", &url]).env("TURSO_AUTH_TOKEN", &token));
    assert_eq!(run.code, 0, "{}", run.err);
    // the URL before both, also where it is `.env` that has it
    project.write(".env", format!("TURSO_DATABASE_URL={url}?authToken={token}\nTURSO_AUTH_TOKEN=rubbish\n"));
    let run = project.ends(0, "status -v");
    assert!(!run.err.contains(&token), "{}", run.err);
    // another variable instead
    project.write(".env", format!("TURSO_DATABASE_URL={url}\nTURSO_AUTH_TOKEN={token}\n"));
    project.write("dbmigrate.toml", "token_env = \"PROD_TOKEN\"\n");
    let run = project.ends(1, "status");
    assert!(run.err.contains("`PROD_TOKEN=…`"), "{}", run.err);
    let run = Run::of(project.command(&["status"]).env("PROD_TOKEN", &token));
    assert_eq!(run.code, 0, "{}", run.err);
    // another database than that of `--url`
    let run = Run::of(project.command(&["diff", "--from", &url, "--to", "head"]).env("PROD_TOKEN", &token));
    assert_eq!(run.code, 0, "{}", run.err);
}

#[test]
fn a_namespace_is_named_by_host_or_path() {
    let Some(server) = Options::default().namespaces().start() else { return };
    let by_host = server.create_namespace("foo");
    let project = Project::generated(USERS);
    project.runs(&format!("migrate --url {by_host}"));
    project.runs(&format!("status --url http://localhost:{}/dev/foo", server.port()));
    project.ends(1, &format!("migrate --url http://bar.localhost:{}", server.port()));
    assert_snapshot!(transcript(&project, &server));
}

#[test]
fn nothing_is_written_to_another_database_than_the_one_that_is_named() {
    // without namespaces, every name leads to the only database that there is
    let Some(server) = Server::start() else { return };
    let project = Project::generated(USERS);
    project.refuses(1, &format!("migrate --url http://foo.localhost:{}", server.port()));
    project.refuses(1, &format!("push --url http://foo.localhost:{}", server.port()));
    assert_snapshot!(transcript(&project, &server));
    assert!(Hand::new(server.url()).tables().is_empty());
}

#[test]
fn what_is_no_server_is_told_apart() {
    let project = Project::generated(USERS);
    // nobody listens on port 1
    for url in ["http://localhost:1", "libsql://localhost:1?tls=0"] {
        let run = project.refuses(1, &format!("migrate --url {url}"));
        assert!(run.err.contains(&format!("`{url}` cannot be reached: the connection was refused")), "{}", run.err);
        assert!(run.err.contains("nothing was changed") && run.err.contains("--url"), "{}", run.err);
    }
    let Some(server) = Server::start() else { return };
    let url = server.url().replace("http", "libsql");
    let run = project.refuses(1, &format!("migrate --url {url}"));
    assert!(run.err.contains(&format!("if that server has no TLS: `{}`", server.url())), "{}", run.err);
    // a server that says nothing
    server.pause();
    let begin = Instant::now();
    let run = project.refuses(1, &format!("migrate --timeout 1 --url {}", server.url()));
    assert!(begin.elapsed().as_secs() < 20, "{:?}", begin.elapsed());
    assert!(run.err.contains("nothing was changed"), "{}", run.err);
    server.resume();
    project.runs(&format!("migrate --timeout 10 --url {}", server.url()));
}

#[test]
fn what_a_server_is_sent_is_said_in_json() {
    let Some(server) = Server::start() else { return };
    let project = project(USERS, &server);
    project.runs("generate");
    let reasons = |line: &str| {
        let run = project.run(&format!("{line} --message-format json"));
        let objects = run.json();
        for object in &objects {
            let database =
                object.get("database").map_or(server.url(), |name| name.as_str().unwrap_or_default().to_owned());
            assert_eq!(database, server.url(), "{line}");
        }
        objects.iter().map(|object| object["reason"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(reasons("migrate --dry-run"), ["pending"]);
    assert_eq!(reasons("migrate"), ["applied", "migrated"]);
    assert_eq!(reasons("status"), ["migration", "status"]);
    assert_eq!(reasons("diff"), ["diff"]);
    assert_eq!(reasons("migrate --url http://localhost:1")[..], ["error"]);
}

/// A project with two migrations on the server, and two that are pending: `0003_three` with a statement that works, and
/// `0004_four` with this one.
fn with_pending(server: &Server, statement: &str) -> Project {
    let project = project(USERS, server);
    project.runs("generate");
    project.structs(USERS_WITH_AGE);
    project.runs("generate");
    project.runs("migrate");
    for (name, statement) in [("three", "INSERT INTO users (id, name) VALUES (1, 'Ada');"), ("four", statement)] {
        project.runs(&format!("generate --custom --name {name}"));
        let names = project.file_names();
        let file = names.lines().find(|file| file.ends_with(&format!("{name}/migration.sql"))).expect("it was made");
        project.write(file, format!("{statement}\n"));
        project.runs("generate --custom");
    }
    project.transcript();
    project
}

#[test]
fn a_statement_that_no_server_runs_is_refused_before_anything_is_sent() {
    let Some(server) = Server::start() else { return };
    let project = with_pending(&server, "PRAGMA application_id = 7;");
    project.refuses(1, "migrate --dry-run");
    project.refuses(1, "migrate");
    project.refuses(1, "migrate --atomic");
    assert_eq!(Hand::new(server.url()).query("SELECT count(*) FROM users"), ["0"]);
    project.runs("migrate --to 3");
    project.runs("migrate --url local.db");
    assert_snapshot!(transcript(&project, &server));
}

#[test]
fn a_failure_names_the_state_of_the_database() {
    let Some(server) = Server::start() else { return };
    // the proof has no rows with names
    let project = with_pending(
        &server,
        "INSERT INTO users (id, name) SELECT id, name FROM users WHERE id = 1 AND name = 'Ada' AND (SELECT count(*) FROM users WHERE name = 'Grace') > 0;",
    );
    let hand = Hand::new(server.url());
    hand.run(&["INSERT INTO users (id, name) VALUES (2, 'Grace')"]);
    project.refuses(1, "migrate --atomic");
    assert_eq!(hand.query("SELECT count(*) FROM users"), ["1"], "nothing of it is there");
    project.refuses(1, "migrate");
    assert_eq!(hand.query("SELECT count(*) FROM users"), ["2"], "the first of them is there");
    project.ends(4, "status");
    assert_snapshot!(transcript(&project, &server));
}

/// What the server computes until it is in the middle of a slow statement: more than for everything before it.
const IN_ITS_MIDDLE: Duration = Duration::from_millis(500);

/// A statement that takes this server about so many seconds, and the proof none: that has no Ada.
fn slow(server: &Server, seconds: f64) -> String {
    let steps = |count: &str| {
        format!(
            "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {count}) SELECT 7, max(n) FROM c"
        )
    };
    let million = server.work_of(|| {
        Hand::new(server.url()).query(&steps("1000000"));
    });
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a few millions")]
    let count = (1e6 * seconds / million.as_secs_f64()) as u64;
    format!(
        "INSERT INTO users (id, name) {};",
        steps(&format!("(SELECT {count} * count(*) FROM users WHERE name = 'Ada')"))
    )
}

#[test]
fn a_runner_that_is_killed_leaves_nothing_and_the_next_one_does_the_work() {
    let Some(server) = Server::start() else { return };
    let project = with_pending(&server, &slow(&server, 3.0));
    project.runs("migrate --to 3");
    let mut runner = project.command(&["migrate"]).spawn().expect("the binary runs");
    server.wait_for_work(IN_ITS_MIDDLE);
    runner.kill().expect("it is ours");
    runner.wait().expect("it is dead");
    let hand = Hand::new(server.url());
    assert_eq!(hand.query("SELECT count(*) FROM users"), ["1"]);
    project.ends(4, "status");
    project.runs("migrate");
    assert_eq!(hand.query("SELECT count(*) FROM users WHERE id = 7"), ["1"]);
    assert_eq!(hand.query("SELECT count(*) FROM _dbmigrate_history"), ["4"]);
    assert!(hand.integrity_check().is_empty());
}

#[test]
fn a_migration_whose_lock_another_writer_got_is_tried_again_or_given_up() {
    let Some(server) = Server::start() else { return };
    let project = with_pending(&server, &slow(&server, 2.0));
    project.runs("migrate --to 3");
    project.transcript();
    let url = server.url();
    // five seconds go by in its middle, and then there is somebody who waits for the lock
    let interrupted = |line: &str| {
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                server.wait_for_work(IN_ITS_MIDDLE);
                server.pause();
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        let _ = Hand::new(&url).batch(&["UPDATE users SET age = 1"]);
                    }
                });
                thread::sleep(Duration::from_secs(6));
                server.resume();
                done.store(true, Ordering::Relaxed);
            });
            project.run(line)
        })
    };
    let users = || Hand::new(server.url()).query("SELECT count(*) FROM users");
    let run = interrupted("migrate --retries 0");
    assert_eq!((run.code, users()), (1, vec!["1".to_owned()]), "{}", run.err);
    let run = interrupted("migrate");
    assert_eq!((run.code, users()), (0, vec!["2".to_owned()]), "{}", run.err);
    assert_snapshot!(however_long(&transcript(&project, &server)));
}

/// A text without the lines that are there if the machine is slow.
fn however_long(text: &str) -> String {
    text.lines().filter(|line| !line.contains("no answer after")).flat_map(|line| [line, "\n"]).collect()
}

/// A text without how a connection was closed: systems differ in that.
fn without_how(text: &str) -> String {
    text.replace(" before the answer was complete", "")
}

/// The request of `migrate` that has the migrations in it: the first reads the history and the schema.
const MIGRATIONS: usize = 1;

#[test]
fn the_history_says_what_a_lost_answer_does_not() {
    let Some(server) = Server::start() else { return };
    let project = with_pending(&server, "INSERT INTO users (id, name) VALUES (2, 'Grace');");
    let users = || Hand::new(server.url()).query("SELECT count(*) FROM users");
    let through = |fault: Fault, line: &str| {
        let proxy = Proxy::before(server.port());
        proxy.fail(MIGRATIONS, fault);
        let run = project.run(&format!("{line} --timeout 2 --url {}", proxy.url()));
        assert!(proxy.requests() > MIGRATIONS + 1, "it was read again");
        run
    };
    // the server has heard half of it
    let run = through(Fault { delivered: Delivered::First(900), answer: Answer::Nothing }, "migrate");
    assert_eq!((run.code, users()), (1, vec!["0".to_owned()]), "{}", run.err);
    // it has done all of it
    let run = through(Fault { delivered: Delivered::All, answer: Answer::Nothing }, "migrate");
    assert_eq!((run.code, users()), (0, vec!["2".to_owned()]), "{}", run.err);
    project.runs("migrate");
    assert_snapshot!(without_how(&transcript(&project, &server)));
}

#[test]
fn a_server_that_dies_leaves_it_open_until_it_is_back() {
    let Some(mut server) = Server::start() else { return };
    let project = with_pending(&server, &slow(&server, 4.0));
    project.runs("migrate --to 3");
    project.transcript();
    let mut runner = project.command(&["migrate", "--timeout", "2"]);
    let runner = runner.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the binary runs");
    server.wait_for_work(IN_ITS_MIDDLE);
    let port = server.port().to_string();
    server.kill_9();
    let run = Run::from(runner.wait_with_output().expect("it ends"));
    assert_eq!(run.code, 1, "{}", run.err);
    assert_snapshot!(without_how(&run.err.replace(&port, "[PORT]")));
    server.restart();
    project.write(".env", format!("TURSO_DATABASE_URL={}\n", server.url()));
    assert_eq!(Hand::new(server.url()).query("SELECT count(*) FROM users"), ["1"]);
    project.runs("migrate");
    assert_eq!(Hand::new(server.url()).query("SELECT count(*) FROM users"), ["2"]);
}
