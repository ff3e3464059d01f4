//! Two processes that start at once on one new file: each migration is applied by one of them, and both work with what
//! is there then.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

const ROUNDS: usize = 10;

fn start(file: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bookmarks"));
    command.arg(file).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("it can be started")
}

fn end(process: Child) -> Output {
    let output = process.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// What the program prints, for a command that succeeds.
fn run(file: &Path, arguments: &[&str]) -> String {
    String::from_utf8(end(start(file, arguments)).stdout).expect("it is text")
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
        let folder = tempfile::tempdir().expect("a temporary directory");
        let file = folder.path().join("bookmarks.db");
        let processes = [start(&file, &["add", "https://a.example", "A"]), start(&file, &["add", "https://b.example"])];
        let [one, two] = processes.map(end);
        assert_eq!(applied(&one) + applied(&two), count, "round {round}: {one:?} / {two:?}");
        assert_eq!(run(&file, &["list"]).lines().count(), 2, "round {round}");
    }
}

#[test]
fn bookmarks_are_added_listed_changed_and_removed() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("bookmarks.db");
    assert_eq!(run(&file, &["add", "https://a.example", "A"]), "1\tunread\thttps://a.example\tA\n");
    assert_eq!(run(&file, &["add", "https://b.example"]), "2\tunread\thttps://b.example\t-\n");
    assert_eq!(run(&file, &["read", "1"]), "1\tread\thttps://a.example\tA\n");
    assert_eq!(run(&file, &["remove", "2"]), "");
    assert_eq!(run(&file, &["list"]), "1\tread\thttps://a.example\tA\n");
    let again = start(&file, &["add", "https://a.example"]).wait_with_output().expect("it ends");
    assert!(!again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("UNIQUE constraint failed: bookmarks.url"), "{again:?}");
}
