//! Databases on a server: every command as somebody types it, with the right token and with wrong ones.

use dbmigrate_test_support::hand::Hand;
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
        ("for reading", key.token(&json!({ "a": "ro" }))),
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
    let begin = std::time::Instant::now();
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
