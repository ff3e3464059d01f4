//! The history of the sample application of this repository, on a server, with rows in it.

use std::process::Command;

use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::sqld::shared;

use crate::project::{BINARY, Project, Run};
use crate::served::{Served, content, repository};

#[track_caller]
fn migrate(url: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(BINARY);
    command.current_dir(repository()).env_remove("TURSO_AUTH_TOKEN").args(["migrate", "--url", url]).args(arguments);
    let run = Run::of(&mut command);
    assert_eq!(run.code, 0, "{}", run.err);
    run.err
}

#[test]
fn the_history_keeps_rows_that_were_there_at_its_start() {
    let Some(server) = shared() else { return };
    let url = server.create_namespace("sample");
    let hand = Hand::new(&url);
    migrate(&url, &["--to", "0001_core"]);
    hand.run(&[
        "INSERT INTO users (email, name, password_hash) VALUES ('ada@example.com', 'Ada Lovelace', 'a'),
         ('bob@example.com', 'Bob', 'b')",
        "INSERT INTO teams (slug, name) VALUES ('acme', 'ACME')",
        "INSERT INTO team_members (team_id, user_id, role) VALUES (1, 1, 'owner'), (1, 2, 'member')",
        "INSERT INTO sessions (token_hash, user_id, expires_at) VALUES (x'01', 1, 9), (x'02', 2, 9)",
    ]);
    migrate(&url, &["--to", "0018_compute_totals"]);
    hand.run(&["INSERT INTO emails (\"to\", template) VALUES ('a@b.c', 'invitation.de'), ('d@e.f', 'welcome')"]);
    migrate(&url, &[]);
    assert!(migrate(&url, &[]).contains("nothing to apply"));

    let names = "SELECT given_name || '/' || coalesce(family_name, '-') FROM users ORDER BY id";
    assert_eq!(hand.query(names), ["Ada/Lovelace", "Bob/-"]);
    assert_eq!(hand.query("SELECT hash FROM passwords ORDER BY user_id"), ["a", "b"]);
    assert_eq!(hand.query("SELECT role FROM memberships ORDER BY user_id"), ["owner", "member"]);
    assert_eq!(hand.query("SELECT user_id FROM sessions ORDER BY token_hash"), ["1", "2"]);
    let parts = "SELECT template_name || '/' || coalesce(locale, '-') FROM emails ORDER BY id";
    assert_eq!(hand.query(parts), ["invitation/de", "welcome/-"]);

    // a file that goes the same way ends where the server does, word by word
    let served = Served::of(Project::new(""), server, url);
    let file = served.project.path("dev.db");
    let file = file.to_str().expect("the path is text");
    migrate(file, &["--to", "0001_core"]);
    let local = served.project.database("dev.db");
    let statements = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE '%dbmigrate%' ORDER BY 1, 2";
    drop(local);
    migrate(file, &[]);
    assert_eq!(served.project.query(statements), served.copy().query(statements));
    assert!(content(&hand).contains("Lovelace"));
}
