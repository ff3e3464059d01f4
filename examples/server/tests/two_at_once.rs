//! Two processes that start at once on one new database of a server: each migration is applied by one of them, and both
//! work with what is there then. Without a server, and nothing to fetch it with, this says `SKIPPED`.

use std::process::{Child, Command, Output, Stdio};

use dbmigrate_test_support::sqld::Server;

const ROUNDS: usize = 5;

fn start(server: &Server, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guest-book"));
    command.args(arguments).env("TURSO_DATABASE_URL", server.url()).env_remove("TURSO_AUTH_TOKEN");
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it can be started")
}

fn end(process: Child) -> Output {
    let output = process.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// What the program prints, for a command that succeeds.
fn run(server: &Server, arguments: &[&str]) -> String {
    String::from_utf8(end(start(server, arguments)).stdout).expect("it is text")
}

/// How many migrations it says to have applied.
fn applied(output: &Output) -> usize {
    let said = String::from_utf8_lossy(&output.stderr);
    let (count, rest) = said.split_once(" migration").unwrap_or(("0", ""));
    if rest.contains("applied in") { count.parse().expect("it is a number") } else { 0 }
}

#[test]
fn both_use_what_one_of_them_has_migrated() {
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/migrations.lock"));
    let count = lock.expect("it is there").lines().count() - 1;
    for round in 0..ROUNDS {
        let Some(server) = Server::start() else { return };
        let processes = [start(&server, &["write", "Ada", "Hello"]), start(&server, &["write", "Bob", "Hi"])];
        let [one, two] = processes.map(end);
        assert_eq!(applied(&one) + applied(&two), count, "round {round}: {one:?} / {two:?}");
        assert_eq!(run(&server, &["list"]).lines().count(), 2, "round {round}");
    }
}

#[test]
fn entries_are_written_listed_liked_and_removed() {
    let Some(server) = Server::start() else { return };
    assert_eq!(run(&server, &["write", "Ada", "Hello"]), "1\t0\tAda\tHello\n");
    assert_eq!(run(&server, &["write", "Bob", "Hi"]), "2\t0\tBob\tHi\n");
    assert_eq!(run(&server, &["like", "1"]), "1\t1\tAda\tHello\n");
    assert_eq!(run(&server, &["remove", "2"]), "");
    assert_eq!(run(&server, &["list"]), "1\t1\tAda\tHello\n");
}
