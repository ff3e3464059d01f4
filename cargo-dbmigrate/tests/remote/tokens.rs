//! Tokens: which one is let in, what is said to the others, and that none is ever shown.

use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::sqld::{Options, Server};
use dbmigrate_test_support::token::Key;
use insta::assert_snapshot;
use serde_json::json;

use crate::project::Project;
use crate::served::{POSTS, USERS, applied};

fn project(server: &Server) -> Project {
    let project = Project::new(&format!("{USERS}{POSTS}"));
    project.runs("generate --name start");
    project.set("TURSO_DATABASE_URL", &server.url());
    project.transcript();
    project
}

/// Runs a line, and looks for the token in everything that it says.
#[track_caller]
fn ends(project: &Project, token: &str, code: i32, line: &str) {
    project.set("TURSO_AUTH_TOKEN", token);
    let run = project.ends(code, line);
    // not even a part that could be mistaken for nothing: the signature alone
    for part in token.split('.').chain([token]).filter(|part| part.len() > 8) {
        assert!(!run.out.contains(part) && !run.err.contains(part), "`{line}` shows `{part}`:\n{}{}", run.out, run.err);
    }
}

#[test]
fn what_a_token_is_not_good_for_is_said() {
    let key = Key::generate();
    let Some(server) = Options::default().key(key.public()).start() else { return };
    let project = project(&server);
    let right = key.token(&json!({"a": "rw"}));
    let hand = Hand::new(server.url()).with_token(&right);
    for (what, token) in [
        ("none", String::new()),
        ("rubbish", "not-a-token".to_owned()),
        ("damaged", format!("{}x", key.token(&json!({})))),
        ("of another server", Key::generate().token(&json!({}))),
        ("expired", key.expired()),
        ("of another database", key.token(&json!({"id": "foo"}))),
        ("read-only", key.token(&json!({"a": "ro"}))),
    ] {
        project.say(&format!("== {what}\n"));
        // a blank one is no token, which is a mistake of the environment
        let code = if token.is_empty() { 2 } else { 1 };
        ends(&project, &token, code, "migrate");
        assert_eq!(hand.tables(), [""; 0], "{what}");
        for line in ["migrate -v", "migrate --message-format json", "push", "migrate --dry-run", "status"] {
            let run = {
                let transcript = project.transcript();
                project.set("TURSO_AUTH_TOKEN", &token);
                let run = project.run(line);
                project.transcript();
                project.say(&transcript);
                run
            };
            let reads = line == "status" && what == "read-only";
            assert_eq!(run.code != code, reads, "{what}: `{line}` exits with {}:\n{}", run.code, run.err);
            for part in token.split('.').filter(|part| part.len() > 8) {
                assert!(!run.out.contains(part) && !run.err.contains(part), "`{line}` shows `{part}`");
            }
        }
    }
    project.say("== right\n");
    ends(&project, &right, 0, "migrate");
    assert_eq!(applied(&hand), ["0001_start"]);
    project.say("== read-only\n");
    ends(&project, &key.token(&json!({"a": "ro"})), 0, "status");
    ends(&project, &key.token(&json!({"a": "ro"})), 0, "diff --from database --to structs");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_token_is_shown_nowhere_whatever_it_comes_from() {
    let key = Key::generate();
    let Some(server) = Options::default().key(key.public()).start() else { return };
    let project = project(&server);
    for (token, code) in [(key.token(&json!({"a": "rw"})), 0), (key.expired(), 1)] {
        let url = format!("{}?authToken={token}", server.url());
        for line in ["migrate -v", "status -v", "status --message-format json", "push --dry-run", "migrate"] {
            let run = project.run(&format!("{line} --url {url}"));
            let transcript = project.transcript();
            assert!(
                !run.out.contains(&token) && !run.err.contains(&token),
                "`{line}` shows it:\n{}{}",
                run.out,
                run.err
            );
            assert!(run.code == code || (code == 0 && [4, 3].contains(&run.code)), "{transcript}");
        }
    }
    // from the file that the application has it in
    let token = key.token(&json!({}));
    project.write(".env", format!("TURSO_AUTH_TOKEN={token}\n"));
    let run = project.runs("status -v");
    assert!(!run.err.contains(&token), "{}", run.err);
    project.write(".env", "TURSO_AUTH_TOKEN=eyJhbGciOiJFZERTQSJ9.e30.AAAA\n");
    let run = project.ends(1, "status -v");
    assert!(!run.err.contains("e30.AAAA"), "{}", run.err);
}

#[test]
fn a_new_user_gets_there_through_a_wrong_token() {
    let key = Key::generate();
    let Some(server) = Options::default().key(key.public()).start() else { return };
    let project = project(&server);
    project.run("migrate");
    project.set("TURSO_AUTH_TOKEN", &Key::generate().token(&json!({})));
    project.run("migrate");
    project.set("TURSO_AUTH_TOKEN", &format!("  {}\n", key.token(&json!({}))));
    project.run("migrate");
    project.run("migrate");
    project.run("status");
    assert_snapshot!(project.transcript());
}

#[test]
fn lints_count_rows_with_a_token_that_can_only_read() {
    let key = Key::generate();
    let Some(server) = Options::default().key(key.public()).start() else { return };
    let project = project(&server);
    project.set("TURSO_AUTH_TOKEN", &key.token(&json!({"a": "rw"})));
    project.runs("migrate");
    Hand::new(server.url()).with_token(key.token(&json!({"a": "rw"}))).run(&["INSERT INTO users (name) VALUES ('a')"]);
    project.runs("generate --custom --name clear");
    project.write(&crate::project::sql_of("0002_clear"), "DELETE FROM users;\n");
    project.runs("generate --custom");
    project.set("TURSO_AUTH_TOKEN", &key.token(&json!({"a": "ro"})));
    let run = project.runs("check -t production");
    assert!(run.err.contains("1 row of `users` is deleted"), "{run:?}");
}
